"""An order as one caller sees it: built once for every door, which only renames what it finds here.

Nothing is seen unless a rule here shows it: of a row behind a view those columns that its class names, and what its
methods decide. A door that asks for anything else gets an AttributeError.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from orders.checkout import Place
from orders.estimates import Range
from orders.kinds import booking_of, package_of, rules_of
from orders.lifecycle.decisions import Ahead, Allowed
from orders.lifecycle.due_moments import driver_answers_by
from orders.lifecycle.positions import CURRENT, is_on_way
from orders.lifecycle.promises import standing_promise
from orders.lifecycle.searching import offered_until
from orders.lifecycle.table import DRIVER_LEFT, FAILURE, MILESTONES, Actor, Fulfilment
from orders.lifecycle.timers import COLLECTED
from orders.models import CustomerPosition, DriverPosition, ItemChange, Order, OrderEvent, PaymentShare
from orders.models.parties import party_of_company, party_of_driver
from orders.reading.estimates import estimate_of
from orders.reading.event_views import EventView
from orders.reading.item_views import (
    BookingView,
    ChangeView,
    LineView,
    PackageView,
    destination_place,
    has_settled_items,
)
from orders.reading.party_views import ContactView, CustomerView, DriverView, PositionView, VendorSummary
from orders.reading.payment_views import PaymentView, TaxView
from orders.reading.payments import checkout_url, proof_urls
from orders.reading.row_view import NamedView, View, shows
from orders.reading.selectors import EVENTS, ITEMS, SHARES, read_events
from orders.services.money.shares import may_be_paid_online, owed_of
from orders.services.money.taxes import sums_by_rate
from orders.services.moving.closing import cancel_cost, rise_of_rest
from orders.services.moving.goals import Goal, has_reached
from orders.services.record.access import CARRIERS, OrderAccess, access_of_public

# What an order's parts are read with: two statements for items, one for events.
PARTS: dict[str, tuple[str | Prefetch, ...]] = {"items": ITEMS, "events": (EVENTS,)}
# Who is told where an order is paid, its tracking code, and what cancelling costs others besides.
PARTIES_THAT_PAY = frozenset({Actor.CUSTOMER, Actor.STAFF})
# Who is told who did what, and by which reference a payment is found at its provider.
BUSINESS = frozenset({Actor.VENDOR, Actor.STAFF})


class OrderView(View):
    """An order as one caller sees it. What it was not read with is read when it is asked for.

    `words` are those of the customer, with which a driver finds the door; the vendor's are in events.
    """

    shown = shows(
        "pk id uuid number kind fulfilment status version status_changed_at is_closed currency total subtotal discount",
        "delivery_fee service_fee driver_tip tax_included tax_added refunded waived cash payment_method payment_status",
        "placed_at deliver_at estimated_at app_id address lat lng distance delivery_zone_id self_delivery",
        "tracking_number carrier prepared_in delivered_in codes_missing milestones vendor_id customer_id offer_id",
        "previous_status called",
        *(f"{name}_at" for name in MILESTONES),
    )
    words = shows("address_notes comment table vehicle locker")

    def __init__(self, access: OrderAccess) -> None:
        """Of an order without a reader, as by a tracking code, no more is told than to a candidate."""
        super().__init__(access.order, hides_words=access.is_only_a_candidate or not access.readers)
        self.__access, self.__order = access, access.order

    # --- parties --------------------------------------------------------------------------------------------------

    @cached_property
    def vendor(self) -> VendorSummary:
        return VendorSummary(self.__order.vendor)

    @cached_property
    def customer(self) -> CustomerView:
        return CustomerView(self.__order, hides_words=self.hides_words)

    @cached_property
    def contact(self) -> ContactView:
        return ContactView(self.__order, hides_words=self.hides_words)

    @cached_property
    def driver(self) -> DriverView | None:
        is_public = not self.__access.readers
        return DriverView(self.__access, is_public=is_public) if self.__order.driver else None

    @cached_property
    def driver_position(self) -> PositionView | None:
        """Where the driver is, or was, while under way to the customer with this order; a statement only then."""
        order = self.__order
        if not is_on_way(order) or order.driver_accepted_at is None or order.picked_up_at is None:
            return None
        position = DriverPosition.objects.filter(driver=order.carried_by).first()
        # From before it had the order: where the driver was then, at another customer's say, is for nobody.
        if position is None or position.at < max(order.driver_accepted_at, order.picked_up_at) - CURRENT:
            return None
        return PositionView(position, self.__access.now)

    @property
    def estimated_for(self) -> str | None:
        """Of what `estimated_at` is the time: "ready" or "delivered"; None without one."""
        if self.__order.estimated_at is None:
            return None
        return "delivered" if standing_promise(self.__order).is_there else "ready"

    @property
    def waits_at(self) -> str:
        """Where the customer waits who comes to collect, as it says itself.

        A statement where it may have said so, unless it was read with the order.
        """
        order = self.__order
        if self.hides_words or order.fulfilment not in COLLECTED or order.is_closed or order.version == 1:
            return ""
        position: CustomerPosition | None = getattr(order, "customer_position", None)
        return position.place if position else ""

    @property
    def company(self) -> NamedView | None:
        return NamedView(self.__order.company) if self.__order.company else None

    @property
    def label(self) -> NamedView | None:
        return NamedView(self.__order.label) if self.__order.label else None

    @property
    def offer(self) -> NamedView | None:
        return NamedView(self.__order.offer) if self.__order.offer else None

    @property
    def purchase_uuid(self) -> Any:
        return self.__order.purchase.uuid

    @property
    def external_code(self) -> str:
        return self.__order.purchase.external_code

    @property
    def place(self) -> Place:
        return destination_place(self.__order, hides_words=self.hides_words)

    # --- content --------------------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> list[LineView]:
        return [
            LineView(line, self.__order.currency, hides_words=self.hides_words) for line in self.__order.lines.all()
        ]

    @property
    def package(self) -> PackageView | None:
        package = package_of(self.__order)
        return PackageView(package, self.__order, hides_words=self.hides_words) if package else None

    @property
    def booking(self) -> BookingView | None:
        booking = booking_of(self.__order)
        return BookingView(booking) if booking else None

    @property
    def waiting_changes(self) -> list[ChangeView]:
        """What waits for the customer's consent: between it and the business; a statement where anything may wait."""
        order = self.__order
        if self.hides_words or order.version == 1 or not rules_of(order).has_changeable_items:
            return []
        if has_settled_items(order):
            return []
        return self.changes(order.item_changes.filter(state=ItemChange.State.WAITING))

    def changes(self, changes: Iterable[ItemChange]) -> list[ChangeView]:
        """The changes of items that the reader may see."""
        return [] if self.hides_words else [ChangeView(change) for change in changes]

    # --- money ----------------------------------------------------------------------------------------------------

    @property
    def pays(self) -> bool:
        return bool(self.__access.readers & PARTIES_THAT_PAY)

    @cached_property
    def payments(self) -> list[PaymentView]:
        """The order's part of each payment."""
        shares, is_open = list(self.__order.shares.all()), self.pays and not self.__order.is_closed
        is_business = bool(self.__access.readers & BUSINESS)
        return [
            PaymentView(
                share,
                share.payment,
                hides_words=self.hides_words,
                checkout_url=checkout_url(share.payment) if is_open else None,
                photos=lambda: self.__photos,
                reference=share.payment.reference if is_business else "",
            )
            for share in shares
        ]

    @cached_property
    def __photos(self) -> dict[int, list[str]]:
        """Those that the reader sees, by payment; one statement where one is a transfer."""
        return proof_urls([share.payment for share in self.__order.shares.all() if self.__shows_photos(share)])

    def __shows_photos(self, share: PaymentShare) -> bool:
        """A vendor sees them where the payment pays for nothing but this order."""
        vendor = {Actor.VENDOR} if share.amount == share.payment.amount else set()
        return bool(self.__access.readers & (PARTIES_THAT_PAY | vendor))

    @property
    def taxes(self) -> list[TaxView]:
        """The tax by rate, the lowest first."""
        sums, currency = sums_by_rate(self.__order), self.__order.currency
        return [TaxView(rate, one.tax, currency) for rate, one in sums.items() if one.tax]

    @property
    def payment_url(self) -> str | None:
        """Where it is paid, while it waits to be paid online, for whoever pays."""
        if not self.pays or not may_be_paid_online(self.__order):
            return None
        return next((url for share in self.__order.shares.all() if (url := checkout_url(share.payment))), None)

    @property
    def owed(self) -> int:
        return 0 if self.__order.status in FAILURE else owed_of(self.__order.shares.all())

    @property
    def cancel_cost(self) -> int:
        """What cancelling would cost; for those who pay, also what other orders would cost more by it."""
        shares = list(self.__order.shares.all())
        cost = cancel_cost(self.__order, shares)
        return cost + rise_of_rest(self.__order, shares) if self.pays else cost

    # --- codes ----------------------------------------------------------------------------------------------------

    @property
    def tracking_code(self) -> str | None:
        return self.__order.tracking_code if self.pays else None

    @property
    def collection_code(self) -> str | None:
        """Held by the party to whom the other proves something.

        Where it is collected it proves that the customer stands at the counter; where it is delivered, that the driver
        stands before the customer.
        """
        holder = Actor.CUSTOMER if self.__order.fulfilment == Fulfilment.DELIVERY else Actor.VENDOR
        return self.__order.collection_code if self.__access.readers & {holder, Actor.STAFF} else None

    @property
    def proof_kind(self) -> str:
        """What its vendor asks for when a delivery is completed: a photo, a signature, the code, or nothing."""
        return self.__order.vendor.proof if self.__order.fulfilment == Fulfilment.DELIVERY else ""

    # --- what happened, and what may be done ----------------------------------------------------------------------

    @property
    def actors(self) -> frozenset[Actor]:
        """As whom the reader may move the order and change it."""
        return self.__access.actors

    @cached_property
    def allowed(self) -> list[Allowed]:
        return self.__access.allowed()

    @property
    def ahead(self) -> list[Ahead]:
        return self.__access.ahead()

    @property
    def is_named(self) -> bool:
        """Whether the reader was asked by name to drive."""
        order = self.__order
        return order.named_at is not None and order.driver_id == self.__access.caller.driver_id

    @property
    def answer_by(self) -> datetime | None:
        """Until when the reader, a driver or company that was asked, may answer; None where everybody was."""
        order, caller = self.__order, self.__access.caller
        if self.is_named:
            return driver_answers_by(order)
        parties = [party_of_company(company_id) for company_id in caller.dispatched_ids]
        parties += [party_of_driver(caller.driver_id)] if caller.driver_id else []
        return min(filter(None, (offered_until(order, party) for party in parties)), default=None)

    @property
    def may_start_preparing(self) -> bool:
        return self.__access.may_start_preparing()

    @property
    def estimate(self) -> Range | None:
        """When it is expected, by what other orders took; seldom a statement."""
        return estimate_of(self.__order, self.__access.now)

    def has_reached(self, goal: Goal) -> bool:
        return has_reached(self.__order, goal)

    @property
    def events(self) -> list[EventView]:
        """The history, as far as the reader may see it.

        Notes of the business are for who works on the order, and no candidate reads any. Who else was asked to drive is
        for none of those who are.
        """
        access, seen = self.__access, {OrderEvent.VisibleTo.EVERYBODY}
        if self.__works_on_it():
            seen.add(OrderEvent.VisibleTo.BUSINESS)
        if Actor.STAFF in access.readers:
            seen.add(OrderEvent.VisibleTo.STAFF)
        hides_drivers = access.readers <= CARRIERS
        tells_actor = bool(access.readers & BUSINESS)
        return [
            EventView(event, hides_words=self.hides_words, hides_drivers=hides_drivers, tells_actor=tells_actor)
            for event in self.__history
            if event.visible_to in seen and not (self.hides_words and event.kind == OrderEvent.Kind.NOTE)
        ]

    @cached_property
    def __history(self) -> list[OrderEvent]:
        read_events([self.__order])
        return list(self.__order.events.all())

    def __works_on_it(self) -> bool:
        """The vendor, staff, and of those who carry whoever has accepted."""
        access, order = self.__access, self.__order
        if access.readers & BUSINESS:
            return True
        if Actor.DRIVER in access.readers and order.driver_accepted_at and order.driver_id == access.caller.driver_id:
            return True
        return Actor.COMPANY in access.readers and order.company_id in access.company_ids and bool(order.company_id)

    @property
    def status_reason(self) -> tuple[str, str] | None:
        """Code and words of why the order has its status; None where no reason was needed."""
        changes = (event for event in reversed(self.__history) if event.to_status is not None)
        change = next(changes, None)
        if change is None or not change.reason_code:
            return None
        return change.reason_code, "" if self.hides_words else change.reason

    @property
    def reason_code(self) -> str | None:
        """Why the order failed, or lost its driver; None in every other status."""
        if self.__order.status not in FAILURE | DRIVER_LEFT:
            return None
        return self.status_reason[0] if self.status_reason else None


def lookups_of(parts: Iterable[str]) -> list[str | Prefetch]:
    """What to prefetch for these PARTS; other names ask for nothing that is read."""
    return [lookup for part in parts for lookup in PARTS.get(part, ())]


def view_order(access: OrderAccess, *parts: str) -> OrderView:
    """The order as its reader sees it, with its payments and these PARTS read, as far as they are not at hand."""
    prefetch_related_objects([access.order], SHARES, *lookups_of(parts))
    return OrderView(access)


def view_placed(access: OrderAccess) -> OrderView:
    """The order that was just placed, as its reader sees it: the placing keeps with it what it has written.

    To have Django find that nothing is to be read took 1 % of a placing's CPU.
    """
    return OrderView(access)


def view_for_public(order: Order) -> OrderView:
    """The order as anybody with its tracking code sees it: of persons no more than a first name."""
    return OrderView(access_of_public(order))
