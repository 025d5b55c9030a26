"""Promise 16, field by field: who reads what of one order, at every door, is what one table says."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Order, OrderEvent
from orders.reading import order_view, row_view
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import decrypt, token_hash
from tests.cast import Cast
from tests.orders.rows import add_line, make_order
from tests.promises.everybody import ROLES, World

CUSTOMER, STAFF, VENDOR = {"customer"}, {"staff"}, {"owner", "merchant"}
DRIVER = {"driver"}
PEOPLE = CUSTOMER | STAFF | VENDOR
# Who reads what of an order, by how it stands.
MAY: dict[str, dict[str, set[str]]] = {
    "on offer": {
        "phone": PEOPLE,
        "notes": PEOPLE,
        "comment of a line": PEOPLE,
        "tracking code": CUSTOMER | STAFF,
        "payment page": CUSTOMER | STAFF,
        "collection code": CUSTOMER | STAFF,
        "note of the business": VENDOR | STAFF,
        "note of staff": STAFF,
    },
    "named": {
        "phone": PEOPLE | DRIVER,
        "notes": PEOPLE | DRIVER,
        "comment of a line": PEOPLE | DRIVER,
        "tracking code": CUSTOMER | STAFF,
        "payment page": CUSTOMER | STAFF,
        "collection code": CUSTOMER | STAFF,
        "note of the business": VENDOR | STAFF,
        "note of staff": STAFF,
        "phone of the driver": DRIVER | STAFF,
    },
    "accepted": {
        "phone": PEOPLE | DRIVER,
        "notes": PEOPLE | DRIVER,
        "comment of a line": PEOPLE | DRIVER,
        "tracking code": CUSTOMER | STAFF,
        "payment page": CUSTOMER | STAFF,
        "collection code": CUSTOMER | STAFF,
        "note of the business": VENDOR | STAFF | DRIVER,
        "note of staff": STAFF,
        "phone of the driver": PEOPLE | DRIVER,
    },
    "collected": {
        "phone": PEOPLE,
        "notes": PEOPLE,
        "comment of a line": PEOPLE,
        "tracking code": CUSTOMER | STAFF,
        "payment page": CUSTOMER | STAFF,
        "collection code": VENDOR | STAFF,
        "note of the business": VENDOR | STAFF,
        "note of staff": STAFF,
    },
}
STATES = list(MAY)


def order_that_is(state: str, cast: Cast) -> tuple[Order, dict[str, str]]:
    """An order in this state with something in each place, and what is looked for in the answers."""
    how: dict[str, dict[str, Any]] = {
        "on offer": {"status": Status.LOOKING_FOR_DRIVER, "stood": "accepted search_started"},
        "named": {"status": Status.ACCEPTED_BY_BUSINESS, "stood": "accepted", "driver": cast.driver_row},
        "accepted": {
            "status": Status.ACCEPTED_BY_DRIVER,
            "stood": "accepted driver_accepted",
            "driver": cast.driver_row,
        },
        "collected": {"status": Status.ACCEPTED_BY_BUSINESS, "stood": "accepted", "fulfilment": Fulfilment.PICKUP},
    }
    cast.driver_row.phone = "+32470918201"
    cast.driver_row.save()
    order = make_order(
        cast,
        payment_method="fake",
        contact_phone="+32470918202",
        comment="Wq-comment",
        collection_code="918203",
        external_code="placed",
        version=4,
        **how[state],
    )
    line = add_line(order, cast.products["soda"])
    line.comment = "Wq-line"
    line.save()
    for number, (visible_to, reason) in enumerate((("business", "Wq-business"), ("staff", "Wq-staff")), start=2):
        OrderEvent.objects.create(
            order=order, number=number, kind="note", actor="system", role="staff", visible_to=visible_to, reason=reason
        )
    marks = {
        "phone": order.contact_phone,
        "notes": order.comment,
        "comment of a line": line.comment,
        "tracking code": decrypt(order.tracking_sealed),
        "payment page": str(order.shares.get().payment.token),
        "collection code": order.collection_code,
        "note of the business": "Wq-business",
        "note of staff": "Wq-staff",
    }
    return order, {**marks, "phone of the driver": cast.driver_row.phone} if order.driver_id else marks


def doors(order: Order) -> Iterator[str]:
    """The address of every call that shows an order, or several."""
    native, kesk, shop = "/api/v1/orders", "/dialects/kesk/v1/orders", "/dialects/shop/System/Orders"
    ordering, kaddy = "/dialects/ordering/orders", "/dialects/kaddy/v1/orders"
    yield from (f"{native}?expand=items,events", f"{native}?mode=dashboard&expand=items,events", native)
    yield from (f"{native}/{order.pk}?expand=items,events", f"{native}/{order.pk}/history")
    yield from (f"{native}/{order.pk}/changes", f"{native}/{order.pk}/transitions", "/api/v1/drivers/me/offers")
    yield f"/api/v1/purchases/{order.purchase.uuid}"
    for calls, name in ((kesk, order.pk), (shop, order.pk), (ordering, order.pk), (kaddy, order.uuid)):
        yield from (calls, f"{calls}/{name}")
    yield from (f"{ordering}?mode=dashboard", f"{ordering}/{order.pk}?mode=dashboard")


def readers(order: Order, marks: dict[str, str], cast: Cast) -> dict[str, set[str]]:
    """Which roles read each mark, at any door."""
    world = World(cast=cast, orders={}, paths={}, tokens={"guest": "no-token", "merchant": "no-token"})
    found: dict[str, set[str]] = {name: set() for name in marks}
    for role in ROLES:
        client = world.client(role) if role != "merchant" else till_of(cast)
        told = " ".join(
            client.get(path, headers={"X-Tenant": str(cast.merchant.uuid)}).content.decode() for path in doors(order)
        )
        for name, mark in marks.items():
            if mark in told:
                found[name].add(role)
    return found


def till_of(cast: Cast) -> Any:
    """A client with a token of the merchant."""
    token = "ost_till-of-burger-bar"
    ApiToken.objects.get_or_create(
        token_hash=token_hash(token),
        defaults={"name": "till", "merchant": cast.merchant, "hint": "ost_", "scopes": ["read", "write"]},
    )
    return APIClient(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = settings.THROTTLE_TILL = 0


@pytest.mark.parametrize("state", STATES)
def test_each_role_reads_what_the_table_says(cast: Cast, state: str) -> None:
    order, marks = order_that_is(state, cast)
    assert readers(order, marks, cast) == MAY[state]


@pytest.mark.parametrize("state", ["on offer", "collected"])
def test_by_the_tracking_code_a_first_name_is_told(cast: Cast, state: str, client: Any) -> None:
    order, marks = order_that_is(state, cast)
    for path in ("/api/v1/track", "/dialects/kesk/v1/track-order"):
        answer = client.post(path, {"code": marks["tracking code"]}, "application/json")
        told = answer.content.decode()
        assert answer.status_code == 200
        assert [name for name, mark in marks.items() if mark in told] == []
        assert '"Clara"' in told
        assert "Clara Customer" not in told


def test_control_where_words_are_not_hidden_it_is_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = property(lambda self: False, lambda self, value: None)
    monkeypatch.setattr(row_view.View, "hides_words", shown, raising=False)
    with pytest.raises(AssertionError):
        test_each_role_reads_what_the_table_says(cast, "on offer")


def test_control_where_everybody_pays_it_is_found(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_view, "PARTIES_THAT_PAY", frozenset(Actor))
    with pytest.raises(AssertionError):
        test_each_role_reads_what_the_table_says(cast, "on offer")


def test_what_no_rule_shows_cannot_be_read(cast: Cast) -> None:
    """By no way that does not reach around Python's names: a column that is added is hidden until a rule shows it."""
    view = order_view.view_for_public(order_that_is("on offer", cast)[0])
    columns = {field.attname for field in Order._meta.concrete_fields}
    hidden = {"tracking_sealed", "tracking_hash", "contact_phone", "contact_email", "commission", "purchase_id"}
    assert hidden < columns
    for name in (*hidden, "purchase", "save", "delete", "_state", "refresh_from_db"):
        with pytest.raises(AttributeError):
            getattr(view, name)
    assert view.collection_code is view.tracking_code is None
