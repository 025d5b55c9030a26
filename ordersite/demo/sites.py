"""The demo's people, merchants and vendors as plain data."""

from datetime import time
from typing import Any

from ordersite.demo.menus import bakery, books, brasserie, burgers, flowers, gifts, grocery, ice, pizzas, ramen, sushi

# Public, so the logins are let in in development only (settings.DEMO_EMAILS).
PASSWORD = "Waffles-4-breakfast"  # noqa: S105
STAFF = {"email": "staff@example.com", "name": "Sofie Staff", "is_staff": True}
VENDOR = {"email": "vendor@example.com", "name": "Victor Vendor"}
DRIVER = {"email": "driver@example.com", "name": "Dries Driver", "phone": "+32470000003"}
CUSTOMER = {"email": "customer@example.com", "name": "Camille Customer", "phone": "+32470000004"}
ROOT = {"email": "root@example.com", "name": "Rita Root", "is_staff": True, "is_superuser": True}
BRASSERIE = {"email": "brasserie@example.com", "name": "Bruno Brasseur", "phone": "+32470000006"}
TILL = {"email": "till@example.com", "name": "Till at the Sablon"}
DISPATCHER = {"email": "dispatcher@example.com", "name": "Delphine Dispatch", "phone": "+32470000008"}
COURIER = {"email": "courier@example.com", "name": "Cas Courier", "phone": "+32470000010"}
LOGINS = (
    (STAFF, "the back-office at /admin/: holds every role, moves every order, reads who changed what"),
    (VENDOR, "owner of Rue Haute Kitchens: its three vendors, on /board"),
    (DRIVER, "drives for the site, on duty, on /drive"),
    (CUSTOMER, "orders; an address in Brussels, 100.00 EUR in the wallet"),
    (ROOT, "a superuser: gives rights and memberships besides"),
    (BRASSERIE, "owner of another merchant, Maison Dansaert: a brasserie, gift cards, ice cream"),
    (TILL, "the bakery's till: pulls its orders from /dialects/kaddy, with the X-Tenant below"),
    (DISPATCHER, "accepts and assigns deliveries for the company Pedal Post, on /dispatch"),
    (COURIER, "rides for Pedal Post, on duty, on /drive"),
)
COMPANY = "Pedal Post"
# The till's X-Tenant: fixed, so that the README can name it.
TENANT = "5ab10e00-0000-4000-8000-000000000001"
TILL_VENDOR = "Boulangerie du Sablon"
HOME = {
    "label": "Home",
    "address": "Rue du Marché aux Herbes 61, 1000 Brussels",
    "address_notes": "Second bell",
    "lat": 50.8472,
    "lng": 4.3547,
}


def hours(opens: str, closes: str, weekdays: range | tuple[int, ...] = range(7)) -> list[dict[str, Any]]:
    """The same span on these days (0 = Monday); one that closes at or before it opens ends on the next day."""
    return [
        {"weekday": day, "opens": time.fromisoformat(opens), "closes": time.fromisoformat(closes)} for day in weekdays
    ]


ROUND_THE_CLOCK = hours("00:00", "00:00")
EVERYWHERE = ["delivery", "pickup", "eat_in", "curbside", "drive_thru"]
METHODS = ["cash", "wallet", "fake"]
# What waits for somebody there waits for as long as it takes, so that it can be looked at.
WEEK = 7 * 24 * 60  # minutes
STAYS = {
    "company_minutes": None,
    "driver_left_minutes": None,
    "waiting_minutes": None,
    "pay_minutes": WEEK,
    "transfer_minutes": WEEK,
    "code_minutes": WEEK,
    "settle_minutes": WEEK,
}

MERCHANTS: list[dict[str, Any]] = [
    {
        "name": "Rue Haute Kitchens",
        "uuid": TENANT,
        "owner": VENDOR["email"],
        "vendors": [
            {
                "type": "Restaurant",
                "name": "Burger Haut",
                "description": "Burgers and fries, made when you order them.",
                "picture": "demo/burger.png",
                "phone": "+3225550101",
                "address": "Rue Haute 118",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8396,
                "lng": 4.3496,
                "fulfilments": EVERYWHERE,
                "service_fee": 50,
                "commission_rate": 1200,
                "menu": {**burgers.MENU, "hours": ROUND_THE_CLOCK},
            },
            {
                "type": "Restaurant",
                "name": "Pizzeria Vesuvio",
                "description": "Neapolitan dough, 48 hours old. Halves as you like.",
                "picture": "demo/pizza.png",
                "phone": "+3225550102",
                "address": "Rue Haute 126",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8391,
                "lng": 4.3492,
                "fulfilments": ["delivery", "pickup", "eat_in"],
                "commission_rate": 1200,
                "menu": {**pizzas.MENU, "hours": ROUND_THE_CLOCK},
            },
            {
                "type": "Bakery",
                "name": "Boulangerie du Sablon",
                "description": "Pain, viennoiseries, tartes. Une caisse reprend les commandes.",
                "picture": "demo/bread.png",
                "phone": "+3225550103",
                "address": "Place du Grand Sablon 12",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8405,
                "lng": 4.3554,
                "fulfilments": ["delivery", "pickup"],
                "commission_rate": 1000,
                "menu": {**bakery.MENU, "hours": ROUND_THE_CLOCK},
            },
        ],
    },
    {
        "name": "Market Street Shops",
        "owner": None,
        "vendors": [
            {
                "type": "Restaurant",
                "name": "Umi Sushi",
                "description": "Until two in the morning, every day.",
                "picture": "demo/sushi.png",
                "address": "Place Flagey 18",
                "postal_code": "1050",
                "city": "Brussels",
                "lat": 50.8276,
                "lng": 4.3727,
                "fulfilments": ["delivery", "pickup"],
                "commission_rate": 1500,
                "menu": {**sushi.MENU, "hours": hours("17:00", "02:00")},
            },
            {
                "type": "Florist",
                "name": "Fleurs d'Ixelles",
                "description": "Bouquets of the season, and plants that last.",
                "picture": "demo/bouquet.png",
                "address": "Chaussée d'Ixelles 201",
                "postal_code": "1050",
                "city": "Brussels",
                "lat": 50.8312,
                "lng": 4.3686,
                "fulfilments": ["delivery", "pickup"],
                "commission_rate": 1000,
                "menu": {**flowers.MENU, "hours": hours("09:00", "18:30", (1, 2, 3, 4, 5))},
            },
            {
                "type": "Grocery",
                "name": "Épicerie Saint-Gilles",
                "description": "Groceries, day and night.",
                "picture": "demo/basket.png",
                "address": "Parvis de Saint-Gilles 30",
                "postal_code": "1060",
                "city": "Brussels",
                "lat": 50.8279,
                "lng": 4.3453,
                "fulfilments": ["delivery", "pickup", "curbside"],
                "service_fee_rate": 200,
                "commission_rate": 600,
                "menu": {**grocery.MENU, "hours": ROUND_THE_CLOCK},
            },
            {
                "type": "Bookshop",
                "name": "Paper Lantern Books",
                "description": "New books, kept by people who read them.",
                "picture": "demo/book.png",
                "currency": "GBP",
                "time_zone": "Europe/London",
                "address": "12 Lamb's Conduit Street",
                "postal_code": "WC1N 3LN",
                "city": "London",
                "country": "GB",
                "lat": 51.5222,
                "lng": -0.1187,
                "fulfilments": ["delivery", "pickup"],
                "commission_rate": 800,
                "menu": {**books.MENU, "hours": hours("10:00", "19:00", range(6))},
            },
            {
                "type": "Restaurant",
                "name": "Ramen Kita",
                "description": "Nine seats and a counter.",
                "picture": "demo/bowl.png",
                "currency": "JPY",
                "time_zone": "Asia/Tokyo",
                "prices_include_tax": False,
                "address": "2-12-8 Kitazawa, Setagaya",
                "postal_code": "155-0031",
                "city": "Tokyo",
                "country": "JP",
                "lat": 35.6614,
                "lng": 139.6681,
                "fulfilments": ["delivery", "pickup", "eat_in"],
                "payment_methods": ["cash"],
                "menu": {**ramen.MENU, "hours": [*hours("11:30", "15:00"), *hours("18:00", "01:00")]},
            },
        ],
    },
    {
        "name": "At Your Door",
        "owner": None,
        "vendors": [
            {
                "type": "Courier",
                "name": "Colis Bruxelles",
                "description": "Parcels across Brussels, on a cargo bike.",
                "picture": "demo/parcel.png",
                "phone": "+3225550110",
                "address": "Quai du Commerce 7",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8551,
                "lng": 4.3487,
                "fulfilments": ["delivery"],
                "commission_rate": 1000,
                "menu": {"hours": ROUND_THE_CLOCK},
                "package_types": [
                    {"name": "Envelope", "price": 350, "per_km": 60, "tax_rate": 2100, "max_weight": 500},
                    {
                        "name": "Box",
                        "description": "Up to 60 cm a side.",
                        "price": 500,
                        "per_km": 80,
                        "per_kg": 30,
                        "tax_rate": 2100,
                        "max_weight": 15_000,
                        "max_side": 600,
                        "max_distance": 25_000,
                    },
                    {
                        "name": "Cargo",
                        "description": "What fits on the cargo bike.",
                        "price": 1500,
                        "per_km": 150,
                        "per_kg": 30,
                        "tax_rate": 2100,
                        "max_weight": 80_000,
                        "max_side": 1500,
                        "max_distance": 15_000,
                    },
                ],
            },
            {
                "type": "Hairdresser",
                "name": "Salon Marolles",
                "description": "Cuts and colour. On weekdays we come to you, too.",
                "picture": "demo/scissors.png",
                "phone": "+3225550111",
                "address": "Rue Blaes 152",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8359,
                "lng": 4.3466,
                "fulfilments": ["eat_in", "delivery"],
                "preorder_days": 30,
                "slot_minutes": 30,
                "commission_rate": 1000,
                "menu": {
                    "hours": hours("09:00", "18:30", range(1, 6)),
                    "zones": [{"name": "Brussels", "radius": 6000, "fee": 1200}],
                },
                "services": [
                    {"name": "Cut and wash", "price": 4200, "tax_rate": 2100, "duration_minutes": 60, "capacity": 3},
                    {"name": "Colour", "price": 7800, "tax_rate": 2100, "duration_minutes": 120, "capacity": 2},
                    {
                        "name": "Cut at home",
                        "description": "We bring the chair, you bring the mirror.",
                        "price": 5500,
                        "tax_rate": 2100,
                        "duration_minutes": 90,
                        "at_vendor": False,
                        "at_customer": True,
                        "hours": hours("13:00", "19:00", range(1, 5)),
                    },
                ],
            },
        ],
    },
    {
        "name": "Maison Dansaert",
        "owner": BRASSERIE["email"],
        "vendors": [
            {
                "type": "Restaurant",
                "name": "Brasserie Dansaert",
                "description": "The kitchen of Brussels, with its beers.",
                "picture": "demo/plate.png",
                "phone": "+3225550121",
                "address": "Rue Antoine Dansaert 64",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8491,
                "lng": 4.3479,
                "fulfilments": EVERYWHERE,
                "payment_methods": [*METHODS, "transfer"],
                "commission_rate": 1200,
                **STAYS,
                "menu": {**brasserie.MENU, "hours": ROUND_THE_CLOCK},
            },
            {
                "type": "Gift cards",
                "name": "Cadeaux Dansaert",
                "description": "Gift cards and tickets, in your mailbox at once.",
                "picture": "demo/gift.png",
                "address": "Rue Antoine Dansaert 64",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8491,
                "lng": 4.3479,
                "fulfilments": ["pickup"],
                "payment_methods": ["wallet", "fake"],
                "commission_rate": 500,
                **STAYS,
                "menu": {**gifts.MENU, "hours": ROUND_THE_CLOCK},
                "codes": {"Gift card 10 €": 20, "Gift card 25 €": 20, "Cinema ticket": 20, "Museum ticket": 2},
            },
            {
                "type": "Ice cream",
                "name": "Glacier Sainte-Catherine",
                "description": "Scoops by the canal. Closed for a few days: the freezer is being repaired.",
                "picture": "demo/ice.png",
                "phone": "+3225550123",
                "address": "Place Sainte-Catherine 10",
                "postal_code": "1000",
                "city": "Brussels",
                "lat": 50.8507,
                "lng": 4.3487,
                "fulfilments": ["pickup"],
                "commission_rate": 1000,
                **STAYS,
                "menu": {**ice.MENU, "hours": ROUND_THE_CLOCK},
            },
        ],
    },
]
