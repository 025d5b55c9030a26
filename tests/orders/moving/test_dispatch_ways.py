"""The ways to ask, in full: rounds and rests, what ends an offer, duty, load, companies, other settings."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import DriverOffer, FeedEntry, Order
from orders.services.moving.dispatch import wake_searches
from orders.services.moving.timers import run_due
from ordersite.accounts.models import User
from tests.cast import Cast, make_driver, make_user
from tests.clock import Clock
from tests.office import posted_forms
from tests.orders.moving.test_dispatch import (
    MINUTE,
    OFFERS,
    SECOND,
    Begin,
    accept,
    begin,
    decline,
    offered,
    party,
    place_everybody,
    rows,
    sees,
)
from tests.orders.moving.test_transitions import move
from tests.orders.rows import make_order, state_of
from tests.orders.shopping import ORDERS, assert_nothing_changed
from tests.orders.walking import REASON, Api
from vendors.models import Company, Dispatcher, Driver, Member, Vendor
from vendors.services.announcing import vendor_changed

__all__ = ["begin"]

COMPANY_OFFERS = "/api/v1/companies/me/offers"


def asked(order: Order) -> list[str]:
    return sorted(offer.party for offer in DriverOffer.objects.filter(order=order, outcome="open"))


def test_the_nearest_first_and_nobody_twice_in_a_round(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order, begun = begin(), clock.now
    company = f"company:{cast.company.pk}"
    names = [party(cast.driver_row), company, party(cast.courier_row), party(cast.other_driver_row)]
    for name in names:
        assert asked(order) == [name]
        assert offered(api, cast.driver) == [order.pk] * (name == names[0])
        assert sees(api, cast.dispatcher, order) == (name == company)
        assert offered(api, cast.courier) == [order.pk] * (name == names[2])
        assert offered(api, cast.other_driver) == [order.pk] * (name == names[3])
        clock.now += 45 * SECOND - SECOND
        assert run_due() == 0
        clock.now += SECOND
        assert run_due() == 1
    assert rows(order) == [(1, name, "lapsed") for name in names]
    # They are skipped for ten minutes: the next round begins when the first may be asked again.
    clock.now = begun + 45 * SECOND + 10 * MINUTE - SECOND
    run_due()
    assert asked(order) == []
    clock.now += SECOND + 30 * SECOND
    assert run_due() == 1
    assert rows(order)[4:] == [(2, names[0], "open")]
    assert [event.reason_code for event in order.events.order_by("number")][2:] == ["", *["no_answer"] * 4, ""]


def test_the_next_round_begins_after_a_rest(cast: Cast, clock: Clock, begin: Begin) -> None:
    Driver.objects.exclude(pk=cast.driver_row.pk).update(on_duty=False)
    cast.vendor.companies.clear()
    order, name = begin(skip_minutes=0, driver_answer_seconds=15), party(cast.driver_row)
    clock.now += 15 * SECOND
    assert (run_due(), rows(order)) == (1, [(1, name, "lapsed")])
    clock.now += 29 * SECOND
    assert (run_due(), rows(order)) == (0, [(1, name, "lapsed")])
    clock.now += SECOND
    assert (run_due(), rows(order)) == (1, [(1, name, "lapsed"), (2, name, "open")])


def test_several_at_a_time(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin(dispatch="rounds", dispatch_drivers=2)
    first, second, third = party(cast.driver_row), f"company:{cast.company.pk}", party(cast.courier_row)
    assert asked(order) == sorted([first, second])
    assert decline(api, cast.driver, order).status_code == 204
    assert rows(order) == [(1, first, "declined"), (1, second, "open"), (1, third, "open")]
    clock.now += 45 * SECOND
    run_due()
    assert rows(order)[1:] == [(1, second, "lapsed"), (1, third, "lapsed"), (1, party(cast.other_driver_row), "open")]


ENDS: dict[str, Callable[[Cast, Api, Order], Any]] = {
    "stopped": lambda cast, api, order: move(api, cast.owner, order, transition="stop_search"),
    "cancelled": lambda cast, api, order: move(api, cast.customer, order, to=16),
    "given up": lambda cast, api, order: move(api, cast.staff, order, to=2, **REASON),
    "refused": lambda cast, api, order: move(api, cast.owner, order, to=5, **REASON),
    "named": lambda cast, api, order: api(cast.owner).patch(
        f"{ORDERS}/{order.pk}", {"driver": cast.other_driver_row.pk}
    ),
    "the company": lambda cast, api, order: move(api, cast.dispatcher, order, to=25),
    "another driver": lambda cast, api, order: accept(api, cast.courier, order),
}


@pytest.mark.parametrize("how", ENDS)
def test_with_the_search_every_open_offer_ends(cast: Cast, api: Api, clock: Clock, begin: Begin, how: str) -> None:
    place_everybody(cast, clock)
    order = begin(dispatch="rounds", dispatch_drivers=3)
    before = FeedEntry.objects.filter(stream=party(cast.driver_row)).count()
    answer = ENDS[how](cast, api, order)
    assert answer.status_code == 200, answer.json()
    taken = {"the company": f"company:{cast.company.pk}", "another driver": party(cast.courier_row)}.get(how)
    told = {name: "accepted" if name == taken else "withdrawn" for _, name, _ in rows(order)}
    assert (len(told), {name: outcome for _, name, outcome in rows(order)}) == (3, told)
    assert offered(api, cast.driver) == []
    # It is told once, and then hears no more.
    assert FeedEntry.objects.filter(stream=party(cast.driver_row)).count() == before + 1
    with assert_nothing_changed(order):
        answer = accept(api, cast.driver, order)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_withdrawn")
    stands = Order.objects.get(pk=order.pk)
    assert (stands.offers_at, stands.asked["open"]) == (None, {})


def test_a_search_that_begins_anew_asks_in_a_new_round(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    assert move(api, cast.owner, order, transition="stop_search").status_code == 200
    clock.now += MINUTE
    assert move(api, cast.owner, order, to=22).status_code == 200
    run_due()
    assert rows(order) == [(1, party(cast.driver_row), "withdrawn"), (2, party(cast.driver_row), "open")]


def test_who_is_offered_nothing_hears_nothing(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    clock.now += 45 * SECOND
    run_due()
    told = FeedEntry.objects.filter(order=order).order_by("event__number", "stream")
    vendor, driver = f"vendor:{cast.vendor.pk}", party(cast.driver_row)
    assert list(told.values_list("stream", "event__kind")) == [
        (vendor, "status"),
        (driver, "driver"),
        (vendor, "driver"),
        (f"company:{cast.company.pk}", "driver"),
        (driver, "driver"),
        (vendor, "driver"),
    ]


def test_whom_it_is_offered_to_is_the_business_own(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    read = {
        who: [event["kind"] for event in api(getattr(cast, who)).get(f"{ORDERS}/{order.pk}/history").json()["results"]]
        for who in ("customer", "driver", "owner", "staff")
    }
    told, business = ["placed", "status"], ["placed", "status", "driver"]
    assert read == {"customer": told, "driver": told, "owner": business, "staff": business}


def test_duty_and_load_are_respected(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    cast.vendor.companies.clear()
    Driver.objects.filter(pk=cast.driver_row.pk).update(on_duty=False)
    make_order(cast, 9, driver=cast.courier_row, stood="accepted prepared driver_accepted picked_up")
    make_order(cast, 11, driver=cast.other_driver_row, stood="accepted prepared driver_accepted picked_up delivered")
    order = begin(driver_orders=1)
    assert asked(order) == [party(cast.other_driver_row)]
    # What it was asked for takes its room too.
    other = begin(driver_orders=1)
    assert rows(other) == []


def test_who_comes_on_duty_is_asked_at_once(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    Driver.objects.update(on_duty=False)
    cast.vendor.companies.clear()
    order, elsewhere = begin(), make_order(cast, 22, stood="accepted search_started", vendor=cast.other_vendor)
    assert rows(order) == []
    for driver, count in ((cast.company_driver_row, 0), (cast.courier_row, 1)):
        Driver.objects.filter(pk=driver.pk).update(on_duty=True)
        assert wake_searches(driver.pk) == count
    assert (run_due(), rows(order)) == (1, [(1, party(cast.courier_row), "open")])
    # One who is asked in its turn changes nothing.
    Driver.objects.filter(pk=cast.driver_row.pk).update(on_duty=True)
    version = Order.objects.get(pk=order.pk).version
    assert (wake_searches(cast.driver_row.pk), run_due()) == (1, 1)
    assert (asked(order), Order.objects.get(pk=order.pk).version) == ([party(cast.courier_row)], version)
    assert rows(elsewhere) == []


def test_who_is_put_on_duty_in_the_back_office_is_asked_at_once(cast: Cast, clock: Clock, begin: Begin) -> None:
    Driver.objects.update(on_duty=False)
    cast.vendor.companies.clear()
    order, office = begin(), Client()
    office.force_login(cast.staff)
    for driver in (cast.company_driver_row, cast.courier_row):
        assert (run_due(), rows(order)) == (0, [])
        page = f"/admin/vendors/driver/{driver.pk}/change/"
        sent = posted_forms(office.get(page))[0][1] | {"on_duty": "on", "_save": "Save"}
        assert office.post(page, sent).status_code == 302
    assert (run_due(), rows(order)) == (1, [(1, party(cast.courier_row), "open")])


@pytest.mark.parametrize("who", ["courier", "dispatcher"])
def test_whose_account_is_switched_on_again_is_asked_at_once(cast: Cast, clock: Clock, begin: Begin, who: str) -> None:
    """A driver on duty, and the only dispatcher of a company; not a driver who is off duty."""
    Driver.objects.exclude(pk=cast.courier_row.pk).update(on_duty=False)
    if who == "courier":
        cast.vendor.companies.clear()
    else:
        Driver.objects.update(on_duty=False)
    user = getattr(cast, who)
    asked_party = party(cast.courier_row) if who == "courier" else f"company:{cast.company.pk}"
    User.objects.filter(pk__in=[user.pk, cast.other_driver.pk]).update(is_active=False)
    order, office = begin(), Client()
    office.force_login(make_user("Rita Root", is_staff=True, is_superuser=True))
    for one, expected in ((cast.other_driver, []), (user, [(1, asked_party, "open")])):
        assert (run_due(), rows(order)) == (0, [])
        page = f"/admin/accounts/user/{one.pk}/change/"
        sent = posted_forms(office.get(page))[0][1] | {"is_active": "on", "_save": "Save"}
        assert office.post(page, sent).status_code == 302
        run_due()
        assert rows(order) == expected


def test_a_driver_holds_no_more_than_the_limit(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(driver_orders=1)
    first, second = (make_order(cast, 22, stood="accepted search_started") for _ in range(2))
    assert accept(api, cast.driver, first).status_code == 200
    with assert_nothing_changed(second):
        answer = accept(api, cast.driver, second)
        assert (answer.status_code, answer.json()["code"]) == (409, "driver_full")
        told = "You hold 1 orders, the most for this vendor: deliver one of them first."
        assert answer.json()["detail"] == told
    # Who names it has decided.
    named = api(cast.owner).patch(f"{ORDERS}/{second.pk}", {"driver": cast.driver_row.pk})
    assert (named.status_code, accept(api, cast.driver, second).status_code) == (200, 200)


def test_to_all_at_once_a_decliner_is_skipped_for_a_while(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    order = begin(dispatch="all")
    assert (rows(order), offered(api, cast.driver), offered(api, cast.courier)) == ([], [order.pk], [order.pk])
    assert [decline(api, cast.driver, order).status_code for _ in range(2)] == [204, 204]
    assert rows(order) == [(1, party(cast.driver_row), "declined")]
    with assert_nothing_changed(order):
        assert accept(api, cast.driver, order).json()["code"] == "offer_declined"
    assert (offered(api, cast.driver), offered(api, cast.courier)) == ([], [order.pk])
    clock.now += 10 * MINUTE
    assert offered(api, cast.driver) == [order.pk]
    assert decline(api, cast.driver, order).status_code == 204
    clock.now += 10 * MINUTE
    assert accept(api, cast.driver, order).status_code == 200


def decline_for_company(api: Api, user: Any, order: Order) -> Any:
    return api(user).post(f"{COMPANY_OFFERS}/{order.pk}/decline")


def test_a_company_that_was_asked_declines(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    """It is skipped for a while, and whoever is next is asked, as when a driver declines."""
    place_everybody(cast, clock)
    order, company = begin(), f"company:{cast.company.pk}"
    assert decline_for_company(api, cast.dispatcher, order).status_code == 404
    assert decline(api, cast.driver, order).status_code == 204
    (offer,) = api(cast.dispatcher).get(COMPANY_OFFERS).json()["results"]
    until = (clock.now + 45 * SECOND).isoformat().replace("+00:00", "Z")
    assert (offer["id"], offer["is_named"], offer["answer_by"]) == (order.pk, False, until)
    assert [decline_for_company(api, cast.dispatcher, order).status_code for _ in range(2)] == [204, 204]
    assert rows(order)[1:] == [(1, company, "declined"), (1, party(cast.courier_row), "open")]
    event = order.events.latest("number")
    assert (event.kind, event.role, event.actor) == ("driver", "company", cast.dispatcher.caller_key)
    assert api(cast.dispatcher).get(COMPANY_OFFERS).json()["results"] == []
    with assert_nothing_changed(order):
        answer = move(api, cast.dispatcher, order, to=25)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_declined")


def test_to_all_at_once_a_company_that_declines_is_skipped(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    order = begin(dispatch="all")
    assert [row["id"] for row in api(cast.dispatcher).get(COMPANY_OFFERS).json()["results"]] == [order.pk]
    assert [decline_for_company(api, cast.dispatcher, order).status_code for _ in range(2)] == [204, 204]
    assert (rows(order), sees(api, cast.dispatcher, order)) == ([(1, f"company:{cast.company.pk}", "declined")], False)
    assert api(cast.dispatcher).get("/api/v1/companies/me/orders").json()["results"] == []
    assert offered(api, cast.driver) == [order.pk]
    clock.now += 10 * MINUTE
    assert move(api, cast.dispatcher, order, to=25).status_code == 200
    with assert_nothing_changed(order):
        answer = decline_for_company(api, cast.dispatcher, order)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_held")


def test_of_two_companies_the_one_that_was_asked_accepts(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    """Who dispatches for both accepts, and declines, for the one that it is on offer to."""
    second = Company.objects.create(name="Second Wheels")
    second.vendors.add(cast.vendor)
    Dispatcher.objects.create(user=cast.dispatcher, company=second)
    first, other = begin(dispatch="all"), begin(dispatch="all")
    for order in (first, other):
        made = {"round": 1, "offered_at": clock.now, "answer_by": clock.now, "outcome": "declined"}
        until = clock.now + MINUTE
        DriverOffer.objects.create(order=order, company=cast.company, answered_at=clock.now, skip_until=until, **made)
        skipped = {f"company:{cast.company.pk}": until.isoformat()}
        Order.objects.filter(pk=order.pk).update(asked={"round": 1, "open": {}, "ended": None, "skipped": skipped})
    assert move(api, cast.dispatcher, first, to=25).data["company"]["id"] == second.pk
    assert decline_for_company(api, cast.dispatcher, other).status_code == 204
    assert rows(other) == [(1, f"company:{one.pk}", "declined") for one in (cast.company, second)]


def test_a_vendors_courier_who_works_there_too_declines_once(cast: Cast, api: Api, begin: Begin) -> None:
    """It sees the order still, as the vendor does."""
    Member.objects.create(user=cast.courier, merchant=cast.vendor.merchant)
    order = begin(dispatch="all")
    assert [decline(api, cast.courier, order).status_code for _ in range(2)] == [204, 204]
    assert len(rows(order)) == 1


def test_who_is_named_declines(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    named = api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"driver": cast.other_driver_row.pk})
    assert (named.status_code, asked(order)) == (200, [])
    assert decline(api, cast.other_driver, order).status_code == 204
    stands = Order.objects.get(pk=order.pk)
    assert (stands.driver_id, stands.named_at, stands.status) == (None, None, 22)
    run_due()
    assert asked(order) == [party(cast.driver_row)]
    assert accept(api, cast.driver, order).status_code == 200
    with assert_nothing_changed(order):
        answer = decline(api, cast.driver, order)
        assert (answer.status_code, answer.json()["code"]) == (409, "offer_held")


@pytest.mark.parametrize(("status", "stood"), [(5, ""), (1, "accepted picked_up"), (9, "accepted picked_up")])
def test_what_is_closed_or_on_its_way_nobody_declines(cast: Cast, api: Api, status: int, stood: str) -> None:
    """Neither who was named for it, nor a driver of the company that was: both still see it."""
    named = make_order(cast, status, stood=stood, driver=cast.driver_row, named_at=timezone.now())
    Driver.objects.filter(pk=cast.company_driver_row.pk).update(on_duty=True)
    companys = make_order(cast, status, stood=stood, company=cast.company)
    for user, order in ((cast.driver, named), (cast.company_driver, companys)):
        assert api(user).get(f"{ORDERS}/{order.pk}").status_code == 200
        with assert_nothing_changed(order):
            answer = decline(api, user, order)
            assert (answer.status_code, answer.json()["code"]) == (409, "offer_withdrawn")


def test_who_is_on_duty_already_wakes_nothing(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    order = begin()
    with assert_nothing_changed(order):
        assert api(cast.driver).patch("/api/v1/drivers/me", {"on_duty": True}).json()["on_duty"] is True


def test_another_way_is_taken_up_at_once(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    """The vendor's form recomputes what waits: offers to some end, and begin, with it."""
    place_everybody(cast, clock)
    order = begin()

    def choose(way: str) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(dispatch=way)
        vendor_changed.send(sender=None, vendor_id=cast.vendor.pk, changed={"dispatch"})

    choose("all")
    assert (rows(order), offered(api, cast.courier)) == ([(1, party(cast.driver_row), "withdrawn")], [order.pk])
    choose("rounds")
    assert offered(api, cast.courier) == []
    assert run_due() == 1
    assert len(asked(order)) == 3


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("customer", 403), ("owner", 403), ("staff", 403)])
def test_drivers_decline(cast: Cast, api: Api, who: str | None, status: int) -> None:
    order = make_order(cast, 22, stood="accepted search_started")
    with assert_nothing_changed(order):
        answer = api(*([getattr(cast, who)] if who else [])).post(f"{OFFERS}/{order.pk}/decline")
        assert answer.status_code == status
    others = make_order(cast, 22, vendor=cast.other_vendor, driver=cast.other_driver_row)
    assert decline(api, cast.driver, others).status_code == 404
    assert api(cast.driver).post(f"{OFFERS}/999999999/decline").status_code == 404


def test_to_ask_takes_so_many_statements(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    """However many drivers there are, and orders on offer to them."""
    place_everybody(cast, clock)
    counts = []
    for number in range(2):
        order = make_order(cast, 7, stood="accepted")
        Vendor.objects.filter(pk=cast.vendor.pk).update(dispatch="rounds", dispatch_drivers=20, driver_orders=30)
        assert move(api, cast.owner, order, to=22).status_code == 200
        with CaptureQueriesContext(
            connection,
        ) as asking:
            assert run_due() == 1
        assert len(asked(order)) == 4 + 10 * number
        with CaptureQueriesContext(connection) as reading:
            assert order.pk in offered(api, cast.driver)
        counts.append((len(asking), len(reading)))
        for one in range(10):
            make_driver(f"Extra {number} {one}")
    assert counts[0] == counts[1]
    assert counts[0][0] <= 14
    assert state_of(order)["row"]["version"] == 3


def test_the_back_office_shows_whom_it_was_offered_to(cast: Cast, api: Api, clock: Clock, begin: Begin) -> None:
    place_everybody(cast, clock)
    order = begin()
    clock.now += 45 * SECOND
    run_due()
    office = Client()
    office.force_login(cast.staff)
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    part = page.split('id="offers-title"')[1].split("</section>")[0]
    assert re.findall(r"<td>(Dora Driver|Wheels)</td>", part) == ["Wheels", "Dora Driver"]
    assert ("no answer in time" in part, "waits for an answer" in part) == (True, True)
