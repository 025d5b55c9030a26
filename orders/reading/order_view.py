"""An order as one caller sees it: built once for every door, which only renames what it finds here.

Nothing is seen unless a rule here shows it: of a row behind a view those columns that its class names, and what its
methods decide. A door that asks for anything else gets an AttributeError.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar

from django.db.models import Prefetch, prefetch_related_objects

from orders.checkout import Place
from orders.estimates import Range
from orders.kinds import booking_of, package_of, rules_of
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.positions import CURRENT, is_on_way
from orders.lifecycle.searching import offered_until
from orders.lifecycle.table import DRIVER_LEFT, FAILURE, MILESTONES, Actor, Fulfilment
from orders.lifecycle.timers import COLLECTED, driver_answers_by
from orders.models import (
    Booking,
    CustomerPosition,
    DriverPosition,
    ItemChange,
    Line,
    LineOption,
    Order,
    OrderEvent,
    Package,
    Payment,
    PaymentShare,
    Purchase,
)
from orders.models.parties import party_of_company, party_of_driver
from orders.reading.estimates import estimate_of
from orders.reading.lines import ticket_of
from orders.reading.payments import checkout_url, proof_urls
from orders.reading.purchases import least_advanced
from orders.reading.selectors import EVENTS, ITEMS, SHARES
from orders.services.money.shares import may_be_paid_online, owed_of
from orders.services.moving.closing import cancel_cost, rise_of_rest
from orders.services.moving.goals import Goal, has_reached
from orders.services.record.access import CARRIERS, OrderAccess, access_of_public
from orders.visibility import knows_driver
from ordersite.core.names import first_name

# What an order's parts are read with: two statements for items, one for events.
PARTS: dict[str, tuple[str | Prefetch, ...]] = {"items": ITEMS, "events": (EVENTS,)}
# Who is told where an order is paid, its tracking code, and what cancelling costs others besides.
PARTIES_THAT_PAY = frozenset({Actor.CUSTOMER, Actor.STAFF})
# Who is told who did what, and by which reference a payment is found at its provider.
BUSINESS = frozenset({Actor.VENDOR, Actor.STAFF})


class View:
    """What may be seen of a row. `words` are what people wrote: for whom they are hidden they are empty."""

    shown: ClassVar[frozenset[str]] = frozenset()
    words: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """What is shown as it is becomes a property: 0.15 µs a value, by `__getattr__` 0.20 and a failing look-up."""
        for name in cls.shown:
            setattr(cls, name, property(attrgetter(f"_View__row.{name}")))

    def __init__(self, row: Any, *, hides_words: bool = False) -> None:
        self.__row = row
        self.hides_words = hides_words

    def __getattr__(self, name: str) -> Any:
        if name in self.shown:
            return getattr(self.__row, name)
        if name in self.words:
            return "" if self.hides_words else getattr(self.__row, name)
        raise AttributeError(f"{type(self).__name__} does not show {name}.")


def shows(*names: str) -> frozenset[str]:
    return frozenset(" ".join(names).split())


class NamedView(View):
    """A label, a company, an offer."""

    shown = shows("id name")


class VendorSummary(View):
    """A vendor as everybody reads it in the list of vendors."""

    shown = shows("id name phone email address postal_code city country zone lat lng picture")


class CustomerView(View):
    """Whose order it is."""

    shown = shows("id uuid")

    def __init__(self, order: Order, *, hides_words: bool) -> None:
        super().__init__(order.customer, hides_words=hides_words)
        name = order.customer.name
        self.name = first_name(name) if hides_words else name


class ContactView:
    """Whom to ask about the order; whom it is merely on offer to reads a first name."""

    def __init__(self, order: Order, *, hides_words: bool) -> None:
        self.name = first_name(order.contact_name) if hides_words else order.contact_name
        self.phone = "" if hides_words else order.contact_phone
        self.email = "" if hides_words else order.contact_email


class DriverView:
    """Who drives. Of one who was named and has not accepted others read the ids alone; the public a first name."""

    def __init__(self, access: OrderAccess, *, is_public: bool) -> None:
        order, driver = access.order, access.order.driver
        assert driver is not None, "nobody drives"
        knows = order.driver_accepted_at is not None if is_public else knows_driver(access.caller, order)
        self.id, self.__driver = driver.pk, driver
        self.name = (first_name(driver.name) if is_public else driver.name) if knows else ""
        self.phone = driver.phone if knows and not is_public else ""

    @property
    def user_id(self) -> int:
        return self.__driver.user_id


class PositionView(View):
    """Where a driver was; one that is not current is told as old, with its time."""

    shown = shows("lat lng accuracy heading speed at")

    def __init__(self, position: DriverPosition, now: datetime) -> None:
        super().__init__(position)
        self.is_current = now - position.at <= CURRENT


class OptionView(View):
    """What was chosen for a line."""

    shown = shows("kind menu_id group name plu_code unit quantity position get_position_display price charged total")
    words = shows("text")

    def __init__(self, option: LineOption, currency: str, *, hides_words: bool) -> None:
        super().__init__(option, hides_words=hides_words)
        self.currency = currency
        self.on_ticket = str(option)


class ProductView(View):
    """The product of a line, as it is on the menu now."""

    shown = shows("id picture")


class LineView(View):
    """A line; `ticket` is what the kitchen reads beside the product."""

    shown = shows(
        "id product_id name plu_code unit quantity unit_price price_per total discount tax_rate tax sku refunded",
        "remove_if_missing substitute_id position",
    )
    words = shows("comment")

    def __init__(self, line: Line, currency: str, *, hides_words: bool) -> None:
        super().__init__(line, hides_words=hides_words)
        self.__line = line
        self.currency = currency

    @cached_property
    def options(self) -> list[OptionView]:
        options = self.__line.options.all()
        return [OptionView(option, self.currency, hides_words=self.hides_words) for option in options]

    def of_kind(self, kind: str) -> list[OptionView]:
        return [option for option in self.options if option.kind == kind]

    @property
    def ticket(self) -> list[str]:
        return ticket_of(self.options)

    @property
    def product(self) -> ProductView | None:
        return ProductView(self.__line.product) if self.__line.product else None


@dataclass(frozen=True, slots=True)
class TaxView:
    """The tax of one rate, in hundredths of a percent."""

    rate: int
    amount: int
    currency: str


class PaymentView:
    """What a payment pays for one order, or all of it; who sees one order does not see what the others cost.

    `photos` reads the addresses of photos by the payment's id, when somebody asks for them.
    """

    def __init__(
        self,
        part: Payment | PaymentShare,
        payment: Payment,
        *,
        hides_words: bool = False,
        checkout_url: str | None = None,
        photos: Callable[[], Mapping[int, Sequence[str]]] = dict,
        reference: str = "",
    ) -> None:
        self.id, self.method, self.paid_by = payment.pk, payment.provider, payment.method
        self.reference = reference
        self.status, self.amount, self.refunded, self.currency = part.state, part.amount, part.refunded, part.currency
        self.paid_at, self.expires_at = payment.paid_at, payment.expires_at
        self.failure = "" if hides_words else payment.failure
        self.checkout_url = checkout_url
        self.__photos = photos

    @property
    def proofs(self) -> list[str]:
        """Where its photos are read."""
        return list(self.__photos().get(self.id, ()))


class EventView(View):
    """One entry of an order's history. A candidate reads what happened and when, nothing of what was changed.

    `actor`, the key of the caller who did it, and `actor_name`, where that is a device, are for the vendor's people
    and staff.
    """

    shown = shows(
        "id number kind transition from_status to_status milestone role reason_code forced app_id created_at",
        "get_kind_display visible_to get_visible_to_display",
    )
    words = shows("reason")

    def __init__(self, event: OrderEvent, *, hides_words: bool, hides_drivers: bool, tells_actor: bool) -> None:
        super().__init__(event, hides_words=hides_words)
        self.actor = event.actor if tells_actor else ""
        self.actor_name = event.actor_name if tells_actor else ""
        if hides_words:
            self.data: Any = {}
        elif hides_drivers and event.kind == OrderEvent.Kind.DRIVER:
            self.data = {
                side: {name: value for name, value in changed.items() if name != "driver"}
                for side, changed in event.data.items()
            }
        else:
            self.data = event.data


class ChangeView(View):
    """A change of items, proposed or made."""

    shown = shows("action old_total new_total difference currency role reason created_at decided_at line_position item")

    def __init__(self, change: ItemChange) -> None:
        super().__init__(change)
        lines = change.order.lines.all() if change.order_id else ()
        self.line_id = next((line.pk for line in lines if line.position == change.line_position), None)
        self.number = None if change.pk is None else change.number  # a quote has none
        lapses = change.state == ItemChange.State.WAITING and has_settled_items(change.order)
        self.state = ItemChange.State.LAPSED if lapses else change.state


def has_settled_items(order: Order) -> bool:
    """Whether its items stay as they are, whatever waits."""
    return order.is_closed or order.picked_up_at is not None


class PackageView(View):
    """What is carried, and between which two places."""

    shown = shows("package_type_id type_name weight width length height")
    words = shows("recipient_phone")

    def __init__(self, package: Package, order: Order, *, hides_words: bool) -> None:
        super().__init__(package, hides_words=hides_words)
        name, hide = package.recipient_name, hides_words
        self.recipient_name = first_name(name) if hides_words else name
        self.pickup = Place(
            address=package.pickup_address,
            address_notes="" if hide else package.pickup_notes,
            lat=package.pickup_lat,
            lng=package.pickup_lng,
        )
        self.dropoff = destination_place(order, hides_words=hides_words)


def destination_place(order: Order, *, hides_words: bool) -> Place:
    """Where the order goes."""
    notes = "" if hides_words else order.address_notes
    return Place(address=order.address, address_notes=notes, lat=order.lat, lng=order.lng)


class BookingView(View):
    """What is booked, and for when."""

    shown = shows("service_id service_name starts_at ends_at place")

    def __init__(self, booking: Booking) -> None:
        super().__init__(booking)


class OrderView(View):
    """An order as one caller sees it. What it was not read with is read when it is asked for.

    `words` are those of the customer, with which a driver finds the door; the vendor's are in events.
    """

    shown = shows(
        "pk id uuid number kind fulfilment status version status_changed_at is_closed currency total subtotal discount",
        "delivery_fee service_fee driver_tip tax_included tax_added refunded waived cash payment_method payment_status",
        "placed_at deliver_at estimated_at app_id address lat lng distance delivery_zone_id self_delivery",
        "tracking_number carrier prepared_in delivered_in codes_missing milestones vendor_id customer_id offer_id",
        "previous_status",
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
        """The tax by rate, the lowest first; what its lines leave of it is the fees'."""
        order, by_rate = self.__order, Counter[int]()
        for line in self.lines:
            by_rate[line.tax_rate] += line.tax
        by_rate[order.terms.fee_tax_rate] += order.tax_included + order.tax_added - by_rate.total()
        return [TaxView(rate, amount, order.currency) for rate, amount in sorted(by_rate.items()) if amount]

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
        prefetch_related_objects([self.__order], EVENTS)
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
    """What to prefetch for these PARTS."""
    return [lookup for part in parts for lookup in PARTS[part]]


def view_order(access: OrderAccess, *parts: str) -> OrderView:
    """The order as its reader sees it, with its payments and these PARTS read, as far as they are not at hand."""
    prefetch_related_objects([access.order], SHARES, *lookups_of(parts))
    return OrderView(access)


def view_for_public(order: Order) -> OrderView:
    """The order as anybody with its tracking code sees it: of persons no more than a first name."""
    return OrderView(access_of_public(order))


class PurchaseSummary(View):
    """A purchase with what follows from its orders and payments, for those who see all of it."""

    shown = shows("uuid tracking_code external_code total currency placed_at")

    def __init__(self, purchase: Purchase, orders: Sequence[Order]) -> None:
        super().__init__(purchase)
        self.__purchase, self.__orders = purchase, orders

    @property
    def status(self) -> int:
        return least_advanced(self.__orders).status

    @property
    def payments(self) -> list[PaymentView]:
        """Two statements, and one for photos."""
        payments = list(self.__purchase.payments.all())
        prefetch_related_objects(payments, "shares")
        is_open, photos = not all(order.is_closed for order in self.__orders), proof_urls(payments)
        return [
            PaymentView(
                payment,
                payment,
                checkout_url=checkout_url(payment) if is_open else None,
                photos=lambda: photos,
            )
            for payment in payments
        ]


def view_own_payment(payment: Payment) -> PaymentView:
    """A payment as whoever makes it sees it."""
    return PaymentView(payment, payment, checkout_url=checkout_url(payment))


def view_own_event(event: OrderEvent) -> EventView:
    """An entry as whoever has just written it sees it."""
    return EventView(event, hides_words=False, hides_drivers=False, tells_actor=False)
