"""What the back-office's templates show of orders."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.admin import display
from orders.admin.everything import offers_search
from orders.admin.filters import day_links, filter_bar
from orders.admin.first_page import FirstPage, read_first_page
from orders.admin.found_rows import line_of
from orders.admin.guide import Guide, guide_for
from orders.admin.order_page import details_of
from orders.admin.phone_repeat import is_repeatable
from orders.admin.search import hits_of
from orders.admin.tabs import tabs_of
from orders.kinds import rules_of
from orders.models import Account, Order, OrderEvent, Payment
from orders.reading.payments import checkout_url
from ordersite.backoffice.links import link_to
from ordersite.backoffice.moments import SHAPE, write_moment
from vendors.allergens import allergens_in_words, read_allergens
from vendors.menu import MenuProduct
from vendors.models import Vendor

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
def can_be_repeated(order: Order) -> bool:
    return is_repeatable(order)


@register.filter
def is_taken_by_phone(order: Order) -> bool:
    return rules_of(order).is_taken_by_phone


@register.filter
def event_in_words(event: OrderEvent) -> str:
    """What an event that changed no status is: of a note what its data tells, else its kind."""
    told = details_of(event.data, event.order.vendor.zone) if event.kind == OrderEvent.Kind.NOTE else ()
    return next(iter(told), event.get_kind_display().capitalize())


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


@register.simple_tag(takes_context=True)
def may_search_everything(context: Any) -> bool:
    """Whether who asks is shown the search; nobody where a page is shown without its request."""
    request = context.get("request")
    return bool(request and context.get("has_permission") and offers_search(request))


@register.simple_tag(takes_context=True)
def found_row(context: Any, row: Model) -> SafeString:
    """A row that the search has found, in one line."""
    return line_of(context["request"], row)


@register.simple_tag(takes_context=True)
def start_guide(context: Any) -> Guide | None:
    """The first steps of a new site, for who sets it up."""
    return guide_for(context["request"])


@register.simple_tag(takes_context=True)
def first_page(context: Any) -> FirstPage:
    """What the first page tells who asks."""
    return read_first_page(context["request"])


@register.inclusion_tag("admin/orders/order/days.html")
def day_navigation(cl: ChangeList) -> dict[str, Any]:
    """A day, the one before and the one after: no statement at all, where Django's own reads the whole table."""
    return {"cl": cl, **day_links(cl)}


@register.inclusion_tag("admin/orders/order/tabs.html", takes_context=True)
def order_tabs(context: Any, cl: ChangeList) -> dict[str, Any]:
    """The groups with how many orders each has."""
    return {"rows": tabs_of(cl, context["request"])}


@register.simple_tag
def list_query(cl: ChangeList) -> str:
    """What the list's address says, but for the page."""
    return cl.get_query_string({}, ["p"])


@register.inclusion_tag("admin/orders/order/hidden.html", takes_context=True)
def hidden_hits(context: Any, cl: ChangeList) -> dict[str, Any]:
    """What a search has found beside what the list shows: how many the filters hide, and how many are deleted."""
    hits = hits_of(context["request"])
    if hits is None:
        return {}
    lists_deleted = cl.params.get("deleted") == "only"
    deleted = len(hits.deleted) - (cl.result_count if lists_deleted else 0)
    live = len(hits.ids) - len(hits.deleted) - (0 if lists_deleted else cl.result_count)
    query = cl.get_query_string({}, [name for name in cl.params if name != "q"])
    return {"live": max(live, 0), "deleted": max(deleted, 0), "are_all": hits.are_all, "query": query}


@register.inclusion_tag("admin/orders/order/filters.html")
def order_filters(cl: ChangeList) -> dict[str, Any]:
    """The filters in one bar."""
    return filter_bar(cl)


@register.filter
def allergen_words(product: MenuProduct) -> str:
    """What a product of a menu tells customers with allergies."""
    return allergens_in_words(read_allergens(product.allergens), product.allergen_note)
