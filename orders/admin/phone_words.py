"""Refusals of an order by phone, at its form's fields and in words for who types: the services address API clients."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django import forms

from orders.admin.refused_forms import field_of
from orders.admin.service_calls import refusal
from orders.services.kinds.package import SIDES
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem
from vendors.models import Vendor

# The last name of a pointer, and the field that it means where that has another name.
FIELDS = {"location": "address", "guest": "guest_name"}
# The last name of a pointer and the code, and what the form says; any other refusal is said as it is.
WORDS: dict[tuple[str, str], str] = {
    ("deliver_at", "vendor_closed"): "{vendor} is closed: choose a time.",
    ("deliver_at", "vendor_paused"): "{vendor} takes no orders for now: choose a later time.",
    ("items", "required"): "Choose at least one product.",
    ("location", "required"): "Type an address, or click the place on the map.",
    ("location", "outside_delivery_zone"): "{vendor} does not deliver there: choose another address, or a zone.",
    ("address", "required"): "Type the address too.",
    ("deliver_at", "past"): "This time has passed: choose a later one, or none for as soon as can be.",
    ("deliver_at", "too_soon"): "{vendor} needs until {earliest}: choose a later time, or none for as soon as can be.",
    ("deliver_at", "too_far"): "Orders are taken {days} days ahead: choose an earlier time.",
    ("deliver_at", "closed"): "{vendor} is closed then: choose another time.",
    ("deliver_at", "paused"): "{vendor} takes no orders for that time: choose a later one.",
    ("deliver_at", "slot_full"): "{vendor} takes no more for that time: order less, or choose another time{free}.",
    ("payment_method", "wallet"): "A guest has no wallet: choose another way to pay, or a customer.",
    ("package_type", "unknown"): "{vendor} carries this no more: choose another.",
    ("total", "total_mismatch"): "The price has just changed: look at it, and place it again.",
    **{(side, "required"): f"A side is at most {{most}} mm: fill in the {side}." for side in SIDES},
}


@contextmanager
def in_words_of_form(vendor: Vendor) -> Iterator[None]:
    """A refusal of the services within is raised in the form's words, with times by the vendor's clock."""
    try:
        yield
    except Refusal as refused:
        error = as_problem(refused)
        told = {"vendor": vendor.name, "days": vendor.preorder_days, "free": ""}
        if slots := error.extra.get("next_slots"):
            told["free"] = f", such as {local(slots[0], vendor)}"
        if soonest := error.extra.get("earliest"):
            told["earliest"] = local(soonest, vendor)
        for row in error.errors:
            if words := WORDS.get((last_name(row), row["code"])):
                row["detail"] = words.format(**{**row, **told})
        raise error from refused


def local(moment: str, vendor: Vendor) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(vendor.zone):%Y-%m-%d %H:%M}"


def last_name(row: dict[str, Any]) -> str:
    return str(row["pointer"]).rpartition("/")[2]


def refused_rows(error: Exception) -> list[dict[str, Any]]:
    """What is wrong, by field; of what is about no field one row without a pointer."""
    rows = as_problem(error).errors if isinstance(error, Refusal) else []
    return rows or [{"pointer": "", "code": "", "detail": refusal(error)}]


def mark(form: forms.Form, row: dict[str, Any]) -> None:
    """Tells a refusal's row at the field that it means, or above the form where that shows none."""
    form.add_error(field_of(form, FIELDS.get(last_name(row), last_name(row))), str(row["detail"]))


def marked(form: forms.Form, title: str = "") -> Iterable[tuple[str, str]]:
    """The fields in which something is wrong: where a link leads to, and what it says; `title` is the form's."""
    shown = [form[name] for name in form.errors if name in form.fields and not form[name].is_hidden]
    return [(field.id_for_label, f"{title}: {field.label}" if title else str(field.label)) for field in shown]
