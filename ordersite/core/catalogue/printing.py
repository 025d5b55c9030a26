"""Sentences for what these refuse: orders.services.printing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.FORBIDDEN_PRINTING: _(
        "Only the people who work for the vendor, its devices and staff can print its tickets."
    ),
    FaultCode.NOT_FOUND_PRINT_JOB: _("The vendor has no such print job: read the list of its open ones."),
    FaultCode.PRINT_JOB_TAKEN: _("{who} is printing it: wait for that, or ask for a copy."),
    FaultCode.PRINT_JOB_NOT_CLAIMED: _("Nobody has claimed this print job: claim it first."),
    FaultCode.PRINT_JOB_SETTLED: _("This print job is settled ({state}): ask for a copy."),
    FaultCode.TOO_MANY_COPIES: _("An order has at most {most} tickets: use one of those that were printed."),
}
