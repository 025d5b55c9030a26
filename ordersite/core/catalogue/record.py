"""Sentences for what these refuse: orders.services.record."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.STALE: _("The order has changed: its version is {version}."),
    FaultCode.FORBIDDEN_DASHBOARD: _("The dashboard is for staff and vendors."),
    FaultCode.FORBIDDEN_SEEN: _("Only the people and devices of this vendor can say what they have seen."),
    FaultCode.FEED_RESET: _(
        "This is no position of the feed as it stands: read the orders again, and go on from there."
    ),
    FaultCode.FORBIDDEN_BOARD: _("The board is for the people who work for this vendor, and for staff."),
}
