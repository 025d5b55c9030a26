"""Whom a rise waits for: only somebody else who can consent. Who placed × whose order × who edits × rise or fall."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from orders.models import Line, Order, Payment, PaymentShare
from orders.services.paying.receiving import mark_paid
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import ApiToken, Customer, User
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.editing import owed
from tests.orders.money import Api, set_terms, walk
from tests.orders.proving import assert_ledger_proves_itself
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, fill_wallet, place

GUEST = {"name": "Gina", "phone": "+3225550111"}
# Who edits; and for each order who placed it, for whom: whose rises wait before it is accepted, and after.
EDITORS = ("owner", "token", "staff")
ALL, NONE = set(EDITORS), set[str]()
TABLE: list[tuple[str, str, set[str], set[str]]] = [
    ("customer", "itself", ALL, ALL),
    ("guest", "itself", ALL, ALL),
    ("owner", "guest", NONE, NONE),
    ("token", "guest", NONE, NONE),
    ("staff", "guest", NONE, NONE),
    ("staff", "customer", {"owner", "token"}, ALL),
    ("owner", "itself", {"token", "staff"}, {"token", "staff"}),
    ("staff", "itself", {"owner", "token"}, {"owner", "token"}),
]


Clients = dict[str, APIClient]


@pytest.fixture
def clients(cast: Cast, api: Api) -> dict[str, APIClient]:
    set_terms(cast)
    ApiToken.objects.create(
        merchant=cast.merchant, name="Shop", token_hash=token_hash("ost_shop"), scopes=["read", "write"]
    )
    for user in (cast.owner, cast.staff):
        Customer.objects.create(user=user, name=user.name, email=user.email, phone="+3225550112")
    for row in Customer.objects.filter(user__in=[cast.customer, cast.owner, cast.staff]):
        fill_wallet(row, 10_000)
    users = {name: api(User.objects.get(pk=getattr(cast, name).pk)) for name in ("customer", "owner", "staff")}
    return {"token": api(token="ost_shop"), "guest": api(), **users}


def placed(cast: Cast, client: APIClient, whose: str, **fields: Any) -> Order:
    """A pizza of 12.00, four sodas of 2.50 and 0.50 for the service: 22.50, an account's from its wallet."""
    items = [{"product": cast.products["pizza"].pk}, {"product": cast.products["soda"].pk, "quantity": 4}]
    told: dict[str, dict[str, Any]] = {"customer": {"customer": cast.customer_row.pk}, "guest": {"guest": GUEST}}
    meant = told.get(whose, {})
    method = "cash" if "guest" in meant else "wallet"
    answer = place(client, cart(cast, items=items, **{"payment_method": method, **meant, **fields}))
    return Order.objects.get(pk=answer["orders"][0]["id"])


def soda(client: APIClient, order: Order, quantity: int) -> Any:
    line = Line.objects.get(order=order, name="Soda")
    body = {"product": line.product_id, "quantity": quantity, "reason": "So it is"}
    return client.put(f"{ORDERS}/{order.pk}/items/{line.pk}", body)


def state(answer: Any) -> str:
    assert answer.status_code == 200, answer.json()
    return str(answer.json()["change"]["state"])


by_table = pytest.mark.parametrize(
    ("who", "whose", "new", "later"), TABLE, ids=[f"{who}-{whose}" for who, whose, *_ in TABLE]
)


@pytest.mark.parametrize("is_accepted", [False, True])
@by_table
def test_who_is_asked(
    cast: Cast, api: Api, clients: Clients, who: str, whose: str, new: set[str], later: set[str], is_accepted: bool
) -> None:
    order = placed(cast, clients[who], "guest" if who == "guest" else whose)
    if is_accepted:
        walk(cast, api, order, "owner accept")
    waits, quantity = later if is_accepted else new, 4
    for editor in EDITORS:
        assert state(soda(clients[editor], order, quantity + 1)) == ("waiting" if editor in waits else "applied")
        quantity += editor not in waits
        assert state(soda(clients[editor], order, quantity - 1)) == "applied"
        quantity -= 1
        order.refresh_from_db()
        assert (order.total, owed(order)) == (1250 + 250 * quantity, 1250 + 250 * quantity)
    assert_ledger_proves_itself()


@by_table
def test_who_is_asked_what_becomes_of_an_item_that_cannot_be_had(
    cast: Cast, api: Api, clients: Clients, who: str, whose: str, new: set[str], later: set[str]
) -> None:
    """Its customer chose nothing beforehand: where nobody can be asked it is left out."""
    order = placed(cast, clients[who], "guest" if who == "guest" else whose)
    line = Line.objects.get(order=order, name="Soda")
    missing = state(clients["owner"].post(f"{ORDERS}/{order.pk}/items/{line.pk}/missing", {}))
    assert missing == ("waiting" if "owner" in new else "applied")
    order.refresh_from_db()
    assert order.total == owed(order) == (2250 if "owner" in new else 1250)
    assert_ledger_proves_itself()


def test_a_guests_order_that_was_paid_online_gets_a_further_payment(cast: Cast, api: Api, clients: Clients) -> None:
    cast.vendor.payment_methods = ["fake"]
    cast.vendor.save()
    order = placed(cast, clients["staff"], "guest", payment_method="fake")
    mark_paid(payment_id=Payment.objects.get().pk, caller=SYSTEM, now=order.placed_at)
    walk(cast, api, order, "owner accept")
    assert state(soda(clients["owner"], order, 6)) == "applied"
    assert sorted(PaymentShare.objects.values_list("amount", "received", "is_extra")) == [
        (500, 0, True),
        (2200, 2200, False),
    ]
    assert_ledger_proves_itself()


def test_staff_answer_for_an_account_that_is_switched_off(cast: Cast, api: Api, clients: Clients) -> None:
    order = placed(cast, clients["customer"], "itself")
    walk(cast, api, order, "owner accept")
    User.objects.filter(pk=cast.customer.pk).update(is_active=False)
    assert state(soda(clients["owner"], order, 5)) == "waiting"
    assert state(soda(clients["token"], order, 5)) == "waiting"
    order.refresh_from_db()
    with assert_nothing_changed(order):
        assert clients["owner"].post(f"{ORDERS}/{order.pk}/changes/1/accept", {}).status_code == 403
    assert state(soda(clients["staff"], order, 5)) == "applied"
    assert (Order.objects.get().total, owed(order)) == (2500, 2500)
    assert_ledger_proves_itself()


def test_the_back_office_says_whether_the_customer_is_asked(cast: Cast, clients: Clients) -> None:
    office = Client()
    office.force_login(cast.staff)
    for who, whose, told in (
        ("owner", "guest", "It applies at once"),
        ("guest", "guest", "The customer is asked first"),
    ):
        order = placed(cast, clients[who], whose)
        line = Line.objects.get(order=order, name="Soda")
        form = {"version": order.version, "action": "change", "line": line.pk, "quantity": 5}
        assert told in office.post(f"/admin/orders/order/{order.pk}/items/", form).content.decode()
