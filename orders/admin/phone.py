"""An order by phone (docs/requirements.md, row 20): staff choose for whom and what, see the quote, and place it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.admin.address_fields import NOWHERE_KNOWN, choices_of, map_of
from orders.admin.order_page import money_rows
from orders.admin.phone_call import GUEST, place_once
from orders.admin.phone_find import find_callers
from orders.admin.phone_form import PhoneForm, StartForm
from orders.admin.phone_menu import menu_rows, read_items
from orders.admin.phone_package import package_by_phone
from orders.admin.phone_repeat import Repeated, repeat_order
from orders.admin.phone_words import in_words_of_form, mark, marked, refused_rows
from orders.checkout import Checked
from orders.models import Order
from orders.pricing import CartItem
from orders.services.placing.locating import locate_placing
from orders.services.placing.parties import Placing
from orders.services.placing.placing import quote
from ordersite.accounts.models import Customer
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.lists import MOST_TERM
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.faults import Invalid, Refusal
from vendors.menu import Menu
from vendors.models import Stock, Vendor
from vendors.services.menus import menu_of

# How many of who carries packages are listed.
MOST_CARRIERS = 20


def order_by_phone(request: HttpRequest, base: Mapping[str, Any], orders: QuerySet[Order]) -> HttpResponse:
    """The page: first the vendor and for whom, then the order. `base` is what every page of the back-office shows.

    `orders` are those that who asks may see: by them callers are found, and of them one may be repeated.
    """
    if "repeat" in request.GET and "vendor" not in request.GET:
        return lead_to_repeat(request, orders)
    start = StartForm(
        request, request.GET if "vendor" in request.GET else None, initial={"customer": chosen_customer(request)}
    )
    if not start.is_valid():
        who = request.GET.get("who", "")
        callers = find_callers(orders, who, with_accounts=acts_everywhere(request))
        return start_page(request, base, start, who=who, callers=callers)
    vendor, customer = start.cleaned_data["vendor"], start.cleaned_data.get("customer")
    menu = menu_of(vendor)
    if request.GET.get("what") == "package" and not vendor.carries:
        start.add_error("vendor", f"{vendor.name} carries no packages.")
        vendors: Any = start.fields["vendor"]
        carriers = vendors.queryset.filter(carries=True).order_by("name", "pk")[:MOST_CARRIERS]
        return start_page(request, base, start, carriers=carriers, customer=customer)
    if vendor.books and not vendor.carries and not menu.products:
        start.add_error(
            "vendor",
            f"Appointments cannot be taken here: the customer books at {vendor.name} in the app, or a program books "
            f"through the API, with a time from /api/v1/vendors/{vendor.pk}/services.",
        )
        return start_page(request, base, start)
    # Who has nothing on a menu, and carries packages, is called for one.
    if request.GET.get("what") == "package" or (getattr(vendor, "carries", False) and not menu.products):
        return package_by_phone(request, base, vendor, customer)
    repeated = repeat_asked(request, orders, vendor, customer, menu) if request.method != "POST" else None
    data: Any = request.POST or None
    if repeated is not None and repeated.has_products:
        data = {**repeated.values, "key": str(uuid.uuid4())}
    initial = repeated.values if repeated else {"guest_phone": request.GET.get("phone", "")[:MOST_TERM]}
    call = Call(PhoneForm(vendor, customer, data, initial=initial), menu, repeated, data)
    if data is None:
        return show_phone_page(request, base, call)
    placed = price_or_place(request, call)
    if placed is not None:
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[placed]))
    if "live" in request.POST:
        return show_live_price(request, call)
    return show_phone_page(request, base, call)


@dataclass(slots=True)
class Call:
    """An order by phone as it stands on the page: what was typed, what is wrong with it, and what it costs."""

    form: PhoneForm
    menu: Menu
    repeated: Repeated | None = None
    data: Any = None
    checked: Checked | None = None
    # What is wrong with products, by their ids; the places among which one must be chosen.
    errors: dict[int, list[str]] = field(default_factory=dict)
    choices: Sequence[tuple[str, str]] = ()

    @property
    def has_errors(self) -> bool:
        return bool(self.form.errors or self.errors)

    def marked(self) -> list[tuple[str, str]]:
        """What is wrong, as links to where."""
        products = self.menu.products
        return [*((f"quantity-{key}", products[key].name) for key in self.errors), *marked(self.form)]


def price_or_place(request: HttpRequest, call: Call) -> int | None:
    """Prices it, also while it is not told who calls; places it where that is asked for. The order's id, or None."""
    form = call.form
    is_valid = form.is_valid()
    items, call.errors = read_items(call.menu, call.data)
    if call.errors or not (is_valid or ("live" in request.POST and form.can_be_priced)):
        return None
    placing, call.choices = locate_address(request, form, form.placing(items, call.menu))
    if call.choices:
        return None
    call.checked, call.errors = price_order(request, form, placing)
    if call.checked and is_valid and "place" in request.POST:
        return place_once(request, form, placing, call.checked)
    return None


def chosen_customer(request: HttpRequest) -> int | None:
    return row_id(request.GET.get("customer", ""))


def lead_to_repeat(request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse:
    """To the page of its vendor and customer; `only=who` leaves out what was ordered."""
    order_id = row_id(request.GET["repeat"])
    order = orders.filter(pk=order_id).select_related("customer").first() if order_id else None
    if order is None:
        messages.warning(request, "There is no such order to repeat.")
        return HttpResponseRedirect(reverse("admin:orders_order_phone"))
    has_account = order.customer.user_id is not None and order.customer.erased_at is None
    query = {"vendor": order.vendor_id, "customer": order.customer_id if has_account else "", "repeat": order.pk}
    if "only" in request.GET:
        query["only"] = "who"
    return HttpResponseRedirect(f"{reverse('admin:orders_order_phone')}?{urlencode(query)}")


def repeat_asked(
    request: HttpRequest, orders: QuerySet[Order], vendor: Vendor, customer: Customer | None, menu: Menu
) -> Repeated | None:
    """What the order that is to be repeated says in the form; None where there is none, or it is another vendor's."""
    order_id = row_id(request.GET.get("repeat", ""))
    rows = orders.filter(pk=order_id, vendor=vendor).prefetch_related("lines__options") if order_id else orders.none()
    order = rows.first()
    if order is None:
        return None
    repeated = repeat_order(order, menu, guest=customer is None, only_who="only" in request.GET)
    fit_to_form(repeated, PhoneForm(vendor, customer))
    return repeated


def fit_to_form(repeated: Repeated, form: PhoneForm) -> None:
    """Leaves out what the vendor takes no more; an address that the customer has saved is that."""
    values, fields = repeated.values, form.fields
    for name, was in (("delivery_type", "It was for"), ("payment_method", "It was paid by")):
        offered: Any = fields[name]
        if values[name] not in dict(offered.choices):
            repeated.told.append(f"{was} {values[name].replace('_', ' ')}, which is not to be had here now.")
            values[name] = next(iter(dict(offered.choices)), "")
    zones: Any = fields["delivery_zone"]
    if values.get("delivery_zone") not in {str(key) for key, _ in zones.choices}:
        values.pop("delivery_zone", None)
    addresses: Any = fields.get("saved_address")
    saved = addresses.queryset.filter(address=values.get("address", "")).first() if addresses else None
    if saved is not None:
        for name in ("address", "lat", "lng", "located"):
            values.pop(name, None)
        values["saved_address"] = str(saved.pk)


def show_live_price(request: HttpRequest, call: Call) -> HttpResponse:
    """The part of the page that says what it costs, for the script that asks while one types."""
    context = {**priced_context(call), "missing": list(missing_of(call))}
    return TemplateResponse(request, "admin/orders/order/phone_live.html", context)


def priced_context(call: Call) -> dict[str, Any]:
    priced = call.checked.priced if call.checked else None
    return {
        "form": call.form,
        "has_errors": call.has_errors or bool(call.choices),
        "marked": call.marked(),
        "quote": priced,
        "amounts": money_rows(priced) if priced else [],
        "is_preorder": call.checked.draft.is_preorder if call.checked else False,
    }


def missing_of(call: Call) -> Iterator[str]:
    """What keeps it from being priced, in sentences."""
    for key, texts in call.errors.items():
        yield from (f"{call.menu.products[key].name}: {text}" for text in texts)
    for name, errors in call.form.errors.items():
        label = call.form[name].label if name in call.form.fields else ""
        if name not in GUEST:
            yield from (f"{label}: {text}" if label else str(text) for text in errors)


def start_page(request: HttpRequest, base: Mapping[str, Any], start: StartForm, **shown: Any) -> HttpResponse:
    context = {**base, "title": "New order by phone", "form": start, "media": base["media"] + start.media, **shown}
    return TemplateResponse(request, "admin/orders/order/phone_start.html", context)


def locate_address(request: HttpRequest, form: PhoneForm, placing: Placing) -> tuple[Placing, list[tuple[str, str]]]:
    """The placing with the point of its address, shown in the form; or the places among which one must be chosen.

    Before any transaction: another server may be asked.
    """
    caller = caller_of_request(request)
    try:
        placing = locate_placing(placing, caller=caller, who=caller.key)
    except Invalid as error:
        form.add_error("address", "This may mean several places: choose one of them.")
        return placing, choices_of(error)
    where = placing.checkout.carts[0].place
    if not form.cleaned_data.get("saved_address"):
        form.show_point(where.address, where.lat, where.lng)
    return placing, []


def price_order(request: HttpRequest, form: PhoneForm, placing: Placing) -> tuple[Checked | None, dict[int, list[str]]]:
    """What it costs, or None with what is wrong: in the form, and of products by their ids."""
    customer = form.customer or Customer()
    try:
        with in_words_of_form(form.vendor):
            checked = quote(checkout=placing.checkout, caller=caller_of_request(request), customer=customer)
    except (Refusal, OperationalError) as error:
        return None, show_refusal(form, placing.checkout.carts[0].items, error)
    return checked.parts[0], {}


def show_refusal(form: PhoneForm, items: Sequence[CartItem], error: Exception) -> dict[int, list[str]]:
    """Tells a refusal where its pointers lead; returns what it says of products."""
    products: dict[int, list[str]] = {}
    for row in refused_rows(error):
        _, _, path = str(row["pointer"]).partition("/")
        name, _, rest = path.partition("/")
        number = rest.partition("/")[0]
        if name == "items" and number.isdecimal():
            products.setdefault(items[int(number)].product, []).append(str(row["detail"]))
        else:
            if (name, row["code"]) == ("location", "required") and form.cleaned_data.get("address"):
                row = {**row, "detail": f"{NOWHERE_KNOWN} Or choose a zone by hand."}
            mark(form, row)
    return products


def show_phone_page(request: HttpRequest, base: Mapping[str, Any], call: Call) -> HttpResponse:
    form, vendor = call.form, call.form.vendor
    left = dict(Stock.objects.filter(product__vendor=vendor).values_list("product_id", "quantity"))
    data = call.data or (call.repeated.values if call.repeated else None)
    context = {
        **base,
        **priced_context(call),
        "title": f"Order by phone at {vendor.name}",
        "vendor": vendor,
        "customer": form.customer,
        "takes": {
            "delivery": "delivery" in form.types,
            "eat_in": "eat_in" in form.types,
            "vehicle": bool({"curbside", "drive_thru"} & set(form.types)),
        },
        "categories": menu_rows(call.menu, data, left=left, errors=call.errors),
        "choices": call.choices,
        "map": map_of(vendor),
        "carries": getattr(vendor, "carries", False),
        "told": call.repeated.told if call.repeated else (),
    }
    return TemplateResponse(request, "admin/orders/order/phone.html", context)
