"""Texts: one line where the column means one, no control characters, no longer than what keeps them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework import serializers

from orders.models import Order, Purchase
from ordersite.accounts.models import Address, Customer
from ordersite.web.serializers import LineField, LowerEmailField, ParagraphField
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, cart

GUEST = {"name": "Gast", "phone": "+3225550199"}
LONG = f"{'a' * 60}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example.org"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"name": "Gast\nBcc: x"}, "/guest/name"),
        ({"name": "Gast\rBcc: x"}, "/guest/name"),
        ({"name": "Gast\u2028x"}, "/guest/name"),
        ({"name": "Gast\x1b[2J"}, "/guest/name"),
        ({"name": "Gast\u0085x"}, "/guest/name"),
        ({"name": "G" * 121}, "/guest/name"),
        ({"email": LONG}, "/guest/email"),
        ({"email": "gast@example.org\nBcc:x@example.org"}, "/guest/email"),
        ({"phone": "+32255\n50199"}, "/guest/phone"),
        ({"address": "Nieuwstraat 1\nBrussel"}, "/guest/address"),
        ({"address_notes": "Bell\x07"}, "/guest/address_notes"),
        ({"name": "\u200b"}, "/guest/name"),
        ({"name": "\u202eabc"}, "/guest/name"),
        ({"email": "gast@example.org\u200b"}, "/guest/email"),
        ({"email": "gast@[127.0.0.1]"}, "/guest/email"),
    ],
)
def test_a_guest_is_refused_with_a_pointer(cast: Cast, api: Any, fields: dict[str, str], pointer: str) -> None:
    answer = api().post(ORDERS, cart(cast, guest={**GUEST, **fields}))
    assert (answer.status_code, [error["pointer"] for error in answer.data["errors"]]) == (400, [pointer])
    assert (Order.objects.count(), Purchase.objects.count(), Customer.objects.filter(name__startswith="G").count()) == (
        0,
        0,
        0,
    )


def test_what_people_write_is_taken(cast: Cast, api: Any) -> None:
    guest = {**GUEST, "name": " Zoë\u00a0O'Neil 王 ", "address_notes": "Second floor\nbell twice"}
    answer = api().post(ORDERS, cart(cast, guest=guest, comment="No onions\r\n\tplease"))
    assert answer.status_code == 201, answer.data
    order = Order.objects.get()
    assert (order.contact_name, order.comment) == ("Zoë\u00a0O'Neil 王", "No onions\r\n\tplease")


# The columns that a field of this name ends in, whichever serializer has it.
COLUMNS = {
    "name": Customer,
    "address": Address,
    "address_notes": Address,
    "label": Address,
    "comment": Order,
    "table": Order,
    "vehicle": Order,
    "locker": Order,
    "tracking_number": Order,
    "carrier": Order,
    "external_code": Purchase,
    "email": Customer,
}
# Tokens, secrets and names of ours that are looked up, not kept.
LOOKED_UP = {"refresh", "uid", "token"}


def kinds_of(parent: type[Any]) -> Iterator[type[Any]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def texts() -> Iterator[tuple[type[Any], str, serializers.CharField]]:
    """Every text that a call reads, natively or in a dialect."""
    get_resolver().url_patterns  # noqa: B018 - imports every door
    for kind in dict.fromkeys(kinds_of(serializers.Serializer)):
        if kind.__module__.startswith(("orders.", "ordersite.", "vendors.")) and kind.__name__.endswith("Input"):
            for name, field in kind().fields.items():
                if isinstance(field, serializers.CharField) and not field.read_only:
                    yield kind, name, field


def is_refused(field: serializers.CharField, text: str) -> bool:
    try:
        field.run_validation(text)
    except serializers.ValidationError:
        return True
    return False


def test_every_text_of_the_api_has_a_bound_and_refuses_control_characters() -> None:
    checked = 0
    for kind, name, field in texts():
        where = f"{kind.__name__}.{name}"
        if name in LOOKED_UP or "password" in name or isinstance(field, serializers.RegexField):
            continue
        assert field.max_length or "phone" in name, where
        column = COLUMNS.get(name)
        if column is not None and field.max_length:
            assert field.max_length <= column._meta.get_field(name).max_length, where  # type: ignore[union-attr]
        bad = "+3225550199\x07" if "phone" in name else "a\x07b"
        assert is_refused(field, bad), where
        if isinstance(field, LineField | LowerEmailField):
            assert is_refused(field, "a\nb"), where
        else:
            assert isinstance(field, ParagraphField) or "phone" in name, where
        checked += 1
    assert checked > 50


@pytest.mark.parametrize(
    "address", ["Rue Haute 126\nx", "Rue Haute 126\x07", "Rue\u2028x\x1b[31m", "Rue \u202eHaute 1"]
)
def test_an_address_is_one_line_wherever_it_is_sent(cast: Cast, api: Any, address: str) -> None:
    client = api(cast.customer)
    order = make_order(cast, 0)
    calls = {
        ORDERS: client.post(ORDERS, cart(cast, address=address)),
        "quote": client.post(f"{ORDERS}/quote", cart(cast, address=address)),
        "patch": client.patch(f"{ORDERS}/{order.pk}", {"address": address}),
    }
    for call, answer in calls.items():
        told = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
        assert (answer.status_code, told) == (400, [("/address", "control")]), call
    assert (Order.objects.count(), Order.objects.get().address) == (1, order.address)
