"""What an order's page shows of mails and webhooks: to who may see their logs."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from orders.admin.display import badge
from orders.models import Order, WebhookDelivery
from orders.reading.told_outside import webhooks_of_order
from ordersite.accounts.mail_kinds import KINDS
from ordersite.accounts.models import Mail
from ordersite.backoffice.links import may_open

TONES = {
    Mail.State.WAITING: "later",
    Mail.State.SENT: "success",
    Mail.State.BOUNCED: "failure",
    Mail.State.GIVEN_UP: "failure",
    Mail.State.DROPPED: "pause",
    "delivered": "success",
    "waiting": "later",
    "failed": "failure",
}


def told_outside(request: HttpRequest, order: Order, mails: Sequence[Mail]) -> dict[str, Any]:
    """The newest mails, which were read, and deliveries of an order whose events were; a statement for these."""
    events = [event.pk for event in order.events.all()]
    webhooks = webhooks_of_order(events) if may_open(request, WebhookDelivery) else ()
    return {
        "mails": [
            (mail, kind_in_words(mail), badge_of(mail.state, mail.get_state_display())) for mail in reversed(mails)
        ],
        "webhooks": [(delivery, badge_of(delivery.state, delivery.state)) for delivery in webhooks],
    }


def badge_of(state: str, text: str) -> SafeString:
    return badge(TONES[state], text.capitalize())


def kind_in_words(mail: Mail) -> str:
    kind = KINDS.get(mail.kind)
    return kind.title if kind else mail.kind
