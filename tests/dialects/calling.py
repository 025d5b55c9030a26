"""What tests of foreign webhooks share."""

from orders.services.outgoing import deliveries
from tracking.webhooks.delivering import call_endpoint

HOOKS = "/api/v1/webhooks"


def deliver_all(endpoint_id: int) -> int:
    """What the worker does in a round; how many calls."""
    deliveries.pass_on()
    return call_endpoint(endpoint_id, 50)
