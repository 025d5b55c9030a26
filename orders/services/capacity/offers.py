"""Offers: which of them each order of a checkout gets, and that none is used more often than it may be.

A purchase uses an offer once, for however many of its orders. How often a limited one is used stands in its row, taken
by a conditional UPDATE; an unlimited one is only noted beside its orders, so that nobody waits for its row.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from orders.checkout import AppliedOffer, Checkout, Draft
from orders.models import OfferUse, Order
from orders.pricing import RATE, Discount, OfferTerms
from ordersite.accounts.models import Customer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Invalid, Path
from ordersite.core.fields import Field
from ordersite.core.idempotency import Again
from ordersite.core.money import as_json, divide, half_up
from vendors.models import Offer
from vendors.services.offers import has_code

# --- which offer, and what it takes off -----------------------------------------------------------------------------


def choose_offers(
    *, checkout: Checkout, drafts: Sequence[Draft], customer: Customer, now: datetime
) -> list[AppliedOffer | None]:
    """The offer that each draft gets: that of the code sent (a cart's own before the checkout's), else the best one.

    One statement; none where no code was sent and no vendor has offers. Raises Invalid for a code that does not hold,
    at its field; an offer that is given by itself and does not hold is not given.
    """
    codes = [(draft.cart.offer or checkout.offer).strip().upper() for draft in drafts]
    sent = sent_codes(checkout, drafts)
    if not sent and not any(draft.vendor.has_offers for draft in drafts):
        return [None] * len(drafts)
    by_code: dict[str, Offer] = {}
    automatic: list[Offer] = []
    for offer in find_offers(sent, drafts, customer, now):
        if offer.code:
            by_code[offer.code.upper()] = offer
        else:
            automatic.append(offer)
    given: dict[int, AppliedOffer] = {}
    for code, at in sent.items():
        asking = [index for index, one in enumerate(codes) if one == code]
        given |= give_sent(by_code.get(code), at, drafts, asking, customer, now)
    left = [index for index in range(len(drafts)) if index not in given]
    given |= give_best(automatic, drafts, left, customer, now)
    return [given.get(index) for index in range(len(drafts))]


def sent_codes(checkout: Checkout, drafts: Sequence[Draft]) -> dict[str, Path]:
    """Each code that was sent, in capitals, with the part of the input that has it."""
    nowhere: Path = ()
    sent: dict[str, Path] = {}
    for text, at in [(checkout.offer, nowhere), *((draft.cart.offer, draft.cart.at) for draft in drafts)]:
        if code := text.strip().upper():
            sent.setdefault(code, at)
    return sent


def find_offers(codes: Collection[str], drafts: Sequence[Draft], customer: Customer, now: datetime) -> list[Offer]:
    """The offers of these codes and those that are given by themselves now, by id, in one statement.

    `used_by_customer` of each is by how many purchases of this customer it is used.
    """
    vendor_ids = {draft.vendor.pk for draft in drafts}
    started = Q(starts_at__isnull=True) | Q(starts_at__lte=now)
    lasting = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    by_itself = Q(Q(vendor__in=vendor_ids) | Q(vendor__isnull=True), started, lasting, code="", is_active=True)
    mine = OfferUse.objects.filter(offer=OuterRef("pk"), customer=customer.pk or 0, is_held=True).order_by()
    count = mine.values("offer").annotate(uses=Count("order__purchase", distinct=True)).values("uses")
    offers = Offer.objects.filter(has_code(codes) | by_itself)
    return list(offers.annotate(used_by_customer=Coalesce(Subquery(count), 0)).order_by("pk"))


def give_sent(
    offer: Offer | None,
    at: Path,
    drafts: Sequence[Draft],
    asking: Sequence[int],
    customer: Customer,
    now: datetime,
) -> dict[int, AppliedOffer]:
    """What a code that was sent gives to the drafts (by index) that ask for it; raises Invalid where it does not hold.

    A cart that names the code itself must be its vendor's; one that the checkout names is for those whom it is for.
    """
    if offer is None:
        raise Invalid(FaultCode.UNKNOWN_OFFER, Field.OFFER, at=at)
    if not asking:
        raise Invalid(FaultCode.NOT_ASKED_FOR, Field.OFFER, at=at)
    reached = [index for index in asking if applies_to(offer, drafts[index])]
    for index in asking:
        if index not in reached and drafts[index].cart.offer:
            refuse_other_vendor(offer, drafts[index], drafts[index].cart.at)
    if not reached:
        refuse_other_vendor(offer, drafts[asking[0]], at)
    fault = offer_fault(offer, [drafts[index] for index in reached], customer, now)
    if fault:
        raise Invalid(fault.code, Field.OFFER, at=at, **fault.params)
    return give_offer(offer, drafts, reached)


def refuse_other_vendor(offer: Offer, draft: Draft, at: Path) -> NoReturn:
    raise Invalid(FaultCode.OTHER_VENDOR, Field.OFFER, at=at, name=offer.name, vendor=draft.vendor.name)


def give_best(
    offers: Sequence[Offer], drafts: Sequence[Draft], left: Sequence[int], customer: Customer, now: datetime
) -> dict[int, AppliedOffer]:
    """To each of these drafts (by index) the offer that takes most off it, the one with the lowest id where several do.

    Where an offer for several of them does not hold for those that it is best for (their items are below its minimum,
    say), it is given to none, and they get the next best.
    """
    candidates = list(offers)
    while candidates:
        best: dict[int, tuple[int, Offer]] = {}
        for offer in candidates:
            reached = [index for index in left if applies_to(offer, drafts[index])]
            for index, one in give_offer(offer, drafts, reached).items():
                off = one.discount.items + one.discount.delivery
                if index not in best or off > best[index][0]:
                    best[index] = (off, offer)
        given: dict[int, AppliedOffer] = {}
        failed = []
        for offer in candidates:
            chosen = [index for index, (_, one) in best.items() if one is offer]
            if chosen and offer_fault(offer, [drafts[index] for index in chosen], customer, now):
                failed.append(offer)
            given |= give_offer(offer, drafts, chosen)
        if not failed:
            return given
        candidates = [offer for offer in candidates if offer not in failed]
    return {}


def applies_to(offer: Offer, draft: Draft) -> bool:
    """Whether it is this vendor's, or the whole site's."""
    return offer.vendor_id is None or offer.vendor_id == draft.vendor.pk


def give_offer(offer: Offer, drafts: Sequence[Draft], reached: Sequence[int]) -> dict[int, AppliedOffer]:
    """The offer for these drafts (by index), those left out of which it takes nothing."""
    discounts = discounts_of([drafts[index] for index in reached], offer)
    return {
        index: AppliedOffer(offer=offer, discount=discount)
        for index, discount in zip(reached, discounts, strict=True)
        if discount.items or discount.delivery
    }


def discounts_of(drafts: Sequence[Draft], offer: Offer) -> list[Discount]:
    return discount_for(
        offer,
        subtotals=[draft.subtotal for draft in drafts],
        delivery_fees=[draft.delivery_fee for draft in drafts],
    )


def discount_for(
    offer: Offer | OfferTerms, *, subtotals: Sequence[int], delivery_fees: Sequence[int]
) -> list[Discount]:
    """What an offer takes off each of the orders that share it, minor units; nothing is looked up.

    Calculated once for all, half up, and divided by largest remainder by what each one's items (or delivery) cost.
    """
    by_platform = offer.borne_by == Offer.BorneBy.PLATFORM
    of_delivery = offer.kind == Offer.Kind.FREE_DELIVERY
    weights = list(delivery_fees if of_delivery else subtotals)
    off = sum(weights)
    if offer.kind == Offer.Kind.PERCENTAGE:
        off = half_up(off * (offer.rate or 0), RATE)
    elif offer.kind == Offer.Kind.AMOUNT:
        off = min(off, offer.amount or 0)
    if offer.most is not None:
        off = min(off, offer.most)
    parts = divide(off, weights)
    if of_delivery:
        return [Discount(delivery=part, by_platform=by_platform) for part in parts]
    return [Discount(items=part, by_platform=by_platform) for part in parts]


def offer_fault(offer: Offer, drafts: Sequence[Draft], customer: Customer, now: datetime) -> Fault | None:
    """Why an offer does not hold for these drafts together, None where it does."""
    name, currency = offer.name, drafts[0].vendor.currency
    if offer.currency != currency:
        return Fault(FaultCode.CURRENCY_OF_OFFER, name=name, currency=offer.currency, wanted=currency)
    if not offer.is_active or (offer.ends_at is not None and offer.ends_at <= now):
        return Fault(FaultCode.EXPIRED, name=name)
    if offer.starts_at is not None and offer.starts_at > now:
        return Fault(FaultCode.NOT_STARTED, name=name, starts_at=f"{offer.starts_at:%Y-%m-%d %H:%M}")
    if offer.max_uses is not None and offer.uses >= offer.max_uses:
        return Fault(FaultCode.USED_UP, name=name)
    if offer.max_uses_per_customer is not None:
        # One person has as many accounts as it likes whose e-mail nobody has confirmed.
        if customer.user is None:
            return Fault(FaultCode.GUEST_ACCOUNT, name=name)
        if not customer.user.is_confirmed:
            return Fault(FaultCode.GUEST_CONFIRMED, name=name)
        times, used = offer.max_uses_per_customer, offer.used_by_customer  # type: ignore[attr-defined]  # find_offers
        if used >= times:
            return Fault(FaultCode.USED_UP_BY_YOU, name=name, times=times)
    if sum(draft.subtotal for draft in drafts) < offer.minimum:
        return Fault(FaultCode.BELOW_MINIMUM_OFFER, name=name, minimum=as_json(offer.minimum, currency))
    if not any(one.items or one.delivery for one in discounts_of(drafts, offer)):
        return Fault(FaultCode.NOTHING_OFF, name=name)
    return None


# --- uses, counted without a race -----------------------------------------------------------------------------------


def take_offers(*, given: Sequence[AppliedOffer | None], customer: Customer) -> None:
    """Takes a use of each limited offer that is given; must run in the placing's transaction, after stock and slots.

    Raises Conflict offer_used_up for a code that others were quicker with, and Again for an offer that nobody asked
    for: placing begins anew, without it. No statement for what is not limited.
    """
    offers = {one.offer.pk: one.offer for one in given if one}
    for offer in take_uses([offers[pk] for pk in sorted(offers)], customer.pk):
        if not offer.code:
            raise Again
        raise Conflict(FaultCode.OFFER_USED_UP, name=offer.name)


def take_uses(offers: Sequence[Offer], customer_id: int) -> list[Offer]:
    """Counts a use of each of these offers, which come by id; returns those of which the customer can have none."""
    over = []
    for offer in offers:
        if offer.max_uses is not None:
            some_left = Q(max_uses__isnull=True) | Q(uses__lt=F("max_uses"))
            # It waits for whoever holds the row, and checks the number that it then finds.
            if not Offer.objects.filter(some_left, pk=offer.pk).update(uses=F("uses") + 1):
                over.append(offer)
    personal = [offer for offer in offers if offer.max_uses_per_customer is not None]
    used = count_uses(personal, customer_id)
    return over + [offer for offer in personal if used.get(offer.pk, 0) >= (offer.max_uses_per_customer or 0)]


def count_uses(offers: Sequence[Offer], customer_id: int) -> Mapping[int, int]:
    """By how many purchases of this customer each is used, by id; no other one of its placings can use them meanwhile.

    The customer's row is locked, not the offer's: only who orders twice at once has to wait.
    """
    if not offers:
        return {}
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=customer_id)
    held = OfferUse.objects.filter(offer__in=[offer.pk for offer in offers], customer=customer_id, is_held=True)
    rows = held.values("offer").annotate(uses=Count("order__purchase", distinct=True)).order_by()
    return dict(rows.values_list("offer", "uses"))


WRITE_USES = """
INSERT INTO orders_offeruse (order_id, offer_id, customer_id, amount, is_held, has_left)
SELECT given.column1, offer.id, given.column3, given.column4, given.column5, NOT given.column5
FROM (VALUES {rows}) AS given JOIN vendors_offer AS offer ON offer.id = given.column2
    AND (offer.max_uses IS NULL) = given.column6 AND (offer.max_uses_per_customer IS NULL) = given.column7
"""


def write_uses(*, orders: Sequence[Order], given: Sequence[AppliedOffer | None], customer_id: int) -> None:
    """Notes which order has which offer, in one statement; none without an offer.

    It holds the offers' rows as a foreign key does: nobody waits but who changes the offer, and then counts every use.
    Raises Again where a limit was set since the offer was chosen: placing begins anew, and keeps to it.
    """
    parameters: list[int] = []
    for order, one in zip(orders, given, strict=True):
        if one:
            unlimited = one.offer.max_uses is None, one.offer.max_uses_per_customer is None
            parameters += [order.pk, one.offer.pk, customer_id, order.discount, True, *unlimited]
    if not parameters:
        return
    count = len(parameters) // 7
    statement = WRITE_USES.format(rows=", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * count))
    if connection.features.has_select_for_update:
        statement += "FOR KEY SHARE OF offer"
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        if cursor.rowcount != count:
            raise Again


def sharers_of(order: Order) -> QuerySet[Order]:
    """The other orders of its purchase that have a part of its offer; one whose customer cancelled it has none."""
    sharing = Order.objects.filter(purchase=order.purchase_id, offer=order.offer_id, offer_use__has_left=False)
    return sharing.exclude(pk=order.pk)


def mark_left(order: Order, *, has_left: bool) -> None:
    """An order's customer cancels it (or that is taken back): the others share the offer without it (or with it)."""
    if order.offer_id is not None:
        OfferUse.objects.filter(order=order).exclude(has_left=has_left).update(has_left=has_left)


def release_offer(order: Order) -> None:
    """Gives the use of an order back that closes without success: the offer's, once no order of its purchase has it.

    Must run with the order locked. A use that was given back already stays so. No statement without an offer.
    """
    if order.offer_id is None:
        return
    counted = lock_counted(order.offer_id)
    if OfferUse.objects.filter(order=order, is_held=True).update(is_held=False) and counted and not is_shared(order):
        Offer.objects.filter(pk=order.offer_id, uses__gt=0).update(uses=F("uses") - 1)


def retake_offer(order: Order) -> None:
    """Takes the use of an order again whose close is taken back. Must run with the order locked.

    The order keeps its price, so it needs its offer; that the offer has ended since does not matter. Raises Conflict
    offer_used_up where others have used it up. No statement without an offer.
    """
    if order.offer_id is None:
        return
    use = OfferUse.objects.select_related("offer").filter(order=order, is_held=False).first()
    if use is None:
        return
    lock_counted(use.offer_id)
    if not is_shared(order) and take_uses([use.offer], order.customer_id):
        raise Conflict(FaultCode.OFFER_USED_UP_PRICE, name=use.offer.name)
    use.is_held = True
    use.save(update_fields=["is_held"])


def lock_counted(offer_id: int) -> bool:
    """Whether the offer's uses are counted; its row is then held, so that the orders of a purchase count one by one."""
    counted = Offer.objects.select_for_update(no_key=True).filter(pk=offer_id, max_uses__isnull=False)
    return counted.only("pk").first() is not None


def is_shared(order: Order) -> bool:
    """Whether another order of the same purchase uses the same offer now."""
    held = OfferUse.objects.filter(order__purchase=order.purchase_id, offer=order.offer_id, is_held=True)
    return held.exclude(order=order).exists()
