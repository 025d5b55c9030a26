"""The demo's orders: one for each place in its life that an evaluator will want to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from orders.checkout import Cart, Checkout
from orders.lifecycle import Fulfilment, Status
from orders.pricing import CartExtra, CartItem, CartOption
from orders.services.parties import Placing
from orders.services.placing import place
from orders.services.transitions import Wish, transition
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.models import Address, User
from ordersite.demo import sites
from vendors.models import Extra, Ingredient, Option, Product, Vendor

ACCEPT = ("vendor", Wish(to=Status.ACCEPTED_BY_BUSINESS, prepared_in=20))
READY = ("vendor", Wish(to=Status.PREPARATION_COMPLETED))
SEARCH = ("vendor", Wish(to=Status.LOOKING_FOR_DRIVER))
DRIVER_ACCEPTS = ("driver", Wish(to=Status.ACCEPTED_BY_DRIVER))
PICK_UP = ("driver", Wish(to=Status.PICK_UP_COMPLETED_BY_DRIVER))
DELIVER = ("driver", Wish(to=Status.DELIVERY_COMPLETED_BY_DRIVER))
COLLECT = ("vendor", Wish(to=Status.PICKUP_COMPLETED_BY_CUSTOMER))
REJECT = ("vendor", Wish(to=Status.REJECTED_BY_BUSINESS, reason_code="too_busy"))
CANCEL = ("customer", Wish(to=Status.CANCELED_BY_CUSTOMER, reason_code="changed_mind"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A product by its name; options with their quantities, halves and texts by name too."""

    product: str
    quantity: int = 1
    options: tuple[tuple[str, int, str, str], ...] = ()
    extras: tuple[tuple[str, int], ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An order and how far it goes: who does what, one after another."""

    vendor: str
    items: tuple[Item, ...]
    fulfilment: Fulfilment = Fulfilment.DELIVERY
    payment: str = "cash"
    comment: str = ""
    table: str = ""
    tomorrow: bool = False
    steps: tuple[tuple[str, Wish], ...] = ()


def option(name: str, quantity: int = 1, position: str = "whole", text: str = "") -> tuple[str, int, str, str]:
    return name, quantity, position, text


CLASSIC = Item(
    product="Classic", options=(option("Medium"), option("Mayonnaise", 2)), extras=(("Bacon", 1),), without=("Onion",)
)
CHEESE = Item(product="Cheese & bacon", quantity=2, options=(option("Well done"),))
FRIES = Item(product="Fries", quantity=2, options=(option("Andalouse"),))
DIAVOLA = Item(product="Diavola", options=(option("40 cm"), option("Mushrooms", 1, "left"), option("Ham", 1, "right")))
MARGHERITA = Item(product="Margherita", quantity=2, options=(option("30 cm"),))
TIRAMISU = Item(product="Tiramisù", quantity=2)
TARTE = Item(
    product="Tarte aux fruits",
    quantity=6,
    options=(option("Fraises"), option("Framboises"), option("Plaque avec texte", text="Joyeux anniversaire Léa")),
)
BREAD = Item(product="Pain multigrain 800 gr", options=(option("Tranché"),))
CROISSANTS = Item(product="Croissant au beurre", quantity=8)

BURGERS, PIZZAS, BAKERY = "Burger Haut", "Pizzeria Vesuvio", "Boulangerie du Sablon"
STORIES = (
    Story(vendor=BURGERS, items=(CHEESE, FRIES), steps=(ACCEPT, SEARCH, DRIVER_ACCEPTS, READY, PICK_UP, DELIVER)),
    Story(vendor=BAKERY, items=(BREAD, CROISSANTS), fulfilment=Fulfilment.PICKUP, steps=(ACCEPT, READY, COLLECT)),
    Story(vendor=PIZZAS, items=(DIAVOLA,), payment="wallet", steps=(REJECT,)),
    Story(vendor=BURGERS, items=(CLASSIC,), payment="wallet", steps=(CANCEL,)),
    Story(vendor=PIZZAS, items=(MARGHERITA, TIRAMISU), steps=(ACCEPT, SEARCH, DRIVER_ACCEPTS, READY, PICK_UP)),
    Story(vendor=BURGERS, items=(CLASSIC, FRIES), steps=(ACCEPT, SEARCH, DRIVER_ACCEPTS)),
    Story(vendor=BURGERS, items=(CHEESE,), payment="wallet", steps=(ACCEPT, SEARCH)),
    Story(vendor=PIZZAS, items=(DIAVOLA,), fulfilment=Fulfilment.PICKUP, steps=(ACCEPT, READY)),
    Story(vendor=BURGERS, items=(CLASSIC, FRIES), fulfilment=Fulfilment.EAT_IN, table="12", steps=(ACCEPT,)),
    Story(vendor=BAKERY, items=(TARTE,), fulfilment=Fulfilment.PICKUP, tomorrow=True, comment="For ten, please"),
    Story(vendor=BAKERY, items=(TARTE, BREAD), comment="The bell does not work: please call."),
    Story(vendor=BAKERY, items=(CROISSANTS,), fulfilment=Fulfilment.PICKUP),
    Story(vendor=PIZZAS, items=(MARGHERITA, DIAVOLA), comment="Cut in eight, please"),
    Story(vendor=BURGERS, items=(CHEESE, CLASSIC, FRIES), payment="wallet"),
)


def load(step: Callable[[], None]) -> None:
    """Places each story once (its number is its external code) and plays its steps, calling `step` after each."""
    callers = {
        part: caller_of_user(User.objects.select_related("customer", "driver").get(email=fields["email"]))
        for part, fields in (("vendor", sites.VENDOR), ("driver", sites.DRIVER), ("customer", sites.CUSTOMER))
    }
    for number, story in enumerate(STORIES, start=1):
        tell(story, f"demo-{number}", callers)
        step()


@transaction.atomic
def tell(story: Story, external_code: str, callers: dict[str, Caller]) -> None:
    placed = place(
        placing=Placing(
            checkout=Checkout(carts=[cart_of(story, callers["customer"])], payment_method=story.payment),
            external_code=external_code,
        ),
        caller=callers["customer"],
    )
    if not placed.is_new:
        return
    for part, wish in story.steps:
        transition(order_id=placed.orders[0].pk, caller=callers[part], wish=wish)


def cart_of(story: Story, customer: Caller) -> Cart:
    vendor = Vendor.objects.get(name=story.vendor, merchant__name=sites.MERCHANTS[0]["name"])
    home = Address.objects.filter(customer=customer.customer_id, label=sites.HOME["label"]).first()
    return Cart(
        vendor_id=vendor.pk,
        items=[cart_item(vendor, item) for item in story.items],
        fulfilment=story.fulfilment,
        address_id=home.pk if home and story.fulfilment == Fulfilment.DELIVERY else None,
        deliver_at=timezone.now() + timedelta(days=1) if story.tomorrow else None,
        comment=story.comment,
        table=story.table,
    )


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
        without=[Ingredient.objects.get(product=product, name=name).pk for name in item.without],
    )
