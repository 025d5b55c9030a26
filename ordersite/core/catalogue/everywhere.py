"""Sentences for what may be refused anywhere."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.NOT_FOUND: _("This does not exist, or you may not see it."),
    FaultCode.BUSY: _("Too many changes at the same time: try again in a second."),
    FaultCode.BUSY_FILES: _("Files can neither be kept nor read at the moment: try again in a few seconds."),
    FaultCode.THROTTLED_REQUESTS: _("Too many requests: try again in a minute."),
    FaultCode.IDEMPOTENCY_IN_PROGRESS: _("The first call with this key is still running: try again in a moment."),
    FaultCode.IDEMPOTENCY_KEY_REUSED: _("This Idempotency-Key was already used with another body: send a new key."),
}
