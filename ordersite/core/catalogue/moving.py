"""Sentences for what these refuse: orders.services.moving, orders.lifecycle."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.STEPS_UNDONE: _("None of the steps was made: the order is still in status {status}."),
    FaultCode.ORDER_CLOSED_PREPARE: _("The order is {now}: do not prepare it."),
    FaultCode.ORDER_CLOSED_POSITION: _(
        "The order is closed: nobody waits for you any more, stop sending your position."
    ),
    FaultCode.NOT_COLLECTED: _("Only an order that you collect asks where you are: stop sending your position."),
    FaultCode.FORBIDDEN_POSITION: _("Only the customer of an order, or staff, can tell where the customer waits."),
    FaultCode.FORBIDDEN_KITCHEN: _("Only the people who work for the vendor, and staff, do this with its tickets."),
    FaultCode.ORDER_CLOSED_TICKS: _("The order is closed: bring its ticket back first."),
    FaultCode.VERSION_AHEAD: _("The order is at version {version}: send the version that you have shown."),
    FaultCode.NOT_MOVED_ON: _(
        "Only the ticket of an order that is ready, or was handed over lately, can be brought back."
    ),
    FaultCode.FORBIDDEN_CONFIRM: _("Only the vendor's till can confirm an order."),
    FaultCode.FORBIDDEN_NOTES: _(
        "Only the vendor, staff and the driver or company that holds the order can add notes: accept it first."
    ),
    FaultCode.FORBIDDEN_STAFF_NOTES: _("Only staff can add notes that only staff can read."),
    FaultCode.FORBIDDEN_DELETE: _("Only staff can delete orders."),
    FaultCode.ORDER_OPEN: _("The order is still open: cancel it first."),
    FaultCode.PAYMENT_PENDING_UNKNOWN: _("A payment may have come in: decide that first, or wait until it is known."),
    FaultCode.REFUNDED_CASH: _("Part of the cash was refunded, so this step can no longer be undone."),
    FaultCode.UNKNOWN_TRANSITION: _("There is no transition with this name: send one of allowed_transitions."),
    FaultCode.INVALID_TARGET: _(
        "Send `{field:to}` or `{field:transition}`. If both are sent, they must mean the same change."
    ),
    FaultCode.TRANSITION_NOT_ALLOWED: _("An order in status {now} cannot change to {target}."),
    FaultCode.TRANSITION_NOT_ALLOWED_BY_NAME: _(
        "This status is only reached by name: send {name} as the `{field:transition}`."
    ),
    FaultCode.TRANSITION_NOT_ALLOWED_PREPARING: _(
        "Preparation can start once the order is accepted, and only while it is not prepared."
    ),
    FaultCode.TRANSITION_NOT_PERMITTED: _("{name} is for {actors}, but your role in this order is {roles}."),
    FaultCode.TRANSITION_NOT_PERMITTED_PREPARING: _("Only the vendor can start the preparation."),
    FaultCode.TAKEN_LABEL: _("Another label has this name: choose another."),
    FaultCode.UNKNOWN_LABEL: _("There is no such status: read the list of statuses."),
    FaultCode.FORBIDDEN_LABEL: _("Only the vendor or staff can set a status by its label."),
    FaultCode.GUARD_FAILED_REASON: _(
        "A reason is needed: send a {field:reason_code} (and a text as {field:reason}, where that code asks for one)."
    ),
    FaultCode.GUARD_FAILED_PAID: _("The order is not paid yet: wait until the payment has come in."),
    FaultCode.GUARD_FAILED_PREPARED: _("The order is not prepared yet: mark it ready first."),
    FaultCode.GUARD_FAILED_DRIVER: _("No driver has accepted the order yet."),
    FaultCode.GUARD_FAILED_FREE: _("Another driver or company holds the order."),
    FaultCode.GUARD_FAILED_NAMED: _("None of your drivers is assigned to the order: assign one first."),
    FaultCode.GUARD_FAILED_MONEY: _(
        "The money has been refunded to the customer: reopen the order, or place a new one."
    ),
    FaultCode.GUARD_FAILED_SERVED: _("The vendor works with no delivery company: look for a driver instead."),
    FaultCode.GUARD_FAILED_ITEMS: _("The order has no items yet: add one first."),
    FaultCode.GUARD_FAILED_CARRIER: _(
        "Nobody delivers the order yet: a driver accepts it, it gets a tracking number, or the vendor "
        "delivers it itself."
    ),
    FaultCode.GUARD_FAILED_OWN: _(
        "Only for an order that the vendor delivers itself, or sends with a tracking number, and that no driver holds."
    ),
    FaultCode.GUARD_FAILED_PRESENT: _("The driver has not arrived at the vendor yet."),
    FaultCode.GUARD_FAILED_WINDOW: _("It is too late to cancel: ask the vendor."),
    FaultCode.GUARD_FAILED_AGREED: _("The agreed or estimated time has not passed yet: keep the order until then."),
    FaultCode.GUARD_FAILED_UNDO: _("It is too late to undo this: ask staff."),
    FaultCode.FORBIDDEN_DELIVERY_PROOF: _("Only those who carry the order can show that it was handed over."),
    FaultCode.TOO_MANY_PROOFS_DELIVERY: _("A delivery can have {most} pictures at most."),
    FaultCode.UNKNOWN_DELIVERY_PROOF: _(
        "This is no {kind} of this order's delivery: send the picture first, then its id."
    ),
    FaultCode.NOT_ON_ITS_WAY: _("The order is not on its way: pick it up first."),
    FaultCode.DONE_AT: _(
        "This time is not between the placing of the order and now: send when it was done, or nothing."
    ),
    FaultCode.FORBIDDEN_PROBLEM_REPORT: _("Only the customer of an order can report a problem with it."),
    FaultCode.FORBIDDEN_PROBLEM_REPORTS: _("Only the customer, the vendor and staff read what was reported."),
    FaultCode.FORBIDDEN_SETTLE: _("Only staff can settle what a customer reported."),
    FaultCode.REQUIRED_PROBLEM_TEXT: _("Say what is wrong: send it as `{field:text}`."),
    FaultCode.UNKNOWN_PROBLEM_ITEM: _("The order has no such item: send the ids of its items."),
    FaultCode.TOO_MANY_PROBLEM_REPORTS: _(
        "You have reported {most} problems with this order: wait until one of them is settled, or call the vendor."
    ),
    FaultCode.TOO_LATE_PROBLEM_REPORT: _("The order was over more than {days} days ago: call the vendor."),
    FaultCode.GUARD_FAILED_PROOF: _("The vendor requires a proof for this: send it as `{field:proof}`."),
    FaultCode.GUARD_FAILED_CODE: _("The collection code is wrong: read it from the vendor's ticket."),
    FaultCode.GUARD_FAILED_CODES: _("Not all codes have been issued yet."),
    FaultCode.OFFER_LAPSED: _("The time to answer ended at {answer_by}: the order is not on offer to you any more."),
    FaultCode.OFFER_DECLINED: _("You declined this order: it is not on offer to you any more."),
    FaultCode.OFFER_WITHDRAWN: _("The order is not on offer to you any more: take one of your other offers."),
    FaultCode.OFFER_HELD: _("The order is yours already: cancel it instead, with a reason."),
    FaultCode.DRIVER_FULL: _("You hold {limit} orders, the most for this vendor: deliver one of them first."),
}
