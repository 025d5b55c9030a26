"""Learns from the orders that end how long each stage takes; due work of the worker, never of a request.

Events are read in the order of their ids. One that is committed after a later one was read is passed by: an estimate
can do without it.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from orders.estimates import Pace, Stage, StageTimes
from orders.kinds import rules_of
from orders.lifecycle.table import DRIVER_LEFT, Fulfilment, Status
from orders.models import LearntTimes, Order, OrderEvent

SITE_NAME = "site"
BATCH = 500  # events
# What is told is when an order is handed over where it is delivered, and when it is ready where its customer comes.
ENDS = ("deliver", "mark_ready")
# Beyond these, from the beginning of a stage to the end, somebody has forgotten to press.
SHORTEST, LONGEST = timedelta(hours=-12), timedelta(hours=24)


def vendor_name(vendor_id: int) -> str:
    return f"vendor:{vendor_id}"


def cell_of(order: Order, stage: Stage) -> str:
    """Which orders are alike: of one kind, delivered or not, at one stage."""
    way = "delivery" if order.fulfilment == Fulfilment.DELIVERY else "collection"
    return f"{rules_of(order).name} {way} {stage}"


def end_of(order: Order) -> datetime | None:
    """When what is estimated happened."""
    return order.delivered_at if order.fulfilment == Fulfilment.DELIVERY else order.prepared_at


def stages_of(order: Order, near_at: datetime | None) -> Iterator[tuple[Stage, datetime]]:
    """The stages that an order has come to, the last one first, each with when it began.

    `near_at` is when its driver came near. An order for a time that was asked for is told by that time until it is
    picked up.
    """
    if order.fulfilment == Fulfilment.DELIVERY:
        if near_at:
            yield Stage.NEAR, near_at
        if order.picked_up_at:
            yield Stage.PICKED_UP, order.picked_up_at
    if order.deliver_at:
        yield Stage.SCHEDULED, order.deliver_at
        return
    if order.prepared_at and order.fulfilment == Fulfilment.DELIVERY:
        yield Stage.READY, order.prepared_at
    if order.accepted_at:
        yield Stage.ACCEPTED, order.accepted_at
    if order.visible_at:
        yield Stage.PLACED, max(order.visible_at, order.answer_from or order.visible_at)


def current_stage(order: Order) -> tuple[Stage, datetime] | None:
    """Where an order stands; None where nothing can be told: it has ended or was given up, or waits to be paid."""
    if order.is_closed or order.status in DRIVER_LEFT or not order.visible_at or end_of(order):
        return None
    if not rules_of(order).takes_usual_time:
        return None
    near = order.status == Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER
    return next(stages_of(order, order.status_changed_at if near else None))


def learn_times() -> int:
    """Learns from the next BATCH of events; returns how many there were.

    One worker at a time: who finds the site's row held leaves it to the other one.
    """
    row = LearntTimes.objects.only("last_event").filter(name=SITE_NAME).first()
    if row is None:
        row, _ = LearntTimes.objects.get_or_create(name=SITE_NAME)
    if not OrderEvent.objects.filter(pk__gt=row.last_event).exists():
        return 0
    with transaction.atomic():
        site = LearntTimes.objects.select_for_update(skip_locked=True).filter(name=SITE_NAME).first()
        if site is None:
            return 0
        newer = OrderEvent.objects.filter(pk__gt=site.last_event).order_by("pk")
        events = list(newer.only("pk", "transition", "order_id", "created_at")[:BATCH])
        ended = {event.order_id: event.created_at for event in events if event.transition in ENDS}
        if ended:
            learn_from(site, ended)
        site.last_event = events[-1].pk if events else site.last_event
        site.save()
    return len(events)


def learn_from(site: LearntTimes, ended: dict[int, datetime]) -> None:
    """Learns what these orders took that ended at these moments; the site's row is locked, and saved by the caller."""
    orders = [
        order
        for order in Order.objects.select_related(None).filter(pk__in=ended, deleted_at=None)
        if rules_of(order).takes_usual_time and end_of(order) == ended[order.pk] and order.visible_at
    ]
    nears = OrderEvent.objects.filter(order__in=orders, to_status=Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER)
    near_at = dict(nears.order_by("number").values_list("order_id", "created_at"))
    names = {vendor_name(order.vendor_id) for order in orders}
    vendors = {row.name: row for row in LearntTimes.objects.filter(name__in=names)}
    for order in sorted(orders, key=lambda one: ended[one.pk]):
        vendor = vendors.setdefault(name := vendor_name(order.vendor_id), LearntTimes(name=name))
        for stage, begun in stages_of(order, near_at.get(order.pk)):
            if SHORTEST < (took := ended[order.pk] - begun) < LONGEST:
                learn_one(site.times, vendor.times, cell_of(order, stage), took.total_seconds(), ended[order.pk])
    LearntTimes.objects.bulk_create(
        vendors.values(), update_conflicts=True, unique_fields=["name"], update_fields=["times"]
    )


def learn_one(site: dict[str, Any], vendor: dict[str, Any], cell: str, seconds: float, at: datetime) -> None:
    """Puts one time into what is kept of the site and of its vendor."""
    times, pace = StageTimes.read(site.get(cell)), Pace.read(vendor.get(cell))
    times.learn(pace, seconds, at.timestamp())
    site[cell], vendor[cell] = asdict(times), asdict(pace)
