"""What the back-office's templates show of orders."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.contrib.admin import site
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.admin import display, troubles
from orders.admin.filters import day_links, filter_bar
from orders.admin.troubles import PaymentTally, RefundTally, Tally, low_on_codes, refund_tallies, tallies
from orders.models import Account, Order, OrderEvent, Payment, Refund
from orders.reading.payments import checkout_url
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.links import link_to
from ordersite.backoffice.moments import SHAPE, write_moment
from vendors.models import Product, Vendor

register = template.Library()


@register.simple_tag
def money(minor: int | None, currency: str) -> str:
    """An amount of minor units with its currency."""
    return display.money(minor, currency)


@register.simple_tag
def when(at: datetime, vendor: Vendor | None = None, shape: str = SHAPE) -> str:
    """A moment by the vendor's clock; in UTC where it is no vendor's."""
    return write_moment(at, vendor.zone if vendor else UTC, shape)


@register.simple_tag(takes_context=True)
def linked(context: Any, row: Model, text: object = "") -> SafeString:
    """A row's name, or another text: a link where the reader may open its page."""
    return link_to(context["request"], row, text)


@register.simple_tag
def payment_url(payment: Payment) -> str | None:
    """The page on which an online payment is still to be made."""
    return checkout_url(payment)


@register.filter
def account_in_words(account: Account) -> str:
    return display.account_in_words(account)


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


def shown(context: Any, model: type[Model]) -> QuerySet[Any]:
    """The rows that their page in the back-office shows to who asks."""
    return site.get_model_admin(model).get_queryset(context["request"])


@register.simple_tag(takes_context=True)
def stuck_orders(context: Any) -> list[Tally]:
    """How many orders wait for somebody, by why."""
    return tallies(shown(context, Order))


@register.simple_tag(takes_context=True)
def refunds_in_need(context: Any) -> list[RefundTally]:
    """How many refunds wait for somebody."""
    return refund_tallies(shown(context, Refund))


@register.simple_tag(takes_context=True)
def payments_to_check(context: Any) -> PaymentTally:
    """How many payments have photos to be looked at, or brought another amount than was asked for."""
    return troubles.payments_to_check() if acts_everywhere(context["request"]) else PaymentTally(count=0, oldest=None)


@register.simple_tag(takes_context=True)
def products_low_on_codes(context: Any) -> list[Product]:
    """The products whose free codes run out."""
    return low_on_codes(shown(context, Product))


@register.simple_tag(takes_context=True)
def latest_events(context: Any) -> list[OrderEvent]:
    """The newest entries of all histories, which leave out that a driver has moved."""
    events = shown(context, OrderEvent).exclude(kind=OrderEvent.Kind.POSITION).select_related("order__vendor")
    return list(events.order_by("-created_at", "-id")[:10])


@register.inclusion_tag("admin/orders/order/days.html")
def day_navigation(cl: ChangeList) -> dict[str, Any]:
    """A day, the one before and the one after: no statement at all, where Django's own reads the whole table."""
    return {"cl": cl, **day_links(cl)}


@register.inclusion_tag("admin/orders/order/filters.html")
def order_filters(cl: ChangeList) -> dict[str, Any]:
    """The filters in one bar."""
    return filter_bar(cl)
