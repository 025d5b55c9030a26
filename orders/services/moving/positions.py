"""Reports of positions: a driver's, and those of a customer who comes to collect."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from orders.lifecycle.geofences import Whose
from orders.lifecycle.positions import Fix, Ignored, believe, is_on_way
from orders.lifecycle.table import Actor
from orders.lifecycle.timers import COLLECTED
from orders.models import HELD, CustomerPosition, DriverPosition, Order, OrderEvent
from orders.services.moving.geofencing import Sighting, follow, foresee
from orders.services.record.access import access_as, get_order
from orders.services.record.locks import lock_driver
from orders.services.record.order_update import update_locked, update_order
from ordersite.accounts.callers import Caller
from ordersite.core.call_counts import WINDOW, count_call
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound, Throttled
from ordersite.places.geometry import distance

# For so many of the orders that one driver carries something follows from its positions.
MOST_FOLLOWED = 50
# Who tells where a customer is; staff, whom it has called.
TELLERS = (Actor.CUSTOMER, Actor.STAFF)
TOLD_EVERY, TOLD_METRES = timedelta(seconds=15), 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What became of each fix of a report, in its order: None where it was believed; where a customer waits."""

    answers: Sequence[Ignored | None]
    place: str = ""


def report_driver_positions(*, caller: Caller, fixes: list[Fix]) -> Reported:
    """Takes the positions of the caller, a driver; the newest that is believed becomes its last one.

    Off duty and without an order a driver is followed by nobody: its reports are ignored. Must run in a transaction.
    """
    assert caller.driver_id is not None, "only a driver reports"
    count_report(caller)
    now = timezone.now()
    driver = lock_driver(caller.driver_id)
    position = DriverPosition.objects.filter(driver=driver).first()
    carried = Order.objects.filter(HELD, driver=driver, self_delivery=False)
    orders = list(carried.select_related("vendor", "package", "terms").order_by("pk")[:MOST_FOLLOWED])
    if not driver.on_duty and not orders:
        return Reported(answers=[Ignored.OFF_DUTY] * len(fixes))
    answers = believe(fixes, fix_of(position) if position else None, now)
    believed = in_order(fixes, answers)
    if believed:
        position = position or DriverPosition(driver=driver)
        put_fix(position, believed[-1], now)
        position.heading, position.speed = believed[-1].heading, believed[-1].speed
        follow_driver(position, orders, Sighting(Whose.DRIVER, believed, caller, now))
        position.save()
    return Reported(answers=answers)


def follow_driver(position: DriverPosition, orders: Sequence[Order], sighting: Sighting) -> None:
    """Makes what follows for the orders that the driver carries, and tells their followers that it has moved.

    Only orders that change are locked, all of them before anything is told: streams come last (record.locks).
    """
    has_moved = is_to_be_told(position, sighting.now)
    watches, changing = {}, []
    for order in orders:
        remembered = position.watches.get(str(order.pk), {})
        moves, watches[str(order.pk)] = foresee(order, sighting, remembered)
        if moves or (has_moved and order.picked_up_at is not None):
            changing.append(order.pk)
    carried = {order_id: lock_carried(order_id, sighting.caller) for order_id in changing}
    for order_id, locked in carried.items():
        if locked is None:
            del watches[str(order_id)]
            continue
        version = locked.version
        watches[str(order_id)] = follow(locked, sighting, position.watches.get(str(order_id), {}))
        if has_moved and is_on_way(locked) and locked.version == version:
            tell_position(locked, sighting)
    position.watches = watches
    if has_moved and any(carried.values()):
        position.told_lat, position.told_lng, position.told_at = position.lat, position.lng, sighting.now


def lock_carried(order_id: int, caller: Caller) -> Order | None:
    """Locks an order that the caller carries; None where it does no more, whether or not it was offered it before."""
    with suppress(NotFound, Conflict):
        order = get_order(caller=caller, order_id=order_id, lock=True)
        if order.carried_by == caller.driver_id and not order.is_closed:
            return order
    return None


def is_to_be_told(position: DriverPosition, now: datetime) -> bool:
    """Whether followers are told of the position: not more often than TOLD_EVERY and each TOLD_METRES."""
    if position.told_at is None or position.told_lat is None or position.told_lng is None:
        return True
    moved = distance(position.told_lat, position.told_lng, position.lat, position.lng)
    return now - position.told_at >= TOLD_EVERY and moved >= TOLD_METRES


def tell_position(order: Order, sighting: Sighting) -> None:
    """Tells that the driver has moved; where it is only the order itself says, while it may be known."""
    access = access_as(Actor.DRIVER, sighting.caller, order, sighting.now)
    with update_locked(access, role=Actor.DRIVER) as update:
        update.tell(OrderEvent.Kind.POSITION)


def report_customer_position(*, order_id: int, caller: Caller, fix: Fix | None, place: str | None) -> Reported:
    """Takes where the customer is who comes for this order, and the place where it waits, of which all are told.

    Must run in a transaction; raises NotFound, Forbidden for who is neither its customer nor staff, and Conflict where
    nobody comes for it.
    """
    count_report(caller)
    answers: list[Ignored | None] = []
    with update_order(order_id, caller, roles=TELLERS, denied=FaultCode.FORBIDDEN_POSITION) as update:
        order = update.order
        if order.fulfilment not in COLLECTED:
            raise Conflict(FaultCode.NOT_COLLECTED, extra=update.access.refusal_extra())
        if order.is_closed:
            raise Conflict(FaultCode.ORDER_CLOSED_POSITION, extra=update.access.refusal_extra())
        position = CustomerPosition.objects.filter(order=order).first()
        position = position or CustomerPosition(order=order, received_at=update.now)
        if place is not None and place != position.place:
            update.tell(OrderEvent.Kind.NOTE, data={"old": {"place": position.place}, "new": {"place": place}})
            position.place = place
    if fix is not None:
        answers = believe([fix], fix_of(position), update.now)
        if answers == [None]:
            put_fix(position, fix, update.now)
            position.watches = follow(order, Sighting(Whose.CUSTOMER, [fix], caller, update.now), position.watches)
    position.save()
    return Reported(answers=answers, place=position.place)


def count_report(caller: Caller) -> None:
    """Counts a report; raises Throttled beyond THROTTLE_POSITIONS a minute."""
    most = settings.THROTTLE_POSITIONS
    if most and count_call(f"positions:{caller.key}") > most:
        raise Throttled(FaultCode.THROTTLED_REQUESTS, retry_after=WINDOW)


def fix_of(position: DriverPosition | CustomerPosition) -> Fix | None:
    """The fix that was stored; None where only a place was told."""
    if position.lat is None or position.lng is None or position.accuracy is None or position.at is None:
        return None
    return Fix(lat=position.lat, lng=position.lng, accuracy=position.accuracy, at=position.at)


def in_order(fixes: Sequence[Fix], answers: Sequence[Ignored | None]) -> list[Fix]:
    """The fixes that were believed, by their times."""
    believed = (fix for fix, ignored in zip(fixes, answers, strict=True) if ignored is None)
    return sorted(believed, key=lambda fix: fix.at)


def put_fix(position: DriverPosition | CustomerPosition, fix: Fix, now: datetime) -> None:
    position.lat, position.lng, position.accuracy, position.at = fix.lat, fix.lng, fix.accuracy, fix.at
    position.received_at = now
