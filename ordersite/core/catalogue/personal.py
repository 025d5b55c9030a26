"""Sentences for what this refuses: orders.services.personal."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.WORKS_HERE: _(
        "This person works here: first take away its memberships, its driver and its entry as staff."
    ),
    FaultCode.DRIVER_NOT_SETTLED: _(
        "As a driver this person still has {balances} to settle: take in the cash, and pay out the tips, first."
    ),
    FaultCode.OPEN_ORDERS: _("These orders are still open: {orders}. Wait until they are over, or cancel them first."),
    FaultCode.WALLET_NOT_EMPTY: _("The wallet still holds {balances}: spend it, or have it paid back first."),
    FaultCode.TOP_UP_PENDING: _("Money for the wallet is still on its way: wait until it has come in, or has failed."),
}
