"""The log of an endpoint."""

from django.db.models import QuerySet

from orders.models import WebhookDelivery, WebhookEndpoint


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """What was sent to an endpoint, with what it tells."""
    return endpoint.deliveries.select_related("message")
