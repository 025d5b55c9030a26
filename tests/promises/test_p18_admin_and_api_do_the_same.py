"""Promise 18: the back-office and the API do the same: the same right, the same events, the same ledger, or nothing."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.models import Entry, Order, OrderEvent
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from tests.cast import Cast, make_clerk
from tests.orders.back_office import place_order
from tests.orders.confirming import shown_in
from tests.orders.shopping import assert_nothing_changed

MOVE = (Right.ACT_EVERYWHERE, Right.VIEW_ORDERS, Right.MOVE_ORDERS)
NOTE = {"text": "Said so by telephone", "visible_to": "business"}
REASON = {"reason_code": "other", "reason": "Said so by telephone"}


@dataclass(frozen=True)
class Deed:
    """One act by both doors: what each is sent, beside the order's version."""

    name: str
    rights: tuple[Right, ...]
    api: tuple[str, Mapping[str, Any]]
    page: tuple[str, Mapping[str, Any]]


DEEDS = (
    Deed("note", MOVE, ("history", NOTE), ("note", NOTE)),
    Deed(
        "cancel",
        MOVE,
        ("transitions", {"transition": "cancel_by_staff", **REASON}),
        ("move", {"transition": "cancel_by_staff", **REASON}),
    ),
    Deed(
        "refund",
        (Right.ACT_EVERYWHERE, Right.VIEW_ORDERS, Right.REFUND_ORDERS),
        ("refunds", {"to": "wallet", "reason": "Cold"}),
        ("refund", {"what": "all", "to": "wallet", "reason": "Cold", "currency": "EUR", "cancel": "no"}),
    ),
)


@pytest.fixture
def order(cast: Cast) -> Order:
    return place_order(cast, payment_method="wallet")


def by_api(deed: Deed, order: Order, user: User) -> Callable[[], int]:
    path, body = deed.api
    client = APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
    return lambda: int(client.post(f"/api/v1/orders/{order.pk}/{path}", body, format="json").status_code)


def by_page(deed: Deed, order: Order, user: User) -> Callable[[], int]:
    path, form = deed.page
    client = Client(raise_request_exception=False)
    client.force_login(user)
    data = {"version": Order.objects.get(pk=order.pk).version, "key": uuid.uuid4(), **form}
    url = f"/admin/orders/order/{order.pk}/{path}/"

    def press() -> int:
        """Also the button of the page that asks, where one does."""
        answer = client.post(url, data)
        if answer.status_code == 200:
            answer = client.post(url, shown_in(answer.content.decode()))
        return answer.status_code

    return press


def traces(order: Order, do: Callable[[], int]) -> tuple[Any, Any, Any]:
    """What doing it leaves in the history, in the ledger, and of the order; it is taken back."""
    with transaction.atomic():
        known = set(OrderEvent.objects.values_list("pk", flat=True))
        booked = set(Entry.objects.values_list("pk", flat=True))
        do()
        events = OrderEvent.objects.exclude(pk__in=known).order_by("number")
        left = [
            (one.kind, one.transition, one.to_status, one.role, one.actor, one.reason_code, one.reason)
            + (one.forced, str(one.data), one.visible_to)
            for one in events
        ]
        entries = Entry.objects.exclude(pk__in=booked).order_by("pk")
        moved = list(entries.values_list("posting__kind", "account__name", "amount", "balance_after"))
        now = Order.objects.values_list("status", "version", "payment_status", "refunded").get(pk=order.pk)
        transaction.set_rollback(True)
    return left, moved, now


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.name)
def test_both_doors_ask_for_the_same_rights_and_leave_the_same(order: Order, deed: Deed) -> None:
    clerk = make_clerk(*deed.rights)
    api, page = traces(order, by_api(deed, order, clerk)), traces(order, by_page(deed, order, clerk))
    assert api == page
    assert api[0], "it leaves an event"
    for missing in deed.rights:
        lacking = make_clerk(*(right for right in Right if right != missing), name=f"Not {missing.name}")
        for door in (by_api, by_page):
            act = door(deed, order, lacking)
            with assert_nothing_changed(order):
                assert act() not in (200, 201)


def test_a_failure_inside_leaves_nothing_by_either_door(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("orders.services.record.order_update.write_event", fail)
    refund = next(deed for deed in DEEDS if deed.name == "refund")
    clerk = make_clerk(*refund.rights)
    for door in (by_api, by_page):
        act = door(refund, order, clerk)
        with assert_nothing_changed(order):
            assert act() == 500
