"""What was told outside of one order: webhooks, and mails about it; newest first."""

from collections.abc import Collection

from django.db.models import QuerySet

from orders.models import Order, WebhookDelivery
from ordersite.accounts.models import Mail

# Of one order's, the newest.
MOST = 100


def webhooks_of_order(event_ids: Collection[int]) -> QuerySet[WebhookDelivery]:
    """The deliveries of what these events of an order told, with message and endpoint."""
    told = WebhookDelivery.objects.filter(message__event__in=event_ids)
    return told.select_related("message", "endpoint").order_by("-pk")[:MOST]


def mails_of_order(order: Order) -> QuerySet[Mail]:
    """A part of a statement that reads other tables too may not be cut off: the newest are named within it."""
    newest = Mail.objects.filter(about=f"order:{order.pk}").order_by("-pk").values("pk")[:MOST]
    return Mail.objects.filter(pk__in=newest)
