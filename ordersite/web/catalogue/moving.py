"""Sentences for what these refuse: orders.services.moving, orders.lifecycle."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.STEPS_UNDONE: _("None of the steps was made: the order is still in status {status}."),
}
