"""Sentences for what these refuse: orders.services.money."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.INSUFFICIENT_FUNDS: _("The wallet balance is too low: top it up, or choose another payment method."),
    Code.NOTHING_OWED: _("Nothing is owed, so there is nothing to pay out."),
    Code.PAYOUT_TOO_LARGE: _("That is more than is owed: pay out {owed} at most."),
    Code.HAND_IN_TOO_LARGE: _("That is more cash than this driver or vendor holds: {held} at most."),
    Code.BALANCE_CHANGED: _(
        "The amounts have changed: {owed} are owed now, with {cash} in cash. Nothing was paid out."
    ),
    Code.REQUIRED_REVERSAL: _("A reason is needed: say why it is reversed."),
    Code.NOT_REVERSIBLE: _("Only a payout, or cash handed in, can be reversed here."),
    Code.ALREADY_REVERSED: _("It has been reversed already: nothing was changed."),
    Code.UNKNOWN_CUSTOMER_ACCOUNT: _("There is no customer account with this id."),
    Code.REFUNDED: _("More was refunded than the changed order would cost: refund the rest instead."),
    Code.PAYMENT_PENDING: _(
        "A payment is in progress or being checked: wait until it is known whether it has come in."
    ),
    Code.PAYMENT_SHARED: _("Several orders are paid together, so the payment method of one of them cannot change."),
    Code.ALREADY_PAID: _("The order is paid, so its payment method can no longer change: ask for a refund instead."),
    Code.REFUND_TOO_LARGE_PAID: _("This is more than was paid and not yet refunded: send a lower amount."),
    Code.BY_HAND_ONLY: _(
        "Of this, {refundable} can go to the wallet. The rest was not paid to the platform, and is refunded by hand "
        "({field:to}: source)."
    ),
    Code.MONEY_GONE_BACK: _(
        "The money has been refunded to the customer and cannot be charged again: place a new order."
    ),
}
