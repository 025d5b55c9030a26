"""Changes of what was ordered, after placing: an item added, changed, removed, or found missing.

A fall of the price applies at once. A rise waits until the customer consents (`asks_customer`), unless it is the
substitute that it chose beforehand at no more than the price that it was shown. What pays for the order, its tax, its
offer, its stock and its slot follow.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from django.db.models import Max

from orders.checkout import MOST_ITEMS
from orders.kinds import rules_of
from orders.lifecycle.table import Actor
from orders.models import ItemChange, Line, Order
from orders.pricing import CartItem, CartOption, Priced
from orders.services.placing.guests import check_strangers_order
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.locks import lock_purchase
from orders.services.record.order_update import OrderUpdate, update_order
from orders.services.repricing.plan import (
    Plan,
    item_from,
    item_json,
    item_of,
    price_anew,
    price_change,
    price_changed_order,
    price_kept_line,
    shown_price,
)
from orders.services.repricing.writing import apply_plan, line_in_words, plan_in_words, tell_item_change
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Forbidden, Invalid, InvalidFields, NotFound, Refusal, blaming_field
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR, as_json, half_up
from ordersite.core.wording import NATIVE
from vendors.models import Stock
from vendors.services.menus import menu_of

Action, State = ItemChange.Action, ItemChange.State
CONSENTS = (Actor.CUSTOMER, Actor.STAFF)
# What refuses so much of an item: less of it may be had, or paid.
OF_QUANTITY = ("out_of_stock", "insufficient_funds")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditWish:
    """What is to become of an item: `line` is its id, `item` the whole new one. `is_missing`: it cannot be had."""

    action: ItemChange.Action
    line: int | None = None
    item: CartItem | None = None
    is_missing: bool = False
    reason: str = ""
    version: int | None = None  # the one that the caller saw (If-Match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A change, the order after it (or as it stands, where the change waits), and what that costs in all its parts."""

    change: ItemChange
    order: Order
    priced: Priced | None = None


# --- proposing ----------------------------------------------------------------------------------------------------


def quote_edit(*, order_id: int, caller: Caller, wish: EditWish) -> Edited:
    """What a change would cost, and whether it would wait; nothing is written.

    Raises as `edit_items` would, but asks for no reason: who decides whether to change it sees the price first.
    """
    access = access_of(caller, get_order(caller=caller, order_id=order_id))
    access.refuse_stale(wish.version)
    role, plan = plan_wish(access, wish)
    return Edited(change=make_change(access, role, plan, wish), order=access.order, priced=plan.priced)


def edit_items(*, order_id: int, caller: Caller, wish: EditWish) -> Edited:
    """Changes an open order's items, or proposes it to the customer, in the transaction that the caller has opened.

    Lock purchase and order → permitted? → price → stock, slot, offer, payments, lines → version and event. Raises
    NotFound, Stale, Forbidden, Invalid for what breaks a rule, and Conflict where the order's
    state forbids it, the stock or the wallet holds too little, or a payment is under way.
    """
    with update_order(order_id, caller, version=wish.version, changes_total=True) as update:
        order, access = update.order, update.access
        update.role, plan = plan_wish(access, wish)
        check_reason(order, wish.reason)
        change = make_change(access, update.role, plan, wish)
        told: dict[str, Any] = {"missing": True} if wish.is_missing else {}
        if change.state == State.WAITING:
            told |= {"old": line_in_words(order, plan.old, order.total), "new": plan_in_words(plan)}
        else:
            with blaming_field(Field.QUANTITY, *OF_QUANTITY) if wish.item else nullcontext():
                told |= apply_plan(access, plan, change)
        save_change(change)
        tell_item_change(update, change, told, wish.reason)
    return Edited(change=change, order=order, priced=plan.priced)


def alter_item(
    *,
    order_id: int,
    caller: Caller,
    line_id: int,
    product: int | None = None,
    quantity: int | None = None,
    options: list[CartOption] | None = None,
    reason: str = "",
) -> Edited | None:
    """Another product, quantity or choice for an item, all else of which stays; None where that changes nothing.

    Another product comes without what was chosen for the old one. Raises as `edit_items`, and Invalid for an item that
    stands on no menu and is to stay what it is, and for a product of another unit without a quantity.
    """
    lock_purchase(order_id)
    access = access_of(caller, get_order(caller=caller, order_id=order_id, lock=True))
    line = Line.objects.filter(order=access.order, pk=line_id).prefetch_related("options").first()
    if line is None:
        raise NotFound(FaultCode.NOT_FOUND_ITEM)
    was = item_of(line)
    if was is not None and product in (None, was.product):
        item = replace(was, quantity=quantity or was.quantity)
        if options is not None and choices_as_pairs(options) != choices_as_pairs(was.options):
            item = replace(item, options=options)
    elif product is not None:
        other = menu_of(access.order.vendor).products.get(product)
        if quantity is None and other is not None and other.unit != line.unit:
            raise Invalid(FaultCode.REQUIRED_QUANTITY, Field.QUANTITY, name=other.name)
        item = CartItem(
            product=product, quantity=quantity or line.quantity, comment=line.comment, options=options or []
        )
    else:
        raise Invalid(FaultCode.REQUIRED_PRODUCT, Field.PRODUCT)
    if item == was:
        return None
    wish = EditWish(action=Action.CHANGE, line=line_id, item=item, reason=reason)
    return edit_items(order_id=order_id, caller=caller, wish=wish)


def choices_as_pairs(options: Sequence[CartOption]) -> list[tuple[int, int]]:
    """Which options, and how often, whatever else is said of them."""
    return sorted((one.option, one.quantity) for one in options)


def plan_wish(access: OrderAccess, wish: EditWish) -> tuple[Actor, Plan]:
    """As whom the caller makes the change, and what it makes of the order."""
    role = role_of(access, is_missing=wish.is_missing)
    check_editable(access, role)
    if wish.is_missing:
        return role, plan_missing(access, wish, role)
    return role, make_plan(access, wish.action, wish.line, wish.item, role=role)


def check_may_edit(access: OrderAccess) -> None:
    """Raises Forbidden or Conflict where the caller can change nothing of what was ordered."""
    check_editable(access, role_of(access))


def role_of(access: OrderAccess, *, is_missing: bool = False) -> Actor:
    """As whom the caller changes items: until the order is accepted its customer may; raises Forbidden."""
    order = access.order
    ranks = [Actor.VENDOR, Actor.STAFF] if order.prepared_at is None else [Actor.STAFF, Actor.VENDOR]
    if not is_missing:
        ranks.insert(0 if order.accepted_at is None else len(ranks), Actor.CUSTOMER)
    role = access.role_among(ranks)
    if role is None:
        raise Forbidden(FaultCode.FORBIDDEN_ITEMS)
    return role


def check_editable(access: OrderAccess, role: Actor) -> None:
    """Raises Conflict where what was ordered stands."""
    order, code = access.order, None
    if not rules_of(order).has_changeable_items:
        code = FaultCode.OTHER_KIND
    elif order.is_closed:
        code = FaultCode.ORDER_CLOSED_TO_CHANGES
    elif order.picked_up_at:
        code = FaultCode.PICKED_UP
    elif role == Actor.CUSTOMER and order.accepted_at:
        code = FaultCode.ORDER_ACCEPTED_ITEMS
    elif order.prepared_at and role != Actor.STAFF:
        code = FaultCode.PREPARED
    if code:
        raise Conflict(code, extra=access.refusal_extra(), kind=order.kind)


def check_reason(order: Order, reason: str) -> None:
    """Raises Invalid where staff must say why."""
    if order.prepared_at and not reason.strip():
        raise Invalid(FaultCode.REQUIRED_REASON_PREPARED, Field.REASON)


def make_plan(
    access: OrderAccess,
    action: ItemChange.Action,
    line_id: int | None,
    item: CartItem | None,
    *,
    role: Actor,
    position: int | None = None,
    asks: bool | None = None,
) -> Plan:
    """What the change makes of the order's lines and amounts; the line is known by its id or its position.

    `role` is whose change it is: the customer's own has the delivery fee and its zone's minimum follow the items.
    Raises NotFound for a line that is not there, Invalid for an item that breaks the menu's rules, and Conflict.
    """
    order = access.order
    menu = menu_of(order.vendor)
    if menu.currency != order.currency:
        raise Conflict(FaultCode.CURRENCY_CHANGED, Field.PRODUCT if item else None, currency=menu.currency)
    lines = list(Line.objects.filter(order=order).prefetch_related("options").order_by("position"))
    old = None
    if action != Action.ADD:
        old = next((line for line in lines if line_id == line.pk or position == line.position), None)
        if old is None:
            raise NotFound(FaultCode.NOT_FOUND_ITEM)
        if old.refunded:
            raise Conflict(FaultCode.ITEM_REFUNDED, Field.LINE)
    others = [line for line in lines if line is not old]
    new = None
    if item is not None:
        new = price_change(old, item, menu, others) if old else price_anew(item, menu, others)
        new = replace(new, substitute_price=shown_price(old, new, by_customer=role == Actor.CUSTOMER))
    if new is None and not others:
        raise Conflict(FaultCode.LAST_ITEM, extra=access.refusal_extra())
    if len(others) >= MOST_ITEMS:
        raise Conflict(FaultCode.TOO_MANY_ITEMS, Field.PRODUCT, most=MOST_ITEMS)
    after = [new if line is old else price_kept_line(line) for line in lines]
    if old is None:
        after.append(new)
    priced = price_changed_order(order, [line for line in after if line], by_customer=role == Actor.CUSTOMER)
    if priced.total > MAX_MINOR:
        raise Invalid(FaultCode.TOO_LARGE_AFTER, Field.QUANTITY)
    if role == Actor.CUSTOMER and priced.total > order.total:
        check_strangers_order(order, priced.total, Field.QUANTITY)
    if priced.total < order.refunded:
        raise Conflict(FaultCode.REFUNDED, extra={"refunded": as_json(order.refunded, order.currency)})
    return Plan(action=action, old=old, new=new, item=item, lines=lines, priced=priced, asks=asks)


def plan_missing(access: OrderAccess, wish: EditWish, role: Actor) -> Plan:
    """What the customer chose for an item that cannot be had; it is asked where it chose nothing that can be had.

    It is asked as well where its choice costs more than it was shown: a substitute that became dearer, or an order that
    loses its offer with the item.
    """
    line = Line.objects.filter(order=access.order, pk=wish.line or 0).first()
    if line is None:
        raise NotFound(FaultCode.NOT_FOUND_ITEM)
    if line.remove_if_missing:
        return make_plan(access, Action.REMOVE, line.pk, None, role=role)
    if line.substitute_id and not Stock.objects.filter(pk=line.substitute_id, quantity__lt=line.quantity).exists():
        item = CartItem(product=line.substitute_id, quantity=line.quantity, comment=line.comment)
        try:
            plan = make_plan(access, Action.CHANGE, line.pk, item, role=role)
            return replace(plan, asks=exceeds_consent(access.order, line, plan))
        except InvalidFields:
            # It is not sold any more, or not so many of it.
            pass
    return make_plan(access, Action.REMOVE, line.pk, None, role=role, asks=True)


def exceeds_consent(order: Order, line: Line, plan: Plan) -> bool:
    """Whether a substitute costs more than its customer agreed to when it chose it.

    That is the price that it was shown, so many times; where it was shown none, what the line costs now. What was
    chosen for the line goes with it. A cheaper one must not make the order dearer either, by an offer that is lost.
    """
    shown = line.total
    if line.substitute_price is not None:
        shown = half_up(line.substitute_price * line.quantity, 1000)
    after = plan.new.total if plan.new else 0
    return after > shown or (after < line.total and plan.priced.total > order.total)


def make_change(access: OrderAccess, role: Actor, plan: Plan, wish: EditWish) -> ItemChange:
    """The change as a row, not saved yet, in the state that it gets."""
    order = access.order
    wants_consent = plan.priced.total > order.total if plan.asks is None else plan.asks
    waits = wants_consent and asks_customer(access)
    return ItemChange(
        order=order,
        action=plan.action,
        state=State.WAITING if waits else State.APPLIED,
        line_position=plan.old.position if plan.old else None,
        item=item_json(plan.item) if plan.item else None,
        old_total=order.total,
        new_total=plan.priced.total,
        actor=access.caller.key,
        role=role,
        reason=wish.reason,
        created_at=access.now,
        decided_at=None if waits else access.now,
    )


def asks_customer(access: OrderAccess) -> bool:
    """Whether a change of the caller's that wants a consent waits for it: only where somebody else can give it.

    Not of a customer's own order, nor until it is accepted of one that the caller placed in a customer's name: it could
    as well have placed it so. Not of a guest's that others keyed in, who hold its token, so that nobody would answer.
    For an account that is switched off staff answer. Without items nothing was agreed yet.
    """
    order, actors = access.order, access.actors
    placed_it = order.accepted_at is None and order.purchase.placed_by_key == access.caller.key
    if Actor.CUSTOMER in actors or order.awaits_items or placed_it:
        return False
    user = order.customer.user
    if user is None:
        return order.purchase.is_placed_by_guest
    return user.is_active or Actor.STAFF not in actors


def save_change(change: ItemChange) -> None:
    """Gives the change its number in the order."""
    last = ItemChange.objects.filter(order=change.order).aggregate(last=Max("number"))["last"]
    change.number = (last or 0) + 1
    change.save(force_insert=True)


# --- deciding -----------------------------------------------------------------------------------------------------


def accept_change(
    *, order_id: int, number: int, caller: Caller, reason: str = "", version: int | None = None
) -> Edited:
    """The customer consents (or staff for it, with a reason): the change is made. Twice is harmless.

    Raises NotFound, Stale, Forbidden, Conflict change_decided, and change_lapsed for one that would cost another
    difference by now, or can no longer be made: it is over then. Where the stock or the wallet holds too little the
    change goes on waiting.
    """
    with update_order(order_id, caller, version=version, changes_total=True) as update:
        change = find_change(update, number, CONSENTS)
        if change.state != State.APPLIED:
            refuse_decided(update.access, change)
            if update.role == Actor.STAFF and not reason.strip():
                raise Invalid(FaultCode.REQUIRED_CONSENT, Field.REASON)
            plan = plan_again(update, change)
            change.state, change.decided_at = State.APPLIED, update.now
            change.old_total, change.new_total = update.order.total, plan.priced.total
            told = apply_plan(update.access, plan, change)
            change.save()
            tell_item_change(update, change, told, reason)
    return Edited(change=change, order=update.order)


def refuse_change(
    *, order_id: int, number: int, caller: Caller, reason: str = "", version: int | None = None
) -> Edited:
    """The customer does not consent, or the vendor or staff take the proposal back. Twice is harmless.

    Raises NotFound, Stale, Forbidden and Conflict change_decided.
    """
    with update_order(order_id, caller, version=version, changes_total=True) as update:
        change = find_change(update, number, (*CONSENTS, Actor.VENDOR))
        if change.state != State.REFUSED:
            refuse_decided(update.access, change)
            change.state, change.decided_at = State.REFUSED, update.now
            change.save()
            tell_item_change(update, change, {}, reason)
    return Edited(change=change, order=update.order)


def find_change(update: OrderUpdate, number: int, roles: Sequence[Actor]) -> ItemChange:
    """A change of the order's items, which the caller decides in the first role that it has; else raises Forbidden.

    Raises NotFound for one that is not there.
    """
    order = update.order
    change = ItemChange.objects.filter(order=order, number=number).first()
    if change is None:
        raise NotFound(FaultCode.NOT_FOUND_CHANGE)
    update.role = update.access.role_among(roles)
    if update.role is None:
        raise Forbidden(FaultCode.FORBIDDEN_DECIDING)
    change.order = order
    return change


def refuse_decided(access: OrderAccess, change: ItemChange) -> None:
    """Raises Conflict unless the change waits."""
    if change.state != State.WAITING:
        extra = {"change_state": change.state, **access.refusal_extra()}
        raise Conflict(FaultCode.CHANGE_DECIDED, extra=extra, state=change.get_state_display())


def plan_again(update: OrderUpdate, change: ItemChange) -> Plan:
    """The plan of a waiting change by now; it lapses where it costs another difference than the customer was shown."""
    access = update.access
    item = item_from(change.item) if change.item else None
    action = Action(change.action)
    try:
        # As whoever proposed it might change the order now.
        check_editable(access, Actor(change.role))
        check_reason(access.order, change.reason)
        plan = make_plan(access, action, None, item, role=Actor(change.role), position=change.line_position)
    except Refusal as refusal:
        refuse_lapsed(update, change, refusal.fault)
    if plan.priced.total - access.order.total != change.difference:
        refuse_lapsed(update, change, Fault(FaultCode.OTHER_DIFFERENCE))
    return plan


def refuse_lapsed(update: OrderUpdate, change: ItemChange, why: Fault) -> NoReturn:
    """The change is over; raises Conflict change_lapsed, and keeps that."""
    change.state, change.decided_at = State.LAPSED, update.now
    change.save()
    tell_item_change(update, change, {}, NATIVE.sentence(why))
    update.write()
    extra = {"change_state": change.state, **update.access.refusal_extra()}
    raise Conflict(FaultCode.CHANGE_LAPSED, extra=extra, keeps_writes=True, why=why)


def changes_of(*, order_id: int, caller: Caller) -> tuple[Order, list[ItemChange]]:
    """All changes of an order, oldest first, for whoever sees it; raises NotFound."""
    order = get_order(caller=caller, order_id=order_id)
    return order, list(order.item_changes.all())
