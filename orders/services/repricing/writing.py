"""The rows of a change of items: stock, slot, offer, payments and lines, in the order in which everybody locks them."""

from datetime import datetime
from typing import Any

from django.db.models import F, Max

from orders.lifecycle.table import Fulfilment
from orders.models import ItemChange, Line, LineOption, OfferUse, Order, OrderEvent, Purchase
from orders.pricing import Priced, PricedLine
from orders.services.capacity import slots
from orders.services.money.payment_changes import adjust_payments
from orders.services.money.shares import deadline_of, shares_of
from orders.services.record.access import OrderAccess
from orders.services.record.lines import make_line, make_options
from orders.services.record.order_update import OrderUpdate
from orders.services.repricing.plan import Plan, in_words, price_kept_line
from ordersite.core.money import as_json
from vendors.services.menus import menu_of
from vendors.services.stock import give_stock_back, lock_stock, take_stock


def apply_plan(access: OrderAccess, plan: Plan, change: ItemChange) -> dict[str, Any]:
    """Makes the change; returns old and new for the history. Locks: stock, slot, offer, payments, wallet."""
    order, actor, now = access.order, access.caller.key, access.now
    old, new = line_in_words(order, plan.old, order.total), plan_in_words(plan)
    move_stock(plan)
    difference = plan.priced.total - order.total
    set_amounts(order, plan.priced)
    if order.awaits_items:
        enter_slot(order, now)
    slots.adjust_hold(order, order.total)
    if order.offer_id:
        OfferUse.objects.filter(order=order).update(amount=order.discount)
    adjusted = adjust_payments(order, difference, actor=actor, reason="The items were changed.", now=now)
    order.purchase.total += difference
    Purchase.objects.filter(pk=order.purchase_id).update(total=F("total") + difference)
    if cash := drop_cash_below_total(order):
        old["cash"], new["cash"] = as_json(cash, order.currency), None
    write_repriced_lines(order, plan, change)
    if order.awaits_items:
        show_to_kitchen(order, now)
    told: dict[str, Any] = {"old": old, "new": new}
    if adjusted.payment:
        told["to_pay"] = as_json(adjusted.payment.amount, order.currency)
    return told


def enter_slot(order: Order, now: datetime) -> None:
    """An order that was placed without items falls into its slot with the first of them; raises Conflict slot_full."""
    vendor, fulfilment = order.vendor, Fulfilment(order.fulfilment)
    at = order.deliver_at or now + vendor.lead(now)
    slot = slots.slot_of(vendor=vendor, menu=menu_of(vendor), fulfilment=fulfilment, at=at)
    slots.move_to_slot(order, slot=slot, value=order.total)


def show_to_kitchen(order: Order, now: datetime) -> None:
    """From its first item on the kitchen sees an order, and the time for paying it runs."""
    order.visible_at = now
    for share in shares_of(order):
        if not share.payment.is_received:
            share.payment.expires_at = deadline_of(order.payment_method, [order.vendor], now)
            share.payment.save(update_fields=["expires_at"])


def move_stock(plan: Plan) -> None:
    """Takes what comes and gives back what goes; all the rows are locked first, in everybody's order."""
    by: dict[int, int] = {}
    if plan.new and plan.new.tracks_stock and plan.new.product_id:
        by[plan.new.product_id] = plan.new.quantity
    if plan.old and plan.old.product_id:
        by[plan.old.product_id] = by.get(plan.old.product_id, 0) - plan.old.stock_taken
    more = {product_id: count for product_id, count in by.items() if count > 0}
    less = {product_id: -count for product_id, count in by.items() if count < 0}
    if more and less:
        lock_stock({**more, **less})
    take_stock(more)
    give_stock_back(less)


def drop_cash_below_total(order: Order) -> int | None:
    """Forgets what the customer wanted to hand over where the order costs as much by now; returns what it was."""
    cash = order.cash
    if cash is None or cash > order.total:
        return None
    order.cash = None
    return cash


AMOUNTS = (
    "subtotal",
    "discount",
    "delivery_fee",
    "service_fee",
    "tax_included",
    "tax_added",
    "total",
    "commission",
    "platform_discount",
    "platform_share",
)


def set_amounts(order: Order, priced: Priced) -> None:
    for name in AMOUNTS:
        setattr(order, name, getattr(priced, name))


def write_repriced_lines(order: Order, plan: Plan, change: ItemChange) -> None:
    """The line that changes; and the others' parts of discount and tax, where those moved."""
    priced = list(plan.priced.lines)
    if plan.old is None:
        change.line_position = next_position(order)
        put_line(order, priced.pop(), change.line_position, None)
    staying = [line for line in plan.lines if plan.new or line is not plan.old]
    moved = []
    for line, after in zip(staying, priced, strict=True):
        if line is plan.old:
            put_line(order, after, line.position, line)
        elif (line.discount, line.tax) != (after.discount, after.tax):
            line.discount, line.tax = after.discount, after.tax
            moved.append(line)
    Line.objects.bulk_update(moved, ["discount", "tax"])
    if plan.old and plan.new is None:
        plan.old.delete()


def put_line(order: Order, priced: PricedLine, position: int, old: Line | None) -> None:
    """A line with what was chosen for it; in the place of an old one it keeps that one's id."""
    line = make_line(order, priced, position)
    if old is None:
        line.save(force_insert=True)
    else:
        line.pk = old.pk
        line.save(force_update=True)
        LineOption.objects.filter(line=old).delete()
    LineOption.objects.bulk_create(make_options(line, priced))


def next_position(order: Order) -> int:
    """Behind every line that the order ever had: a change that waits must not come upon another line."""
    last = Line.objects.filter(order=order).aggregate(last=Max("position"))["last"] or 0
    gone = ItemChange.objects.filter(order=order).aggregate(last=Max("line_position"))["last"] or 0
    return int(max(last, gone)) + 1


def line_in_words(order: Order, line: Line | None, total: int) -> dict[str, Any]:
    """An item before its change, for the history."""
    return told_of(price_kept_line(line) if line else None, total, order.currency)


def plan_in_words(plan: Plan) -> dict[str, Any]:
    return told_of(plan.new, plan.priced.total, plan.priced.currency)


def told_of(line: PricedLine | None, total: int, currency: str) -> dict[str, Any]:
    """An item in words, what it costs, and what the order does; no item is empty."""
    return {
        "item": in_words(line) if line else "",
        "amount": as_json(line.total if line else 0, currency),
        "total": as_json(total, currency),
    }


def tell_item_change(update: OrderUpdate, change: ItemChange, told: dict[str, Any], reason: str) -> None:
    """The event that tells every party of a change of items."""
    data = {"change": change.number, "action": change.action, "state": change.state, **told}
    update.tell(OrderEvent.Kind.ITEMS, reason=reason, data=data)
