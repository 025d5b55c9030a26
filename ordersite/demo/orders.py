"""Tells the demo's stories: places each order and plays its steps, by the services that every door calls."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders.checkout import Cart, Checkout, CustomLine, PackageWish, Place, ServiceWish
from orders.lifecycle.table import Fulfilment
from orders.models import Booking
from orders.pricing import CartExtra, CartItem, CartOption
from orders.services.capacity.bookings import free_times
from orders.services.money.wallets import top_up, wallets_of
from orders.services.moving.transitions import Wish, transition
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.models import Address, User
from ordersite.core.crypto import token_hash
from ordersite.core.images import clean_image
from ordersite.core.money import Money
from ordersite.demo import sites
from ordersite.demo.acts import online, pay_online
from ordersite.demo.fake_provider import FakeProvider
from ordersite.demo.pictures import draw_slip
from ordersite.demo.stories import RECIPIENT, STORIES, Item, ParcelStory, Story, Visit
from vendors.models import Extra, Ingredient, Option, PackageType, Product, Service, Vendor

WALLET = 10_000  # minor units
DAYS_AHEAD = 14  # in which a service has a free time


def load_orders(step: Callable[[], None]) -> None:
    """Places each story once (its number is its external code) and plays its steps, calling `step` after each."""
    callers = {
        str(fields["email"]).partition("@")[0]: caller_of_user(
            User.objects.select_related("customer", "driver").get(email=fields["email"])
        )
        for fields, _ in sites.LOGINS
    }
    with online() as provider:
        for number, story in enumerate(STORIES, start=1):
            tell_story(story, f"demo-{number}", callers, provider)
            step()


@transaction.atomic
def tell_story(story: Story, external_code: str, callers: dict[str, Caller], provider: FakeProvider) -> None:
    """What the customer's wallet pays is put into it before."""
    customer = callers["customer"]
    if story.payment == "wallet" and customer.customer_id:
        fill_wallet(customer.customer_id)
    placing = placing_of(story, external_code, customer)
    placed = place(placing=placing, caller=callers["staff"] if story.guest else customer)
    if not placed.is_new:
        return
    order_id = placed.orders[0].pk
    callers = {**callers, "guest": Caller(key="guest:demo", order_token_hash=token_hash(placed.guest_token))}
    if story.online:
        status, value = story.online
        pay_online(order_id, provider, status=status, value=value)
    for part, act in story.steps:
        if isinstance(act, Wish):
            transition(order_id=order_id, caller=callers[part], wish=act)
        else:
            act(order_id, callers[part])


@transaction.atomic
def fill_wallet(customer_id: int) -> None:
    """Tops the wallet up to WALLET."""
    wallet = wallets_of(customer_id).filter(currency="EUR").first()
    missing = WALLET - (wallet.balance or 0 if wallet else 0)
    if missing > 0:
        top_up(customer_id=customer_id, currency="EUR", amount=missing, actor="system", text="A gift of the demo")


def placing_of(story: Story, external_code: str, customer: Caller) -> Placing:
    slip = [clean_image(draw_slip(*story.slip))] if story.slip else []
    return Placing(
        checkout=Checkout(
            carts=[cart_of(story, customer)],
            payment_method=story.payment,
            driver_tip=Money(story.tip, "EUR") if story.tip else None,
        ),
        external_code=external_code,
        guest=story.guest,
        photos=slip,
    )


def cart_of(story: Story, customer: Caller) -> Cart:
    vendor = Vendor.objects.get(name=story.vendor, merchant__name__in=[one["name"] for one in sites.MERCHANTS])
    home = Address.objects.filter(customer=customer.customer_id, label=sites.HOME["label"]).first()
    own = home if story.guest is None else None
    goes_home = story.fulfilment == Fulfilment.DELIVERY or (story.visit is not None and story.visit.at_home)
    return Cart(
        vendor_id=vendor.pk,
        items=[cart_item(vendor, item) for item in story.items],
        custom=[CustomLine(name=name, amount=Money(amount, "EUR")) for name, amount in story.custom],
        package=demo_package(vendor, story.parcel) if story.parcel else None,
        service=service_of(vendor, story.visit) if story.visit else None,
        fulfilment=story.fulfilment,
        address_id=own.pk if own and goes_home and not story.parcel else None,
        place=RECIPIENT if story.parcel else Place(),
        deliver_at=timezone.now() + timedelta(days=story.in_days) if story.in_days else None,
        comment=story.comment,
        table=story.table,
        vehicle=story.vehicle,
    )


def demo_package(vendor: Vendor, parcel: ParcelStory) -> PackageWish:
    """Fetched at the vendor's own door."""
    width, length, height = parcel.sides
    return PackageWish(
        package_type=PackageType.objects.get(vendor=vendor, name=parcel.package_type).pk,
        pickup=Place(address=f"{vendor.address}, {vendor.postal_code} {vendor.city}", lat=vendor.lat, lng=vendor.lng),
        recipient_name=parcel.recipient,
        recipient_phone=parcel.phone,
        weight=parcel.weight,
        width=width,
        length=length,
        height=height,
    )


def service_of(vendor: Vendor, visit: Visit) -> ServiceWish:
    service = Service.objects.select_related("vendor").prefetch_related("hours").get(vendor=vendor, name=visit.service)
    where, now = Booking.Place.CUSTOMER if visit.at_home else Booking.Place.VENDOR, timezone.now()
    first = free_times(service, where, first=now, days=DAYS_AHEAD, now=now)[0]
    return ServiceWish(service=service.pk, at=first.starts_at, place="customer" if visit.at_home else "vendor")


def cart_item(vendor: Vendor, item: Item) -> CartItem:
    product = Product.objects.get(vendor=vendor, name=item.product)
    options = Option.objects.filter(group__product_links__product=product)
    return CartItem(
        product=product.pk,
        quantity=item.quantity,
        options=[
            CartOption(option=options.get(name=name).pk, quantity=quantity, position=position, text=text)
            for name, quantity, position, text in item.options
        ],
        extras=[
            CartExtra(extra=Extra.objects.get(product=product, name=name).pk, quantity=quantity)
            for name, quantity in item.extras
        ],
        substitute=item.substitute,
        without=[Ingredient.objects.get(product=product, name=name).pk for name in item.without],
    )
