"""An order in search is offered to some at a time: to whom, in which order, until when, and what ends an offer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orders.models import DriverOffer, DriverPosition, Order
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.clock import Clock
from tests.orders.moving.test_transitions import move
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed
from tests.orders.walking import Api
from vendors.models import Driver, Vendor

OFFERS = "/api/v1/drivers/me/offers"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# Degrees of latitude north of the vendor: 0.01 is 1.1 km.
NEAR, NEARER, FAR = 0.01, 0.005, 0.02
Begin = Callable[..., Order]


@pytest.fixture
def begin(cast: Cast, api: Api, clock: Clock) -> Begin:
    """An order whose search the vendor has begun, with these settings, after the worker has looked."""

    def make(**fields: Any) -> Order:
        Vendor.objects.filter(pk=cast.vendor.pk).update(**{"dispatch": "nearest", **fields})
        order = make_order(cast, 7, stood="accepted")
        assert move(api, cast.owner, order, to=22).status_code == 200
        run_due()
        return order

    return make


def place(cast: Cast, driver: Driver, away: float, clock: Clock, *, ago: timedelta = SECOND) -> None:
    at = clock.now - ago
    where = {"lat": 50.85 + away, "lng": 4.35, "accuracy": 5.0}
    DriverPosition.objects.create(driver=driver, at=at, received_at=at, **where)


def place_everybody(cast: Cast, clock: Clock) -> None:
    """The site's driver is the nearest, then the company by its driver, then the courier; one has only an old one."""
    place(cast, cast.driver_row, NEARER, clock)
    place(cast, cast.company_driver_row, -NEAR, clock)
    place(cast, cast.courier_row, FAR, clock)
    place(cast, cast.other_driver_row, 0, clock, ago=timedelta(minutes=11))


def rows(order: Order) -> list[tuple[int, str, str]]:
    return [(offer.round, offer.party, offer.outcome) for offer in DriverOffer.objects.filter(order=order)]


def party(driver: Driver) -> str:
    return f"driver:{driver.pk}"


def offered(api: Api, user: Any) -> list[int]:
    return [row["id"] for row in api(user).get(OFFERS).json()["results"]]


def sees(api: Api, user: Any, order: Order) -> bool:
    return api(user).get(f"{ORDERS}/{order.pk}").status_code == 200


def decline(api: Api, user: Any, order: Order) -> Any:
    return api(user).post(f"{OFFERS}/{order.pk}/decline")


def accept(api: Api, user: Any, order: Order) -> Any:
    return move(api, user, order, transition="accept_by_driver")


def test_only_who_is_asked_sees_it_and_may_accept(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    with assert_nothing_changed(order):
        for user in (cast.courier, cast.other_driver, cast.company_driver):
            assert api(user).get(f"{ORDERS}/{order.pk}").status_code == 404
            answers = accept(api, user, order), decline(api, user, order)
            assert [answer.status_code for answer in answers] == [404, 404]
        assert move(api, cast.dispatcher, order, to=25).status_code == 404
    (offer,) = api(cast.driver).get(OFFERS).json()["results"]
    until = (clock.now + 45 * SECOND).isoformat().replace("+00:00", "Z")
    assert (offer["id"], offer["is_named"], offer["answer_by"]) == (order.pk, False, until)
    # Staff and the vendor as ever.
    assert [api(user).get(f"{ORDERS}/{order.pk}").status_code for user in (cast.owner, cast.staff)] == [200, 200]
    answer = accept(api, cast.driver, order)
    assert (answer.status_code, answer.data["driver"]["id"]) == (200, cast.driver_row.pk)
    assert rows(order) == [(1, party(cast.driver_row), "accepted")]
    stands = Order.objects.get(pk=order.pk)
    assert (stands.offers_at, stands.asked, stands.due_at) == (None, {**stands.asked, "open": {}, "round": 2}, None)


@pytest.mark.parametrize("worked", [True, False], ids=["the worker has looked", "it has not yet"])
def test_an_offer_that_lapsed_a_second_ago(cast: Cast, api: Api, clock: Clock, begin: Begin, worked: bool) -> None:
    place_everybody(cast, clock)
    order = begin()
    clock.now += 45 * SECOND
    if worked:
        run_due()
    clock.now += SECOND
    assert offered(api, cast.driver) == []
    with assert_nothing_changed(order):
        for answer in (accept(api, cast.driver, order), decline(api, cast.driver, order)):
            assert (answer.status_code, answer.json()["code"]) == (409, "offer_lapsed")
            ended = (clock.now - SECOND).isoformat()
            detail = f"The time to answer ended at {ended}: the order is not on offer to you any more."
            assert answer.json()["detail"] == detail
        assert api(cast.driver).get(f"{ORDERS}/{order.pk}").status_code == 404


def test_who_declines_is_skipped_and_the_next_is_asked_at_once(
    cast: Cast, api: Api, clock: Clock, begin: Begin
) -> None:
    place_everybody(cast, clock)
    cast.vendor.companies.clear()
    order = begin()
    assert [decline(api, cast.driver, order).status_code for _ in range(2)] == [204, 204]
    assert rows(order) == [(1, party(cast.driver_row), "declined"), (1, party(cast.courier_row), "open")]
    with assert_nothing_changed(order):
        answer = accept(api, cast.driver, order)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_declined")
    event = order.events.latest("number")
    assert (event.kind, event.role, event.actor, event.visible_to) == (
        "driver",
        "driver",
        cast.driver.caller_key,
        "business",
    )
