"""Sentences for what these refuse: orders.services.money."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.INSUFFICIENT_FUNDS: _("The wallet balance is too low: top it up, or choose another payment method."),
    FaultCode.NOTHING_OWED: _("Nothing is owed, so there is nothing to pay out."),
    FaultCode.PAYOUT_TOO_LARGE: _("That is more than is owed: pay out {owed} at most."),
    FaultCode.HAND_IN_TOO_LARGE: _("That is more cash than this driver or vendor holds: {held} at most."),
    FaultCode.BALANCE_CHANGED: _(
        "The amounts have changed: {owed} are owed now, with {cash} in cash. Nothing was booked."
    ),
    FaultCode.REQUIRED_REVERSAL: _("A reason is needed: say why it is reversed."),
    FaultCode.NOT_REVERSIBLE: _("Only a payout, or cash handed in, can be reversed here."),
    FaultCode.ALREADY_REVERSED: _("It has been reversed already: nothing was changed."),
    FaultCode.UNKNOWN_CUSTOMER_ACCOUNT: _("There is no customer account with this id."),
    FaultCode.REFUNDED: _("More was refunded than the changed order would cost: refund the rest instead."),
    FaultCode.PAYMENT_PENDING: _(
        "A payment is in progress or being checked: wait until it is known whether it has come in."
    ),
    FaultCode.PAYMENT_SHARED: _(
        "Several orders are paid together, so the payment method of one of them cannot change."
    ),
    FaultCode.ALREADY_PAID: _(
        "The order is paid, so its payment method can no longer change: ask for a refund instead."
    ),
    FaultCode.NOT_FOUND_INVOICE: _("No invoice was issued for this order yet: ask for one when it is completed."),
    FaultCode.FORBIDDEN_INVOICE: _("Only the customer, the vendor and staff can have an invoice issued."),
    FaultCode.NOT_COMPLETED: _(
        "An invoice is issued once the order is completed, which is some time after it was delivered or collected."
    ),
    FaultCode.NOT_PAID_INVOICE: _("An invoice is issued once the order is paid."),
    FaultCode.SELLER_UNNAMED: _(
        "The seller's legal name and address are missing: ask staff to enter them, then try again."
    ),
    FaultCode.INVOICED: _("An invoice was issued for this order, so it cannot be undone: refund or cancel it instead."),
    FaultCode.FORBIDDEN_DAY: _("Only the vendor's people, and staff who take cash in, can close its day."),
    FaultCode.OUT_OF_RANGE_COUNTED: _("Write how much cash was counted, such as 120.50; 0 for none."),
    FaultCode.DAY_CLOSED: _("This day was closed already: what is booked since then stands in the next one."),
    FaultCode.DAY_CHANGED: _(
        "The figures have changed since they were shown: look at them once more, then close the day."
    ),
    FaultCode.INVOICED_OTHERWISE: _(
        "The invoice was issued already, to another buyer, and is not changed: ask without a buyer to read it."
    ),
    FaultCode.VAT_NUMBER: _(
        "This is not a VAT number: send the two letters of its country first, such as BE0123456789."
    ),
    FaultCode.REFUND_TOO_LARGE_PAID: _("This is more than was paid and not yet refunded: send a lower amount."),
    FaultCode.BY_HAND_ONLY: _(
        "Of this, {refundable} can go to the wallet. The rest was not paid to the platform, and is refunded by hand "
        "({field:to}: source)."
    ),
    FaultCode.MONEY_GONE_BACK: _(
        "The money has been refunded to the customer and cannot be charged again: place a new order."
    ),
}
