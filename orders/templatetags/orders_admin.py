"""What the back-office's templates show of orders."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.admin import display, stuck
from orders.admin.filters import chosen_day, day_links, filter_bar
from orders.admin.stuck import PaymentTally, RefundTally, Tally, low_on_codes, refund_tallies, tallies
from orders.api.outputs import checkout_url
from orders.models import OrderEvent, Payment
from vendors.models import Product

register = template.Library()


@register.simple_tag
def money(minor: int | None, currency: str) -> str:
    """An amount of minor units with its currency."""
    return display.money(minor, currency)


@register.simple_tag
def payment_url(payment: Payment) -> str | None:
    """The page on which an online payment is still to be made."""
    return checkout_url(payment)


@register.filter
def status_badge(status: int) -> SafeString:
    return display.status_badge(status)


@register.filter
def payment_badge(state: str) -> SafeString:
    return display.payment_badge(state)


@register.filter
def refund_badge(state: str) -> SafeString:
    return display.refund_badge(state)


@register.filter
def age(moment: datetime | None) -> str:
    """How long ago, in at most two units."""
    return display.span(timezone.now() - moment) if moment else ""


@register.simple_tag
def stuck_orders() -> list[Tally]:
    """How many orders wait for somebody, by why."""
    return tallies()


@register.simple_tag
def refunds_in_need() -> list[RefundTally]:
    """How many refunds wait for somebody."""
    return refund_tallies()


@register.simple_tag
def payments_to_check() -> PaymentTally:
    """How many payments have photos to be looked at, or brought another amount than was asked for."""
    return stuck.payments_to_check()


@register.simple_tag
def products_low_on_codes() -> list[Product]:
    """The products whose free codes run out."""
    return low_on_codes()


@register.simple_tag
def latest_events() -> list[OrderEvent]:
    """The newest entries of all histories."""
    return list(OrderEvent.objects.select_related("order__vendor").order_by("-created_at", "-id")[:10])


@register.inclusion_tag("admin/orders/order/days.html")
def day_navigation(cl: ChangeList) -> dict[str, Any]:
    """A day, the one before and the one after: no statement at all, where Django's own reads the whole table."""
    return {"cl": cl, "day": chosen_day(cl.params.get("placed")), **day_links(cl)}


@register.inclusion_tag("admin/orders/order/filters.html")
def order_filters(cl: ChangeList) -> dict[str, Any]:
    """The filters in one bar."""
    return filter_bar(cl)
