"""The page on which staff change where a delivery goes: address and point together, with a pin on a map."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.admin.doing import caller_of_request, perform
from orders.admin.forms import VersionForm
from orders.admin.places import PlaceFields, choices_of, map_of
from orders.models import Order
from orders.services.changes import change_order
from orders.services.locating import look_up_destination
from ordersite.places.addresses import the_only
from ordersite.places.lookup import Answer
from ordersite.web.problems import Invalid


class DestinationForm(VersionForm, PlaceFields):
    """Where the order goes."""

    keep_point = forms.BooleanField(label="The point stays: only the words of the address were wrong", required=False)

    def __init__(self, order: Order, data: Any) -> None:
        names = ("address", "address_notes", "lat", "lng", "version")
        super().__init__(data, initial={name: getattr(order, name) for name in names})
        self.order = order
        self.fields["address"].required = True

    def changes(self) -> dict[str, Any]:
        """What differs, as services.changes takes it: a point that was moved counts with the address beside it."""
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


def change_address(request: HttpRequest, order: Order, base: Mapping[str, Any]) -> HttpResponse:
    """The page, and the change. `base` is what every page of the back-office shows."""
    form = DestinationForm(order, request.POST if request.method == "POST" else None)
    choices: list[tuple[str, str]] = []
    if form.is_valid():
        fields, caller = form.changes(), caller_of_request(request)
        found = look_up_destination(order.pk, fields, caller, caller.key)
        try:
            if found:
                the_only(found, "/address")
        except Invalid as error:
            form.add_error("address", "This may mean several places: choose one of them.")
            choices = choices_of(error)
        else:
            if changed(request, form, fields, found):
                return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    context = {
        **base,
        "title": f"Where order #{order.pk} goes",
        "order": order,
        "form": form,
        "choices": choices,
        "map": map_of(order.vendor),
    }
    return TemplateResponse(request, "admin/orders/order/destination.html", context)


def changed(request: HttpRequest, form: DestinationForm, fields: dict[str, Any], found: Answer) -> bool:
    """Whether the change was made; a message tells it, or why not."""
    return perform(
        request,
        lambda: change_order(
            order_id=form.order.pk,
            caller=caller_of_request(request),
            fields=dict(fields),
            version=form.cleaned_data["version"],
            found=found,
        ),
        done="The address is changed.",
    )
