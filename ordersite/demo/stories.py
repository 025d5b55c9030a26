"""The demo's orders: one for each place in its life, and each exception, that an evaluator will want to look at.

The documents' examples name the first ones by their ids: what comes new comes last.
"""

from dataclasses import dataclass
from typing import Literal

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.services.moving.transitions import Wish
from orders.services.placing.parties import Guest
from ordersite.demo.acts import Act, adds, bills, ends_day, misses, pauses, refunds
from ordersite.demo.around import tries_in_bulk

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
    substitute: Literal["remove"] | None = None  # where it cannot be had


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelStory:
    """What is carried to the order's address: the package type by name, grams and millimetres."""

    package_type: str
    weight: int
    sides: tuple[int, int, int]
    recipient: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A service by its name, at the first free time."""

    service: str
    at_home: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An order and how far it goes: who does what, one after another.

    The demo's customer orders it; for a guest, who calls, staff do.
    """

    vendor: str
    items: tuple[Item, ...] = ()
    custom: tuple[tuple[str, int], ...] = ()  # keyed in by hand: a name and an amount in minor units
    parcel: ParcelStory | None = None
    visit: Visit | None = None
    fulfilment: Fulfilment | None = Fulfilment.DELIVERY
    payment: str = "cash"
    online: tuple[str, str] | None = None  # how the payment ends at the provider, and with what if not with what it is
    slip: tuple[str, ...] = ()  # what stands on the photo of a transfer
    tip: int = 0  # minor units
    guest: Guest | None = None
    comment: str = ""
    table: str = ""
    vehicle: str = ""
    in_days: int = 0
    steps: tuple[tuple[str, Wish | Act], ...] = ()


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

ARRIVE = ("courier", Wish(name="driver_arrive"))
RIDER_ACCEPTS = ("courier", Wish(to=Status.ACCEPTED_BY_DRIVER))
RIDER_PICKS_UP = ("courier", Wish(to=Status.PICK_UP_COMPLETED_BY_DRIVER))
HOUSE_ACCEPTS = ("brasserie", Wish(to=Status.ACCEPTED_BY_BUSINESS, prepared_in=25))
HOUSE_READY = ("brasserie", Wish(to=Status.PREPARATION_COMPLETED))
HOUSE_SEARCHES = ("brasserie", Wish(to=Status.LOOKING_FOR_DRIVER))
COMPANY_ACCEPTS = ("dispatcher", Wish(to=Status.ACCEPTED_BY_DRIVER_COMPANY))
RIDDEN = (HOUSE_ACCEPTS, HOUSE_SEARCHES, COMPANY_ACCEPTS, RIDER_ACCEPTS)
COLLECTED = ("brasserie", Wish(to=Status.PICKUP_COMPLETED_BY_CUSTOMER))
STAFF_SEARCH = ("staff", Wish(to=Status.LOOKING_FOR_DRIVER))
STAFF_ACCEPT = ("staff", Wish(to=Status.ACCEPTED_BY_BUSINESS))


def failing(name: str, reason_code: str, reason: str = "") -> Wish:
    return Wish(name=name, reason_code=reason_code, reason=reason)


def caller_at(name: str, phone: str, address: str, lat: float, lng: float) -> Guest:
    return Guest(name=name, phone=phone, place=Place(address=address, lat=lat, lng=lng))


LINA = caller_at("Lina Maes", "+32470111201", "Rue de Flandre 88, 1000 Brussels", 50.8537, 4.3457)
OMAR = caller_at("Omar El Idrissi", "+32470111202", "Boulevard Anspach 110, 1000 Brussels", 50.8474, 4.3491)
SASKIA = caller_at("Saskia De Wolf", "+32470111203", "Rue du Midi 25, 1000 Brussels", 50.8463, 4.3505)
THEO = caller_at("Théo Lambert", "+32470111204", "Rue Neuve 60, 1000 Brussels", 50.8518, 4.3565)
MARTA = caller_at("Marta Kowalska", "+32470111205", "Quai au Foin 33, 1000 Brussels", 50.8549, 4.3490)
JEF = caller_at("Jef Claes", "+32470111206", "Rue Haute 200, 1000 Brussels", 50.8373, 4.3481)

STEW = Item(product="Carbonnades à la Gueuze", options=(option("Frites"),))
MUSSELS = Item(product="Moules marinière", quantity=2, options=(option("Frites"),))
VOL_AU_VENT = Item(product="Vol-au-vent", options=(option("Croquettes"),))
STEAK = Item(product="Steak-frites", options=(option("Saignant"), option("Salade")))
STOEMP = Item(product="Stoemp saucisse", quantity=2)
SHRIMPS = Item(product="Croquettes aux crevettes grises", quantity=2)
LOBSTER = Item(product="Homard du jour")
DAME_BLANCHE = Item(product="Dame blanche", substitute="remove")
TUB = Item(product="Tub of a litre", options=(option("Vanilla"), option("Speculoos")))
RECIPIENT = Place(address="Avenue Louise 81, 1050 Brussels", lat=50.8330, lng=4.3585)
BOX = ParcelStory(
    package_type="Box", weight=3200, sides=(400, 300, 200), recipient="Nadia Benali", phone="+32470111301"
)

BRASSERIE, GIFTS, ICE, COURIERS, SALON = (
    "Brasserie Dansaert",
    "Cadeaux Dansaert",
    "Glacier Sainte-Catherine",
    "Colis Bruxelles",
    "Salon Marolles",
)
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
    Story(vendor=BAKERY, items=(TARTE,), fulfilment=Fulfilment.PICKUP, in_days=1, comment="For ten, please"),
    Story(vendor=BAKERY, items=(TARTE, BREAD), comment="The bell does not work: please call."),
    Story(vendor=BAKERY, items=(CROISSANTS,), fulfilment=Fulfilment.PICKUP),
    Story(vendor=PIZZAS, items=(MARGHERITA, DIAVOLA), comment="Cut in eight, please"),
    Story(vendor=BURGERS, items=(CHEESE, CLASSIC, FRIES), payment="wallet"),
    # Where an order stands on its way.
    Story(
        vendor=BRASSERIE,
        items=(STEW, VOL_AU_VENT),
        fulfilment=Fulfilment.EAT_IN,
        table="4",
        steps=(HOUSE_ACCEPTS, HOUSE_READY, ("brasserie", Wish(to=Status.COMPLETED))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(STEAK,),
        guest=OMAR,
        steps=(("staff", failing("cancel_by_staff", "customer_request", "Rang twice: wrong restaurant.")),),
    ),
    Story(vendor=BRASSERIE, items=(STOEMP,), guest=LINA, steps=(*RIDDEN, ARRIVE)),
    Story(
        vendor=BRASSERIE,
        items=(MUSSELS,),
        guest=SASKIA,
        tip=250,
        steps=(*RIDDEN, ("courier", Wish(name="driver_nearing_business"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(STEAK, STEW),
        tip=300,
        payment="wallet",
        steps=(*RIDDEN, HOUSE_READY, ARRIVE, RIDER_PICKS_UP, ("courier", Wish(name="driver_nearing_customer"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(VOL_AU_VENT,),
        fulfilment=Fulfilment.CURBSIDE,
        vehicle="Blue Renault Zoé, 1-ABC-234",
        steps=(HOUSE_ACCEPTS, ("customer", Wish(name="customer_nearing"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(SHRIMPS,),
        fulfilment=Fulfilment.DRIVE_THRU,
        vehicle="Grey Volvo V60",
        guest=THEO,
        steps=(HOUSE_ACCEPTS, HOUSE_READY, ("guest", Wish(name="customer_arrive"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(MUSSELS, STOEMP),
        guest=MARTA,
        steps=(*RIDDEN, HOUSE_READY, ARRIVE, RIDER_PICKS_UP, ("courier", Wish(name="depart"))),
    ),
    Story(vendor=BRASSERIE, items=(STEW,), guest=JEF, steps=(*RIDDEN, ARRIVE, ("courier", Wish(name="driver_wait")))),
    Story(
        vendor=BRASSERIE,
        items=(STOEMP, VOL_AU_VENT),
        guest=THEO,
        steps=(HOUSE_ACCEPTS, HOUSE_SEARCHES, COMPANY_ACCEPTS),
    ),
    # What goes wrong.
    Story(
        vendor=BRASSERIE,
        items=(STEAK,),
        guest=LINA,
        steps=(*RIDDEN, ("courier", failing("cancel_by_driver", "vehicle_problem"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(MUSSELS,),
        guest=JEF,
        steps=(*RIDDEN, ARRIVE, ("courier", failing("fail_pickup", "wrong_order", "The bag is somebody else's."))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(VOL_AU_VENT, STEW),
        guest=OMAR,
        steps=(
            *RIDDEN,
            HOUSE_READY,
            ARRIVE,
            RIDER_PICKS_UP,
            ("courier", failing("fail_delivery", "customer_absent", "Rang three times, called twice.")),
        ),
    ),
    Story(
        vendor=BRASSERIE,
        items=(STOEMP,),
        guest=SASKIA,
        steps=(*RIDDEN, ARRIVE, ("courier", failing("report_not_ready", "not_ready"))),
    ),
    Story(
        vendor=BRASSERIE,
        items=(SHRIMPS, STEW),
        fulfilment=Fulfilment.PICKUP,
        guest=MARTA,
        steps=(
            HOUSE_ACCEPTS,
            HOUSE_READY,
            ("staff", failing("mark_not_collected", "not_collected", "The kitchen closes: not kept longer.")),
        ),
    ),
    Story(
        vendor=BRASSERIE,
        items=(LOBSTER, DAME_BLANCHE),
        fulfilment=Fulfilment.PICKUP,
        payment="wallet",
        steps=(("brasserie", misses("Dame blanche")), HOUSE_ACCEPTS),
    ),
    Story(
        vendor=BRASSERIE,
        items=(MUSSELS,),
        fulfilment=Fulfilment.PICKUP,
        steps=(("brasserie", adds("Gueuze 37,5 cl", 2, "You asked for it by phone.")),),
    ),
    Story(
        vendor=ICE,
        items=(TUB,),
        fulfilment=Fulfilment.PICKUP,
        in_days=2,
        comment="For a birthday",
        steps=(("brasserie", pauses(days=4)),),
    ),
    Story(
        vendor=BRASSERIE,
        items=(STEW, STOEMP),
        comment="We are hungry",
        steps=(("brasserie", Wish(to=Status.ACCEPTED_BY_BUSINESS, prepared_in=1)), HOUSE_SEARCHES),
    ),
    # How it is paid.
    Story(
        vendor=BRASSERIE,
        items=(VOL_AU_VENT,),
        fulfilment=Fulfilment.PICKUP,
        payment="wallet",
        steps=(HOUSE_ACCEPTS, HOUSE_READY, COLLECTED, ("brasserie", refunds(500, "The croquettes were cold."))),
    ),
    Story(vendor=BRASSERIE, items=(STEAK,), fulfilment=Fulfilment.PICKUP, payment="fake"),
    Story(
        vendor=BRASSERIE,
        items=(SHRIMPS,),
        fulfilment=Fulfilment.PICKUP,
        payment="fake",
        online=("failed", ""),
    ),
    Story(
        vendor=BRASSERIE,
        items=(STEW,),
        fulfilment=Fulfilment.PICKUP,
        payment="fake",
        online=("paid", "15.00"),
    ),
    Story(
        vendor=BRASSERIE,
        items=(VOL_AU_VENT, SHRIMPS),
        fulfilment=Fulfilment.PICKUP,
        payment="transfer",
        slip=("Virement  51,90 EUR", "De: Camille Customer", "À: ordersite", "Communication: brasserie, ce soir"),
    ),
    # What is ordered.
    Story(
        vendor=GIFTS,
        items=(Item(product="Gift card 10 €"),),
        fulfilment=None,
        payment="wallet",
        steps=(("customer", bills), ("brasserie", ends_day)),
    ),
    Story(vendor=GIFTS, items=(Item(product="Museum ticket", quantity=3),), fulfilment=None, payment="wallet"),
    Story(
        vendor=COURIERS,
        parcel=BOX,
        comment="Fragile",
        steps=(STAFF_ACCEPT, STAFF_SEARCH, COMPANY_ACCEPTS, RIDER_ACCEPTS, RIDER_PICKS_UP),
    ),
    Story(vendor=SALON, visit=Visit(service="Cut and wash"), fulfilment=None, steps=(STAFF_ACCEPT,)),
    Story(vendor=SALON, visit=Visit(service="Cut at home", at_home=True), fulfilment=None),
    Story(
        vendor=BRASSERIE,
        items=(STEW,),
        custom=(("Table by the window, decorated", 1250),),
        fulfilment=Fulfilment.EAT_IN,
        table="9",
        guest=SASKIA,
        steps=(("staff", tries_in_bulk),),
    ),
)
