"""Endpoints with who added them, the log of each, and the order that one is told of."""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from orders.lifecycle.table import Actor
from orders.models import OrderEvent, WebhookDelivery, WebhookEndpoint
from orders.reading.order_view import OrderView, view_order
from orders.services.record.access import access_as, access_of, get_order
from ordersite.accounts.callers import SYSTEM, caller_of_merchant, caller_of_user
from vendors.permissions import administrations


def with_creators(rows: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
    """Endpoints with whoever added them, and as `creator_left` whether that is gone: from the site or the merchant."""
    stays = Exists(administrations(OuterRef("created_by")).filter(merchant=OuterRef("merchant")))
    left = Case(
        When(created_by__isnull=True, then=Value(False)),
        When(created_by__is_active=False, then=Value(True)),
        default=Q(merchant__isnull=False) & ~stays,
    )
    return rows.select_related("created_by").annotate(creator_left=left)


def deliveries_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """What was sent to an endpoint, with what it tells."""
    return endpoint.deliveries.select_related("message")


def read_order_told(endpoint: WebhookEndpoint, event: OrderEvent) -> OrderView:
    """An order as the endpoint's owner reads it; raises NotFound where it may not any more."""
    if endpoint.merchant_id is not None:
        caller = caller_of_merchant(endpoint.merchant_id)
    else:
        caller = caller_of_user(endpoint.user) if endpoint.user is not None else SYSTEM
    order = get_order(caller=caller, order_id=event.order_id)
    is_sites = endpoint.merchant_id is None and endpoint.user is None
    access = access_as(Actor.STAFF, caller, order, timezone.now()) if is_sites else access_of(caller, order)
    return view_order(access, "items", "events")
