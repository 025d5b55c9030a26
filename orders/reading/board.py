"""What a vendor's board draws: the tickets of its orders, made of OrderView, and the settings that it shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import F, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from orders.lifecycle.board import LATELY, READY_STEP, Column, column_of, is_moved_on, next_step, ready_by, undoing_step
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.due_moments import answer_by, awaits_payment
from orders.lifecycle.guards import begins_at
from orders.lifecycle.table import CALLED_OFF, OPEN, Fulfilment, Status
from orders.models import HANDED_OVER, UNACKNOWLEDGED, ItemChange, Line, LineOption, Order, OrderEvent, ProblemReport
from orders.reading.feed_heads import with_feed_head
from orders.reading.item_views import ChangeView, LineView, has_settled_items
from orders.reading.order_view import BUSINESS, OrderView
from orders.reading.row_view import shows
from orders.services.record.access import OrderAccess, access_of
from orders.services.record.acknowledgements import KITCHEN_FIELDS, must_be_acknowledged, report_of
from orders.services.record.archive import archived_events
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden, NotFound
from vendors.models import Option, Product, Vendor
from vendors.permissions import works_at_vendor
from vendors.services.kitchens import Thresholds, thresholds_of

# So many tickets an answer has at most.
MOST_TICKETS = 500
# Of those handed over lately, only so many of the latest: the rest must not take the place of open ones.
MOST_HANDED_OVER = 100
# So many products and options that are not available an answer names at most.
MOST_UNAVAILABLE = 200


class TicketLineView(LineView):
    """A line as the kitchen sees it: its tick, the station that makes it as the menu says now, and its substitute."""

    shown = LineView.shown | shows("ticked_at ticked_by station_id substitute_name")


class Difference(NamedTuple):
    """What an order had and has, in words, or a value of a field; empty where there was, or is, none."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Unacknowledged:
    """One change that the kitchen has not acknowledged; `version` is the order's after it."""

    version: int
    kind: str  # items, fields, cancelled, problem or settled
    at: datetime
    role: str
    reason_code: str
    reason: str
    state: str  # of a change of items: applied, refused, lapsed
    line_id: int | None
    differences: Sequence[Difference]
    report: int | None  # the number of the problem that it is about


class TicketView(OrderView):
    """An order as its vendor's board shows it; only for those who read it as the vendor or as staff."""

    shown = OrderView.shown | shows("unacknowledged_from recalled_at visible_at")

    def __init__(self, access: OrderAccess, thresholds: Thresholds) -> None:
        if not access.readers & BUSINESS:
            raise Forbidden(FaultCode.FORBIDDEN_BOARD)
        super().__init__(access)
        self.__access, self.__order, self.__thresholds = access, access.order, thresholds

    @cached_property
    def lines(self) -> list[LineView]:
        order = self.__order
        return [TicketLineView(line, order.currency, hides_words=self.hides_words) for line in order.lines.all()]

    @property
    def column(self) -> Column:
        return column_of(self.__order, self.__access.now)

    @property
    def is_cancelled(self) -> bool:
        return self.__order.status in CALLED_OFF

    @property
    def begins_at(self) -> datetime | None:
        """When preparing for the agreed time begins at the latest."""
        return begins_at(self.__order)

    @cached_property
    def ready_by(self) -> datetime:
        return ready_by(self.__order)

    @property
    def soon_at(self) -> datetime:
        return self.ready_by - timedelta(minutes=self.__threshold[0])

    @property
    def late_at(self) -> datetime:
        return self.ready_by + timedelta(minutes=self.__threshold[1])

    @property
    def __threshold(self) -> tuple[int, int]:
        return self.__thresholds[Fulfilment(self.__order.fulfilment).slug]

    @property
    def answer_until(self) -> datetime | None:
        """When it is refused by itself, where nobody answers it."""
        order = self.__order
        if order.status != Status.PENDING or awaits_payment(order):
            return None
        return answer_by(order, self.__access.now)

    @property
    def next_step(self) -> Allowed | None:
        """What one tap does: what is ready, as while a driver is looked for again, is not said to be so twice."""
        is_ready = self.__order.prepared_at is not None
        return next_step(one for one in self.allowed if not (is_ready and one.name == READY_STEP))

    @property
    def may_be_recalled(self) -> bool:
        return is_moved_on(self.__order, self.__access.now)

    @property
    def recalled_by(self) -> Allowed | None:
        """The change that a recall makes; None where it only shows the ticket again."""
        return undoing_step(self.allowed)

    @property
    def all_ticked(self) -> bool:
        return bool(self.lines) and all(line.ticked_at for line in self.lines)

    @property
    def waiting_changes(self) -> list[ChangeView]:
        """What waits for the customer's consent; read with the order."""
        if has_settled_items(self.__order):
            return []
        waiting = ItemChange.State.WAITING
        return self.changes(change for change in vars(self.__order)["told_changes"] if change.state == waiting)

    @property
    def problems(self) -> list[ProblemReport]:
        """What the customer reported, the oldest first; read with the order."""
        return list(vars(self.__order)["told_problems"])

    @property
    def unacknowledged(self) -> list[Unacknowledged]:
        """What others changed since the kitchen last acknowledged, oldest first; read with the order.

        Events are read after the order. One that was written in between is left to the next reading: acknowledging the
        version that the ticket has would not acknowledge it.
        """
        seen = (OrderEvent.VisibleTo.EVERYBODY, OrderEvent.VisibleTo.BUSINESS)
        told = [event for event in vars(self.__order)["told_events"] if event.number <= self.version]
        events = [event for event in told if event.visible_to in seen]
        return [self.__told(event) for event in events if must_be_acknowledged(event)]

    def __told(self, event: OrderEvent) -> Unacknowledged:
        data, kind = event.data, "fields"
        old, new = data.get("old") or {}, data.get("new") or {}
        differences = [Difference(name, old.get(name), new[name]) for name in KITCHEN_FIELDS if name in new]
        if event.kind == OrderEvent.Kind.ITEMS:
            kind, differences = "items", [Difference("item", old.get("item", ""), new.get("item", ""))]
        elif event.kind == OrderEvent.Kind.STATUS:
            kind, differences = "cancelled", []
        elif (number := report_of(event)) is not None:
            return self.__reported(event, number)
        return Unacknowledged(
            version=event.number,
            kind=kind,
            at=event.created_at,
            role=event.role,
            reason_code=event.reason_code,
            reason=event.reason,
            state=data.get("state", ""),
            line_id=self.__line_of(data.get("change")),
            differences=differences,
            report=None,
        )

    def __reported(self, event: OrderEvent, number: int) -> Unacknowledged:
        """A problem that the customer reported, in the customer's words, or what staff did about it, in theirs."""
        report = next(one for one in self.problems if one.number == number)
        is_new = "problem" in event.data
        return Unacknowledged(
            version=event.number,
            kind="problem" if is_new else "settled",
            at=event.created_at,
            role=event.role,
            reason_code=report.reason,
            reason=report.text if is_new else report.settled_note,
            state="",
            line_id=None,
            differences=[Difference("item", "", item["name"]) for item in report.items if is_new],
            report=number,
        )

    def __line_of(self, number: int | None) -> int | None:
        """The line that a change of items was about, if it is still there."""
        changes = vars(self.__order)["told_changes"]
        position = next((change.line_position for change in changes if change.number == number), None)
        return next((line.id for line in self.lines if line.position == position), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A vendor with where its feed stood before the tickets were read, and what its board shows."""

    vendor: Vendor
    now: datetime
    tickets: Sequence[TicketView]
    gone: Sequence[int]  # of the orders that were asked for, those that are not on the board
    has_more: bool
    thresholds: Thresholds
    stations: Sequence[Any]
    unavailable: Sequence[Product | Option]


def read_board(caller: Caller, vendor_id: int, now: datetime, order_ids: Iterable[int] | None = None) -> Board:
    """What the vendor's board draws, or of its orders only these; a fixed number of statements.

    Raises NotFound, and Forbidden for who neither works there nor may see all orders.
    """
    vendor = with_feed_head(Vendor.objects.all()).filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    if not (works_at_vendor(caller, vendor) or caller.may_everywhere(Right.VIEW_ORDERS)):
        raise Forbidden(FaultCode.FORBIDDEN_BOARD)
    thresholds = thresholds_of(vendor)
    wanted = None if order_ids is None else list(order_ids)
    orders = orders_on_board(vendor, now, wanted)
    tickets = [TicketView(access_of(caller, order, now), thresholds) for order in orders[:MOST_TICKETS]]
    found = {ticket.pk for ticket in tickets}
    return Board(
        vendor=vendor,
        now=now,
        tickets=sorted(tickets, key=lambda ticket: (ticket.ready_by, ticket.pk)),
        gone=[pk for pk in wanted or () if pk not in found],
        has_more=len(orders) > MOST_TICKETS,
        thresholds=thresholds,
        stations=list(vendor.stations.all()),
        unavailable=unavailable_at(vendor),
    )


def read_ticket(access: OrderAccess) -> TicketView:
    """One order that is at hand, as the board shows it; raises Forbidden for who is not of the business."""
    orders = parts_of_tickets(Order.objects.all()).filter(pk=access.order.pk)
    order = orders.select_related(*PARTIES, "vendor").get()
    return TicketView(access_of(access.caller, order, access.now), thresholds_of(order.vendor))


# Without the vendor, which all of them share.
PARTIES = ("purchase", "customer", "driver", "company", "label", "terms", "package", "booking", "customer_position")


def shown_orders(vendor: Vendor, now: datetime, since: datetime | None = None) -> QuerySet[Order]:
    """The vendor's open orders, what was handed over lately, and what is to be acknowledged; each by its index.

    `since`: what was handed over before it is left out.
    """
    lately = HANDED_OVER & Q(status_changed_at__gte=since or now - LATELY)
    shown = Q(status__in=sorted(OPEN)) | lately | UNACKNOWLEDGED
    return Order.objects.filter(shown, vendor=vendor, deleted_at__isnull=True, visible_at__isnull=False)


def handed_over_since(vendor: Vendor, now: datetime) -> datetime | None:
    """When the first of the latest MOST_HANDED_OVER was handed over; None where there are fewer of them lately."""
    lately = Order.objects.filter(HANDED_OVER, vendor=vendor, status_changed_at__gte=now - LATELY)
    times = lately.order_by("-status_changed_at").values_list("status_changed_at", flat=True)
    return next(iter(times[MOST_HANDED_OVER - 1 : MOST_HANDED_OVER]), None)


def orders_on_board(vendor: Vendor, now: datetime, wanted: Sequence[int] | None) -> list[Order]:
    """The orders that the board shows, or of them only those wanted, with all of their parts; one more than may be."""
    if wanted is None:
        orders = shown_orders(vendor, now, since=handed_over_since(vendor, now))
    else:
        orders = shown_orders(vendor, now).filter(pk__in=wanted)
    orders = parts_of_tickets(orders.select_related(*PARTIES))
    found = list(orders.order_by(Coalesce("deliver_at", "placed_at"), "pk")[: MOST_TICKETS + 1])
    serving = frozenset(vendor.companies.values_list("pk", flat=True)) if found else frozenset()
    read_archived_changes(found)
    for order in found:
        order.vendor = vendor
        order.serving_company_ids = serving
    return found


def parts_of_tickets(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Reads with the orders their lines, options, changes of items, reports and unacknowledged events: in five."""
    station = Coalesce("product__station", "product__category__station")
    lines = Line.objects.annotate(station_id=station, substitute_name=F("substitute__name"))
    waiting = Q(state=ItemChange.State.WAITING) | Q(order__unacknowledged_from__isnull=False)
    told = OrderEvent.objects.filter(number__gte=F("order__unacknowledged_from"))
    return orders.prefetch_related(
        Prefetch("lines", queryset=lines),
        Prefetch("lines__options", queryset=LineOption.objects.order_by("id")),
        Prefetch("item_changes", queryset=ItemChange.objects.filter(waiting), to_attr="told_changes"),
        Prefetch("events", queryset=told, to_attr="told_events"),
        Prefetch("problem_reports", to_attr="told_problems"),
    )


def read_archived_changes(orders: Iterable[Order]) -> None:
    """Reads the unacknowledged events of those orders whose history is archived; one statement, none without such."""
    bare = [order for order in orders if order.unacknowledged_from and not vars(order)["told_events"]]
    archived = archived_events(bare) if bare else {}
    for order in bare:
        first, events = order.unacknowledged_from or 0, archived.get(order.pk, [])
        order.__dict__["told_events"] = [event for event in events if event.number >= first]


def unavailable_at(vendor: Vendor) -> list[Product | Option]:
    """Products and options that the vendor has taken off its menu for a while, or until it says otherwise."""
    products = Product.objects.filter(vendor=vendor, is_available=False).only("name", "unavailable_until")
    options = Option.objects.filter(group__vendor=vendor, is_available=False).only("name", "unavailable_until")
    return [*products[:MOST_UNAVAILABLE], *options[:MOST_UNAVAILABLE]]
