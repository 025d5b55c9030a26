"""The columns of the list of orders: each person chooses among them, and finds them so again."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest

from orders.models import ChosenColumns
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.typed_fields import TypedForm

# Names of columns as people choose them; "order" always comes first.
COLUMNS = {
    "vendor": "Vendor",
    "contact": "Customer",
    "state": "Status",
    "type": "Delivery type",
    "amount": "Total",
    "payment": "Payment",
    "placed": "Placed",
    "age": "Age",
    "due": "Timer",
    "timing": "In time",
    "promised": "Promised",
    "driver": "Driver",
    "zone": "Delivery zone",
    "app": "App",
    "kind": "Kind",
    "external_code": "External code",
}
USUAL = ("vendor", "contact", "state", "type", "amount", "payment", "placed", "age", "due")


def chosen_columns(request: Any) -> list[str]:
    """The columns that who asks has chosen; read once a request."""
    if not hasattr(request, "order_columns"):
        kept = ChosenColumns.objects.filter(user=request.user.pk).values_list("names", flat=True).first()
        request.order_columns = [name for name in kept or USUAL if name in COLUMNS] or list(USUAL)
    names: list[str] = request.order_columns
    return names


def displayed(request: HttpRequest) -> list[str]:
    """The same as the list's attributes. Who a driver is who has not accepted, a vendor's people are not told."""
    attributes = {"driver": "driver_name" if acts_everywhere(request) else "known_driver", "kind": "kind_name"}
    return ["name", *(attributes.get(name, name) for name in chosen_columns(request))]


class ColumnsForm(TypedForm, forms.Form):
    """Which columns are shown."""

    names = forms.MultipleChoiceField(
        choices=list(COLUMNS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose a column at least."},
    )


def choose_columns(user_id: int, names: Sequence[str]) -> None:
    """Keeps the choice, in the order of COLUMNS."""
    ordered = [name for name in COLUMNS if name in names]
    ChosenColumns.objects.update_or_create(user_id=user_id, defaults={"names": ordered})
