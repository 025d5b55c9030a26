"""Statuses that follow from positions: each fence through the reports of a driver or customer."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.geofences import FENCES
from orders.lifecycle.table import NAMES, Actor, Fulfilment, Status, find
from orders.models import DriverPosition, Order, Package
from ordersite.checks import check_geofences
from tests.cast import Cast
from tests.orders.positions.test_reports import DEGREE, REPORT, report
from tests.orders.rows import make_order
from vendors.models import Vendor

Api = Callable[..., APIClient]
COMING = "accepted driver_accepted"
CARRIED = f"{COMING} prepared picked_up"
HOME = 3000  # metres north of the vendor


class Route:
    """A device that reports where it is: each step some seconds later, so many metres north of the vendor."""

    def __init__(self, client: APIClient, path: str = REPORT) -> None:
        self.client, self.path = client, path
        self.at = timezone.now() - timedelta(minutes=30)

    def go(self, *north: float, seconds: float = 60, **more: Any) -> None:
        for metres in north:
            self.at += timedelta(seconds=seconds)
            answer = self.client.post(self.path, report(self.at, north=metres, **more), format="json")
            assert (answer.status_code, answer.data["accepted"]) == (200, 1), answer.content


def held(cast: Cast, status: Status, stood: str, **fields: Any) -> Order:
    """An order of Dora's that was accepted before her route began."""
    order = make_order(cast, status, driver=cast.driver_row, stood=stood, lat=50.85 + HOME / DEGREE, lng=4.35, **fields)
    since = timezone.now() - timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(**{f"{name}_at": since for name in stood.split()}, placed_at=since)
    return order


def told(order: Order) -> list[tuple[int, str]]:
    """What the fences have made of the order: status and transition of each event of theirs."""
    events = order.events.filter(role="geofence").order_by("number")
    return [(event.to_status or 0, event.transition) for event in events]


def test_every_fence_has_its_setting_and_makes_a_change_that_is_for_geofences() -> None:
    columns = {field.name for field in Vendor._meta.get_fields()}
    assert {f"{fence.name}_metres" for fence in FENCES} == {name for name in columns if name.endswith("_metres")}
    made = {(fence.change, Fulfilment.DELIVERY if fence.whose == "driver" else Fulfilment.PICKUP) for fence in FENCES}
    for name, fulfilment in made:
        changes = [find(fulfilment, source, NAMES[name]) for source in Status]
        assert any(change and change.name == name and Actor.GEOFENCE in change.actors for change in changes), name


def test_the_page_tells_every_fence_with_its_default() -> None:
    page = (settings.BASE_DIR / "docs/positions.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| the \w+'s \| [^|]+ \| (\d+) \|", page, re.MULTILINE))
    assert told == {fence.name: str(fence.metres) for fence in FENCES}


def test_the_site_s_radii_are_of_fences_that_there_are(settings: Any) -> None:
    assert check_geofences() == []
    settings.GEOFENCES = {"driver_near_business": 800, "driver_near_bisness": 800}
    (found,) = check_geofences()
    assert found.id == "ordersite.E006"
    assert "driver_near_bisness" in found.msg


def test_a_whole_delivery_without_a_touch(cast: Cast, api: Api) -> None:
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    route = Route(api(cast.driver))
    route.go(2000, 600, 480, 150, 90, 10)
    assert told(order) == [(18, "driver_nearing_business"), (3, "driver_arrive")]
    answer = api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json")
    assert answer.status_code == 200
    route.go(10, 130, 140)
    assert told(order)[2:] == []
    route.go(150)
    assert told(order)[2:] == [(23, "depart")]
    event = order.events.get(transition="depart")
    assert (event.data, event.milestone, event.actor) == (
        {"inferred": "picked_up"},
        "picked_up",
        f"user:{cast.driver.pk}",
    )
    order.refresh_from_db()
    route.at = timezone.now() - timedelta(seconds=2)
    assert order.picked_up_at is not None
    Order.objects.filter(pk=order.pk).update(picked_up_at=order.picked_up_at - timedelta(minutes=5))
    route.at = timezone.now() - timedelta(minutes=2)
    route.go(HOME - 320, HOME - 280, seconds=58)
    assert told(order)[3:] == [(19, "driver_nearing_customer")]
    order.refresh_from_db()
    assert (order.status, order.delivered_at) == (19, None)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(95, 10, 60)], []),
        ([(95, 5, 60)], [(3, "driver_arrive")]),
        ([(95, 50, 60), (95, 50, 19)], []),
        ([(95, 50, 60), (95, 50, 20)], [(3, "driver_arrive")]),
        ([(95, 50, 60), (105, 50, 10), (95, 50, 10)], []),
        ([(95, 50, 60), (105, 50, 10), (95, 50, 10), (95, 50, 20)], [(3, "driver_arrive")]),
    ],
)
def test_who_enters_is_sure_or_stays(
    cast: Cast, api: Api, steps: list[tuple[float, float, float]], expected: list[tuple[int, str]]
) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(driver_near_business_metres=0)
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    route = Route(api(cast.driver))
    for north, accuracy, seconds in steps:
        route.go(north, seconds=seconds, accuracy=accuracy)
    assert told(order) == expected


@pytest.mark.parametrize(
    ("status", "stood", "north", "expected"),
    [
        (9, CARRIED, [140, 140], [(23, "depart")]),
        (9, CARRIED, [140, 130, 140], []),
        (9, CARRIED, [130, 130, 130], []),
        # Ready, and the driver was seen there before it went.
        (3, f"{COMING} prepared driver_at_business", [20, 140, 140], [(23, "depart")]),
        (4, f"{COMING} prepared driver_at_business", [20, 140, 140], [(23, "depart")]),
        # Said to be there, and never seen there: nothing is inferred.
        (3, f"{COMING} prepared driver_at_business", [140, 140, 140], []),
        # Left before it was ready; back and away again once it is.
        (3, f"{COMING} driver_at_business", [20, 140, 140], []),
        (24, f"{COMING} driver_at_business", [20, 140, 140], []),
    ],
)
def test_who_leaves(
    cast: Cast, api: Api, status: int, stood: str, north: list[float], expected: list[tuple[int, str]]
) -> None:
    order = held(cast, Status(status), stood)
    Route(api(cast.driver)).go(*north)
    assert told(order) == expected


def test_who_left_before_it_was_ready_has_not_taken_it(cast: Cast, api: Api) -> None:
    order = held(cast, Status.DRIVER_IN_BUSINESS, f"{COMING} driver_at_business")
    route = Route(api(cast.driver))
    route.go(20, 200, 200)
    assert api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json").status_code == 200
    route.go(200, 210, 220)
    assert told(order) == []
    route.go(20, 200, 200)
    assert told(order) == [(23, "depart")]


def test_nothing_comes_again_when_the_kitchen_moves_the_status(cast: Cast, api: Api) -> None:
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    route = Route(api(cast.driver))
    route.go(480)
    ready = api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json")
    assert (told(order), ready.status_code) == ([(18, "driver_nearing_business")], 200)
    route.go(470, 480)
    assert Order.objects.get(pk=order.pk).status == 4
    route.go(20)
    undone = api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "mark_ready"}, format="json")
    assert undone.status_code == 200
    before = order.events.count()
    route.go(20, 400, 20, 90)
    assert (Order.objects.get(pk=order.pk).status in (3, 4), order.events.count()) == (True, before)


@pytest.mark.parametrize(
    ("own", "site", "expected"),
    [
        (None, {}, [18]),
        (None, {"driver_near_business": 300}, []),
        (None, {"driver_near_business": 0}, []),
        (500, {"driver_near_business": 0}, [18]),
        (0, {}, []),
        (300, {}, []),
        (1000, {"driver_near_business": 300}, [18]),
    ],
)
def test_the_vendor_s_radius_goes_before_the_site_s(
    cast: Cast, api: Api, settings: Any, own: int | None, site: dict[str, int], expected: list[int]
) -> None:
    settings.GEOFENCES = site
    Vendor.objects.filter(pk=cast.vendor.pk).update(driver_near_business_metres=own)
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    Route(api(cast.driver)).go(450)
    assert [status for status, _ in told(order)] == expected


def test_one_driver_with_several_orders(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    """The second one's customer lives near the vendor, where the first one is fetched."""
    first = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    second = held(cast, Status.PICK_UP_COMPLETED_BY_DRIVER, CARRIED)
    Order.objects.filter(pk=second.pk).update(lat=50.85 + 400 / DEGREE)
    other = make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=cast.other_driver_row, stood=COMING)
    route = Route(api(cast.driver))
    route.go(2000)
    route.go(600)
    assert (told(first), told(second)) == ([], [(23, "depart"), (19, "driver_nearing_customer")])
    route.go(450, 90)
    assert told(first) == [(18, "driver_nearing_business"), (3, "driver_arrive")]
    assert (len(told(second)), told(other)) == (2, [])
    with django_assert_max_num_queries(7):
        route.go(91)


def test_a_package_is_fetched_at_its_own_address(cast: Cast, api: Api) -> None:
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING, kind="package")
    Package.objects.create(
        order=order, type_name="Box", pickup_address="Elsewhere", pickup_lat=50.85 + 1000 / DEGREE, pickup_lng=4.35,
        recipient_name="Rita", recipient_phone="+3225550103", weight=500,
    )  # fmt: skip
    route = Route(api(cast.driver))
    route.go(0)
    assert told(order) == []
    route.go(1010)
    assert told(order) == [(3, "driver_arrive")]


def test_late_reports_do_not_count_for_an_order_that_was_taken_since(cast: Cast, api: Api) -> None:
    order = make_order(cast, Status.ACCEPTED_BY_DRIVER, driver=cast.driver_row, stood=COMING, lat=50.85, lng=4.35)
    at = order.driver_accepted_at
    assert at is not None
    late = [report(at - timedelta(seconds=back)) for back in (90, 60, 30, 3)]
    assert api(cast.driver).post(REPORT, {"positions": late}, format="json").data["accepted"] == 4
    assert told(order) == []
    assert api(cast.driver).post(REPORT, report(at), format="json").data["accepted"] == 1
    assert told(order) == [(3, "driver_arrive")]


def test_nothing_follows_for_who_is_only_named_or_was_replaced(cast: Cast, api: Api) -> None:
    named = make_order(cast, Status.LOOKING_FOR_DRIVER, driver=cast.driver_row, stood="accepted search_started")
    replaced = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    route = Route(api(cast.driver))
    route.go(2000)
    Order.objects.filter(pk=replaced.pk).update(driver=cast.other_driver_row)
    route.go(0, 0)
    assert (told(named), told(replaced)) == ([], [])
    assert DriverPosition.objects.get().watches == {}


@pytest.mark.parametrize("fulfilment", [Fulfilment.PICKUP, Fulfilment.CURBSIDE, Fulfilment.DRIVE_THRU])
def test_a_customer_who_comes(cast: Cast, api: Api, fulfilment: Fulfilment) -> None:
    order = make_order(cast, Status.PENDING, fulfilment)
    Order.objects.filter(pk=order.pk).update(placed_at=timezone.now() - timedelta(hours=1))
    route = Route(api(cast.customer), f"/api/v1/orders/{order.pk}/position")
    route.go(1000, 280)
    assert told(order) == []
    assert api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 7}, format="json").status_code == 200
    route.go(270)
    assert told(order) == [(20, "customer_nearing")]
    assert api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json").status_code == 200
    route.go(260)
    assert (len(told(order)), Order.objects.get(pk=order.pk).status) == (1, 4)
    route.go(30)
    assert told(order)[1:] == [(21, "customer_arrive")]


def test_a_customer_who_is_there_does_not_come_near_again(cast: Cast, api: Api) -> None:
    order = make_order(cast, Status.ACCEPTED_BY_BUSINESS, Fulfilment.PICKUP, stood="accepted")
    Order.objects.filter(pk=order.pk).update(placed_at=timezone.now() - timedelta(hours=1))
    route = Route(api(cast.customer), f"/api/v1/orders/{order.pk}/position")
    route.go(30)
    assert told(order) == [(21, "customer_arrive")]
    assert api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json").status_code == 200
    route.go(30, 400, 200, 30)
    assert (len(told(order)), Order.objects.get(pk=order.pk).status) == (1, 4)


def test_what_a_geofence_did_is_told_as_such(cast: Cast, api: Api) -> None:
    order = held(cast, Status.ACCEPTED_BY_DRIVER, COMING)
    Route(api(cast.driver)).go(50)
    history = api(cast.customer).get(f"/api/v1/orders/{order.pk}/history").data["results"]
    assert (history[-1]["actor"], history[-1]["to"]["name"]) == ("geofence", "driver_in_business")
