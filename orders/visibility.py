"""Two questions only: which orders may this caller see, and as what does it stand to an order."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.lifecycle.table import ANSWERED_BY_DRIVER, Actor, Status
from orders.models import Order, Purchase
from ordersite.accounts.callers import Caller, related
from ordersite.accounts.rights import Right
from vendors.models import Dispatcher, Driver, Vendor
from vendors.payment_methods import ONLINE_METHODS
from vendors.permissions import member_vendors

# In the search for a driver an order is on offer to those who could take it. The search and its deadline go on by their
# milestone when the kitchen moves the status on to ready, or back.
ALSO_SEARCHING = (Status.PREPARATION_COMPLETED, Status.ACCEPTED_BY_BUSINESS)
SEARCHING = Q(driver__isnull=True, company_accepted_at__isnull=True) & (
    Q(status=Status.LOOKING_FOR_DRIVER) | Q(status__in=ALSO_SEARCHING, search_started_at__isnull=False)
)

# Placed without items: the kitchen does not see it, but its people do, who add them (Order.awaits_items).
AWAITS_ITEMS = Q(visible_at__isnull=True) & ~Q(payment_method__in=ONLINE_METHODS)

# What a vendor's people see of its orders, here and in the back-office.
SHOWN_TO_VENDOR = Q(visible_at__isnull=False) | AWAITS_ITEMS


def is_searching(order: Order) -> bool:
    """The same as SEARCHING, for one order at hand."""
    if order.driver_id or order.company_accepted_at:
        return False
    if order.status == Status.LOOKING_FOR_DRIVER:
        return True
    return order.status in ALSO_SEARCHING and order.search_started_at is not None


def of_business(caller: Caller) -> Q:
    """The orders of a caller's vendors: those that the vendor may see already, or still has to fill."""
    return Q(vendor_id__in=member_vendors(caller).values("pk")) & SHOWN_TO_VENDOR


def of_customer(caller: Caller) -> Q:
    """The orders that a caller placed, by account or by a guest's token."""
    mine = Q(customer_id=caller.customer_id) if caller.customer_id else Q(pk__in=[])
    if caller.order_token_hash:
        mine |= Q(purchase__guest_token_hash=caller.order_token_hash)
    return mine


def of_driver(driver: Driver) -> Q:
    """A driver's orders: named or accepted, and those in search of a driver that it could take."""
    mine = Q(driver_id=driver.pk)
    if not driver.on_duty:
        return mine
    if driver.company_id:
        return mine | Q(company_id=driver.company_id, driver__isnull=True)
    if driver.vendor_id:
        return mine | (SEARCHING & Q(vendor_id=driver.vendor_id))
    return mine | (SEARCHING & Q(company__isnull=True))


def offered_to(driver: Driver) -> Q:
    """The orders that a driver could accept now: `of_driver` with what the life cycle and its guard `free` ask."""
    free = Q(company_accepted_at__isnull=True)
    if driver.company_id:
        free |= Q(company_id=driver.company_id)
    return of_driver(driver) & free & Q(status__in=sorted(ANSWERED_BY_DRIVER), driver_accepted_at__isnull=True)


def companies_of(caller: Caller) -> QuerySet[Dispatcher, Any]:
    """The ids of the companies that a caller dispatches for."""
    return Dispatcher.objects.filter(user=caller.user).values("company")


def of_company(caller: Caller) -> Q:
    """A dispatcher's orders: its company's, and those in search that its company serves."""
    served = Vendor.objects.filter(companies__in=companies_of(caller)).values("pk")
    return Q(company_id__in=companies_of(caller)) | (SEARCHING & Q(company__isnull=True, vendor_id__in=served))


def own(caller: Caller) -> Q:
    """The caller's own: those it ordered, and for a driver those assigned to it too."""
    mine = of_customer(caller)
    return mine | Q(driver_id=caller.driver_id) if caller.driver_id else mine


def visible_orders(caller: Caller) -> QuerySet[Order]:
    """Every order that the caller may see, in any of its roles."""
    orders = Order.objects.filter(deleted_at__isnull=True)
    if caller.may_everywhere(Right.VIEW_ORDERS):
        return orders
    seen = of_customer(caller)
    driver = related(caller.user, "driver") if caller.user else None
    if driver:
        seen |= of_driver(driver)
    if caller.is_known:
        seen |= of_business(caller)
    if caller.user:
        seen |= of_company(caller)
    return orders.filter(seen)


def orders_with_contact(caller: Caller) -> QuerySet[Order]:
    """Of these the ones whose contact the caller may read: not what is merely on offer to it."""
    orders = visible_orders(caller)
    if caller.may_everywhere(Right.VIEW_ORDERS):
        return orders
    held = own(caller)
    if caller.is_known:
        held |= of_business(caller)
    if caller.user:
        held |= Q(company_id__in=companies_of(caller))
    return orders.filter(held)


def own_orders(caller: Caller) -> QuerySet[Order]:
    """The caller's own orders."""
    return Order.objects.filter(own(caller), deleted_at__isnull=True)


def is_own(caller: Caller, order: Order) -> bool:
    """The same as `own`, for one order at hand."""
    return is_customer(caller, order) or (caller.driver_id is not None and order.driver_id == caller.driver_id)


def visible_purchases(caller: Caller) -> QuerySet[Purchase]:
    """Purchases are the customer's and staff's; a vendor sees its order, not what was bought elsewhere with it.

    Who placed one for somebody else sees it as long as it may order there for others.
    """
    if caller.may_everywhere(Right.VIEW_ORDERS):
        return Purchase.objects.all()
    mine = Q(customer_id=caller.customer_id) if caller.customer_id else Q(pk__in=[])
    if caller.order_token_hash:
        mine |= Q(guest_token_hash=caller.order_token_hash)
    if caller.is_known:
        mine |= of_placer(caller)
    return Purchase.objects.filter(mine)


def of_placer(caller: Caller) -> Q:
    """The purchases that a known caller placed, and may still place (services.parties.may_name_guest)."""
    placed = Q(placed_by_key=caller.key)
    if caller.user is None or caller.may_everywhere(Right.PLACE_ORDERS):
        return placed
    elsewhere = Order.objects.exclude(vendor__in=member_vendors(caller)).filter(purchase=OuterRef("pk"))
    return placed & ~Q(Exists(elsewhere))


def with_standing(orders: QuerySet[Order], caller: Caller) -> QuerySet[Order]:
    """Reads with each order what `actors_for` needs to know of it, in the same statement."""
    if not caller.is_known or caller.is_system:
        return orders
    orders = orders.annotate(works_there=Exists(member_vendors(caller).filter(pk=OuterRef("vendor_id"))))
    if caller.user is None:
        return orders
    dispatching = Dispatcher.objects.filter(user=caller.user)
    return orders.annotate(
        dispatches=Exists(dispatching.filter(company=OuterRef("company_id"))),
        could_dispatch=Exists(dispatching.filter(company__vendors=OuterRef("vendor_id"))),
        is_served=Exists(Vendor.companies.through.objects.filter(vendor_id=OuterRef("vendor_id"))),
    )


def actors_for(caller: Caller, order: Order) -> frozenset[Actor]:
    """As what a caller may read an order that was read `with_standing`; it may be several at once.

    As what it may act, `Standing.acting` says: for staff every act asks for its own right.
    """
    if caller.is_system:
        return frozenset({Actor.SYSTEM})
    actors = set()
    if caller.may_everywhere(Right.VIEW_ORDERS):
        actors.add(Actor.STAFF)
    if is_customer(caller, order):
        actors.add(Actor.CUSTOMER)
    if getattr(order, "works_there", False) and (order.visible_at or order.awaits_items):
        actors.add(Actor.VENDOR)
    driver = related(caller.user, "driver") if caller.user else None
    if driver and stands_as_driver(driver, order):
        actors.add(Actor.DRIVER)
    on_offer = order.company_id is None and is_searching(order)
    if getattr(order, "dispatches", False) or (on_offer and getattr(order, "could_dispatch", False)):
        actors.add(Actor.COMPANY)
    return frozenset(actors)


def is_customer(caller: Caller, order: Order) -> bool:
    if caller.customer_id is not None and order.customer_id == caller.customer_id:
        return True
    return bool(caller.order_token_hash) and order.purchase.guest_token_hash == caller.order_token_hash


def pays(caller: Caller, order: Order) -> bool:
    """Whether the caller is told where an order is paid: its customer, and staff, who hand it on."""
    return caller.may_everywhere(Right.VIEW_ORDERS) or is_customer(caller, order)


def knows_driver(caller: Caller, order: Order) -> bool:
    """Whether the caller is told name and phone of the order's driver: ids can be guessed, and naming tells nothing.

    Everybody who sees the order is, once the driver has accepted it or where it is the vendor's own courier; before
    that the driver itself, its dispatchers, and staff.
    """
    driver = order.driver
    if driver is None or order.driver_accepted_at is not None or driver.vendor_id == order.vendor_id:
        return True
    if driver.pk == caller.driver_id or caller.may_everywhere(Right.VIEW_ORDERS):
        return True
    return getattr(order, "dispatches", False) and driver.company_id == order.company_id


def stands_as_driver(driver: Driver, order: Order) -> bool:
    """The same as `of_driver`, for one order at hand."""
    if order.driver_id == driver.pk:
        return True
    if not driver.on_duty or order.driver_id:
        return False
    if driver.company_id:
        return order.company_id == driver.company_id
    if not is_searching(order):
        return False
    return order.vendor_id == driver.vendor_id if driver.vendor_id else order.company_id is None
