"""Customers: they read vendors and menus, ask for the price, and order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from time import monotonic
from typing import Any

from ordersite.demo import sites
from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.life import Life
from ordersite.demo.simulation.schedule import Schedule
from ordersite.demo.simulation.town import KITCHENS, MINUTE, Town
from ordersite.demo.simulation.visitor import Visitor

DELIVERY_TYPES = ("delivery", "delivery", "delivery", "pickup", "pickup", "curbside")
COMMENTS = ("", "", "", "No bag, please", "Please ring twice")
LEAST = Decimal(26)  # euros, above what each vendor asks of a delivery
GIFT = "100.00"  # euros that staff put into a wallet that is empty
MOST_PIECES = 20
ORDERS_OF_A_DRIVER = 2  # with more open orders for each, people collect theirs
WATCHES_EVERY = 0.25  # seconds between two looks whether it is to stop
Choice = Mapping[str, Any]


@dataclass(slots=True)
class Shoppers:
    """Places orders at its part of the plan's rate, one after the other."""

    town: Town
    schedule: Schedule
    number: int = 0  # of those that share the rate
    random: Random = field(init=False)
    next_at: float = 0.0

    def __post_init__(self) -> None:
        self.random = self.town.random_of(f"shoppers {self.number}" if self.number else "shoppers")

    def step(self) -> float | None:
        if self.town.is_stopping:
            self.town.end_placing()
            return None
        now = monotonic()
        if now < self.next_at:
            return min(self.next_at - now, WATCHES_EVERY)
        self.next_at = now + self.random.uniform(0.5, 1.5) * MINUTE * self.town.plan.shoppers / self.town.plan.rate
        if len(self.town.open_orders) < self.town.plan.most_open:
            try:
                self.place()
            except CallRefused as refused:
                # Paused, closed, sold out: somebody else orders something else.
                if refused.status not in (400, 409):
                    raise
                self.town.note_missed(str(refused))
        return 0.0

    def place(self) -> None:
        number = self.random.randrange(len(self.town.households))
        household = self.town.households[number]
        customer = self.town.visitor(household.email)
        found = customer.ask("/vendors?city=Brussels&per_page=100")["results"]
        vendors = [one for one in found if is_usable(one) and any(map(one["is_open"].get, DELIVERY_TYPES))]
        if not vendors:
            return
        vendor = self.random.choice(vendors)
        offered = [one for one in DELIVERY_TYPES if vendor["is_open"].get(one)]
        if len(self.town.open_orders) >= ORDERS_OF_A_DRIVER * len(self.town.drivers):
            offered = [one for one in offered if one != "delivery"]
        menu = customer.ask(f"/vendors/{vendor['id']}/menu")
        items = choose_items(menu, self.random)
        if not offered or not items:
            return
        cart: dict[str, Any] = {
            "vendor": vendor["id"],
            "items": items,
            "delivery_type": self.random.choice(offered),
            "comment": self.random.choice(COMMENTS),
        }
        if cart["delivery_type"] == "delivery":
            cart["address"] = household.address
        elif cart["delivery_type"] == "curbside":
            cart["vehicle"] = "A blue van"
        total = Decimal(customer.act("POST", "/orders/quote", cart)["total"]["amount"])
        method = self.random.choice([one for one in ("cash", "wallet") if one in vendor["payment_methods"]])
        if method == "wallet" and not self.fill_wallet(customer, household.customer, total):
            method = "cash"
        placed = customer.act("POST", "/orders", {**cart, "payment_method": method})
        order_id = placed["orders"][0]["id"]
        self.town.add(order_id, number)
        self.schedule.add(Life(self.town, order_id, vendor["name"]))

    def fill_wallet(self, customer: Visitor, customer_id: int, total: Decimal) -> bool:
        """Whether the customer's wallet holds so much; staff help where it does not."""
        balances = customer.ask("/wallet")["balances"]
        held = sum((Decimal(one["amount"]) for one in balances if one["currency"] == "EUR"), Decimal())
        if held < total:
            gift = {
                "customer": customer_id,
                "amount": {"amount": GIFT, "currency": "EUR"},
                "text": "A gift of the demo",
            }
            self.town.visitor(str(sites.STAFF["email"])).act("POST", "/wallet/top-ups", gift)
        return total <= Decimal(GIFT)


def is_usable(vendor: Choice) -> bool:
    return vendor["name"] in KITCHENS and vendor["currency"] == "EUR" and vendor["location"] is not None


def choose_items(menu: Choice, random: Random) -> list[dict[str, Any]]:
    """Some of what is on the menu without end, with what has to be chosen, worth at least LEAST."""
    products = [one for category in menu["categories"] for one in category["products"] if is_simple(one)]
    chosen = random.sample(products, min(len(products), random.randint(1, 3)))
    items = [
        {
            "product": one["id"],
            "quantity": random.randint(1, 2),
            "options": pick_options(one["option_groups"], random),
        }
        for one in chosen
    ]
    worth = sum(
        (Decimal(one["price"]["amount"]) * item["quantity"] for one, item in zip(chosen, items, strict=True)), Decimal()
    )
    while chosen and worth < LEAST:
        number = random.randrange(len(chosen))
        items[number]["quantity"] += 1
        worth += Decimal(chosen[number]["price"]["amount"])
        if items[number]["quantity"] > MOST_PIECES:
            return []
    return items


def is_simple(product: Choice) -> bool:
    """Can be had now, without limit, by the piece."""
    limited = product["stock"] is not None or product["max_per_order"] is not None
    return product["is_available"] and not limited and product["unit"] == "st"


def pick_options(groups: Sequence[Choice], random: Random) -> list[dict[str, Any]]:
    """What each group asks for at least; of one that asks for nothing, nothing."""
    chosen: list[dict[str, Any]] = []
    for group in groups:
        plain = [one for one in group["options"] if one["is_available"] and one["kind"] == "default"]
        if group["condition"] is None and len(plain) >= group["minimum"]:
            chosen += [{"option": one["id"]} for one in random.sample(plain, group["minimum"])]
    return chosen
