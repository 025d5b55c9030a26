"""Reports of positions: a driver's, and those of a customer who comes to collect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from orders.lifecycle.positions import Fix, Ignored, believe
from orders.lifecycle.table import Actor
from orders.lifecycle.timers import COLLECTED
from orders.models import CARRIED, CustomerPosition, DriverPosition, Order, OrderEvent
from orders.services.record.locks import lock_driver
from orders.services.record.order_update import update_order
from ordersite.accounts.callers import Caller
from ordersite.core.call_counts import WINDOW, count_call
from ordersite.core.codes import Code
from ordersite.core.faults import Conflict, Throttled


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
    last = DriverPosition.objects.filter(driver=driver).first()
    carries = Order.objects.filter(CARRIED, driver=driver, driver_accepted_at__isnull=False)
    if not driver.on_duty and not carries.exists():
        return Reported(answers=[Ignored.OFF_DUTY] * len(fixes))
    answers = believe(fixes, fix_of(last) if last else None, now)
    believed = [fix for fix, ignored in zip(fixes, answers, strict=True) if ignored is None]
    if believed:
        newest = max(believed, key=lambda fix: fix.at)
        last = DriverPosition(driver=driver, received_at=now, **fix_columns(newest))
        last.heading, last.speed = newest.heading, newest.speed
        last.save()
    return Reported(answers=answers)


def report_customer_position(*, order_id: int, caller: Caller, fix: Fix | None, place: str | None) -> Reported:
    """Takes where the customer is who comes for this order, and the place where it waits, of which all are told.

    Must run in a transaction; raises NotFound, Forbidden for who is not its customer, and Conflict where nobody comes
    for it.
    """
    count_report(caller)
    answers: list[Ignored | None] = []
    with update_order(order_id, caller, roles=(Actor.CUSTOMER,), denied=Code.FORBIDDEN_POSITION) as update:
        order = update.order
        if order.fulfilment not in COLLECTED:
            raise Conflict(Code.NOT_COLLECTED, extra=update.access.refusal_extra())
        if order.is_closed:
            raise Conflict(Code.ORDER_CLOSED_POSITION, extra=update.access.refusal_extra())
        position = CustomerPosition.objects.filter(order=order).first()
        position = position or CustomerPosition(order=order, received_at=update.now)
        if fix is not None:
            answers = believe([fix], fix_of(position), update.now)
            if answers == [None]:
                for name, value in fix_columns(fix).items():
                    setattr(position, name, value)
        if place is not None and place != position.place:
            update.tell(OrderEvent.Kind.NOTE, data={"old": {"place": position.place}, "new": {"place": place}})
            position.place = place
        position.received_at = update.now
        position.save()
    return Reported(answers=answers, place=position.place)


def count_report(caller: Caller) -> None:
    """Counts a report; raises Throttled beyond THROTTLE_POSITIONS a minute."""
    most = settings.THROTTLE_POSITIONS
    if most and count_call(f"positions:{caller.key}") > most:
        raise Throttled(Code.THROTTLED_REQUESTS, retry_after=WINDOW)


def fix_of(position: DriverPosition | CustomerPosition) -> Fix | None:
    """The fix that was stored; None where only a place was told."""
    if position.lat is None or position.lng is None or position.accuracy is None or position.at is None:
        return None
    return Fix(lat=position.lat, lng=position.lng, accuracy=position.accuracy, at=position.at)


def fix_columns(fix: Fix) -> dict[str, Any]:
    return {"lat": fix.lat, "lng": fix.lng, "accuracy": fix.accuracy, "at": fix.at}
