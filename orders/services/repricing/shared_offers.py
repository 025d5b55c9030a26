"""An offer that several orders of a purchase share, when the customer cancels one of them: the rest is priced again.

As if the cancelled order had not been placed. What the rest then costs more is told beforehand (cancel_cost) and taken
from what comes back, never more than that. Where vendor, staff or a timer cancel, the rest keeps its parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from orders.lifecycle.table import Fulfilment
from orders.models import Line, OfferUse, Order, Purchase
from orders.pricing import NO_DISCOUNT, Discount, Priced, total_up
from orders.services.capacity import slots
from orders.services.capacity.offers import discount_for, sharers_of
from orders.services.money.shares import may_be_here
from orders.services.repricing.plan import discount_of, price_kept_line
from orders.services.repricing.writing import drop_cash_below_total, set_amounts
from ordersite.core.money import divide
from vendors.models import Offer

RELATED = ("vendor", "purchase", "customer", "terms", "offer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """An order with what it costs after the other one is gone; `rise` is what that is more (or less, below zero)."""

    order: Order
    lines: Sequence[Line]
    priced: Priced
    rise: int


def reprice_rest(order: Order, *, most: int, lock: bool = False) -> list[Repriced]:
    """The other orders that share the order's offer, as they cost without it; `most` is what they may cost more in all.

    Only those that are open and whose price changes; not one of which more was given back than it would then cost, or
    whose payment may have come in already. Closed ones keep their part, and count. Four statements, none for an order
    without an offer.
    """
    offer = order.terms.offer
    # What the purchase costs tells whether there are others, without asking for them.
    if offer is None or order.offer_id is None or order.purchase.total == order.total:
        return []
    sharers = sharers_of(order).select_related(*RELATED).prefetch_related("lines__options", "shares__payment")
    sharers = sharers.order_by("pk")
    others = list(sharers.select_for_update(of=("self",), no_key=True) if lock else sharers)
    wanted = [NO_DISCOUNT] * len(others)
    subtotals = [other.subtotal for other in others]
    if others and sum(subtotals) >= offer.minimum:
        wanted = discount_for(offer, subtotals=subtotals, delivery_fees=[other.delivery_fee for other in others])
    repriced = [
        reprice(other, one.items + one.delivery)
        for other, one in zip(others, wanted, strict=True)
        if not other.is_closed and not may_be_here(other.shares.all())
    ]
    repriced = [one for one in repriced if one.priced.total >= one.order.refunded + one.order.waived]
    rise = sum(one.rise for one in repriced)
    if rise > most:
        repriced = lose_less(repriced, rise, most)
    return [one for one in repriced if one.rise]


def reprice_returned(order: Order) -> Repriced | None:
    """An order that comes back after its customer cancelled it, with what is left of the offer; None if as before."""
    if not OfferUse.objects.filter(order=order, has_left=True).exists():
        return None
    left = discount_of(order, order.subtotal, order.delivery_fee)
    one = reprice(order, left.items + left.delivery)
    return one if one.rise else None


def lose_less(repriced: Sequence[Repriced], rise: int, most: int) -> list[Repriced]:
    """The same orders with so much of their discount that they cost no more than `most` more in all."""
    lost = [max(0, one.order.discount - one.priced.discount) for one in repriced]
    target = sum(lost) * most // rise
    while True:
        parts = divide(target, lost)
        less = [reprice(one.order, one.order.discount - part) for one, part in zip(repriced, parts, strict=True)]
        # Taxes and fees that follow may add a minor unit or two.
        over = sum(one.rise for one in less) - most
        if over <= 0 or target == 0:
            return less
        target = max(0, target - over)


def reprice(order: Order, off: int) -> Repriced:
    """The order with another discount by its offer, minor units; all else by the terms of its placing."""
    lines, offer = sorted(order.lines.all(), key=lambda line: line.position), order.terms.offer
    by_platform = offer is not None and offer.borne_by == Offer.BorneBy.PLATFORM
    discount = Discount(items=off, by_platform=by_platform)
    if offer is not None and offer.kind == Offer.Kind.FREE_DELIVERY:
        discount = Discount(delivery=off, by_platform=by_platform)
    priced = total_up(
        [price_kept_line(line) for line in lines],
        currency=order.currency,
        terms=order.terms.sale,
        delivery_fee=order.delivery_fee,
        discount=discount,
        driver_tip=order.driver_tip,
        tip_to_driver=order.fulfilment == Fulfilment.DELIVERY,
    )
    return Repriced(order=order, lines=lines, priced=priced, rise=priced.total - order.total)


def write_repriced(one: Repriced) -> None:
    """The order's amounts, which its update saves, and its lines' parts of them; what pays for it is the caller's."""
    order = one.order
    Purchase.objects.filter(pk=order.purchase_id).update(total=F("total") + one.rise)
    set_amounts(order, one.priced)
    drop_cash_below_total(order)
    slots.adjust_hold(order, order.total)
    for line, after in zip(one.lines, one.priced.lines, strict=True):
        line.discount, line.tax = after.discount, after.tax
    Line.objects.bulk_update(one.lines, ["discount", "tax"])
    OfferUse.objects.filter(order=order).update(amount=order.discount)
