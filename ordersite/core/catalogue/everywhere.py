"""Sentences for what may be refused anywhere."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_FOUND: _("This does not exist, or you may not see it."),
    Code.BUSY: _("Too many changes at the same time: try again in a second."),
    Code.THROTTLED_REQUESTS: _("Too many requests: try again in a minute."),
    Code.IDEMPOTENCY_IN_PROGRESS: _("The first call with this key is still running: try again in a moment."),
    Code.IDEMPOTENCY_KEY_REUSED: _("This Idempotency-Key was already used with another body: send a new key."),
}
