"""Sentences for what may be refused anywhere."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_FOUND: _("This does not exist, or you may not see it."),
    Code.BUSY: _("Too many changes at the same time: try again in a second."),
    Code.THROTTLED_REQUESTS: _("Too many requests: try again in a minute."),
}
