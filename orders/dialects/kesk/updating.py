"""PUT of an order: what is paid how, who carries it, that it is paid, and where it stands (rows 58 and 59)."""

from collections.abc import Mapping
from typing import Any

from orders.dialects.kesk.carts import method_of
from orders.dialects.kesk.dialect import TITLE
from orders.dialects.kesk.words import FAILED, PAID, PAYMENT_WORDS, Word, is_mere_driver, may_take, target_of, word_of
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order
from orders.reading.selectors import payment_due
from orders.services.editing.order_fields import change_order
from orders.services.moving.transitions import Wish, move_on, start_preparing
from orders.services.paying.payment_checks import approve_payment, refuse_payment
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.locks import lock_purchase
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, blaming_field
from ordersite.core.fields import Field
from ordersite.web.problems import BadRequest


def update(order_id: int, caller: Caller, given: Mapping[str, Any]) -> Order:
    """Makes the changes that differ from what the client reads, each by its service, in the call's transaction.

    The order as it then is; raises as those services do, and nothing is written then.
    """
    if "payment_status" in given:
        # Receiving money locks all that is paid together: before one of them is held.
        lock_purchase(order_id)
    to = Status.CANCELED_BY_CUSTOMER if given.get("status") == Word.CANCELLED else None
    if caller.driver_id and given.get("driver_id") == caller.driver_id:
        to = Status.ACCEPTED_BY_DRIVER
    order = get_order(caller=caller, order_id=order_id, lock=True, to=to)
    access = access_of(caller, order)
    address = given.get("delivery_address")
    if address and address.address != order.address:
        detail = f"The address is not changed here: leave it out, or send it to PATCH /api/v1/orders/{order_id}."
        raise BadRequest("/delivery_address", "fixed", detail)
    if takes(access, given):
        order = move_on(access, Wish(to=Status.ACCEPTED_BY_DRIVER))
    fields = {"payment_method": method_of(given), "driver": given.get("driver_id")}
    has = {"payment_method": order.payment_method, "driver": order.driver_id}
    changed = {name: value for name, value in fields.items() if value and value != has[name]}
    if changed:
        order = change_order(order_id=order_id, caller=caller, fields=changed)
    steps = [pay, move]
    if given.get("status") == Word.DELIVERED and order.fulfilment == Fulfilment.DELIVERY:
        steps.reverse()  # cash is received with it
    for step in steps:
        order = step(access_of(caller, order), given)
    return order


def pay(access: OrderAccess, given: Mapping[str, Any]) -> Order:
    """Says that it is paid, or not, unless it reads so."""
    order, wanted = access.order, given.get("payment_status")
    if wanted is None or wanted == PAYMENT_WORDS[order.payment_status]:
        return order
    with blaming_field(Field.PAYMENT_STATUS):
        set_payment(order.pk, access.caller, str(wanted), given.get("reason", TITLE))
    return get_order(caller=access.caller, order_id=order.pk, lock=True)


def move(access: OrderAccess, given: Mapping[str, Any]) -> Order:
    """Moves it to the status, unless it reads so."""
    if "status" not in given or Word(given["status"]) == word_of(access.order):
        return access.order
    return set_status(access, Word(given["status"]), given)


def takes(access: OrderAccess, given: Mapping[str, Any]) -> bool:
    """Whether a driver takes the order: Kesk has no word for it, and none between being named and Enroute.

    It names itself; or it sets off with what it could take, and so takes it first.
    """
    if not is_mere_driver(access.actors) or access.order.driver_accepted_at is not None:
        return False
    if given.get("driver_id") == access.caller.driver_id:
        return True
    return given.get("status") == Word.ENROUTE and may_take(access.allowed())


def set_payment(order_id: int, caller: Caller, payment: str, reason: str) -> None:
    """Paid: money was received by hand. Failed: its photos do not prove it. All else follows from other things."""
    if payment not in (PAID, FAILED):
        detail = f"Only {PAID} and {FAILED} are set by hand: {payment} follows from what is paid and refunded."
        raise BadRequest("/payment_status", "not_set", detail)
    payment_id = payment_due(order_id)
    if payment_id is None:
        raise Conflict(FaultCode.NOTHING_DUE_ANYWHERE, Field.PAYMENT_STATUS)
    if payment == PAID:
        approve_payment(order_id=order_id, payment_id=payment_id, caller=caller)
    else:
        refuse_payment(order_id=order_id, payment_id=payment_id, caller=caller, reason=reason)


def set_status(access: OrderAccess, wanted: Word, given: Mapping[str, Any]) -> Order:
    """The change that the word means, with the dialect's name as the reason where one is wanted and none is given."""
    target = target_of(wanted, access.order, access.actors)
    if target is None:
        return start_preparing(order_id=access.order.pk, caller=access.caller)
    reason = given.get("reason") or (TITLE if access.asks_reason(target) else "")
    code = given.get("code", "")
    if code == access.order.tracking_code:
        code = ""  # put back as it was read: the code to follow it by, no proof
    return move_on(access, Wish(to=target, reason=reason, code=code, proof=code))
