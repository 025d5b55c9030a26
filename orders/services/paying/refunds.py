"""Giving money back: the whole, an amount, or by line; and what staff do with refunds that need somebody."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.lifecycle.table import FAILURE, Actor
from orders.models import Line, Order, OrderEvent, Payment, PaymentShare, Posting, Refund
from orders.services.money import ledger
from orders.services.money.repayments import repay
from orders.services.money.shares import division_of, kept_of, shares_of
from orders.services.moving.transitions import Wish, all_or_nothing, move_on
from orders.services.record.access import RELATED, OrderAccess, access_of, get_order
from orders.services.record.order_update import OrderUpdate, update_locked, update_order
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound, Path, Step, blaming_field
from ordersite.core.fields import Field
from ordersite.core.money import Money, as_json, half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWish:
    """What is to be given back of one line: so many of its units, an amount, or (neither) all that is left of it."""

    item: int
    quantity: int | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What is to be given back: an amount, lines, or (neither) all that was paid and is not given back yet."""

    amount: Money | None = None
    items: Sequence[LineWish] = ()
    to: str = Refund.To.SOURCE
    reason: str = ""
    cancel: bool = False  # the order too, by the same role
    version: int | None = None  # the one that the caller saw (If-Match)


def refund_order(*, order_id: int, caller: Caller, wish: RefundWish) -> tuple[Order, list[Refund]]:
    """Gives money of an order back, by staff or its vendor, in the transaction that the caller has opened.

    Lock the order, permitted? paid? → how much → payments → the shares of vendor, driver and platform follow → event →
    where it is asked for, the order is cancelled too, which gives all the rest back. A vendor gives back at most what
    the order still brings it. Raises NotFound, Stale, Forbidden, Invalid for what the order does not have, and
    Conflict not_paid, no_wallet, by_hand_only, or refund_too_large with `refundable`.
    """
    with all_or_nothing(order_id=order_id, caller=caller):
        return make_refund(order_id, caller, wish)


def make_refund(order_id: int, caller: Caller, wish: RefundWish) -> tuple[Order, list[Refund]]:
    """The steps of `refund_order`."""
    with update_order(
        order_id,
        caller,
        version=wish.version,
        roles=(Actor.STAFF, Actor.VENDOR),
        right=Right.REFUND_ORDERS,
        denied=FaultCode.FORBIDDEN_REFUND,
    ) as update:
        earlier = set(update.order.refunds.values_list("pk", flat=True)) if wish.cancel else set()
        refunds = give_back(update, wish)
    order = update.order
    if wish.cancel:
        order = cancel_refunded(update, wish.reason)
        refunds = list(order.refunds.select_related("payment").exclude(pk__in=earlier))
    return order, refunds


def give_back(update: OrderUpdate, wish: RefundWish) -> list[Refund]:
    """The refunds that the wish asks for, and the event that tells them."""
    order, role = update.order, update.role
    if wish.to == Refund.To.WALLET and order.customer.user_id is None:
        raise Conflict(FaultCode.NO_WALLET, Field.TO)
    shares = shares_of(order)
    if not any(share.received for share in shares):
        raise Conflict(FaultCode.NOT_PAID)
    check_currency(wish.amount, order)
    left = kept_of(shares)
    lines = amounts_of_lines(order, wish.items)
    amount = sum(lines.values()) if wish.items else wish.amount.minor if wish.amount else left
    most = left if role == Actor.STAFF else min(left, earned_by_vendor(order, shares))
    field = Field.ITEMS if wish.items else Field.AMOUNT if wish.amount else None
    refuse_too_large(amount, most, order.currency, asks_staff=most < left, field=field)
    with blaming_field(Field.TO, "by_hand_only"):
        refunds = pay_back(order, amount, wish, update.access, rates_of(lines))
    for line, part in lines.items():
        line.refunded += part
        line.save(update_fields=["refunded"])
    told: dict[str, Any] = {"amount": as_json(amount, order.currency), "to": wish.to}
    if lines:
        told["items"] = [{"item": line.pk, "amount": as_json(part, order.currency)} for line, part in lines.items()]
    update.tell(OrderEvent.Kind.PAYMENT, reason=wish.reason, data={"refund": told})
    return refunds


def cancel_refunded(update: OrderUpdate, reason: str) -> Order:
    """Cancels an order whose money was given back, as the vendor or staff would; raises Conflict where it cannot be."""
    name = "reject" if update.role == Actor.VENDOR else "cancel_by_staff"
    text = reason.strip() or "The money was refunded."
    return move_on(update.access, Wish(name=name, reason_code="other", reason=text))


def check_currency(amount: Money | None, order: Order, at: Path = ()) -> None:
    if amount and amount.currency != order.currency:
        raise Invalid(FaultCode.CURRENCY_OF_REFUND, Field.AMOUNT, at=at, currency=order.currency)


def rates_of(lines: Mapping[Line, int]) -> Counter[int]:
    """How much is given back for what is sold at which rate of tax."""
    rates = Counter[int]()
    for line, amount in lines.items():
        rates[line.tax_rate] += amount
    return rates


def pay_back(
    order: Order, amount: int, wish: RefundWish, access: OrderAccess, rates: Mapping[int, int]
) -> list[Refund]:
    """The refunds of an amount that is there; the shares of an order that has succeeded follow by themselves."""
    refunds = repay(order, amount, actor=access.caller.key, reason=wish.reason, to=wish.to, now=access.now, rates=rates)
    if order.status in FAILURE:
        # Of what closing cost, the vendor and the platform keep their shares of what is left.
        shares = shares_of(order)
        wanted = division_of(order, shares, kept=kept_of(shares), succeeds=False)
        ledger.rebalance(order, Posting.Kind.REFUND, wanted, actor=access.caller.key)
    return refunds


def refuse_too_large(amount: int, most: int, currency: str, *, asks_staff: bool, field: Field | None) -> None:
    """Raises Conflict refund_too_large for more than may be given back, and where nothing is left to give."""
    if 0 < amount <= most:
        return
    code = FaultCode.REFUND_TOO_LARGE_ASK_STAFF if asks_staff else FaultCode.REFUND_TOO_LARGE
    refundable = as_json(max(most, 0), currency)
    raise Conflict(code, field, refundable=refundable, extra={"refundable": refundable})


def earned_by_vendor(order: Order, shares: Sequence[PaymentShare]) -> int:
    """What an order brings its vendor of what is left of it: without the platform's part and a driver's tip."""
    return division_of(order, shares, kept=kept_of(shares), succeeds=order.status not in FAILURE).vendor


def paid_for_line(order: Order, line: Line) -> int:
    """What a line cost in the end: its total less its part of the discount, and its tax where that is added."""
    return line.total - line.discount + (line.tax if order.tax_added else 0)


def amounts_of_lines(order: Order, wishes: Sequence[LineWish]) -> dict[Line, int]:
    """How much is given back of each line; a unit is its part of what the line cost, half up.

    Raises Invalid for what the order does not have, and Conflict refund_too_large for more than is left of a line.
    """
    lines = {line.pk: line for line in order.lines.all()} if wishes else {}
    amounts: dict[Line, int] = {}
    for index, wish in enumerate(wishes):
        at = (Step(Field.ITEMS, index),)
        line = lines.get(wish.item)
        if line is None:
            raise Invalid(FaultCode.UNKNOWN_ITEM, Field.ITEM, at=at)
        if line in amounts:
            raise Invalid(FaultCode.DUPLICATE_ITEM, Field.ITEM, at=at)
        if wish.quantity is not None and wish.quantity > line.quantity:
            raise Invalid(FaultCode.MAX_VALUE_UNITS, Field.QUANTITY, at=at, quantity=line.quantity)
        check_currency(wish.amount, order, at)
        amounts[line] = amount_of_line(order, line, wish, at)
    return amounts


def amount_of_line(order: Order, line: Line, wish: LineWish, at: Path) -> int:
    """How much is given back of one line; raises Conflict refund_too_large for more than is left of it.

    `at` is where the wish stands in the client's input.
    """
    paid = paid_for_line(order, line)
    left = paid - line.refunded
    amount = left
    if wish.amount:
        amount = wish.amount.minor
    elif wish.quantity is not None:
        amount = half_up(paid * wish.quantity, line.quantity)
        # Less than half a unit more or less is the rounding of the units before: the last of them takes it.
        if 2 * abs(left - amount) * line.quantity < paid:
            amount = left
    if not 0 < amount <= left:
        refundable = as_json(left, order.currency)
        field = Field.AMOUNT if wish.amount else Field.ITEM if wish.quantity is None else Field.QUANTITY
        extra = {"refundable": refundable, "item": line.pk}
        raise Conflict(
            FaultCode.REFUND_TOO_LARGE_ITEM, field, at=at, refundable=refundable, name=line.name, extra=extra
        )
    return amount


def refunds_of(*, order_id: int, caller: Caller) -> list[Refund]:
    """What was given back of an order, oldest first, for its customer, vendor and staff; raises NotFound, Forbidden."""
    order = get_order(caller=caller, order_id=order_id)
    if not access_of(caller, order).readers & {Actor.CUSTOMER, Actor.VENDOR, Actor.STAFF}:
        raise Forbidden(FaultCode.FORBIDDEN_SEE_REFUNDS)
    return list(order.refunds.select_related("payment"))


# --- refunds that need somebody ---------------------------------------------------------------------------------


def lock_refund(refund_id: int, caller: Caller) -> tuple[Refund, OrderAccess]:
    """A refund of an order, both locked, for staff; raises NotFound and Forbidden."""
    caller.require(Right.SEE_TO_REFUNDS)
    found = Refund.objects.filter(pk=refund_id).first()
    if found is None or found.order_id is None:
        raise NotFound(FaultCode.NOT_FOUND_REFUND)
    # A deleted order's too: what it owes its customer stays.
    order = Order.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=found.order_id)
    Payment.objects.select_for_update().get(pk=found.payment_id)
    refund = Refund.objects.select_for_update(of=("self",)).select_related("payment").get(pk=refund_id)
    return refund, access_of(caller, order)


def finish_by_hand(*, refund_id: int, caller: Caller) -> Refund:
    """Staff have given a refund by hand, also one that its provider could not send: it is done.

    Raises Conflict for one that goes, or has gone, by itself.
    """
    refund, access = lock_refund(refund_id, caller)
    if refund.state not in (Refund.State.BY_HAND, Refund.State.FAILED):
        raise Conflict(FaultCode.REFUND_STATE, state=refund.get_state_display())
    refund.state, refund.done_at, refund.due_at = Refund.State.DONE, access.now, None
    refund.save(update_fields=["state", "done_at", "due_at"])
    with update_locked(access, role=Actor.STAFF) as update:
        if refund.closing:
            update.order.money_leaves_at = update.now
        told = {"refund_done": as_json(refund.amount, refund.currency)}
        update.tell(OrderEvent.Kind.PAYMENT, data=told)
    return refund


def send_to_wallet(*, refund_id: int, caller: Caller) -> Refund:
    """A refund that its provider could not send goes to the customer's wallet instead.

    Raises Conflict for one that has not failed, and no_wallet for a guest's.
    """
    refund, access = lock_refund(refund_id, caller)
    order = access.order
    if refund.state != Refund.State.FAILED:
        raise Conflict(FaultCode.REFUND_STATE_NOT_FAILED, state=refund.get_state_display())
    if order.customer.user_id is None:
        raise Conflict(FaultCode.NO_WALLET_BY_HAND)
    # It was posted as gone to where it came from, and never arrived there.
    wallet = ledger.wallet_of(order.customer_id, order.currency)
    balances = {wallet: ledger.put_into_wallet(wallet, refund.amount)}
    outside = {ledger.funding(order.currency): -refund.amount, wallet: refund.amount}
    share = PaymentShare.objects.select_related("payment").get(order=order, payment=refund.payment_id)
    ledger.move_held(order, share, Posting.Kind.REFUND, outside, actor=caller.key, balances=balances)
    refund.to, refund.state, refund.done_at, refund.due_at = Refund.To.WALLET, Refund.State.DONE, access.now, None
    refund.save(update_fields=["to", "state", "done_at", "due_at"])
    told = {"amount": as_json(refund.amount, refund.currency), "to": refund.to}
    with update_locked(access, role=Actor.STAFF) as update:
        reason = "The payment provider could not send the refund."
        update.tell(OrderEvent.Kind.PAYMENT, reason=reason, data={"refund": told})
    return refund
