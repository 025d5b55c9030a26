"""Changes of an order that leave its status and items: where, when, by whom, how paid, what was promised."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F

from orders.kinds import rules_of
from orders.lifecycle import table
from orders.lifecycle.due_moments import awaits_payment, first_answer
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Order, OrderEvent, Purchase
from orders.models.parties import party_of_driver
from orders.services.capacity.order_times import is_later
from orders.services.editing.destination import distance_from_vendor, new_destination
from orders.services.kinds import handler_of
from orders.services.money.payment_changes import adjust_payments, change_method
from orders.services.moving.transitions import Wish, transition
from orders.services.paying.providers import is_available
from orders.services.placing.checkout_prices import check_cash_amount
from orders.services.placing.guests import check_strangers_order
from orders.services.record.access import OrderAccess, get_order
from orders.services.record.locks import hold_employed_driver
from orders.services.record.numbers import day_of, follow_day
from orders.services.record.order_update import OrderUpdate, update_order
from orders.services.record.servability import why_unserved
from ordersite.accounts.callers import SYSTEM, Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, blaming_field
from ordersite.core.fields import Field
from ordersite.core.money import MAX_MINOR, Money, as_json
from ordersite.places.lookup import Answer
from vendors.models import Driver
from vendors.payment_methods import find_method
from vendors.services.openings import calendar_of

CUSTOMER_STAFF = (Actor.CUSTOMER, Actor.STAFF)
VENDOR_STAFF = (Actor.VENDOR, Actor.STAFF)
ALL_BUT_DRIVERS = (Actor.CUSTOMER, Actor.VENDOR, Actor.STAFF)
CARRIERS = (Actor.VENDOR, Actor.COMPANY, Actor.STAFF)

# Who may change which field; all of a request's fields must be allowed.
WHO: dict[str, tuple[Actor, ...]] = {
    "comment": ALL_BUT_DRIVERS,
    "address": ALL_BUT_DRIVERS,
    "address_notes": ALL_BUT_DRIVERS,
    "location": ALL_BUT_DRIVERS,
    "deliver_at": ALL_BUT_DRIVERS,
    "payment_method": CUSTOMER_STAFF,
    "driver_tip": CUSTOMER_STAFF,
    "cash": CUSTOMER_STAFF,
    "driver": CARRIERS,
    "self_delivery": VENDOR_STAFF,
    "prepared_in": VENDOR_STAFF,
    "delivered_in": (*VENDOR_STAFF, Actor.DRIVER),
}
# What the kitchen and the courier rely on stands still once the order is accepted.
BEFORE_ACCEPTING = ("address", "location", "deliver_at", "payment_method")
DELAYS = ("prepared_in", "delivered_in")
# What the customer said: where the vendor changes it, it says why.
AS_ORDERED = ("comment", "address", "address_notes", "location", "deliver_at")
# They change together.
DESTINATION = ("address", "location")


def change_order(
    *, order_id: int, caller: Caller, fields: dict[str, Any], version: int | None = None, found: Answer = ()
) -> Order:
    """Changes fields of an open order, by those whom WHO names; one event tells old and new.

    `found` is what placing.locating knows of a new address or point: it was looked up before the transaction.
    Must run in a transaction. Raises NotFound, Stale, Forbidden, Conflict and Invalid; nothing is written then.
    """
    with update_order(order_id, caller, version=version, changes_total="driver_tip" in fields) as update:
        change = change_fields(update, fields, found)
    order = update.order
    if change is None or "deliver_at" not in change.new or order.status != Status.PENDING:
        return order
    if not is_later(order.deliver_at, order.vendor, update.now):
        return order
    # The vendor no longer takes it live: it waits as a preorder.
    transition(order_id=order.pk, caller=SYSTEM, wish=Wish(name="reschedule"))
    return get_order(caller=caller, order_id=order.pk)


def change_fields(update: OrderUpdate, fields: dict[str, Any], found: Answer) -> "FieldChanges | None":
    """The change, which is made and told; None where it changes nothing."""
    order, access = update.order, update.access
    reason_code, reason = fields.pop("reason_code", ""), fields.pop("reason", "")
    if not fields:
        return None
    update.role = role = role_for(access, fields)
    if order.is_closed:
        raise Conflict(FaultCode.ORDER_CLOSED_TO_CHANGES, extra=access.refusal_extra())
    settled = [name for name in BEFORE_ACCEPTING if name in fields]
    if settled and order.accepted_at is not None and role == Actor.CUSTOMER:
        names = [Field(name) for name in settled]
        raise Conflict(FaultCode.ORDER_ACCEPTED_FIELDS, names[0], extra=access.refusal_extra(), names=names)
    if any(name in fields for name in DELAYS):
        require_reason(reason_code, reason, FaultCode.REQUIRED_REASON_OF_DELAY)
    elif role == Actor.VENDOR and any(name in fields for name in AS_ORDERED):
        require_reason(reason_code, reason, FaultCode.REQUIRED_REASON_OF_VENDOR)
    elif reason_code and reason_code not in REASONS:
        raise Invalid(FaultCode.UNKNOWN_REASON, Field.REASON_CODE, known=list(REASONS))
    if role == Actor.VENDOR:
        check_vendors_change(order, fields)
    change = FieldChanges(access=access, old={}, new={}, left=[])
    if not fields.keys().isdisjoint(DESTINATION):
        change_destination(change, fields, role, found)
    for name, changer in CHANGERS.items():
        if name in fields:
            with blaming_field(Field(name)):
                changer(change, fields[name])
    if not change.new:
        return None
    if order.cash is not None and "driver_tip" in change.new:
        # A tip that rose must not leave less cash in the customer's hand than the order costs.
        check_cash_amount(Money(order.cash, order.currency), order.total, order.currency)
    if role == Actor.CUSTOMER and change.on_trust:
        check_strangers_order(order, order.total, change.on_trust)
    if change.day is not None:
        was = order.number
        follow_day(order, change.day)
        change.old["number"], change.new["number"] = was, order.number
    tell_fields(update, change, reason_code=reason_code, reason=reason)
    return change


@dataclass(kw_only=True)
class FieldChanges:
    """What a call changes: old and new for the history, the streams that lose the order."""

    access: OrderAccess
    old: dict[str, Any]
    new: dict[str, Any]
    left: list[str]
    day: date | None = None  # another one, where a number of it is to be drawn
    on_trust: Field | None = None  # what has more owed, or owed in another way

    @property
    def order(self) -> Order:
        return self.access.order

    def note(self, name: str, old: Any, new: Any) -> bool:
        """Remembers a change for the history; False where it changes nothing."""
        if old == new:
            return False
        self.old[name], self.new[name] = old, new
        return True


def role_for(access: OrderAccess, fields: dict[str, Any]) -> Actor:
    """The role in which the caller makes the change; raises Forbidden naming the first field that it may not change."""
    for actor in (Actor.STAFF, Actor.CUSTOMER, Actor.VENDOR, Actor.COMPANY, Actor.DRIVER):
        if actor in access.actors and all(actor in WHO[name] for name in fields):
            return actor
    denied = next((name for name in fields if not access.actors & set(WHO[name])), next(iter(fields)))
    raise Forbidden(FaultCode.FORBIDDEN_FIELD, Field(denied), extra={"field": denied}, who=WHO[denied])


def require_reason(reason_code: str, reason: str, code: FaultCode) -> None:
    """A delay, and what the vendor changes of an order, carries a reason that every party sees."""
    known = REASONS.get(reason_code)
    if known is None:
        raise Invalid(code, Field.REASON_CODE, known=list(REASONS))
    if known.needs_text and not reason.strip():
        raise Invalid(FaultCode.REQUIRED_REASON_TEXT, Field.REASON)


def check_vendors_change(order: Order, fields: Mapping[str, Any]) -> None:
    """A vendor does not choose among its customer's saved addresses, nor has it come for its order before it said.

    Money hangs on that: what is not collected by then is not given back.
    """
    if isinstance(fields.get("address"), int):
        raise Invalid(FaultCode.UNKNOWN_ADDRESS_OF_CUSTOMER, Field.ADDRESS)
    if "deliver_at" not in fields or order.deliver_at is None or order.fulfilment == Fulfilment.DELIVERY:
        return
    if fields["deliver_at"] is None or fields["deliver_at"] < order.deliver_at:
        raise Invalid(FaultCode.TOO_EARLY, Field.DELIVER_AT)


def change_text(name: str) -> Callable[[FieldChanges, Any], None]:
    def changer(change: FieldChanges, value: Any) -> None:
        change.note(name, getattr(change.order, name), value)
        setattr(change.order, name, value)

    return changer


def change_destination(change: FieldChanges, fields: Mapping[str, Any], role: Actor, found: Answer) -> None:
    """A new address, point or both; the notes of a saved address come with it, and the distance follows the point."""
    order = change.order
    new, notes = new_destination(order, fields, role, found)
    if change.note("address", order.address, new.text):
        order.address = new.text
    if notes is not None and "address_notes" not in fields and change.note("address_notes", order.address_notes, notes):
        order.address_notes = notes
    old = {"lat": order.lat, "lng": order.lng}
    lat, lng = (new.point.lat, new.point.lng) if new.point else (None, None)
    if change.note("location", old, {"lat": lat, "lng": lng}):
        order.lat, order.lng = lat, lng
        order.distance = distance_from_vendor(order, new.point)
    if not change.new.keys().isdisjoint(DESTINATION):
        order.anchor_lat, order.anchor_lng = (new.anchor.lat, new.anchor.lng) if new.anchor else (None, None)


def change_deliver_at(change: FieldChanges, value: Any) -> None:
    """A later or earlier time, within the vendor's opening; its booking or slot and the timer of a preorder follow."""
    order, vendor, now = change.order, change.order.vendor, change.access.now
    if rules_of(order).is_issued:
        raise Conflict(FaultCode.FIXED_TIME)
    old, new = (moment.isoformat() if moment else None for moment in (order.deliver_at, value))
    # The time that stands is no change, even where it is too near by now to be asked for.
    if not change.note("deliver_at", old, new):
        return
    handler_of(order).move(order, value, now)
    day, day_before = day_of(vendor, value or now), order.number_day
    if order.deliver_at is not None:
        day_before = day_of(vendor, order.deliver_at)
    change.day = day if day != day_before else None
    order.estimated_at = estimate_moved(order, value, now)
    order.deliver_at = value
    order.unserved = why_unserved(order, calendar_of(vendor), now)


def estimate_moved(order: Order, deliver_at: datetime | None, now: datetime) -> datetime | None:
    """The estimate of an order that is moved: by as much after the new time as a delay had put it after the old one.

    To "as soon as can be" it counts from when it can be ready; from there a delay that was told has no distance and
    stands, but never before the new time.
    """
    if order.estimated_at is None:
        return None
    if order.deliver_at is None:
        return max(order.estimated_at, deliver_at or order.estimated_at)
    delay = max(timedelta(), order.estimated_at - order.deliver_at)
    return (deliver_at or now + order.vendor.lead(now)) + delay


def change_payment_method(change: FieldChanges, value: str) -> None:
    """Another way of paying what is not paid yet, or what the wallet paid, which gets its money back with it."""
    order, actor, now = change.order, change.access.caller.key, change.access.now
    if value not in order.vendor.payment_methods:
        taken = order.vendor.payment_methods
        raise Invalid(FaultCode.NOT_TAKEN, Field.PAYMENT_METHOD, vendor=order.vendor.name, taken=taken)
    if not is_available(value):
        raise Invalid(FaultCode.NOT_AVAILABLE_METHOD, Field.PAYMENT_METHOD)
    if order.awaits_items:
        raise Conflict(FaultCode.NO_ITEMS_YET)
    if not change.note("payment_method", order.payment_method, value):
        return
    change.on_trust = Field.PAYMENT_METHOD
    if find_method(value).is_on_handover and rules_of(order).is_issued:
        raise Invalid(FaultCode.DIGITAL_PAID_BEFORE, Field.PAYMENT_METHOD)
    if order.customer.user_id is None and not find_method(value).serves_guests:
        raise Invalid(FaultCode.WALLET_OF_GUEST, Field.PAYMENT_METHOD)
    waited = awaits_payment(order)
    change_method(order, value, actor=actor, now=now)
    if waited and not awaits_payment(order):
        order.answer_from = first_answer(order, now)
    if not find_method(order.payment_method).is_on_handover:
        order.cash = None


def change_driver_tip(change: FieldChanges, value: Money) -> None:
    """A tip changes the total; what pays for the order follows."""
    order, actor = change.order, change.access.caller.key
    if value.currency != order.currency:
        raise Invalid(FaultCode.CURRENCY_OF_ORDER, Field.DRIVER_TIP, currency=order.currency)
    rise = value.minor - order.driver_tip
    old, new = as_json(order.driver_tip, order.currency), as_json(value.minor, order.currency)
    if not change.note("driver_tip", old, new):
        return
    if rise > 0:
        change.on_trust = change.on_trust or Field.DRIVER_TIP
    order.driver_tip += rise
    order.total += rise
    if order.total > MAX_MINOR:
        raise Invalid(FaultCode.TOO_LARGE_TIP, Field.DRIVER_TIP)
    adjust_payments(order, rise, is_tip=True, actor=actor, reason="The tip was changed.", now=change.access.now)
    order.purchase.total += rise
    Purchase.objects.filter(pk=order.purchase_id).update(total=F("total") + rise)


def change_cash(change: FieldChanges, value: Money | None) -> None:
    order = change.order
    if value is not None:
        if not find_method(order.payment_method).is_on_handover:
            raise Invalid(FaultCode.CASH, Field.CASH)
        check_cash_amount(value, order.total, order.currency)
    old = as_json(order.cash, order.currency) if order.cash is not None else None
    if change.note("cash", old, as_json(value.minor, value.currency) if value else None):
        order.cash = value.minor if value else None


def change_driver(change: FieldChanges, value: int | None) -> None:
    """Names a driver: that offers the order and changes no status. The driver's stream begins with this event."""
    order, access = change.order, change.access
    taking_over = order.status == Status.ORDER_NOT_READY and access.actors & {Actor.COMPANY, Actor.STAFF}
    if order.fulfilment != Fulfilment.DELIVERY:
        raise Invalid(FaultCode.NO_DELIVERY_DRIVER, Field.DRIVER)
    if not change.note("driver", order.driver_id, value):
        return
    if order.driver_accepted_at is not None and not taking_over:
        raise Conflict(FaultCode.DRIVER_HOLDS, extra=access.refusal_extra())
    driver = None
    if value is not None:
        driver = Driver.objects.select_related("user").filter(pk=value).first()
        if driver is None or not may_name(access, driver):
            raise Invalid(FaultCode.UNKNOWN_DRIVER, Field.DRIVER)
        if not (driver.can_be_named and hold_employed_driver(driver.pk)):
            raise Invalid(FaultCode.OFF_DUTY, Field.DRIVER)
    if order.driver_id:
        change.left.append(party_of_driver(order.driver_id))
    order.driver = driver
    order.named_at = access.now if driver else None
    order.driver_accepted_at = order.driver_at_business_at = None


def may_name(access: OrderAccess, driver: Driver) -> bool:
    """Staff name anybody; a vendor its couriers and the site's drivers; a company its own."""
    if Actor.STAFF in access.actors:
        return True
    if Actor.VENDOR in access.actors and driver.company_id is None:
        return driver.vendor_id in (None, access.order.vendor_id)
    return Actor.COMPANY in access.actors and driver.company_id in access.company_ids


def change_self_delivery(change: FieldChanges, value: bool) -> None:
    order = change.order
    if order.fulfilment != Fulfilment.DELIVERY:
        raise Invalid(FaultCode.NO_DELIVERY, Field.SELF_DELIVERY)
    if value and order.driver_accepted_at is not None:
        raise Conflict(FaultCode.DRIVER_HOLDS, extra=change.access.refusal_extra())
    if change.note("self_delivery", order.self_delivery, value):
        order.self_delivery = value


def change_promise(name: str) -> Callable[[FieldChanges, Any], None]:
    def changer(change: FieldChanges, value: int) -> None:
        # Minutes from now, so the same number told later is another delay.
        order = change.order
        change.old.setdefault(name, getattr(order, name))
        change.new[name] = value
        if name == "prepared_in" and order.delivered_in is not None:
            delay_delivery(change, value)
        setattr(order, name, value)
        told = change.access.now + timedelta(minutes=order.delivered_in or value)
        order.estimated_at = max(told, order.deliver_at or told)

    return changer


def delay_delivery(change: FieldChanges, minutes: int) -> None:
    """Moves the time of delivery that was told with that of preparing, by as much; minutes from now, as both."""
    order, now = change.order, change.access.now
    if order.prepared_in is not None and order.delivered_in is not None:
        delivered = minutes + max(0, order.delivered_in - order.prepared_in)
    else:
        stands = order.estimated_at or now
        delivered = max(minutes, math.ceil((stands - now) / timedelta(minutes=1)))
    change.note("delivered_in", order.delivered_in, delivered)
    order.delivered_in = delivered


# In the order in which a request's fields are changed, in whatever order it names them: what another builds on first.
CHANGERS: dict[str, Callable[[FieldChanges, Any], None]] = {
    "comment": change_text("comment"),
    "address_notes": change_text("address_notes"),
    "deliver_at": change_deliver_at,
    "payment_method": change_payment_method,
    "driver_tip": change_driver_tip,
    "cash": change_cash,
    "driver": change_driver,
    "self_delivery": change_self_delivery,
    "prepared_in": change_promise("prepared_in"),
    "delivered_in": change_promise("delivered_in"),
}


def kind_of(change: FieldChanges) -> str:
    """The kind of the event: what the readers react to most."""
    if "driver" in change.new or "self_delivery" in change.new:
        return OrderEvent.Kind.DRIVER
    if any(name in change.new for name in DELAYS):
        return OrderEvent.Kind.DELAY
    if any(name in change.new for name in ("payment_method", "driver_tip", "cash")):
        return OrderEvent.Kind.PAYMENT
    return OrderEvent.Kind.NOTE


def tell_fields(update: OrderUpdate, change: FieldChanges, **why: str) -> None:
    update.tell(kind_of(change), left=change.left, data={"old": change.old, "new": change.new}, **why)


def why_not_sent(order: Order) -> FaultCode:
    """Why no parcel carrier has a parcel of this order."""
    if order.status in table.FAILURE:
        return FaultCode.NOT_SENT_CANCELLED
    if rules_of(order).content == "service":
        return FaultCode.NOT_SENT_SERVICE
    match order.fulfilment:
        case Fulfilment.DIGITAL:
            return FaultCode.NOT_SENT_CODES
        case Fulfilment.EAT_IN:
            return FaultCode.NOT_SENT_EATEN
        case _:
            return FaultCode.NOT_SENT_COLLECTED


def add_tracking_number(
    *, order_id: int, caller: Caller, tracking_number: str, carrier: str, version: int | None = None
) -> Order:
    """Gives a delivery a parcel carrier's number, by vendor or staff; the same again changes nothing."""
    denied = FaultCode.FORBIDDEN_TRACKING
    with update_order(order_id, caller, version=version, roles=VENDOR_STAFF, denied=denied) as update:
        order, access = update.order, update.access
        if order.fulfilment != Fulfilment.DELIVERY or order.status in table.FAILURE:
            raise Conflict(why_not_sent(order), extra=access.refusal_extra())
        change = FieldChanges(access=access, old={}, new={}, left=[])
        change.note("tracking_number", order.tracking_number, tracking_number)
        change.note("carrier", order.carrier, carrier)
        order.tracking_number, order.carrier = tracking_number, carrier
        if change.new:
            tell_fields(update, change)
    return order
