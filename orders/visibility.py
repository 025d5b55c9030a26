"""Which orders a caller sees, and as whom. Each way is one rule, which gives the query and the answer for one order.

An order at hand needs its vendor and its purchase; of the caller the facts on it are enough (ordersite.accounts).
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orders.lifecycle.searching import SEARCHING, offered_until, skipped_until
from orders.lifecycle.table import ANSWERED_BY_DRIVER, Actor
from orders.models import DriverOffer, Order, Purchase
from orders.models.parties import party_of_company, party_of_driver
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.rules import InFact, IsFact, IsNull, NoneOf, NotNull, OfAsker, OneOf, RowRule
from vendors.models import Vendor
from vendors.payment_methods import ONLINE_METHODS
from vendors.permissions import member_vendors, works_at_vendor

# --- parts of the rules -------------------------------------------------------------------------------------------

# What a vendor's people see of its orders, here and in the back-office: all but what waits to be paid online. What was
# placed without items the kitchen does not see, but its people do, who add them (Order.awaits_items).
SHOWN_TO_VENDOR = NotNull("visible_at") | NoneOf("payment_method", ONLINE_METHODS)


class WorksAtVendor(RowRule):
    """The caller works at the order's vendor."""

    def condition(self, asker: Caller) -> Q | None:
        if not asker.merchant_ids:
            return Q(vendor_id__in=asker.vendor_ids) if asker.vendor_ids else None
        return Q(vendor_id__in=member_vendors(asker).values("pk"))

    def holds(self, asker: Caller, row: Order) -> bool:
        return works_at_vendor(asker, row.vendor)


class CompanyCouldServe(RowRule):
    """A company that the caller dispatches for serves the order's vendor, and has not declined it a while ago."""

    def condition(self, asker: Caller) -> Q | None:
        if not asker.dispatched_ids:
            return None
        return reduce(
            or_,
            (
                Q(vendor_id__in=Vendor.objects.filter(companies=company_id).values("pk"))
                & not_declined(company=company_id)
                for company_id in sorted(asker.dispatched_ids)
            ),
        )

    def holds(self, asker: Caller, row: Order) -> bool:
        return any(could_serve(row, company_id) for company_id in asker.dispatched_ids)


class AskedDriver(RowRule):
    """The order was offered to the caller, a driver, whose time to answer is not over."""

    def condition(self, asker: Caller) -> Q | None:
        return orders_offered(driver=asker.driver_id) if asker.driver_id else None

    def holds(self, asker: Caller, row: Order) -> bool:
        return asker.driver_id is not None and is_asked(row, party_of_driver(asker.driver_id))


class AskedCompany(RowRule):
    """The same of a company that the caller dispatches for."""

    def condition(self, asker: Caller) -> Q | None:
        return orders_offered(company__in=asker.dispatched_ids) if asker.dispatched_ids else None

    def holds(self, asker: Caller, row: Order) -> bool:
        return any(is_asked(row, party_of_company(company_id)) for company_id in asker.dispatched_ids)


class NotDeclined(RowRule):
    """The caller, a driver, has not declined the order a while ago."""

    def condition(self, asker: Caller) -> Q:
        return not_declined(driver=asker.driver_id) if asker.driver_id else Q()

    def holds(self, asker: Caller, row: Order) -> bool:
        return not asker.driver_id or not has_declined(row, party_of_driver(asker.driver_id))


def orders_offered(**to: object) -> Q:
    asked = DriverOffer.objects.filter(**to, outcome=DriverOffer.Outcome.OPEN, answer_by__gt=timezone.now())
    return Q(pk__in=asked.values("order"))


def not_declined(**by: object) -> Q:
    declined = DriverOffer.objects.filter(**by, skip_until__gt=timezone.now())
    return ~Q(pk__in=declined.values("order"))


def is_asked(order: Order, party: str) -> bool:
    until = offered_until(order, party)
    return until is not None and until > timezone.now()


def has_declined(order: Order, party: str) -> bool:
    until = skipped_until(order, party)
    return until is not None and until > timezone.now()


def could_serve(order: Order, company_id: int) -> bool:
    return company_id in order.serving_company_ids and not has_declined(order, party_of_company(company_id))


def sees_everything(caller: Caller) -> bool:
    return caller.may_everywhere(Right.VIEW_ORDERS)


def is_on_duty(caller: Caller) -> bool:
    return caller.driver is not None and caller.driver.on_duty


def drives_for_site(caller: Caller) -> bool:
    return caller.driver is not None and caller.driver.company_id is None and caller.driver.vendor_id is None


# --- the rules ----------------------------------------------------------------------------------------------------

STAFF = OfAsker(sees_everything)
# By account, or by the token of a guest.
CUSTOMER = IsFact("customer_id", "customer_id") | IsFact("purchase__guest_token_hash", "order_token_hash")
VENDOR = WorksAtVendor() & SHOWN_TO_VENDOR
# Named or accepted.
NAMED_DRIVER = IsFact("driver_id", "driver_id")
# In search, and on offer to everybody who could take it, not to some at a time.
OFFERED_TO_ALL = SEARCHING & IsNull("offers_at")
# Those that it could take: its company's, or in the search those of its vendor, or of all for who drives for the site;
# where only some are asked, those that it is asked for.
OFFERED_DRIVER = OfAsker(is_on_duty) & (
    (
        NotDeclined()
        & (
            (IsFact("company_id", "company_id") & IsNull("driver_id"))
            | (IsFact("vendor_id", "courier_vendor_id") & OFFERED_TO_ALL)
            | (OfAsker(drives_for_site) & OFFERED_TO_ALL & IsNull("company_id"))
        )
    )
    | (SEARCHING & AskedDriver())
)
COMPANY = InFact("company_id", "dispatched_ids")
OFFERED_COMPANY = IsNull("company_id") & ((CompanyCouldServe() & OFFERED_TO_ALL) | (SEARCHING & AskedCompany()))


@dataclass(frozen=True, slots=True)
class Stake:
    """One way in which an order concerns a caller."""

    actor: Actor  # as whom it reads the order
    rule: RowRule
    tells_contact: bool = True  # not to whom the order is merely on offer


STAKES = (
    Stake(Actor.STAFF, STAFF),
    Stake(Actor.CUSTOMER, CUSTOMER),
    Stake(Actor.VENDOR, VENDOR),
    Stake(Actor.DRIVER, NAMED_DRIVER),
    Stake(Actor.DRIVER, OFFERED_DRIVER, tells_contact=False),
    Stake(Actor.COMPANY, COMPANY),
    Stake(Actor.COMPANY, OFFERED_COMPANY, tells_contact=False),
)

# The caller's own: those it ordered, and for a driver those assigned to it too.
OWN = CUSTOMER | NAMED_DRIVER
# What a driver could accept now: its own and offered ones, with what the life cycle and its guard `free` ask.
ACCEPTABLE = (
    (NAMED_DRIVER | OFFERED_DRIVER)
    & (IsNull("company_accepted_at") | IsFact("company_id", "company_id"))
    & OneOf("status", sorted(ANSWERED_BY_DRIVER))
    & IsNull("driver_accepted_at")
)


# --- orders -------------------------------------------------------------------------------------------------------


def orders_by(rule: RowRule, caller: Caller) -> QuerySet[Order]:
    """The orders, but for deleted ones, for which a rule holds."""
    return Order.objects.filter(rule.query(caller), deleted_at__isnull=True)


def any_of(stakes: "tuple[Stake, ...] | list[Stake]") -> RowRule:
    rule = stakes[0].rule
    for stake in stakes[1:]:
        rule |= stake.rule
    return rule


VISIBLE = any_of(STAKES)
CONTACT_TOLD = any_of([stake for stake in STAKES if stake.tells_contact])


def visible_orders(caller: Caller) -> QuerySet[Order]:
    """Every order that the caller may see, in any of its roles."""
    return orders_by(VISIBLE, caller)


def orders_with_contact(caller: Caller) -> QuerySet[Order]:
    """Of these the ones whose contact the caller may read: not what is merely on offer to it."""
    return orders_by(CONTACT_TOLD, caller)


def own_orders(caller: Caller) -> QuerySet[Order]:
    """The caller's own orders."""
    return orders_by(OWN, caller)


def acceptable_orders(caller: Caller) -> QuerySet[Order]:
    """The orders that the caller, a driver, could accept now."""
    return orders_by(ACCEPTABLE, caller)


def carried_orders(caller: Caller) -> QuerySet[Order]:
    """The orders that the caller, a driver, is named for or has accepted."""
    return orders_by(NAMED_DRIVER, caller)


def offered_to_companies(caller: Caller) -> QuerySet[Order]:
    """The orders on offer to the companies that the caller dispatches for."""
    return orders_by(OFFERED_COMPANY, caller)


def companies_offered(caller: Caller, order: Order) -> list[int]:
    """The companies that the caller dispatches for, and to which the order is on offer."""
    if order.company_id is not None:
        return []
    is_to_all = OFFERED_TO_ALL.holds(caller, order)
    return [
        company_id
        for company_id in sorted(caller.dispatched_ids)
        if is_asked(order, party_of_company(company_id)) or (is_to_all and could_serve(order, company_id))
    ]


def company_orders(caller: Caller, *, with_offered: bool) -> QuerySet[Order]:
    """The orders of the companies that the caller dispatches for, and those that are on offer to them."""
    return orders_by(COMPANY | OFFERED_COMPANY if with_offered else COMPANY, caller)


def actors_for(caller: Caller, order: Order) -> frozenset[Actor]:
    """As whom a caller may read an order; it may be several at once.

    As whom it may act, `OrderAccess.acting` says: for staff every act asks for its own right.
    """
    if caller.is_system:
        return frozenset({Actor.SYSTEM})
    return frozenset({stake.actor for stake in STAKES if stake.rule.holds(caller, order)})


def knows_driver(caller: Caller, order: Order) -> bool:
    """Whether the caller is told name and phone of the order's driver: ids can be guessed, and naming tells nothing.

    Everybody who sees the order is, once the driver has accepted it or where it is the vendor's own courier; before
    that the driver itself, its dispatchers, and staff.
    """
    driver = order.driver
    if driver is None or is_told_driver(order):
        return True
    if driver.pk == caller.driver_id or sees_everything(caller):
        return True
    return COMPANY.holds(caller, order) and driver.company_id == order.company_id


def is_told_driver(order: Order) -> bool:
    """Whether everybody who sees the order is told who its driver is."""
    driver = order.driver
    return driver is not None and (order.driver_accepted_at is not None or driver.vendor_id == order.vendor_id)


# --- purchases ----------------------------------------------------------------------------------------------------


class Placer(RowRule):
    """A known caller placed the purchase, and may still place there (services.placing.parties.may_name_guest)."""

    def condition(self, asker: Caller) -> Q | None:
        if not asker.is_known:
            return None
        placed = Q(placed_by_key=asker.key)
        if asker.user is None or asker.may_everywhere(Right.PLACE_ORDERS):
            return placed
        elsewhere = Order.objects.exclude(vendor__in=member_vendors(asker)).filter(purchase=OuterRef("pk"))
        return placed & ~Q(Exists(elsewhere))

    def holds(self, asker: Caller, row: Purchase) -> bool:
        return Purchase.objects.filter(self.query(asker), pk=row.pk).exists()


PURCHASER = IsFact("customer_id", "customer_id") | IsFact("guest_token_hash", "order_token_hash")
PLACER = Placer()
# A vendor sees its order, not what was bought elsewhere with it.
PURCHASE_VISIBLE = STAFF | PURCHASER | PLACER


def visible_purchases(caller: Caller) -> QuerySet[Purchase]:
    """The purchases of the customer, of staff, and of whoever placed them for somebody else and may still do so."""
    return Purchase.objects.filter(PURCHASE_VISIBLE.query(caller))
