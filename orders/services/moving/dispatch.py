"""Offers an order in search to some drivers and companies at a time, the nearest first (docs/dispatch.md).

Every function but those that wake searches needs the order locked by this transaction: its lock guards its offers too.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import cos, radians, sin
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Cos, Radians, Sin
from django.dispatch import receiver
from django.utils import timezone

from orders.lifecycle.geofences import business_point
from orders.lifecycle.searching import REST, Offering, is_dispatched
from orders.lifecycle.table import Actor
from orders.lifecycle.timers import Timer, set_due
from orders.models import CARRIED, DISPATCHED, HELD, DriverOffer, Order, OrderEvent
from orders.models.parties import kind_and_id, party_of_company, party_of_driver
from orders.services.record.access import access_of
from orders.services.record.driver_offers import refuse_missed_offer
from orders.services.record.order_update import OrderUpdate, move_timers, update_locked, update_order
from orders.visibility import OFFERED_DRIVER, companies_offered
from ordersite.accounts.callers import SYSTEM, Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict
from ordersite.core.inserts import insert_rows
from ordersite.places.protocol import Point
from vendors.models import Company, Driver, Vendor
from vendors.services.announcing import company_reachable, driver_leaves, driver_on_duty

Outcome = DriverOffer.Outcome
# Of the orders that a driver carries, so many are told.
NAMED = 20
# How old a position may be to tell how near its driver is.
FRESH = timedelta(minutes=10)
# How many orders at most look for whom to ask at once when a driver comes on duty; the others do after their rest.
WOKEN = 500


# --- asking -------------------------------------------------------------------------------------------------------


def make_offers(order: Order, timer: Timer, now: datetime) -> None:
    """The timer's step: ends the offers whose time is over, and asks whoever is next."""
    with update_locked(access_of(SYSTEM, order, now), role=Actor.SYSTEM) as update:
        if not is_dispatched(order):
            set_due(order, now)
            return
        lapsed = lapse_offers(order, now)
        asked = ask_next(order, now)
        if lapsed or asked:
            tell_offers(update, asked, left=lapsed, reason_code="no_answer" if lapsed else "")
        else:
            set_due(order, now)


def tell_offers(update: OrderUpdate, asked: Sequence[str], *, left: Sequence[str], reason_code: str = "") -> None:
    """One event for who was asked and whose offer is over; only the business, and these, are told of it."""
    new = {"round": Offering.of(update.order).round, "asked": len(asked)} if asked else {}
    update.tell(
        OrderEvent.Kind.DRIVER,
        left=sorted({*asked, *left}),
        reason_code=reason_code,
        visible_to=OrderEvent.VisibleTo.BUSINESS,
        data={"old": {}, "new": new},
    )


def lapse_offers(order: Order, now: datetime) -> list[str]:
    """Ends the open offers whose time is over, and returns whom they were to; they are not asked again for a while."""
    asked = Offering.of(order)
    late = sorted(party for party, until in asked.open.items() if until <= now)
    if late:
        until = skip_until(order, now)
        offers = DriverOffer.objects.filter(order=order, outcome=Outcome.OPEN, answer_by__lte=now)
        offers.update(outcome=Outcome.LAPSED, answered_at=now, skip_until=until)
        order.asked = asked.skip(late, until, now).as_json(now)
    return late


def skip_until(order: Order, now: datetime) -> datetime:
    """Until when who does not take the order now is not asked for it again."""
    return now + timedelta(minutes=order.vendor.skip_minutes)


def ask_next(order: Order, now: datetime) -> list[str]:
    """Offers the order to the next drivers and companies, as many as may have it at a time, and returns them.

    Nobody is asked twice in a round; the next begins after a rest, when all were asked and nobody has it any more. Sets
    when to look again.
    """
    asked = Offering.of(order)
    count = places_at_once(order.vendor) - len(asked.open)
    found = find_candidates(order, asked.round, count, now) if count > 0 else []
    rest_over = asked.ended + REST if asked.ended else now
    if not found and not asked.open and asked.ended and rest_over <= now:
        found = find_candidates(order, asked.round + 1, count, now)
        if found:
            asked = replace(asked, round=asked.round + 1, ended=None)
    until = now + timedelta(seconds=order.vendor.driver_answer_seconds)
    offers = [
        DriverOffer(order=order, round=asked.round, offered_at=now, answer_by=until, **{f"{kind}_id": pk})
        for kind, pk in found
    ]
    insert_rows(offers)
    parties = [offer.party for offer in offers]
    asked = asked.ask(parties, until)
    order.asked = asked.as_json(now)
    order.offers_at = min(asked.open.values(), default=rest_over if rest_over > now else now + REST)
    return parties


def places_at_once(vendor: Vendor) -> int:
    """How many may have an offer of one order at a time."""
    return vendor.dispatch_drivers if vendor.dispatch == Vendor.Dispatch.ROUNDS else 1


# --- who is asked -------------------------------------------------------------------------------------------------


def find_candidates(order: Order, number: int, count: int, now: datetime) -> list[tuple[str, int]]:
    """Whom to ask next in a round, at most so many, as ("driver" or "company", id).

    The nearest by a fresh position first, a company by its nearest driver on duty; then who has none, in the order of
    their ids. Two statements, one where no company may be asked.
    """
    asked = DriverOffer.objects.filter(Q(round=number) | Q(skip_until__gt=now), order=order)
    pickup, fresh = business_point(order), now - FRESH
    drivers = free_drivers(order, now).filter(~Exists(asked.filter(driver=OuterRef("pk"))))
    near = Q(position__at__gte=fresh)
    found = nearest(drivers.annotate(near=Max(nearness("position", pickup), filter=near)), count)
    rows = [(score, "driver", pk) for pk, score in found]
    if order.company_id is None:
        near = Q(drivers__position__at__gte=fresh, drivers__on_duty=True, drivers__user__is_active=True)
        companies = Company.objects.filter(vendors=order.vendor_id, dispatchers__user__is_active=True)
        companies = companies.filter(~Exists(asked.filter(company=OuterRef("pk"))))
        found = nearest(companies.annotate(near=Max(nearness("drivers__position", pickup), filter=near)), count)
        rows += [(score, "company", pk) for pk, score in found]
    rows.sort(key=lambda row: (row[0] is None, -(row[0] or 0)))
    return [(kind, pk) for _, kind, pk in rows[:count]]


def nearest(rows: QuerySet[Any], count: int) -> list[tuple[int, float | None]]:
    ordered = rows.order_by(F("near").desc(nulls_last=True), "pk")
    return list(ordered.values_list("pk", "near")[:count])


def free_drivers(order: Order, now: datetime) -> QuerySet[Driver]:
    """The vendor's couriers and, unless a company was named, the site's drivers, on duty and with room for an order.

    What a driver was asked and may still accept takes room too.
    """
    whose = Q(vendor=order.vendor_id)
    if order.company_id is None:
        whose |= Q(vendor__isnull=True, company__isnull=True)
    drivers = Driver.objects.filter(whose, on_duty=True, user__is_active=True)
    limit = order.vendor.driver_orders
    if limit is None:
        return drivers
    open_offers = DriverOffer.objects.filter(outcome=Outcome.OPEN, answer_by__gt=now)
    return drivers.annotate(load=counted(Order.objects.filter(HELD)) + counted(open_offers)).filter(load__lt=limit)


def counted(rows: QuerySet[Any]) -> Coalesce:
    """How many of these rows are the driver's."""
    own = rows.filter(driver=OuterRef("pk")).order_by().values("driver")
    return Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0)


def nearness(position: str, pickup: Point | None) -> Combinable:
    """How near the position in these columns is, to compare: the cosine of its distance as an angle, 1 for none.

    Nowhere near where it is not known where the order is fetched.
    """
    lat, lng = f"{position}__lat", f"{position}__lng"
    if pickup is None:
        return F(lat) * 0.0
    here = radians(pickup.lat)
    along = Cos(Radians(F(lat))) * Cos(Radians(F(lng) - pickup.lng))
    return Sin(Radians(F(lat))) * sin(here) + along * cos(here)


# --- answering ----------------------------------------------------------------------------------------------------


def decline_offer(*, order_id: int, caller: Caller, role: Actor) -> None:
    """A driver, or a company by its dispatcher, does not take an order that is on offer to it, or for which the driver
    is named; whoever is next is asked.

    Declined twice is declined once. Must run in a transaction; raises NotFound, and Conflict for what is not on offer
    (any more).
    """
    try:
        with update_order(order_id, caller) as update:
            update.role = role
            decline(update, take_off_driver(update) if role == Actor.DRIVER else offered_companies(update))
    except Conflict as refusal:
        if refusal.fault.code != FaultCode.OFFER_DECLINED:
            raise


def decline(update: OrderUpdate, parties: Sequence[str]) -> None:
    order, now = update.order, update.now
    asked, until = Offering.of(order), skip_until(order, now)
    for party in parties:
        write_declined(order, party, asked, until, now)
    order.asked = asked.skip(parties, until, now).as_json(now)
    tell_offers(update, ask_next(order, now) if order.offers_at else [], left=parties)


def take_off_driver(update: OrderUpdate) -> list[str]:
    """The caller, a driver who may decline; it is named no more. Raises Conflict where it may not."""
    order, driver_id = update.order, update.caller.driver_id
    assert driver_id is not None, "only drivers decline as such"
    is_named = order.driver_id == driver_id
    if is_named and order.named_at is None:
        raise Conflict(FaultCode.OFFER_HELD)
    # Who is named, or drives for its company, sees the order too when it is closed or on its way.
    is_over = order.is_closed or order.picked_up_at is not None
    if is_over or not (is_named or OFFERED_DRIVER.holds(update.caller, order)):
        raise refuse_missed_offer(update.caller, order) or Conflict(FaultCode.OFFER_WITHDRAWN)
    if is_named:
        order.driver = order.named_at = None
    return [party_of_driver(driver_id)]


def offered_companies(update: OrderUpdate) -> list[str]:
    """The companies that the caller dispatches for, which may decline; raises Conflict where there is none."""
    order, caller = update.order, update.caller
    if order.company_id in caller.dispatched_ids:
        raise Conflict(FaultCode.OFFER_HELD)
    companies = companies_offered(caller, order)
    if not companies:
        raise refuse_missed_offer(caller, order) or Conflict(FaultCode.OFFER_WITHDRAWN)
    return [party_of_company(company_id) for company_id in companies]


def write_declined(order: Order, party: str, asked: Offering, until: datetime, now: datetime) -> None:
    """The row of the offer; one that was made to everybody, or by name, has none before."""
    declined: dict[str, Any] = {"outcome": Outcome.DECLINED, "answered_at": now, "skip_until": until}
    kind, pk = kind_and_id(party)
    to: dict[str, Any] = {f"{kind}_id": pk}
    if party in asked.open:
        DriverOffer.objects.filter(order=order, outcome=Outcome.OPEN, **to).update(**declined)
        return
    made = {"offered_at": order.search_started_at or now, "answer_by": now, **declined}
    DriverOffer.objects.update_or_create(order=order, round=asked.round, defaults=made, **to)


def take_offer(order: Order, party: str, now: datetime) -> None:
    """A driver or company that was asked accepts; what others were asked ends with the change (withdraw_offers)."""
    if order.offers_at is None:
        return
    taken = DriverOffer.objects.filter(Q(kind_and_id(party)), order=order, outcome=Outcome.OPEN)
    taken.update(outcome=Outcome.ACCEPTED, answered_at=now)


def check_load(order: Order, driver_id: int) -> None:
    """Raises Conflict where the driver, who is locked, holds as many orders as the vendor has one hold."""
    limit = order.vendor.driver_orders
    if limit is not None and Order.objects.filter(HELD, driver=driver_id).count() >= limit:
        raise Conflict(FaultCode.DRIVER_FULL, limit=limit)


# --- coming on duty -----------------------------------------------------------------------------------------------


@receiver(driver_on_duty)
def on_duty(driver_id: int, **_: object) -> None:
    wake_searches(driver_id)


@receiver(driver_leaves)
def carried_by(driver_id: int, **_: object) -> list[str]:
    """The orders that a driver carries or was named for, as they are called."""
    return [order.called for order in Order.objects.filter(CARRIED, driver=driver_id).order_by("pk")[:NAMED]]


@receiver(company_reachable)
def on_reachable(company_id: int, **_: object) -> None:
    wake_orders(Q(vendor__companies=company_id))


def wake_searches(driver_id: int) -> int:
    """Has the orders in search that a driver who comes on duty could be asked for look for whom to ask, at once."""
    driver = Driver.objects.get(pk=driver_id)
    if driver.company_id:
        return 0
    return wake_orders(Q(vendor=driver.vendor_id) if driver.vendor_id else Q())


def wake_orders(those: Q) -> int:
    """Has those of the orders in search look for whom to ask, at once; returns how many.

    Orders that are being changed at this moment are left out, and look when they are due.
    """
    orders = Order.objects.filter(DISPATCHED, those, deleted_at__isnull=True)
    now, skip = timezone.now(), connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        locked = orders.select_for_update(skip_locked=skip).order_by("pk").values_list("pk", flat=True)
        return move_timers(Order.objects.filter(pk__in=list(locked[:WOKEN])), offers_at=now, due_at=now)
