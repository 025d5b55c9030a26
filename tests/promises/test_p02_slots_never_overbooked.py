"""Promise 2: a time slot takes one more order, fifty want it, twenty at a time: one order, forty-nine are refused."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from orders.models import Order, SlotHold, SlotUse
from orders.services.capacity import slots
from tests.cast import Cast
from tests.controls.unlocked_slots import upsert_without_a_condition
from tests.orders.shopping import ORDERS, cart
from tests.promises.crowd import together
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS, AT_ONCE = 50, 20
PIZZA = 1200
# One order; and as much as two pizzas cost, but for a cent.
CAPS = {"orders": {"slot_orders": 1}, "value": {"slot_value": 2 * PIZZA - 1}}


def tomorrow() -> datetime:
    return (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


def buy(cast: Cast, api: Callable[..., APIClient], by: str, *, was_taken: bool) -> Counter[str]:
    """Fifty guests order a pizza for the same quarter of an hour; the codes of their answers."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(**CAPS[by])
    starts_at = tomorrow()
    if was_taken:
        SlotUse.objects.create(vendor=cast.vendor, fulfilment=2, starts_at=starts_at)

    def one(number: int) -> str:
        guest = {"name": f"Guest {number}", "phone": "+32470123456"}
        deliver_at = starts_at + timedelta(seconds=number)
        response = api().post(ORDERS, cart(cast, guest=guest, deliver_at=deliver_at.isoformat()))
        return str(response.json().get("code", response.status_code))

    return Counter(together([lambda n=n: one(n) for n in range(BUYERS)], at_once=AT_ONCE))


def check(answers: Counter[str]) -> None:
    assert answers == {"201": 1, "slot_full": BUYERS - 1}
    assert Order.objects.count() == SlotHold.objects.count() == 1
    assert list(SlotUse.objects.values_list("orders", "value")) == [(1, PIZZA)]


@pytest.mark.parametrize("was_taken", [False, True])
@pytest.mark.parametrize("by", CAPS)
def test_no_more_is_taken_than_a_slot_holds(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None], by: str, was_taken: bool
) -> None:
    """Whether the slot's row stands already (its order was cancelled), or all want to write it first."""
    answers = buy(cast, api, by, was_taken=was_taken)
    check(answers)
    figure(f"a slot capped by {by}, {BUYERS} buyers, {AT_ONCE} at a time: 1 taken, {answers['slot_full']} refused")


def test_giving_back_and_taking_lose_no_count(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Orders that are cancelled while others are placed: what is held is what the slot counts."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(slot_orders=3)
    client = api(cast.customer)
    body = cart(cast, deliver_at=tomorrow().isoformat())

    def one() -> int:
        response = client.post(ORDERS, body)
        if response.status_code == 201:
            order = response.json()["orders"][0]["id"]
            left = client.post(f"{ORDERS}/{order}/transitions", {"transition": "cancel_by_customer"})
            assert left.status_code == 200, left.json()
        return int(response.status_code)

    answers = Counter(together([one] * 60, at_once=AT_ONCE))
    assert set(answers) <= {201, 409}
    assert answers[201] == Order.objects.count() >= 3
    assert list(SlotUse.objects.values_list("orders", "value")) == [(0, 0)]


def test_the_database_refuses_besides(cast: Cast) -> None:
    SlotUse.objects.create(vendor=cast.vendor, fulfilment=2, starts_at=datetime.now(UTC))
    for wrong in ({"orders": -1}, {"value": -1}):
        with pytest.raises(IntegrityError, match="slot_use_not_below_zero"), transaction.atomic():
            SlotUse.objects.update(**wrong)


@pytest.mark.parametrize("by", CAPS)
def test_control_without_the_condition_it_is_overbooked(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(slots, "upsert", upsert_without_a_condition)
    answers = buy(cast, api, by, was_taken=True)
    with pytest.raises(AssertionError):
        check(answers)
    assert answers["201"] > 1
