"""Which changes of status follow from where a driver or customer is: FENCES is the table. No database here.

An order, what its fences remember (a `Watch` each) and one fix go in; what crosses a line comes out. Fixes are those
that were believed (lifecycle.positions), in the order of their times.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from orders.kinds import package_of
from orders.lifecycle.positions import Fix
from orders.lifecycle.table import Status
from orders.models import Order
from ordersite.places.addresses import point_of
from ordersite.places.geometry import distance
from ordersite.places.protocol import Point

# Inside for so long, by two fixes, counts as inside however inaccurate they are.
STAYS = timedelta(seconds=20)
# Outside begins so much further out than inside ends.
OUTSIDE = 1.25
# A device may tell whole seconds: what it did in the second of a change counts as after it.
SECOND = timedelta(seconds=1)


class Whose(StrEnum):
    """Whose position a fence watches."""

    DRIVER = "driver"
    CUSTOMER = "customer"


class Crossing(StrEnum):
    """Which way its line is crossed."""

    ENTER = "enter"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What one fence remembers of an order; it begins anew where the time differs from which on fixes count.

    `inside_since` and `outside_since` are the first of the last fixes in a row that were so. `has_been` is whether it
    was entered, and not left; `is_done` whether its change was made: it makes it once.
    """

    since: datetime
    inside_since: datetime | None = None
    outside_since: datetime | None = None
    has_been: bool = False
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A circle around a place, and the change of status that crossing it makes.

    `point` is its centre, None where the order has none. `since` is from when on fixes count, None while the fence does
    not watch the order. `metres` is its radius where neither site nor vendor says another one, 0 for off.
    """

    name: str
    whose: Whose
    crossing: Crossing
    point: Callable[[Order], Point | None]
    since: Callable[[Order], datetime | None]
    metres: int
    change: str


def business_point(order: Order) -> Point | None:
    """Where the order is fetched: the pick-up of a package, else at its vendor."""
    package = package_of(order)
    if package is not None:
        return point_of(package.pickup_lat, package.pickup_lng)
    return point_of(order.vendor.lat, order.vendor.lng)


def destination_point(order: Order) -> Point | None:
    return point_of(order.lat, order.lng)


def while_driver_comes(order: Order) -> datetime | None:
    """While the driver who has accepted has neither arrived nor picked it up."""
    is_there = order.driver_at_business_at is not None or order.picked_up_at is not None
    return None if is_there else order.driver_accepted_at


def until_on_way(order: Order) -> datetime | None:
    """Since the driver has accepted, until it is known to have left."""
    has_left = order.status in (Status.DRIVER_ON_WAY, Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER)
    return None if has_left else order.driver_accepted_at


def while_customer_comes(order: Order) -> datetime | None:
    return None if order.customer_arrived_at is not None else order.placed_at


# Of two that one fix enters the inner one comes first: who has arrived does not come near any more.
FENCES: tuple[Fence, ...] = (
    Fence(
        name="driver_at_business",
        whose=Whose.DRIVER,
        crossing=Crossing.ENTER,
        point=business_point,
        since=while_driver_comes,
        metres=100,
        change="driver_arrive",
    ),
    Fence(
        name="driver_near_business",
        whose=Whose.DRIVER,
        crossing=Crossing.ENTER,
        point=business_point,
        since=while_driver_comes,
        metres=500,
        change="driver_nearing_business",
    ),
    Fence(
        name="driver_leaves_business",
        whose=Whose.DRIVER,
        crossing=Crossing.LEAVE,
        point=business_point,
        since=until_on_way,
        metres=100,
        change="depart",
    ),
    Fence(
        name="driver_near_customer",
        whose=Whose.DRIVER,
        crossing=Crossing.ENTER,
        point=destination_point,
        since=lambda order: order.picked_up_at,
        metres=300,
        change="driver_nearing_customer",
    ),
    Fence(
        name="customer_at_business",
        whose=Whose.CUSTOMER,
        crossing=Crossing.ENTER,
        point=business_point,
        since=while_customer_comes,
        metres=50,
        change="customer_arrive",
    ),
    Fence(
        name="customer_near_business",
        whose=Whose.CUSTOMER,
        crossing=Crossing.ENTER,
        point=business_point,
        since=while_customer_comes,
        metres=300,
        change="customer_nearing",
    ),
)
BY_NAME = {fence.name: fence for fence in FENCES}


def watch_fix(watch: Watch, fence: Fence, order: Order, away: int, metres: int, fix: Fix) -> tuple[Watch, bool]:
    """What the fence remembers after a fix so many metres away from its centre, and whether that crosses its line."""
    if away <= metres:
        first = watch.inside_since or fix.at
        is_in = away + fix.accuracy <= metres or fix.at - first >= STAYS
        watch = replace(watch, inside_since=first, outside_since=None, has_been=watch.has_been or is_in)
        return watch, is_in and fence.crossing == Crossing.ENTER and not watch.is_done
    watch = replace(watch, inside_since=None)
    if away - fix.accuracy < OUTSIDE * metres:
        return replace(watch, outside_since=None), False
    if fence.crossing == Crossing.ENTER:
        return watch, False
    first_outside = watch.outside_since
    picked_up = order.picked_up_at
    if first_outside is None or (picked_up is not None and first_outside < picked_up - SECOND):
        return replace(watch, outside_since=fix.at), False
    # That it was picked up is inferred only of a driver who was there.
    has_left = watch.has_been or picked_up is not None
    return replace(watch, has_been=False), has_left


def watch_order(
    order: Order,
    whose: Whose,
    fixes: Iterable[Fix],
    watches: Mapping[str, Watch],
    metres: Mapping[str, int],
    make: Callable[[str], bool],
) -> dict[str, Watch]:
    """What the fences of an order remember after these fixes; `make` makes a change, if it may be made, of this order.

    `metres` are the radii by name.
    """
    remembered = dict(watches)
    for fix in fixes:
        for fence in FENCES:
            radius, since, point = metres[fence.name], fence.since(order), fence.point(order)
            if fence.whose != whose or not radius or since is None or point is None or fix.at < since - SECOND:
                continue
            watch = remembered.get(fence.name)
            if watch is None or watch.since != since:
                watch = Watch(since=since)
            away = distance(point.lat, point.lng, fix.lat, fix.lng)
            watch, crosses = watch_fix(watch, fence, order, away, radius, fix)
            if crosses and make(fence.change):
                watch = replace(watch, is_done=True)
            remembered[fence.name] = watch
    return remembered
