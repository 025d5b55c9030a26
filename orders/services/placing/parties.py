"""For whom a checkout is placed, and where it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orders.checkout import Cart, Checkout, Place
from orders.models import Purchase
from orders.visibility import PLACER
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Address, Customer
from ordersite.accounts.rights import Right
from ordersite.accounts.services import ensure_customer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid
from ordersite.core.fields import Field
from ordersite.core.images import CleanImage
from ordersite.places.addresses import Where, is_correction, point_of
from vendors.payment_methods import find_method
from vendors.permissions import may_at, serves, works_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who orders without an account (docs/requirements.md, row 20)."""

    name: str
    phone: str = ""
    email: str = ""
    place: Place = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A checkout, and for whom it is placed."""

    checkout: Checkout
    external_code: str = ""
    customer_id: int | None = None  # by staff for a customer, or for a guest of earlier
    guest: Guest | None = None
    photos: Sequence[CleanImage] = ()  # that prove a transfer


def check_custom(checkout: Checkout, caller: Caller) -> None:
    """Lines by hand are for who may place orders at the vendor: staff, and the vendor's own people with the right."""
    for cart in checkout.carts:
        if cart.custom and not may_at(caller, Right.PLACE_ORDERS, cart.vendor_id):
            raise Forbidden(FaultCode.FORBIDDEN_CUSTOM, Field.CUSTOM, at=cart.at)


def with_zones_by_hand(checkout: Checkout, caller: Caller) -> Checkout:
    """A zone that staff name is chosen by hand; anybody else's must hold the point."""
    named = [cart for cart in checkout.carts if cart.delivery_zone_id is not None]
    if not named or not all(may_at(caller, Right.PLACE_ORDERS, cart.vendor_id) for cart in named):
        return checkout
    carts = [replace(cart, zone_by_hand=cart.delivery_zone_id is not None) for cart in checkout.carts]
    return replace(checkout, carts=carts)


def check_empty(checkout: Checkout, caller: Caller) -> None:
    """Orders without items are staff's and the vendor's people's, and are not paid online.

    Where it is paid online the vendor sees an order only once it is paid, so nobody could fill it.
    """
    for cart in checkout.carts:
        if not cart.is_empty:
            continue
        if not serves(caller, Right.PLACE_ORDERS, cart.vendor_id):
            raise Forbidden(FaultCode.FORBIDDEN_EMPTY, Field.ITEMS, at=cart.at)
        if find_method(checkout.payment_method).is_online:
            raise Invalid(FaultCode.NO_ITEMS_ONLINE, Field.PAYMENT_METHOD)


def check_rights(placing: Placing, caller: Caller) -> None:
    """Raises Forbidden for what the caller may not place. Doors ask it, too, before they decode a photo."""
    check_custom(placing.checkout, caller)
    check_empty(placing.checkout, caller)
    customer_meant(placing, caller)


def customer_meant(placing: Placing, caller: Caller) -> int | None:
    """Whose saved addresses are meant; raises Forbidden for who may not order for the customer that it names.

    Staff order for every customer; who may order for a guest, for the guests that it has ordered for before, where it
    still may. A customer that is not there is refused as another's is.
    """
    if placing.customer_id is None:
        return caller.customer_id
    if caller.may_everywhere(Right.PLACE_ORDERS):
        return placing.customer_id
    if not caller.is_known or not may_name_guest(placing.checkout, caller):
        raise Forbidden(FaultCode.FORBIDDEN_CUSTOMER, Field.CUSTOMER)
    own = Purchase.objects.filter(PLACER.query(caller), customer=placing.customer_id, customer__user=None)
    if not own.exists():
        raise Forbidden(FaultCode.FORBIDDEN_OTHER_CUSTOMER, Field.CUSTOMER)
    return placing.customer_id


def may_name_guest(checkout: Checkout, caller: Caller) -> bool:
    """Whether the caller orders for guests: nobody who is signed in, but staff and at vendors where it works."""
    return caller.user is None or caller.may_everywhere(Right.PLACE_ORDERS) or sells(checkout, caller)


def find_customer(placing: Placing, caller: Caller) -> Customer:
    """For whom it is: the caller itself, a guest (a new row, not saved yet), or the customer that it names."""
    if placing.customer_id is not None:
        meant = customer_meant(placing, caller)
        if placing.guest is not None:
            raise Invalid(FaultCode.CUSTOMER, Field.GUEST)
        customer = Customer.objects.select_related("user").filter(pk=meant or 0).first()
        if customer is None:
            raise Invalid(FaultCode.UNKNOWN_CUSTOMER, Field.CUSTOMER)
        if customer.erased_at is not None:
            raise Conflict(FaultCode.CUSTOMER_ERASED, Field.CUSTOMER)
        return customer
    if placing.guest is not None:
        if not may_name_guest(placing.checkout, caller):
            raise Invalid(FaultCode.SIGNED_IN, Field.GUEST)
        return Customer(name=placing.guest.name, phone=placing.guest.phone, email=placing.guest.email.lower())
    if caller.user is None:
        raise Invalid(FaultCode.REQUIRED_GUEST if caller.is_known else FaultCode.REQUIRED_GUEST_OR_SIGN_IN, Field.GUEST)
    return ensure_customer(caller.user)


def sells(checkout: Checkout, caller: Caller) -> bool:
    """Whether the caller works at every vendor of the checkout."""
    return all(works_at(caller, cart.vendor_id) for cart in checkout.carts)


def find_destinations(checkout: Checkout, guest: Guest | None, customer_id: int | None) -> list[Place]:
    """Where each cart goes; saved addresses are read by one statement. Raises Invalid for one that is not there."""
    wanted = {cart.address_id for cart in checkout.carts if cart.address_id is not None}
    saved = Address.objects.filter(pk__in=wanted, customer_id=customer_id or 0).in_bulk() if wanted else {}
    return [find_place(cart, guest, saved) for cart in checkout.carts]


def find_place(cart: Cart, guest: Guest | None, addresses: Mapping[int, Address]) -> Place:
    """Where it goes: a saved address, what the order says, or what the guest says."""
    if cart.address_id is not None:
        saved = addresses.get(cart.address_id)
        if saved is None:
            raise Invalid(FaultCode.UNKNOWN_ADDRESS, Field.ADDRESS, at=cart.at)
        own = Where(point=point_of(saved.lat, saved.lng), anchor=point_of(saved.anchor_lat, saved.anchor_lng))
        sent = point_of(cart.place.lat, cart.place.lng)
        if sent and not is_correction(own, sent):
            raise Invalid(FaultCode.SAVED_ADDRESS, Field.LOCATION, at=cart.at)
        return Place(
            address=saved.address,
            address_notes=cart.place.address_notes or saved.address_notes,
            lat=cart.place.lat if sent else saved.lat,
            lng=cart.place.lng if sent else saved.lng,
        )
    if guest is None:
        return cart.place
    has_point = cart.place.lat is not None
    return Place(
        address=cart.place.address or guest.place.address,
        address_notes=cart.place.address_notes or guest.place.address_notes,
        lat=cart.place.lat if has_point else guest.place.lat,
        lng=cart.place.lng if has_point else guest.place.lng,
    )


def check_photos(placing: Placing) -> None:
    """Photos prove a transfer, and nothing else."""
    if placing.photos:
        check_proven(placing.checkout.payment_method)


def check_proven(payment_method: str) -> None:
    """Raises Invalid for what photos do not prove. Doors ask it, too, before they decode any."""
    if not find_method(payment_method).needs_proof:
        raise Invalid(FaultCode.NOT_TRANSFER, Field.PAYMENT_METHOD)
