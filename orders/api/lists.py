"""Whose orders a list holds, and the first page of the lists that are asked for again and again, by kept statements."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from orders.api.filters import FILTERS, filter_orders
from orders.api.rendering import rows_with
from orders.models import Order
from orders.reading.feed_heads import feed_headers, with_feed_head
from orders.visibility import own_orders
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.numbers import read_whole
from ordersite.core.prepared import Given, Prepared
from ordersite.web.pagination import KeptRows
from ordersite.web.problems import ForbiddenProblem
from vendors.models import Vendor
from vendors.permissions import member_vendors, works_at_vendor


class Scope(Enum):
    """A list that is the same for many callers, but for an id."""

    EVERY = auto()
    OF_VENDOR = auto()
    SHOWN_TO_VENDOR = auto()  # what its people see on their board
    OF_CUSTOMER = auto()


def orders_in(scope: Scope, of: Any) -> QuerySet[Order]:
    """The orders of a scope; `of` is the id of its vendor or customer, or a Given for it."""
    orders = Order.objects.filter(deleted_at__isnull=True)
    match scope:
        case Scope.EVERY:
            return orders
        case Scope.OF_VENDOR:
            return orders.filter(vendor=of)
        case Scope.SHOWN_TO_VENDOR:
            return orders.filter(vendor=of, visible_at__isnull=False)
        case Scope.OF_CUSTOMER:
            return own_orders(Caller(customer_id=of))


@dataclass(frozen=True, slots=True)
class Listing:
    """The orders that a caller asks for: those of a scope, or of a query."""

    scope: Scope | None
    of: int = 0
    orders: Callable[[], QuerySet[Order]] = Order.objects.none

    def query(self) -> QuerySet[Order]:
        return self.orders() if self.scope is None else orders_in(self.scope, self.of)


OF = Given("of", Order._meta.pk)


def first_of_scope(form: tuple[Scope, tuple[str, ...], int]) -> QuerySet[Order]:
    """The first rows of a scope in an order."""
    scope, columns, size = form
    return rows_with(orders_in(scope, OF), (), Caller()).order_by(*columns)[:size]


def ids_of_scope(form: tuple[Scope, int]) -> "QuerySet[Order, int]":
    """What is counted of a scope, up to a number."""
    scope, most = form
    return orders_in(scope, OF).values_list("pk", flat=True)[:most]


# With these and the rights of staff kept (ordersite.accounts.rights) a list by page takes 0.68 of the CPU of before.
FIRST, COUNTED = Prepared(first_of_scope), Prepared(ids_of_scope)


def list_rows(listing: Listing, request: Request, wanted: set[str], caller: Caller) -> QuerySet[Order] | KeptRows:
    """The rows that match the filters, with what `render_row` shows of them; raises what `filter_orders` raises."""
    scope, of = listing.scope, listing.of
    # The vendor that is asked for is the scope's already.
    answered = {"vendor"} if scope in (Scope.OF_VENDOR, Scope.SHOWN_TO_VENDOR) else set()
    is_filtered = bool((request.query_params.keys() & FILTERS) - answered)
    if scope is None or is_filtered or wanted or caller.dispatched_ids:
        return rows_with(filter_orders(listing.query(), request.query_params), wanted, caller)
    return KeptRows(
        count=lambda most: COUNTED.count((scope, most), of=of),
        first=lambda columns, size: FIRST.rows((scope, columns, size), of=of),
        query=lambda: rows_with(listing.query(), (), caller),
    )


def own_listing(caller: Caller) -> Listing:
    """The caller's own orders."""
    if caller.customer_id and not caller.driver and not caller.order_token_hash:
        return Listing(Scope.OF_CUSTOMER, caller.customer_id)
    return Listing(None, orders=lambda: own_orders(caller))


def board_of_vendor(form: None) -> QuerySet[Vendor]:
    """A vendor with the position and the epoch of its feed."""
    vendors = with_feed_head(Vendor.objects.only("pk", "merchant"))
    return vendors.filter(pk=Given("vendor", Vendor._meta.pk))


BOARD = Prepared(board_of_vendor)


def dashboard_listing(caller: Caller, request: Request) -> tuple[Listing, dict[str, str]]:
    """What mode=dashboard shows (docs/requirements.md, rows 36–39); the feed's headers where one vendor is asked for.

    The position is read before the rows: what comes after it in the feed is not in them yet, at worst it is in both.
    """
    sees_all = caller.may_everywhere(Right.VIEW_ORDERS)
    one = read_whole(request.query_params.get("vendor", ""))
    board = next(iter(BOARD.rows(None, vendor=one)), None) if one else None
    is_own = board is not None and works_at_vendor(caller, board)
    headers: dict[str, str] = {}
    if board is not None and (sees_all or is_own):
        headers = feed_headers(board)
    if sees_all:
        return Listing(Scope.OF_VENDOR, board.pk) if board else Listing(Scope.EVERY), headers
    if board and is_own:
        return Listing(Scope.SHOWN_TO_VENDOR, board.pk), headers
    vendor_ids = list(member_vendors(caller).values_list("pk", flat=True))
    if not vendor_ids:
        raise ForbiddenProblem(
            "forbidden", "mode=dashboard is for staff and vendors only: leave it out to see your own orders."
        )
    orders = Order.objects.filter(deleted_at__isnull=True, vendor_id__in=vendor_ids, visible_at__isnull=False)
    return Listing(None, orders=lambda: orders), headers
