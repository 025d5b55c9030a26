"""A package by phone: from one address to another, priced and placed by the services that the API calls."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.admin.address_fields import NOWHERE_KNOWN, PlaceFields, choices_of, map_of
from orders.admin.display import money
from orders.admin.order_page import money_rows
from orders.admin.phone_call import CallForm, place_once
from orders.admin.phone_words import in_words_of_form, mark, marked, refused_rows
from orders.checkout import MOST_GRAMS, MOST_MILLIMETRES, Cart, Checked, Checkout, PackageWish, Place
from orders.services.placing.locating import locate_placing
from orders.services.placing.parties import Placing
from orders.services.placing.placing import quote
from ordersite.accounts.models import Customer
from ordersite.accounts.scoping import caller_of_request
from ordersite.core.faults import Invalid, Refusal
from ordersite.web.problems import as_problem
from vendors.models import PackageType, Vendor
from vendors.services.bookable import package_types_of

STOPS = ("pickup", "dropoff")
TITLES = {"pickup": "From", "dropoff": "To"}


class TypeField(forms.ModelChoiceField):
    """A size of parcel, with what taking it costs."""

    def label_from_instance(self, one: Any) -> str:
        return f"{one.name}, {money(one.price, one.currency)}"


class PackageForm(CallForm):
    """Everything but the two addresses."""

    package_type = TypeField(PackageType.objects.none(), label="What", empty_label=None)
    weight = forms.IntegerField(label="Weight, grams", min_value=1, max_value=MOST_GRAMS)
    width = forms.IntegerField(label="Width, mm", min_value=1, max_value=MOST_MILLIMETRES, required=False)
    length = forms.IntegerField(label="Length, mm", min_value=1, max_value=MOST_MILLIMETRES, required=False)
    height = forms.IntegerField(label="Height, mm", min_value=1, max_value=MOST_MILLIMETRES, required=False)
    recipient_name = forms.CharField(label="Name", max_length=120)
    recipient_phone = forms.CharField(label="Phone", max_length=40, widget=forms.TextInput({"type": "tel"}))

    def __init__(self, vendor: Vendor, customer: Customer | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(vendor, customer, *args, **kwargs)
        kinds: Any = self.fields["package_type"]
        kinds.queryset = package_types_of(vendor.pk).select_related("vendor")

    def clean_recipient_phone(self) -> str:
        return self.read_phone("recipient_phone")

    def placing(self, pickup: Place, dropoff: Place) -> Placing:
        """What is to be carried, for whom."""
        given = self.cleaned_data
        wish = PackageWish(
            package_type=given["package_type"].pk,
            pickup=pickup,
            **{name: given[name] for name in ("recipient_name", "recipient_phone", "weight")},
            **{name: given[name] for name in ("width", "length", "height")},
        )
        cart = Cart(
            vendor_id=self.vendor.pk,
            package=wish,
            place=dropoff,
            deliver_at=given["deliver_at"],
            offer=given["offer"],
            comment=given["comment"],
        )
        return Placing(
            checkout=Checkout(carts=[cart], payment_method=given["payment_method"]),
            customer_id=self.customer.pk if self.customer else None,
            guest=self.guest(),
        )


class Asked:
    """The form, its two addresses, and of each the places among which one must be chosen."""

    def __init__(self, vendor: Vendor, customer: Customer | None, data: Any = None) -> None:
        self.form = PackageForm(vendor, customer, data)
        self.stops = {name: PlaceFields(data, prefix=name) for name in STOPS}
        self.choices: dict[str, list[tuple[str, str]]] = {}
        for stop in self.stops.values():
            stop.fields["address"].required = True

    def forms(self) -> list[forms.Form]:
        return [self.form, *self.stops.values()]

    def placing(self) -> Placing:
        return self.form.placing(*(place_of(self.stops[name]) for name in STOPS))

    def show(self, placing: Placing) -> None:
        """Shows the points that were found in the fields."""
        cart = placing.checkout.carts[0]
        if cart.package is None:
            raise ValueError("a package has its wish")
        for name, place in (("pickup", cart.package.pickup), ("dropoff", cart.place)):
            self.stops[name].show_point(place.address, place.lat, place.lng)

    def refuse(self, error: Exception) -> None:
        """Tells a refusal where its pointers lead."""
        for row in refused_rows(error):
            parts = str(row["pointer"]).strip("/").removeprefix("package/").split("/")
            form = self.stops.get(parts[0], self.form)
            if form is not self.form and (parts[-1], row["code"]) == ("location", "required"):
                row = {**row, "detail": NOWHERE_KNOWN}
            mark(form, row)


def place_of(stop: PlaceFields) -> Place:
    given = stop.cleaned_data
    return Place(**{name: given[name] for name in ("address", "address_notes", "lat", "lng")})


def package_by_phone(
    request: HttpRequest, base: Mapping[str, Any], vendor: Vendor, customer: Customer | None
) -> HttpResponse:
    """The page, the price, and the order. `base` is what every page of the back-office shows."""
    if request.method != "POST":
        return show_package_page(request, base, Asked(vendor, customer), None)
    asked = Asked(vendor, customer, request.POST)
    faulty = [form for form in asked.forms() if not form.is_valid()]
    placing = None if faulty else locate_addresses(request, asked)
    checked = price_package(request, asked, placing) if placing else None
    if placing and checked and "place" in request.POST:
        placed = place_once(request, asked.form, placing, checked)
        if placed is not None:
            return HttpResponseRedirect(reverse("admin:orders_order_change", args=[placed]))
    return show_package_page(request, base, asked, checked)


def locate_addresses(request: HttpRequest, asked: Asked) -> Placing | None:
    """The placing with the points of its addresses, shown in the form; None where one of several must be chosen.

    Before any transaction: another server may be asked.
    """
    caller = caller_of_request(request)
    try:
        placing = locate_placing(asked.placing(), caller=caller, who=caller.key)
    except Invalid as error:
        name = str(as_problem(error).errors[0]["pointer"]).split("/")[2]
        asked.choices[name] = choices_of(error)
        asked.stops[name].add_error("address", "This may mean several places: choose one of them.")
        return None
    asked.show(placing)
    return placing


def price_package(request: HttpRequest, asked: Asked, placing: Placing) -> Checked | None:
    """What it costs; None where it is refused, which the form tells."""
    customer = asked.form.customer or Customer()
    try:
        with in_words_of_form(asked.form.vendor):
            checked = quote(checkout=placing.checkout, caller=caller_of_request(request), customer=customer)
    except (Refusal, OperationalError) as error:
        asked.refuse(error)
        return None
    return checked.parts[0]


def show_package_page(
    request: HttpRequest, base: Mapping[str, Any], asked: Asked, checked: Checked | None
) -> HttpResponse:
    vendor = asked.form.vendor
    context = {
        **base,
        "title": f"Package by phone at {vendor.name}",
        "form": asked.form,
        "stops": [(name, TITLES[name], stop, asked.choices.get(name, [])) for name, stop in asked.stops.items()],
        "vendor": vendor,
        "customer": asked.form.customer,
        # A package's fee goes by its distance: no zone of the vendor's counts.
        "map": {**map_of(vendor), "zones": "[]"},
        "has_errors": any(form.errors for form in asked.forms()),
        "marked": [
            *(field for name, stop in asked.stops.items() for field in marked(stop, TITLES[name])),
            *marked(asked.form),
        ],
        "quote": checked.priced if checked else None,
        "distance": checked.draft.distance if checked else None,
        "amounts": money_rows(checked.priced) if checked else [],
        "is_preorder": checked.draft.is_preorder if checked else False,
    }
    return TemplateResponse(request, "admin/orders/order/phone_package.html", context)
