"""How offers to drivers and companies end; services.moving.dispatch makes them."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from orders.lifecycle.searching import open_parties
from orders.models import DriverOffer, Order
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Refusal

Outcome = DriverOffer.Outcome
# What somebody is told who answers an offer that is over.
OVER = {
    Outcome.OPEN: FaultCode.OFFER_LAPSED,
    Outcome.LAPSED: FaultCode.OFFER_LAPSED,
    Outcome.DECLINED: FaultCode.OFFER_DECLINED,
    Outcome.WITHDRAWN: FaultCode.OFFER_WITHDRAWN,
    Outcome.ACCEPTED: FaultCode.OFFER_WITHDRAWN,
}


def withdraw_offers(orders: Sequence[Order], now: datetime) -> list[str]:
    """Ends the open offers of those whose search has ended with this change; returns the streams of who had them.

    One statement where there are such, none else.
    """
    ended = [order for order in orders if order.offers_at is None and order.stored.get("offers_at") is not None]
    parties = sorted({party for order in ended for party in open_parties(order.stored.get("asked"))})
    if parties:
        offers = DriverOffer.objects.filter(order__in=[order.pk for order in ended], outcome=Outcome.OPEN)
        offers.update(outcome=Outcome.WITHDRAWN, answered_at=now)
    return parties


def refuse_missed_offer(caller: Caller, order: Order) -> Refusal | None:
    """What tells a driver or dispatcher why an order that was offered to it is so no more; None where it never was."""
    if not caller.driver_id and not caller.dispatched_ids:
        return None
    mine = Q(driver=caller.driver_id or 0) | Q(company__in=caller.dispatched_ids)
    offer = DriverOffer.objects.filter(mine, order=order.pk).order_by("-pk").first()
    if offer is None:
        return None
    return Conflict(OVER[Outcome(offer.outcome)], told={"answer_by": offer.answer_by.isoformat(timespec="seconds")})
