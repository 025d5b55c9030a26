"""The page on which staff change where a delivery goes: address and point together, with a pin on a map."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.admin.address_fields import PlaceFields, choices_of, degrees_text, map_of
from orders.admin.forms import VersionForm
from orders.admin.service_calls import perform
from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.services.editing.order_fields import change_order
from orders.services.placing.locating import look_up_destination
from ordersite.accounts.scoping import caller_of_request
from ordersite.core.faults import Invalid
from ordersite.places.addresses import the_only
from ordersite.places.lookup import Answer

# Where somebody else was faster, each field is kept if one of these was typed: a point that was moved counts with the
# address beside it, an address that is typed alone is looked up.
KEPT_WITH = {
    "address": ("address", "lat", "lng"),
    "lat": ("lat", "lng"),
    "lng": ("lat", "lng"),
    "address_notes": ("address_notes",),
}


class DestinationForm(VersionForm, PlaceFields):
    """Where the order goes."""

    keep_point = forms.BooleanField(label="Keep the pin: only the text of the address was wrong", required=False)

    def __init__(self, order: Order, data: Any) -> None:
        names = ("address", "address_notes", "lat", "lng", "version")
        super().__init__(data, initial={name: getattr(order, name) for name in names})
        self.order = order
        self.fields["address"].required = True

    def changes(self) -> dict[str, Any]:
        """What differs, as services.editing takes it: a point that was moved counts with the address beside it."""
        given, order = self.cleaned_data, self.order
        fields: dict[str, Any] = {}
        point = None if given["lat"] is None else {"lat": given["lat"], "lng": given["lng"]}
        moved = point is not None and (given["lat"], given["lng"]) != (order.lat, order.lng)
        if given["address"] != order.address or moved:
            fields["address"] = given["address"]
        if point is not None and (moved or given["keep_point"]):
            fields["location"] = point
        if given["address_notes"] != order.address_notes:
            fields["address_notes"] = given["address_notes"]
        return fields

    def take_over(self) -> None:
        """Shows the order as it stands, with what was typed in its place: the next saving goes by that."""
        data: Any = self.data
        data, given, order = data.copy(), self.cleaned_data, self.order
        shown = shown_at(order, given["version"])
        for name, together in KEPT_WITH.items():
            if all(given[other] == shown[other] for other in together):
                data[name] = in_field(getattr(order, name))
        data["version"] = str(order.version)
        self.data = data


def in_field(value: str | float | None) -> str:
    return value if isinstance(value, str) else degrees_text(value)


def shown_at(order: Order, version: int) -> dict[str, Any]:
    """What the page showed of the order at a version: what stands, but for what was changed since."""
    shown = {name: getattr(order, name) for name in KEPT_WITH}
    for event in order.events.filter(number__gt=version).order_by("-number"):
        old = event.data.get("old") if isinstance(event.data, dict) else None
        if isinstance(old, dict):
            shown.update({name: old[name] for name in ("address", "address_notes") if name in old})
            shown.update(old.get("location") or {})
    return shown


def why_address_stays(order: Order) -> str:
    """Why an order's address cannot be changed; empty where it can."""
    if order.deleted_at is not None:
        return f"Order #{order.pk} is deleted: its address can no longer be changed."
    if order.fulfilment != Fulfilment.DELIVERY:
        slug = Fulfilment(order.fulfilment).slug.replace("_", " ")
        return f"Order #{order.pk} has no delivery address, because it is not delivered ({slug})."
    return f"Order #{order.pk} is closed: its address can no longer be changed." if order.is_closed else ""


def show_destination(request: HttpRequest, order: Order, base: Mapping[str, Any]) -> HttpResponse:
    """The page, and the change. `base` is what every page of the back-office shows."""
    back = HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    if refused := why_address_stays(order):
        messages.warning(request, refused)
        return back
    form = DestinationForm(order, request.POST if request.method == "POST" else None)
    choices: list[tuple[str, str]] = []
    is_stale = False
    if form.is_valid():
        version = form.cleaned_data["version"]
        found = look_up(request, form, choices) if version == order.version else ()
        if found is not None:
            if changed(request, form, found):
                return back
            # Somebody may have been faster by a hair.
            order.refresh_from_db()
        is_stale = version != order.version
    if is_stale:
        form.take_over()
    context = {
        **base,
        "title": f"Where order #{order.pk} goes",
        "order": order,
        "form": form,
        "choices": choices,
        "is_stale": is_stale,
        "map": map_of(order.vendor),
    }
    return TemplateResponse(request, "admin/orders/order/destination.html", context)


def look_up(request: HttpRequest, form: DestinationForm, choices: list[tuple[str, str]]) -> Answer:
    """What is known of the new address, before a transaction; None, and the choices, where one must be chosen."""
    caller = caller_of_request(request)
    found = look_up_destination(form.order.pk, form.changes(), caller, caller.key) or ()
    try:
        if found:
            the_only(found)
    except Invalid as error:
        form.add_error("address", "This may mean several places: choose one of them.")
        choices += choices_of(error)
        return None
    return found


def changed(request: HttpRequest, form: DestinationForm, found: Answer) -> bool:
    """Whether the change was made, or there was none to make; a message tells it, or why not."""
    return perform(
        request,
        lambda: change_order(
            order_id=form.order.pk,
            caller=caller_of_request(request),
            fields=form.changes(),
            version=form.cleaned_data["version"],
            found=found,
        ),
        done="The address was changed.",
    )
