"""Sentences for what these refuse: orders.services.paying."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.NOT_FOUND_PAYMENT: _("There is no payment with this id."),
    FaultCode.NOT_FOUND_DISPUTE: _("There is no payment {payment} that waits for a decision."),
    FaultCode.NOT_FOUND_REFUND: _("There is no such refund."),
    FaultCode.NOT_FOUND_PHOTO: _("The photo has been deleted."),
    FaultCode.THROTTLED_NOTICES: _("Too many notices for this payment: send it again in a minute."),
    FaultCode.NOT_ONLINE_TOP_UP: _("Money can only be added to a wallet online: send {methods}."),
    FaultCode.FORBIDDEN_PAYMENT_LINK: _("Only the customer, the vendor and staff can ask for a payment link."),
    FaultCode.ORDER_CLOSED_NOTHING_LEFT: _("The order is closed: there is nothing left to pay."),
    FaultCode.ORDER_CLOSED_NOTHING_MORE: _("The order is closed: there is nothing to pay any more."),
    FaultCode.PAYMENT_DISPUTED: _("The amount that came in differs from what was due: staff are looking into it."),
    FaultCode.PAYMENT_EXPIRED: _("The time for paying has passed: place a new order."),
    FaultCode.NOTHING_TO_PAY: _("There is nothing left to pay."),
    FaultCode.PROOF_PENDING: _("A proof of payment was sent: wait until staff have checked it."),
    FaultCode.NOT_ONLINE_LINK: _(
        "The order is paid by {payment_method}, which has no payment link: change the payment method first."
    ),
    FaultCode.NO_EMAIL: _("This customer has no e-mail address: pass the link on yourself."),
    FaultCode.NOT_ONLINE_SAVING: _("Only an online payment method can be saved: leave it out."),
    FaultCode.GUEST_SAVED: _("A guest has no saved payment methods: sign in, or leave it out."),
    FaultCode.UNKNOWN_SAVED: _("You have no such saved payment method: read {api}/me/payment-methods."),
    FaultCode.OTHER_PROVIDER: _("This saved payment method belongs to {provider}: send that as the payment method."),
    FaultCode.PAYMENT_PENDING_SAVED: _("A payment with it is in progress: try again when that is done."),
    FaultCode.FORBIDDEN_PHOTOS: _("Only the customer or staff can send photos of a payment."),
    FaultCode.NO_TRANSFER: _("No transfer is due for this order: change its payment method to transfer first."),
    FaultCode.ALREADY_PAID_MEANWHILE: _("The payment has come in in the meantime: reload the order."),
    FaultCode.TOO_MANY_PROOFS: _("A payment can have {most} photos at most: wait until staff have checked them."),
    FaultCode.REQUIRED_PHOTO: _("Send one to {most} photos."),
    FaultCode.PAID_ONLINE: _("Only {provider} can confirm this payment: change the payment method first."),
    FaultCode.FORBIDDEN_REFUSE_PHOTOS: _("Only staff can refuse the photos of a payment."),
    FaultCode.NO_PROOF_PENDING: _("This payment has no photos that wait to be checked."),
    FaultCode.FORBIDDEN_WAIVE: _("Only staff can waive what is due."),
    FaultCode.REQUIRED_WAIVE: _("A reason is needed: say why it need not be paid."),
    FaultCode.FORBIDDEN_SEE_PHOTOS: _("Photos of a payment are visible to the people who pay, and to staff."),
    FaultCode.NO_ITEMS_TO_PAY: _("The order has no items, so there is nothing to pay yet: add one first."),
    FaultCode.FORBIDDEN_APPROVE: _(
        "A payment can be confirmed by staff, or by the vendor if the vendor alone receives it."
    ),
    FaultCode.FORBIDDEN_APPROVE_DEVICE: _(
        "A paired device can only confirm cash that was handed over: sign in as a person for other payments."
    ),
    FaultCode.NOTHING_DUE: _("Nothing is due on this payment any more: reload the order."),
    FaultCode.NOTHING_DUE_ANYWHERE: _("No payment of this order is due: read the order again."),
    FaultCode.NOTHING_DUE_CHANGED: _("Somebody else has changed this payment in the meantime: look at it again."),
    FaultCode.PAYMENT_PENDING_DECIDE: _("The money may have come in already: decide that first."),
    FaultCode.REQUIRED_GIVEN_BACK: _("A reason is needed: say why the money was refunded."),
    FaultCode.OTHER_CURRENCY: _(
        "The money came in as {currency}: refund it at the payment provider, and refuse it here."
    ),
    FaultCode.FORBIDDEN_REFUND: _("Only the vendor and staff can refund money."),
    FaultCode.FORBIDDEN_SEE_REFUNDS: _("Only the customer, the vendor and staff can see refunds."),
    FaultCode.NO_WALLET: _("A guest has no wallet: refund to the source."),
    FaultCode.NO_WALLET_BY_HAND: _("A guest has no wallet: pay the refund by hand."),
    FaultCode.NOT_PAID: _("Nothing has been paid for this order yet, so there is nothing to refund."),
    FaultCode.CURRENCY_OF_REFUND: _("The order is in {currency}: send the amount in that currency."),
    FaultCode.REFUND_TOO_LARGE: _("At most {refundable} can be refunded: that is what is left of the payment."),
    FaultCode.REFUND_TOO_LARGE_ASK_STAFF: _("At most {refundable} can be refunded: ask staff for more."),
    FaultCode.REFUND_TOO_LARGE_ITEM: _("At most {refundable} can be refunded for {name}: send a lower amount."),
    FaultCode.UNKNOWN_ITEM: _("The order has no such item: read its items again."),
    FaultCode.DUPLICATE_ITEM: _("This item comes twice: send it once, with the quantity of both."),
    FaultCode.MAX_VALUE_UNITS: _("The order has {quantity} of this item: send that quantity at most."),
    FaultCode.REFUND_STATE: _("This refund does not have to be paid by hand: it is {state}."),
    FaultCode.REFUND_STATE_NOT_FAILED: _("This refund has not failed: it is {state}."),
    FaultCode.THROTTLED_PAYING: _("There were too many attempts to pay: try again in a minute."),
    FaultCode.PROVIDER_REFUSED: _("The payment provider refuses this: pay in another way."),
    FaultCode.PROVIDER_UNAVAILABLE: _("The payment provider cannot be reached just now: try again in a minute."),
    FaultCode.BAD_SIGNATURE: _(
        "The signature of this notice is missing or wrong: sign it with the secret that was agreed."
    ),
}
