"""Orders to be read: which ones a caller asks for, with all that is shown of them, in a fixed number of statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet, prefetch_related_objects

from orders.checkout import Place
from orders.models import LineOption, Order, OrderEvent, PaymentShare, StatusLabel
from orders.reading.following import followable
from orders.services.money.shares import may_be_paid_online
from orders.services.record.access import OrderAccess, access_of, get_order, with_parties
from orders.services.record.archive import archived_events
from orders.services.record.lines import keep_rows
from orders.visibility import orders_with_contact, visible_orders
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Address
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden
from ordersite.core.prepared import Prepared, given_ids, rows_by_ids
from ordersite.places.addresses import metres, point_of
from ordersite.places.protocol import Point
from vendors.models import Driver, Offer, Option, Product, Vendor
from vendors.permissions import member_vendors, serves

# Metres between a saved address and a point that came without a text, as a telephone tells it at the door.
SAME_DOOR = 50
ITEMS = ("lines", Prefetch("lines__options", queryset=LineOption.objects.order_by("id")))
SHARES = Prefetch("shares", queryset=PaymentShare.objects.select_related("payment").order_by("payment_id"))
# What is read as history: that a driver has moved, several times a minute, is none of it.
EVENTS = Prefetch("events", queryset=OrderEvent.objects.exclude(kind=OrderEvent.Kind.POSITION).order_by("number"))


def dashboard_orders(caller: Caller) -> QuerySet[Order]:
    """Every order to staff, to others those of the vendors that they work for; raises Forbidden where there is none."""
    if caller.may_everywhere(Right.VIEW_ORDERS):
        return visible_orders(caller)
    vendors = member_vendors(caller)
    if not vendors.exists():
        raise Forbidden(FaultCode.FORBIDDEN_DASHBOARD)
    return Order.objects.filter(deleted_at__isnull=True, vendor_id__in=vendors.values("pk"), visible_at__isnull=False)


def with_parts(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Reads with the orders their parties, items, options and payments: a fixed number of statements."""
    return with_items(orders).prefetch_related(SHARES)


def with_items(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Reads with the orders their parties, items and options: three statements."""
    return with_parties(orders).prefetch_related(*ITEMS)


def read_events(orders: Sequence[Order]) -> None:
    """Reads the events of orders that are at hand, as far as they are not; one statement, one more for the archive."""
    prefetch_related_objects(orders, EVENTS)
    # Every order has the event of its placing.
    bare = [order for order in orders if not order.events.all()]
    archived = archived_events(bare) if bare else {}
    for order in bare:
        if order.pk in archived:
            told = [event for event in archived[order.pk] if event.kind != OrderEvent.Kind.POSITION]
            keep_rows(order, "events", told)
        else:
            # Put back since its events were looked for.
            order.__dict__["_prefetched_objects_cache"].pop("events")
    prefetch_related_objects(bare, EVENTS)


def read_payments_due(orders: Iterable[Order]) -> None:
    """Reads the payments of those orders that may still be paid online; one statement, none where there is no such."""
    prefetch_related_objects([order for order in orders if may_be_paid_online(order)], SHARES)


def read_order(caller: Caller, order_id: int) -> OrderAccess:
    """One order with its parts and events, and what the caller is to it; raises NotFound."""
    return with_its_parts(access_of(caller, get_order(caller=caller, order_id=order_id)))


def with_its_parts(access: OrderAccess) -> OrderAccess:
    """The same order with what of its parts and events is not at hand: who has just quit it still reads the answer."""
    prefetch_related_objects([access.order], *ITEMS, SHARES)
    read_events([access.order])
    return access


# Kept, with the labels and the event that a placing has just written, it took a placing through the shop from 12.7 to
# 9.5 ms of CPU, as much as the native call (busy machine, in turns, medians).
PRODUCTS_ON_SALE = Prepared(
    lambda count: Product.objects.select_related("vendor").filter(
        pk__in=given_ids(Product, count), vendor__is_active=True
    )
)


def products_on_sale(product_ids: Iterable[int]) -> dict[int, Product]:
    """The products with their vendors, by id; those that do not exist, or whose vendor is off, are left out."""
    return {product.pk: product for product in rows_by_ids(PRODUCTS_ON_SALE, set(product_ids))}


def orders_bought_with(order: Order, caller: Caller) -> list[Order]:
    """All orders of the order's purchase that the caller may see, with their parts and events; by id."""
    orders = list(with_parts(visible_orders(caller).filter(purchase=order.purchase_id)).order_by("pk"))
    read_events(orders)
    return orders


def currency_of(vendor_id: int) -> str | None:
    """In which currency a vendor sells; None where it does not exist or is switched off."""
    return Vendor.objects.filter(pk=vendor_id, is_active=True).values_list("currency", flat=True).first()


def country_of(vendor_id: int) -> str | None:
    """In which country a vendor is (ISO 3166); None where it does not exist."""
    return Vendor.objects.filter(pk=vendor_id).values_list("country", flat=True).first()


def sells_codes(vendor_id: int, product_ids: Iterable[int]) -> bool:
    """Whether any of the products is a digital one of this vendor."""
    return Product.objects.filter(pk__in=set(product_ids), vendor=vendor_id, is_digital=True).exists()


def groups_of(option_ids: Iterable[int]) -> dict[int, int]:
    """The group of each option; one that is unknown has none."""
    ids = set(option_ids)
    return dict(Option.objects.filter(pk__in=ids).values_list("pk", "group_id")) if ids else {}


def code_of_offer(offer_id: int, vendor_id: int, caller: Caller) -> str | None:
    """An offer's code, "" where it is given by itself; None where there is no such offer of the vendor or the site.

    Ids can be guessed: an offer with a code is named so only by staff and the vendor's people, who know the code.
    """
    offer = Offer.objects.filter(pk=offer_id).values_list("vendor_id", "code").first()
    if offer is None or offer[0] not in (None, vendor_id):
        return None
    knows = not offer[1] or serves(caller, Right.VIEW_OFFERS, vendor_id)
    return offer[1] if knows else None


def saved_address_near(customer_id: int, point: Point) -> Address | None:
    """The customer's saved address that is nearest to a point, within SAME_DOOR metres; the newest of several."""
    rows = Address.objects.filter(customer=customer_id, lat__isnull=False, lng__isnull=False).order_by("-pk")
    near = [(metres(own, point), row) for row in rows if (own := point_of(row.lat, row.lng))]
    away, nearest = min(near, key=lambda one: one[0], default=(0, None))
    return nearest if away <= SAME_DOOR else None


def driver_of_user(user_id: int) -> int | None:
    """The driver that a user is, if it is one."""
    return Driver.objects.filter(user=user_id, left_at=None).values_list("pk", flat=True).first()


def guests_order(order_id: int, uuid: UUID, now: datetime) -> Order | None:
    """A guest's order by its id and its uuid, which only its parties know, with parts and events.

    None for any other: an order of somebody with an account, one that is deleted, or closed so long ago that its
    tracking code has lapsed too.
    """
    orders = followable(now).filter(pk=order_id, uuid=uuid, customer__user__isnull=True)
    order = with_parts(orders).first()
    if order is not None:
        read_events([order])
    return order


def with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Reads with the orders what a list shows of them: their parties, and their lines to be counted; two statements."""
    return with_parties(orders).prefetch_related("lines")


def read_products(orders: Iterable[Order]) -> None:
    """Reads the products of lines that are at hand, for their pictures; one statement."""
    prefetch_related_objects(list(orders), "lines__product")


def saved_places(address_ids: Iterable[int], caller: Caller) -> dict[int, Place]:
    """The caller's saved addresses of these ids; what is another's, or does not exist, is left out."""
    rows = Address.objects.filter(pk__in=set(address_ids), customer_id=caller.customer_id or 0)
    return {
        row.pk: Place(address=row.address, address_notes=row.address_notes, lat=row.lat, lng=row.lng) for row in rows
    }


def payment_due(order_id: int) -> int | None:
    """The newest payment of an order that has not come in, if any."""
    shares = PaymentShare.objects.filter(order=order_id, amount__gt=F("received"))
    return shares.order_by("-payment_id").values_list("payment_id", flat=True).first()


def active_vendor(vendor_id: int) -> Vendor | None:
    """A vendor by its id, unless it is switched off."""
    return Vendor.objects.filter(pk=vendor_id, is_active=True).first()


def vendors_served(caller: Caller, right: Right) -> QuerySet[Vendor]:
    """The vendors, but for those switched off, that the caller works at, or all to staff with this right for all."""
    vendors = Vendor.objects.all() if caller.may_everywhere(right) else member_vendors(caller)
    return vendors.filter(is_active=True)


def visible_reading_as(
    caller: Caller, label: StatusLabel | None, *, is_first: bool, customer_id: int | None, email: str | None
) -> QuerySet[Order]:
    """The orders that the caller sees, newest first, with their parties, all in one statement.

    With a label those that read as it: they bear it, or bear none and it is the first of their status (`is_first`).
    By a customer or an e-mail those whose contact the caller may read: others would tell it by being found.
    """
    by_contact = customer_id is not None or bool(email)
    visible = orders_with_contact(caller) if by_contact else visible_orders(caller)
    orders = with_parties(visible)
    if label is not None:
        by_itself = Q(label__isnull=True, status=label.core_status)
        orders = orders.filter(Q(label=label.pk) | by_itself if is_first else Q(label=label.pk))
    if customer_id is not None:
        orders = orders.filter(customer=customer_id)
    if email:
        orders = orders.filter(contact_email=email.lower())
    return orders.order_by("-placed_at", "-pk")
