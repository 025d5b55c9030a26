"""Random lives of orders through the API: a seeded dice draws who does what, and the oracle looks after each step.

A life runs in a transaction of its own that is rolled back: each begins with the same database, so that its seed and
number alone replay it. A failure tells both, and every call that was made.
"""

import copy
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.models import Posting
from orders.services.money import payouts
from orders.services.moving import timers
from orders.services.paying import due_payments, refunds
from ordersite.accounts.callers import caller_of_user
from ordersite.core.faults import Refusal
from tests.cast import Cast
from tests.orders.gift_cards import make_gift_card, stock
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.online import Provider, notice
from tests.orders.several import make_bakery
from tests.orders.shopping import NEAR
from tests.promises import oracle_prices as prices
from tests.promises.oracle import (
    CAME_IN,
    FAILURE,
    SUCCESS,
    Book,
    Differs,
    Facts,
    Order,
    Payment,
    Share,
    check_nobody_gains,
    compare_ledger,
    compare_order,
)
from tests.promises.oracle_prices import Item, Line, Menu, Offer, Terms, Zone
from vendors.models import DeliveryZone, Extra, PackageType, Product, Service, Stock, Vendor
from vendors.models import Offer as OfferRow
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version

ORDERS, EUR = "/api/v1/orders", "EUR"
METHODS = ("cash", "wallet", "transfer", "fake")
BROUGHT = 100_000  # what is in the customer's wallet at first
FAR_ENOUGH = {"lat": 50.90, "lng": 4.40}
ONWARD = frozenset("accept mark_ready collect complete look_for_driver accept_by_driver pick_up depart deliver".split())
BACKWARD = frozenset("undo_delivery undo_collect undo_complete reopen undo_reject retry_delivery".split())
# How far the clock is set forward at a time: within the time to undo, beyond it, beyond the time to pay, for days.
LEAPS = (timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=45), timedelta(days=3))
REFUSED = frozenset({400, 403, 404, 409, 412})
SUMS = """
SELECT posting.order_id, account.kind, account.customer_id, account.vendor_id, account.driver_id, SUM(entry.amount)
FROM orders_entry entry
JOIN orders_posting posting ON posting.id = entry.posting_id
JOIN orders_account account ON account.id = entry.account_id
GROUP BY 1, 2, 3, 4, 5
"""
UNEVEN = "SELECT COUNT(*) FROM (SELECT 1 FROM orders_entry GROUP BY posting_id HAVING SUM(amount) <> 0) AS uneven"
WALLETS = "SELECT customer_id, balance FROM orders_account WHERE kind = 'wallet'"


def eur(amount: int) -> dict[str, str]:
    return {"amount": f"{amount // 100}.{amount % 100:02d}", "currency": EUR}


@cache
def picture() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(raw, "PNG")
    return raw.getvalue()


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("slip.png", picture(), "image/png")


# --- the world ------------------------------------------------------------------------------------------------------


class Clock:
    """In the place of django.utils.timezone.now."""

    def __init__(self) -> None:
        self.real, self.ahead = timezone.now, timedelta()

    def __call__(self) -> datetime:
        return self.real() + self.ahead


class World:
    """Three vendors of two merchants, what they sell, and a signed-in client for everybody; made once for all lives."""

    def __init__(self, cast: Cast, provider: Provider, clock: Clock) -> None:
        self.cast, self.provider, self.clock = cast, provider, clock
        self.vendors = [
            cast.vendor,
            make_bakery(cast),
            make_bakery(cast, name="Kiosk", merchant=cast.merchant, lat=50.849, lng=4.349),
        ]
        Vendor.objects.update(payment_methods=list(METHODS), slot_orders=None)
        self.service: Service = make_service(cast.vendor, capacity=50)
        self.package_type: PackageType = make_package_type(cast.vendor)
        self.card = make_gift_card(cast)
        self.cheese = Product.objects.create(
            vendor=cast.vendor,
            category=cast.products["soda"].category,
            name="Cheese",
            unit="gr",
            price=1890,
            price_per=1000,
            tax_rate=600,
        )
        Extra.objects.create(product=self.cheese, name="Slicing", price=20, max_quantity=2)
        Stock.objects.update(quantity=1_000_000)
        Product.objects.filter(vendor__in=self.vendors).update(max_per_order=None)
        self.users = {
            "customer": cast.customer,
            "owner": cast.owner,
            "baker": cast.other_owner,
            "driver": cast.driver,
            "courier": cast.courier,
            "company driver": cast.company_driver,
            "company": cast.dispatcher,
            "staff": cast.staff,
        }
        self.clients = {name: APIClient() for name in (*self.users, "guest")}
        self.wallet = f"wallet:{cast.customer_row.pk}"
        self.has_transfers_to = any(one.name == "transfers_to" for one in Vendor._meta.get_fields())

    def sign_in(self) -> None:
        """Tokens that last for all the leaps of a life's clock."""
        for name, user in self.users.items():
            token = AccessToken.for_user(user)
            token.set_exp(lifetime=timedelta(days=3650))
            self.clients[name].credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def member_of(self, vendor: int) -> str:
        return "baker" if vendor == self.vendors[1].pk else "owner"


# --- one life -------------------------------------------------------------------------------------------------------


class Failed(AssertionError):
    """A life that went wrong: how to replay it, and all that was done."""


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass(kw_only=True)
class Pending:
    """A change of items that waits for its customer."""

    action: str
    line: int | None
    item: Item | None
    rise: int


@dataclass
class Told:
    """What the API told last."""

    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    ledger: dict[int | None, Counter[str]] = field(default_factory=dict)


class Life:
    """One random life of `steps` steps."""

    def __init__(self, world: World, seed: int, number: int) -> None:
        self.world, self.seed, self.number = world, seed, number
        self.dice = random.Random(f"{seed}/{number}")
        self.book, self.told = Book(), Told()
        self.log: list[str] = []
        self.terms: dict[int, Terms] = {}
        self.zones: dict[int, Zone] = {}
        self.menus: dict[int, Menu] = {}
        self.bodies: dict[int, Any] = {}  # menus as the API tells them
        self.to_vendor: dict[int, bool] = {}
        self.offer: Offer | None = None
        self.offer_row: OfferRow | None = None
        self.pending: dict[tuple[int, int], Pending] = {}
        self.tokens: dict[int, str] = {}  # of guests, by order
        self.references: dict[int, str] = {}  # of the provider, by payment
        self.came: dict[int, int] = {}  # what came in instead of what was asked for, by payment
        self.loose: list[tuple[int, Counter[str]]] = []  # postings without an order, and what they moved
        self.done: Counter[str] = Counter()

    def run(self, steps: int) -> None:
        """Lives it; raises Failed with its seed, its number and all that was done."""
        try:
            with undone():
                self.begin()
                for _ in range(steps):
                    self.step()
                self.end()
        except Exception as error:
            told = "\n".join(f"  {line}" for line in self.log)
            where = f"life {self.number} of seed {self.seed} (replay: P30_SEED={self.seed} P30_LIFE={self.number})"
            raise Failed(f"{where}\n{told}\n{type(error).__name__}: {error}") from error

    # --- how it begins ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Other terms and prices each time, in most lives an offer, and a first order."""
        self.prepare()
        for _ in range(8):
            if self.place():
                break

    def prepare(self) -> None:
        world = self.world
        world.clock.ahead = timedelta()
        world.provider.forget()
        world.sign_in()
        for vendor in world.vendors:
            self.set_prices(vendor)
            self.set_terms(vendor)
            self.to_vendor[vendor.pk] = world.has_transfers_to and self.dice.random() < 0.4
            if self.to_vendor[vendor.pk]:
                Vendor.objects.filter(pk=vendor.pk).update(transfers_to="vendor")
        if self.dice.random() < 0.6:
            self.make_offer()
        if self.dice.random() < 0.7:
            stock(world.card, *(f"CODE-{self.number}-{n}" for n in range(30)))
        for vendor in world.vendors:
            self.read_menu(vendor)
        body = {"customer": world.cast.customer_row.pk, "amount": eur(BROUGHT)}
        assert self.call("staff", "post", "/api/v1/wallet/top-ups", body).status_code == 201
        self.book.topped_up(world.wallet, BROUGHT)

    def set_prices(self, vendor: Vendor) -> None:
        for product in vendor.products.order_by("pk"):
            Product.objects.filter(pk=product.pk).update(price=self.dice.randrange(200, 3000))

    def set_terms(self, vendor: Vendor) -> None:
        """The vendor's terms from now on; what is placed already keeps its own."""
        dice = self.dice
        row = {
            "prices_include_tax": dice.random() < 0.5,
            "fee_tax_rate": dice.choice((0, 2100)),
            "service_fee": dice.choice((0, 50, dice.randrange(300))),
            "service_fee_rate": dice.choice((0, dice.randrange(1000))),
            "commission_rate": dice.choice((0, 1000, dice.randrange(3000))),
            "cancel_fee_accepted": dice.choice((0, 2500)),
            "cancel_fee_preparing": dice.choice((0, 5000)),
            "cancel_fee_prepared": dice.choice((0, 10_000)),
            "no_show_fee": dice.choice((0, 5000, 10_000)),
        }
        zone = {
            "fee": dice.randrange(0, 500),
            "minimum": dice.choice((0, 1000)),
            "free_from": dice.choice((None, 3000)),
        }
        Vendor.objects.filter(pk=vendor.pk).update(**row, cancel_until="picked_up")
        DeliveryZone.objects.filter(vendor=vendor).update(**zone)
        bump_menu_version(vendor.pk)
        part = {name: Fraction(value, 10_000) for name, value in row.items()}
        self.zones[vendor.pk] = Zone(**zone)
        self.terms[vendor.pk] = Terms(
            prices_include_tax=bool(row["prices_include_tax"]),
            fee_tax=part["fee_tax_rate"],
            service_fee=row["service_fee"],
            service_rate=part["service_fee_rate"],
            commission=part["commission_rate"],
            cancel_accepted=part["cancel_fee_accepted"],
            cancel_preparing=part["cancel_fee_preparing"],
            cancel_prepared=part["cancel_fee_prepared"],
            no_show=part["no_show_fee"],
        )

    def make_offer(self) -> None:
        """One offer: borne by vendor or platform, of one vendor or shared by several, with or without a code."""
        dice = self.dice
        kind = dice.choice(("percentage", "amount", "free_delivery"))
        value = {"percentage": dice.randrange(500, 6000), "amount": dice.randrange(100, 2000)}.get(kind, 0)
        vendor = dice.choice((None, self.world.vendors[0]))
        minimum = value + dice.randrange(1, 1500) if kind == "amount" else dice.choice((0, 2000))
        code, by_platform = dice.choice(("", "SPRING")), dice.random() < 0.5
        self.offer_row = OfferRow.objects.create(
            vendor=vendor,
            name="Offer",
            code=code,
            kind=kind,
            rate=value if kind == "percentage" else None,
            amount=value if kind == "amount" else None,
            currency=EUR,
            minimum=minimum,
            borne_by="platform" if by_platform else "vendor",
        )
        refresh_offer_flags()
        self.offer = Offer(
            kind=kind,
            value=Fraction(value, 10_000) if kind == "percentage" else Fraction(value),
            minimum=minimum,
            by_platform=by_platform,
            vendor=vendor.pk if vendor else None,
            code=code,
        )

    def read_menu(self, vendor: Vendor) -> None:
        body = self.world.clients["guest"].get(f"/api/v1/vendors/{vendor.pk}/menu").json()
        self.bodies[vendor.pk], self.menus[vendor.pk] = body, Menu.of(body)

    # --- calls --------------------------------------------------------------------------------------------------

    def call(self, who: str, verb: str, path: str, body: Any = None, *, order: int | None = None, **more: Any) -> Any:
        """One call; a status of 500 or an unexpected one ends the life."""
        client: APIClient = self.world.clients[who]
        headers = {"Order-Token": self.tokens[order]} if who == "guest" and order in self.tokens else {}
        response = getattr(client, verb)(path, body, headers=headers, **more)
        shown = json.dumps(body, default=str) if body is not None and "format" not in more else more or ""
        code = response.json().get("code", "") if response.status_code in REFUSED else ""
        self.log.append(f"{who} {verb.upper()} {path} {shown} → {response.status_code} {code}")
        if not (200 <= response.status_code < 300 or response.status_code in REFUSED):
            raise Differs(f"an unexpected answer: {response.status_code} {response.content[:500]!r}")
        return response

    def service(self, name: str, call: Callable[..., Any], **arguments: Any) -> bool:
        """One act of the back-office or the worker; False where it was refused."""
        try:
            with transaction.atomic():
                call(**arguments)
        except Refusal as problem:
            self.log.append(f"{name} {arguments} → {problem.status} {problem.code}")
            return False
        self.log.append(f"{name} {arguments} → done")
        return True

    # --- placing ------------------------------------------------------------------------------------------------

    def place(self) -> bool:
        dice, world = self.dice, self.world
        who = "guest" if dice.random() < 0.2 else "customer"
        count = dice.choice((1, 1, 1, 2, 3))
        kinds = [dice.choice(("regular", "regular", "regular", "package", "service", "digital"))]
        if count > 1:
            kinds = ["regular"] * count
        carts = [self.draw_cart(kind, world.vendors[index]) for index, kind in enumerate(kinds)]
        method = dice.choice(("cash", "cash", "wallet", "transfer", "photos", "fake", "fake"))
        if who == "guest" and method == "wallet" or kinds == ["digital"] and method == "cash":
            method = "fake"
        tip = dice.choice((0, 0, dice.randrange(1, 900)))
        more: dict[str, Any] = {}
        if self.offer and self.offer.code and dice.random() < 0.8:
            more["offer"] = self.offer.code
        if who == "guest":
            more["guest"] = {"name": "Gerd Guest", "phone": "+3225550199"}
        elif method == "fake" and dice.random() < 0.4:
            self.choose_saved(more)
        placed = self.place_carts(who, carts, method, tip=tip, **more)
        self.done["placed " + ("several" if count > 1 else kinds[0])] += bool(placed)
        return bool(placed)

    def place_carts(
        self, who: str, carts: Sequence["DrawnCart"], method: str, *, tip: int = 0, **more: Any
    ) -> list[Order]:
        """Places carts, a transfer with or without photos; the orders, none where that was refused."""
        body: dict[str, Any] = carts[0].body if len(carts) == 1 else {"vendors": [cart.body for cart in carts]}
        body = {**body, **more, "payment_method": "transfer" if method == "photos" else method}
        if tip:
            body["driver_tip"] = eur(tip)
        if method == "photos":
            form = {"order": json.dumps(body), "photo": [photo()]}
            self.log.append(json.dumps(body))
            response = self.call(who, "post", ORDERS, form, format="multipart")
        else:
            response = self.call(who, "post", ORDERS, body)
        if response.status_code != 201:
            return []
        self.write_placed(response.json(), carts, body, tip, method)
        orders = [self.book.orders[told["id"]] for told in response.json()["orders"]]
        self.look(orders[0])
        return orders

    def choose_saved(self, body: dict[str, Any]) -> None:
        """Pays with the saved method where there is one, else keeps this one."""
        kept = self.call("customer", "get", "/api/v1/me/payment-methods").json()["results"]
        if kept:
            body["saved_payment_method"] = kept[0]["id"]
        else:
            body["save_payment_method"] = True

    def draw_cart(self, kind: str, vendor: Vendor) -> "DrawnCart":
        world, dice = self.world, self.dice
        terms = self.terms[vendor.pk]
        if kind == "package":
            row = self.listed(f"/api/v1/vendors/{vendor.pk}/package-types")[0]
            weight = dice.randrange(1, 9000)
            wish = {"weight": weight, "dropoff": {"address": "Meir 1", "location": FAR_ENOUGH}}
            body = package_cart(world.package_type, package=wish)
            fee = prices.carriage(row, prices.metres(NEAR, FAR_ENOUGH), weight)
            line = prices.single_line(prices.minor(row["price"]), prices.percent(row["tax_rate"]))
            return DrawnCart(kind, vendor.pk, body, [line], terms, Zone(fee=fee), delivered=True)
        if kind == "service":
            row = self.listed(f"/api/v1/vendors/{vendor.pk}/services")[0]
            where = dice.choice(("vendor", "customer"))
            body = service_cart(world.service, tomorrow(world.cast, f"{dice.randrange(9, 17):02d}:00"), where)
            line = prices.single_line(prices.minor(row["price"]), prices.percent(row["tax_rate"]))
            zone = self.zones[vendor.pk] if where == "customer" else Zone()
            return DrawnCart(kind, vendor.pk, body, [line], terms, zone, delivered=where == "customer")
        if kind == "digital":
            items = [Item(product=world.card.pk, quantity=dice.choice((1, 1, 2)))]
        else:
            items = [self.draw_item(vendor.pk) for _ in range(dice.choice((1, 2, 3)))]
        body = {"vendor": vendor.pk, "items": [item.as_json() for item in items]}
        delivered = kind == "regular" and dice.random() < 0.6
        if delivered:
            body |= {"delivery_type": "delivery", "address": "Naamsestraat 1", "location": NEAR}
        elif kind == "regular":
            body["delivery_type"] = dice.choice(vendor.fulfilments[1:])
        lines = [self.menus[vendor.pk].line(item) for item in items]
        zone = self.zones[vendor.pk] if delivered else Zone()
        return DrawnCart(kind, vendor.pk, body, lines, terms, zone, delivered=delivered)

    def listed(self, path: str) -> list[Any]:
        rows: list[Any] = self.world.clients["guest"].get(path).json()["results"]
        return rows

    def draw_item(self, vendor: int) -> Item:
        """A product of the menu with choices that its groups allow."""
        dice = self.dice
        rows = [row for category in self.bodies[vendor]["categories"] for row in category["products"]]
        row = dice.choice([row for row in rows if row["id"] != self.world.card.pk])
        options = []
        for group in row["option_groups"]:
            plain = [option for option in group["options"] if option["kind"] != "text"]
            most = min(group["maximum"], len(plain))
            for option in dice.sample(plain, dice.randint(min(group["minimum"], most), most)):
                where = dice.choice(("whole", "left", "right")) if group["allows_halves"] else "whole"
                options.append((option["id"], where, 1))
        extras = [
            (extra["id"], dice.randint(1, extra["max_quantity"])) for extra in row["extras"] if dice.random() < 0.5
        ]
        quantity = self.draw_quantity(row["id"])
        return Item(product=row["id"], quantity=quantity, options=tuple(options), extras=tuple(extras))

    def draw_quantity(self, product: int) -> int:
        """A few pieces, or some hundred grams."""
        return self.dice.choice((1, 1, 2, 3, 4)) * (83 if product == self.world.cheese.pk else 1)

    def write_placed(
        self, answer: dict[str, Any], carts: Sequence["DrawnCart"], body: dict[str, Any], tip: int, method: str
    ) -> None:
        """The picture of what was placed, priced by the oracle alone."""
        offers = self.offers_for(carts, body.get("offer", ""))
        worth = [cart.subtotal if cart.delivered else 0 for cart in carts]
        tips = prices.split(tip, worth if any(worth) else [cart.subtotal for cart in carts])
        is_guest = "guest" in body
        orders = []
        for cart, told, off, part in zip(carts, answer["orders"], offers, tips, strict=True):
            amounts = prices.reckon(
                cart.lines, cart.terms, delivery_fee=cart.fee, off=off, offer=self.offer if off else None, tip=part
            )
            order = Order(
                id=told["id"],
                vendor=cart.vendor,
                wallet=None if is_guest else self.world.wallet,
                kind=cart.kind,
                method=body["payment_method"],
                terms=cart.terms,
                amounts=amounts,
                facts=Facts(status=0),
                transfers_to_vendor=self.to_vendor[cart.vendor],
                zone=cart.zone if cart.kind != "package" and cart.delivered else None,
                offer=self.offer if off else None,
            )
            if is_guest:
                self.tokens[order.id] = answer["purchase"]["guest_token"]
            orders.append(order)
        to_vendor = body["payment_method"] == "transfer" and len(orders) == 1 and self.to_vendor[orders[0].vendor]
        payment = Payment(body["payment_method"], id=answer["purchase"]["payments"][0]["id"], to_vendor=to_vendor)
        self.book.placed(orders, payment, photos=method == "photos")

    def offers_for(self, carts: Sequence["DrawnCart"], code: str) -> list[int]:
        """What the life's offer takes off each part: one with a code where it was sent, another by itself."""
        offer, off = self.offer, [0] * len(carts)
        if offer is None or offer.code != code:
            return off
        reached = [index for index, cart in enumerate(carts) if offer.vendor in (None, cart.vendor)]
        parts = [carts[index] for index in reached]
        taken = offer.takes_off([part.subtotal for part in parts], [part.fee for part in parts])
        counted = [part.subtotal for part, amount in zip(parts, taken, strict=True) if amount or code]
        if sum(counted) < offer.minimum:
            return off
        for index, amount in zip(reached, taken, strict=True):
            off[index] = amount
        return off

    # --- looking ------------------------------------------------------------------------------------------------

    def look(self, near: Order | None = None, *, name: str = "", role: str = "system", reason_code: str = "") -> None:
        """Reads what the API tells of the orders of a purchase (None: of all) and the ledger of all; compares it.

        `name`, `role` and `reason_code` are of the transition of `near`; what else moved did so by itself.
        """
        among = near.peers if near else self.book.orders.values()
        shown = [one for one in among if not one.was_deleted]
        for one in shown:
            answer = self.world.clients["staff"].get(f"{ORDERS}/{one.id}")
            assert answer.status_code == 200, answer.content
            self.told.orders[one.id] = answer.json()
        for one in shown:
            self.follow_payments(one, self.told.orders[one.id]["payments"])
            self.hear_of_disputes(one, self.told.orders[one.id]["payments"])
        for one in shown:
            facts = facts_of(self.told.orders[one.id])
            if facts.status == one.status:
                one.facts = facts
            elif one is near and name:
                self.book.moved(one, facts, name=name, role=role, reason_code=reason_code)
            else:
                self.book.moved(one, facts, name="", role="system")
        for one in shown:
            told = self.told.orders[one.id]
            self.name_lines(one, told["items"])
            compare_order(one, told)
            self.compare_refunds(one)
            self.check_ways_out(one, told)
        self.compare_books()

    def looked(self, near: Order, granted: bool) -> bool:
        """Looks at what was granted; of what was refused nothing may have moved, which the next look tells too."""
        if granted:
            self.look(near)
        else:
            self.compare_books()
        return granted

    def follow_payments(self, order: Order, rows: Sequence[dict[str, Any]]) -> None:
        """What a provider or a worker did meanwhile. That an online payment came in the provider must say as well."""
        states = {row["id"]: row["status"] for row in rows}
        for share in list(order.shares):
            payment = share.payment
            state = states.get(payment.id or 0)
            if state is None or payment.state in ("received", "disputed"):
                continue
            if payment.method == "fake" and state in CAME_IN and share.owed:
                asked, came = sum(one.owed for one in payment.shares), self.came_in_at_provider(payment)
                if came != asked:
                    raise Differs(f"payment {payment.id} of {asked} is told paid, {came} came in at its provider")
                self.book.came_in(payment)
            elif state not in CAME_IN:
                payment.under_way = payment.under_way and state == "unpaid"
                payment.state = state

    def hear_of_disputes(self, order: Order, rows: Sequence[dict[str, Any]]) -> None:
        """Another amount came in than was asked for, and the product knows: its failure tells both."""
        failures = {row["id"]: row["failure"] for row in rows}
        for share in order.shares:
            payment = share.payment
            if payment.id in self.came and "came in instead" in failures.get(payment.id, ""):
                payment.state, payment.under_way = "disputed", False

    def came_in_at_provider(self, payment: Payment) -> int:
        """What its provider says that came in; a saved method's charge is found by its amount."""
        ledger = self.world.provider.ledger
        reference = self.references.get(payment.id or 0)
        if reference is None:
            asked = sum(one.owed for one in payment.shares)
            known = set(self.references.values())
            reference = next(
                (
                    pk
                    for pk, row in ledger.payments.items()
                    if pk not in known and row["status"] == "paid" and prices.minor(amount_of(row)) == asked
                ),
                None,
            )
            if reference is None:
                return 0
            self.references[payment.id or 0] = reference
        row = ledger.payments[reference]
        return prices.minor(amount_of(row)) if row["status"] == "paid" else 0

    def name_lines(self, order: Order, items: Sequence[dict[str, Any]]) -> None:
        lines = zip(order.amounts.lines, items, strict=True)
        order.amounts = replace(order.amounts, lines=tuple(replace(line, id=item["id"]) for line, item in lines))

    def compare_refunds(self, order: Order) -> None:
        """The refunds' rows: what goes where; their states are the worker's."""
        if not order.refunds and order.kept == sum(share.received for share in order.shares):
            return
        rows = self.world.clients["staff"].get(f"{ORDERS}/{order.id}/refunds").json()["results"]
        told = [(prices.minor(row["amount"]), row["to"]) for row in rows]
        reckoned = [(refund.amount, refund.to) for refund in order.refunds]
        if told != reckoned:
            raise Differs(f"order {order.id}: refunds told {told}, reckoned {reckoned}")
        for row, refund in zip(rows, order.refunds, strict=True):
            refund.id, refund.state = row["id"], row["state"]

    def check_ways_out(self, order: Order, told: dict[str, Any]) -> None:
        """Somebody can close an open order without success, and one that is paid with it."""
        if order.is_closed:
            return
        allowed = {row["to"]["code"] for row in told["allowed_transitions"]}
        if not allowed & FAILURE:
            raise Differs(f"order {order.id}: nobody can close it in status {order.status}: {allowed}")
        is_paid = order.kept > 0 and not order.owed or order.method == "cash" and not order.given
        if is_paid and order.kind != "digital" and not allowed & (SUCCESS | {7}):
            raise Differs(f"order {order.id}: nobody can complete it in status {order.status}: {allowed}")

    def compare_books(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(SUMS)
            by_order: dict[int | None, Counter[str]] = {}
            for order_id, kind, customer, vendor, driver, amount in cursor.fetchall():
                by_order.setdefault(order_id, Counter())[account_name(kind, customer, vendor, driver)] += int(amount)
            cursor.execute(UNEVEN)
            uneven = cursor.fetchone()[0]
            cursor.execute(WALLETS)
            balances = {f"wallet:{customer}": balance for customer, balance in cursor.fetchall()}
        self.told.ledger = by_order
        compare_ledger(self.book, by_order)
        totals = self.book.totals()
        if uneven or sum(totals.values()):
            raise Differs(f"{uneven} postings do not sum to zero")
        for name, balance in balances.items():
            if balance != totals[name] or balance < 0:
                raise Differs(f"{name} holds {balance}, reckoned {totals[name]}")
        self.check_provider()

    def check_provider(self) -> None:
        """At the provider no payment gave back more than came in."""
        ledger = self.world.provider.ledger
        for reference, rows in ledger.refunds.items():
            paid = ledger.payments[reference]
            gone = sum(prices.minor(amount_of(row)) for row in rows if row["status"] not in ("failed", "canceled"))
            if gone > (prices.minor(amount_of(paid)) if paid["status"] == "paid" else 0):
                raise Differs(f"{reference} at the provider gave back {gone}")

    # --- steps --------------------------------------------------------------------------------------------------

    def step(self) -> None:
        names = list(STEPS)
        name = self.dice.choices(names, [STEPS[one] for one in names])[0]
        shown = [order for order in self.book.orders.values() if not order.was_deleted]
        if not shown:
            self.place()
            return
        # Mostly what is open: there is more to do.
        live = [order for order in shown if not order.is_closed]
        order = self.dice.choice(live if live and self.dice.random() < 0.75 else shown)
        if getattr(self, f"do_{name}")(order):
            self.done[name] += 1

    def customer_of(self, order: Order) -> str:
        return "guest" if order.id in self.tokens else "customer"

    def somebody(self, order: Order, *parts: str) -> str:
        """Who does it, among the parts: customer, vendor, driver, company, staff."""
        part = self.dice.choice(parts)
        return {"customer": self.customer_of(order), "vendor": self.world.member_of(order.vendor)}.get(part, part)

    def part_of(self, who: str) -> str:
        """As what somebody acts."""
        names = {"guest": "customer", "owner": "vendor", "baker": "vendor", "courier": "driver"}
        return names.get(who, "driver" if who == "company driver" else who)

    def do_move(self, order: Order) -> bool:
        """Any change of status that somebody may make; most go on."""
        dice = self.dice
        parts = ("customer", "vendor", "vendor", "driver", "courier", "company", "company driver", "staff")
        who = self.somebody(order, *parts)
        offered = self.offered_to(who, order)
        names = [row["name"] for row in offered]
        names = [name for name in names if not (name == "cancel_by_customer" and self.shares_an_offer(order))]
        if not names:
            return False
        # Most go on, so that lives reach a success; some turn back or end.
        onward = [row for row in names if row in ONWARD]
        backward = [row for row in names if row in BACKWARD]
        ends = {row["name"] for row in offered if row["to"]["code"] in FAILURE}
        beside = [row for row in names if row not in ends]
        chance = dice.random()
        wanted = onward if chance < 0.65 else backward if chance < 0.8 else beside if chance < 0.93 else names
        pool = wanted or beside or (names if chance > 0.8 else [])
        if not pool:
            return False
        name = dice.choice(pool)
        reason_code = dice.choice(("mistake", "customer_absent", "other"))
        body = {"transition": name, "reason_code": reason_code, "reason": "So it is."}
        body["code"] = body["proof"] = self.told.orders[order.id].get("collection_code") or ""
        response = self.call(who, "post", f"{ORDERS}/{order.id}/transitions", body, order=order.id)
        if response.status_code != 200:
            return False
        self.done[f"move {name}"] += 1
        self.look(order, name=name, role=self.part_of(who), reason_code=reason_code)
        return True

    def offered_to(self, who: str, order: Order) -> list[dict[str, Any]]:
        """What the API offers somebody to do with an order."""
        if who == "staff":
            rows: list[dict[str, Any]] = self.told.orders[order.id]["allowed_transitions"]
            return rows
        headers = {"Order-Token": self.tokens[order.id]} if who == "guest" else {}
        answer = self.world.clients[who].get(f"{ORDERS}/{order.id}/transitions", headers=headers)
        return list(answer.json().get("allowed_transitions", ()))

    def shares_an_offer(self, order: Order) -> bool:
        """Whether its customer's cancelling would reckon the offer of other orders anew."""
        return order.offer is not None and any(
            peer is not order and peer.offer is order.offer and not peer.is_closed for peer in order.peers
        )

    def do_prepare(self, order: Order) -> bool:
        who = self.world.member_of(order.vendor)
        done = bool(self.call(who, "post", f"{ORDERS}/{order.id}/start-preparing").status_code == 200)
        return self.looked(order, done)

    def do_drive(self, order: Order) -> bool:
        """Somebody is named to carry it, or a parcel carrier's number is told."""
        dice, cast = self.dice, self.world.cast
        who = self.somebody(order, "vendor", "staff", "company")
        if dice.random() < 0.2:
            path, body = f"{ORDERS}/{order.id}/tracking-number", {"tracking_number": "3SABC"}
            done = self.call(who, "post", path, body).status_code < 300
        else:
            driver = dice.choice((cast.driver_row, cast.courier_row, cast.company_driver_row))
            fields = dice.choice(({"driver": driver.pk}, {"driver": driver.pk}, {"self_delivery": dice.random() < 0.5}))
            done = self.call(who, "patch", f"{ORDERS}/{order.id}", fields).status_code == 200
        return self.looked(order, done)

    def do_tip(self, order: Order) -> bool:
        tip, who = self.dice.choice((0, self.dice.randrange(2000))), self.somebody(order, "customer", "staff")
        answer = self.call(who, "patch", f"{ORDERS}/{order.id}", {"driver_tip": eur(tip)}, order=order.id)
        if answer.status_code == 200:
            self.book.tip_changed(order, tip)
        return self.looked(order, answer.status_code == 200)

    def do_method(self, order: Order) -> bool:
        method, who = self.dice.choice(METHODS), self.somebody(order, "customer", "staff")
        path, body = f"{ORDERS}/{order.id}/payments", {"payment_method": method}
        answer = self.call(who, "post", path, body, order=order.id)
        if answer.status_code == 201 and method != order.method:
            self.book.method_changed(order, method)
        return self.looked(order, answer.status_code == 201)

    # Items

    def do_edit(self, order: Order) -> bool:
        """An item is added, changed or removed; a rise that is not the customer's own waits for its consent."""
        dice = self.dice
        who = self.somebody(order, "customer", "vendor", "staff")
        action = dice.choice(("add", "change", "remove", "missing"))
        line = dice.choice(order.amounts.lines)
        if order.kind != "regular" and dice.random() < 0.9:
            return False
        item = (
            self.draw_item(order.vendor)
            if action == "add"
            else replace(line.item, quantity=self.draw_quantity(line.item.product))
        )
        path = f"{ORDERS}/{order.id}/items" + ("" if action == "add" else f"/{line.id}")
        if action in ("add", "change"):
            verb = "post" if action == "add" else "put"
            answer = self.call(who, verb, path, {**item.as_json(), "reason": "So it is."}, order=order.id)
        elif action == "remove":
            answer = self.call(who, "delete", f"{path}?reason=So", order=order.id)
        else:
            answer = self.call(who, "post", f"{path}/missing", {"reason": "So"}, order=order.id)
        if answer.status_code in REFUSED:
            return self.looked(order, False)
        gone = action in ("remove", "missing")
        wish = Pending(
            action="remove" if gone else action,
            line=None if action == "add" else line.id,
            item=None if gone else item,
            rise=0,
        )
        by_customer = self.part_of(who) == "customer"
        lines = self.lines_with(order, wish)
        after = self.book.amounts_with(order, lines, by_customer=by_customer)
        wish.rise = after.total - order.amounts.total
        told = {name: prices.minor(value) for name, value in answer.json()["amounts"].items()}
        if told != after.told():
            raise Differs(f"order {order.id}: an edit told {told}, reckoned {after.told()}")
        waits = action == "missing" or (wish.rise > 0 and not by_customer)
        change = answer.json()["change"]
        if (change["state"] == "waiting") != waits:
            raise Differs(f"order {order.id}: a change of {wish.rise} by {who} is {change['state']}")
        if waits:
            self.pending[order.id, change["number"]] = wish
        else:
            self.book.edited(order, lines, by_customer=by_customer)
        self.look(order)
        return True

    def lines_with(self, order: Order, wish: Pending) -> list[Line]:
        menu, lines = self.menus[order.vendor], list(order.amounts.lines)
        if wish.action == "add" and wish.item:
            return [*lines, menu.line(wish.item)]
        changed = []
        for line in lines:
            if line.id != wish.line:
                changed.append(line)
            elif wish.item is not None:
                changed.append(menu.line_instead(line, wish.item))
        return changed

    def do_consent(self, order: Order) -> bool:
        """A change that waits is accepted for the price that was shown, or refused."""
        numbers = [number for order_id, number in self.pending if order_id == order.id]
        if not numbers:
            return False
        number, what = self.dice.choice(numbers), self.dice.choice(("accept", "accept", "refuse"))
        who = self.somebody(order, "customer", "customer", "staff")
        path = f"{ORDERS}/{order.id}/changes/{number}/{what}"
        answer = self.call(who, "post", path, {"reason": "So it is."}, order=order.id)
        code = answer.json().get("code", "")
        if answer.status_code == 200 or code in ("change_lapsed", "change_decided"):
            wish = self.pending.pop((order.id, number))
            if answer.status_code == 200 and what == "accept":
                lines, was = self.lines_with(order, wish), order.amounts.total
                self.book.edited(order, lines, by_customer=False)
                if order.amounts.total - was != wish.rise:
                    raise Differs(f"order {order.id}: {wish.rise} was shown, and {order.amounts.total - was} is asked")
        return self.looked(order, answer.status_code == 200)

    # Money that comes in

    def do_pay(self, order: Order) -> bool:
        """The payer goes to the provider's page and pays there, fails, gives up, or pays another amount."""
        waiting = [share for share in order.shares if share.payment.method == "fake" and share.owed]
        if not waiting:
            return False
        share = self.dice.choice(waiting)
        status = self.dice.choice(("paid", "paid", "paid", "paid", "failed", "canceled", "expired", "another", ""))
        return self.pay(share, status)

    def pay(self, share: Share, status: str, *, is_told: bool | None = None) -> bool:
        payment = share.payment
        told = self.told.orders[share.order.id]["payments"]
        url = next((row["checkout_url"] for row in told if row["id"] == payment.id), None)
        if not url:
            return False
        page = Client().get("/pay/" + url.rstrip("/").split("/pay/")[1])
        self.log.append(f"payer opens the page of payment {payment.id} → {page.status_code}")
        if page.status_code == 303:
            self.references[payment.id or 0] = reference = page["Location"].split("/")[-1]
            payment.under_way = True
            if status == "another" and (len(payment.shares) > 1 or share.received):
                status = "paid"
            if status == "another":
                self.pay_another(payment, reference)
            elif status:
                self.world.provider.pay(reference, status)
            self.log.append(f"payer: {status or 'leaves it open'} at {reference}")
            if self.dice.random() < 0.85 if is_told is None else is_told:
                assert notice(reference, self.world.clients["guest"]).status_code == 200
                self.log.append("the provider tells it")
        self.look(share.order)
        return True

    def pay_another(self, payment: Payment, reference: str) -> None:
        """Another amount comes in than was asked for."""
        row = self.world.provider.ledger.payments[reference]
        asked = prices.minor(amount_of(row))
        came = max(1, asked + self.dice.choice((-100, 100)))
        row["amount"]["value"] = eur(came)["amount"]
        self.world.provider.pay(reference, "paid")
        self.came[payment.id or 0] = came

    def do_decide(self, order: Order) -> bool:
        """Staff say where goes what came in instead of what was asked for, or waive what is owed."""
        owing = [share for share in order.shares if share.owed]
        if not owing:
            return False
        share = next((one for one in owing if one.payment.state == "disputed"), self.dice.choice(owing))
        payment, what = share.payment, self.dice.choice(("approve", "refuse", "waive"))
        if payment.state != "disputed":
            what = "waive"
        path, body = f"{ORDERS}/{order.id}/payments/{payment.id}/{what}", {"reason": "So it is."}
        answer = self.call("staff", "post", path, body)
        if answer.status_code == 200 and payment.state != "disputed":
            self.book.waived(order, share)
        elif answer.status_code == 200:
            came = self.came.pop(payment.id or 0)
            if what == "approve":
                self.book.settled(payment, came)
            else:
                self.book.turned_down(payment, came, asks_anew=what == "refuse")
        return self.looked(order, answer.status_code == 200)

    def do_photos(self, order: Order) -> bool:
        who = self.customer_of(order)
        path = f"{ORDERS}/{order.id}/payments"
        answer = self.call(who, "post", path, {"photo": [photo()]}, order=order.id, format="multipart")
        return self.looked(order, answer.status_code == 201)

    def do_attest(self, order: Order) -> bool:
        """Somebody says that cash or a transfer came in: staff, or the vendor into whose hands it goes."""
        if not order.shares:
            return False
        payment = self.dice.choice(order.shares).payment
        who = self.somebody(order, "vendor", "staff")
        answer = self.call(who, "post", f"{ORDERS}/{order.id}/payments/{payment.id}/approve")
        if answer.status_code == 200 and payment.state != "received":
            if who != "staff" and not payment.is_vendors:
                raise Differs(f"the vendor attests payment {payment.id}, whose money goes to the platform")
            if payment.state == "disputed":
                self.book.settled(payment, self.came.pop(payment.id or 0))
            else:
                self.book.came_in(payment, only=order if payment.method == "cash" else None, by_staff=who == "staff")
        return self.looked(order, answer.status_code == 200)

    def do_doubt(self, order: Order) -> bool:
        """Staff do not believe the photos."""
        waiting = [share.payment for share in order.shares if share.payment.state == "proof_pending"]
        if not waiting:
            return False
        path, body = f"{ORDERS}/{order.id}/payments/{waiting[0].id}/refuse", {"reason": "Nothing came."}
        answer = self.call("staff", "post", path, body)
        return self.looked(order, answer.status_code == 200)

    # Money that goes back

    def do_refund(self, order: Order) -> bool:
        """All, an amount, or lines go back; staff are granted what is there."""
        dice = self.dice
        who, to = self.somebody(order, "vendor", "staff"), dice.choice(("source", "wallet"))
        how = dice.choice(("all", "amount", "amount", "lines"))
        lines = list(order.amounts.lines)
        amount, wishes = order.kept, dict[int, int | None]()
        body: dict[str, Any] = {"to": to, "reason": "Cold"}
        if how == "amount":
            amount = dice.randint(1, max(1, order.kept + dice.choice((0, 0, 100))))
            body["amount"] = eur(amount)
        elif how == "lines":
            chosen = dice.sample(lines, dice.randint(1, len(lines)))
            wishes = {line.id: dice.choice((None, dice.randint(1, line.item.quantity))) for line in chosen}
            body["items"] = [
                {"item": pk, **({} if quantity is None else {"quantity": quantity})} for pk, quantity in wishes.items()
            ]
            included = not order.amounts.tax_added
            parts = {
                line.id: prices.part_of_line(line, quantity=wishes[line.id], tax_is_added=not included)
                for line in chosen
            }
            amount = sum(parts.values())
        before = self.told.ledger.get(order.id, Counter())
        answer = self.call(who, "post", f"{ORDERS}/{order.id}/refunds", body)
        if answer.status_code == 201:
            self.book.repay(order, amount, to=to)
            if wishes:
                lines = [replace(line, refunded=line.refunded + parts.get(line.id, 0)) for line in lines]
                order.amounts = replace(order.amounts, lines=tuple(lines))
        elif who == "staff" and how != "lines" and to == "source" and 0 < amount <= order.kept:
            raise Differs(f"order {order.id}: staff are refused {amount} of {order.kept}: {answer.json()}")
        self.look(order)
        check_nobody_gains(order, before, self.told.ledger.get(order.id, Counter()))
        return bool(answer.status_code == 201)

    def do_finish_refund(self, order: Order) -> bool:
        """What waits for somebody: given by hand, or instead of the provider to the wallet."""
        waiting = [one for one in order.refunds if one.state in ("by_hand", "failed")]
        if not waiting:
            return False
        refund, staff = self.dice.choice(waiting), caller_of_user(self.world.cast.staff)
        if self.dice.random() < 0.5:
            done = self.service("staff finish_by_hand", refunds.finish_by_hand, refund_id=refund.id, caller=staff)
        else:
            done = self.service("staff send_to_wallet", refunds.send_to_wallet, refund_id=refund.id, caller=staff)
            if done:
                self.book.refund_goes_to_wallet(order, refund)
        return self.looked(order, done)

    def do_provider(self, order: Order) -> bool:
        """The provider is done with a refund, or fails, and tells it or not."""
        open_ones = [
            (reference, row["id"])
            for reference, rows in self.world.provider.ledger.refunds.items()
            for row in rows
            if row["status"] == "pending"
        ]
        if not open_ones:
            return False
        reference, refund = self.dice.choice(open_ones)
        status = self.dice.choice(("refunded", "failed"))
        self.world.provider.finish_refund(reference, refund, status)
        self.log.append(f"the provider: refund {refund} {status}")
        if self.dice.random() < 0.7:
            assert notice(reference, self.world.clients["guest"]).status_code == 200
        self.look()
        return True

    def do_worker(self, order: Order) -> bool:
        """Time passes, and the worker does what is due: asks the provider, charges, sends refunds, runs timers."""
        if self.dice.random() < 0.7:
            self.world.clock.ahead += self.dice.choices(LEAPS, (6, 6, 2, 1))[0]
        due_payments.run_due_payments()
        self.log.append(f"the worker at +{self.world.clock.ahead}: the gateway")
        self.look()
        timers.run_due()
        self.log.append("the worker: the timers")
        self.look()
        return True

    # Purses

    def do_hand_in(self, order: Order) -> bool:
        """Cash of a driver's, or of a vendor's, comes to the platform."""
        holders = sorted(name for name, amount in self.book.totals().items() if name.startswith("cash:") and amount < 0)
        if not holders:
            return False
        holder = self.dice.choice(holders)
        held = -self.book.total(holder)
        amount = self.dice.choice((held, self.dice.randint(1, held)))
        done = self.service(
            "staff hand_in", payouts.hand_in, purse=purse_of(holder.removeprefix("cash:")), amount=amount, actor="staff"
        )
        if not done:
            raise Differs(f"{amount} of {held} of {holder} is not taken in")
        self.remember(lambda: self.book.handed_in(holder, amount))
        self.compare_books()
        return True

    def do_pay_out(self, order: Order) -> bool:
        owners = sorted(name for name in self.book.totals() if name.split(":")[0] in ("vendor", "driver"))
        if not owners:
            return False
        owner = self.dice.choice(owners)
        net = self.book.total(owner) + self.book.total(f"cash:{owner}")
        amount = self.dice.choice((net, self.dice.randint(1, max(1, net))))
        done = self.service("staff pay_out", payouts.pay_out, purse=purse_of(owner), amount=amount, actor="staff")
        if done != (0 < amount <= net):
            raise Differs(f"{owner}, to whom {net} is owed, was paid {amount}: {done}")
        if done:
            self.remember(lambda: self.book.paid_out(owner, amount))
        self.compare_books()
        return done

    def remember(self, write: Callable[[], None]) -> None:
        """Writes what moved without an order to the book, so that it can be taken back."""
        was = Counter(self.book.loose)
        write()
        moved = Counter(self.book.loose)
        moved.subtract(was)
        self.loose.append((Posting.objects.latest("pk").pk, moved))

    def do_reverse(self, order: Order) -> bool:
        """A payout that never arrived, or cash that was not handed in, is taken back, once."""
        if not self.loose:
            return False
        posting, moved = self.dice.choice(self.loose)
        done = self.service("staff reverse", payouts.reverse_movement, posting_id=posting, actor="staff", reason="Lost")
        if done:
            self.loose.remove((posting, moved))
            self.book.loose.subtract(moved)
        self.compare_books()
        return done

    # The rest

    def do_place(self, order: Order) -> bool:
        return len(self.book.orders) < 5 and self.place()

    def do_terms(self, order: Order) -> bool:
        """Terms, prices and the offer become others: what was placed keeps its own."""
        vendor = next(one for one in self.world.vendors if one.pk == order.vendor)
        self.set_terms(vendor)
        if self.dice.random() < 0.5:
            self.set_prices(vendor)
            bump_menu_version(vendor.pk)
        if self.offer_row is not None and self.offer is not None and self.dice.random() < 0.5:
            minimum = self.offer.minimum + self.dice.randrange(5000)
            OfferRow.objects.filter(pk=self.offer_row.pk).update(minimum=minimum)
            self.offer = replace(self.offer, minimum=minimum)
        self.read_menu(vendor)
        self.log.append(f"other terms of vendor {vendor.pk}: {self.terms[vendor.pk]} {self.zones[vendor.pk]}")
        self.look(order)
        return True

    def do_delete(self, order: Order) -> bool:
        answer = self.call("staff", "delete", f"{ORDERS}/{order.id}")
        if answer.status_code == 204:
            if not order.is_closed:
                raise Differs(f"order {order.id} was deleted in status {order.status}")
            order.was_deleted = True
        return self.looked(order, answer.status_code == 204)

    # --- how it ends --------------------------------------------------------------------------------------------

    def end(self) -> None:
        """An open order can be left, and one that can be paid completed: both are tried, and taken back."""
        live = [pk for pk, order in self.book.orders.items() if not order.is_closed]
        for order_id in self.dice.sample(live, min(1, len(live))):
            for way in (self.leave, self.complete):
                book, told = copy.deepcopy(self.book), copy.deepcopy(self.told)
                with undone():
                    way(self.book.orders[order_id])
                self.book, self.told = book, told
        answer = self.world.clients["customer"].get("/api/v1/wallet").json()["balances"]
        if [prices.minor(row) for row in answer] != [self.book.total(self.world.wallet)]:
            raise Differs(f"the wallet is told as {answer}")

    def leave(self, order: Order) -> None:
        body = {"to": 2, "reason_code": "mistake"}
        answer = self.call("staff", "post", f"{ORDERS}/{order.id}/transitions", body)
        if answer.status_code != 200:
            raise Differs(f"order {order.id} cannot be left: {answer.json()}")
        self.look(order, name="cancel_by_staff", role="staff", reason_code="mistake")

    def complete(self, order: Order) -> None:
        """Whatever is owed comes in, by whoever can say so; then staff complete it.

        One of which all was given back waits for staff's decision.
        """
        if order.given and not order.kept:
            return
        for share in [share for share in order.shares if share.owed and share.payment.method != "cash"]:
            if not self.charge(order, share):
                return
        for _ in range(3):
            rows = self.told.orders[order.id]["allowed_transitions"]
            names = {row["name"]: row["to"]["code"] for row in rows}
            name = next(
                (name for name, code in names.items() if code in SUCCESS), "accept" if "accept" in names else ""
            )
            if name == "" and order.kind == "digital":
                return  # codes are waited for
            body = {"transition": name, "reason_code": "mistake", "proof": "seen"}
            answer = self.call("staff", "post", f"{ORDERS}/{order.id}/transitions", body)
            if answer.status_code != 200:
                raise Differs(f"order {order.id} cannot be completed: {answer.json()}")
            self.look(order, name=name, role="staff", reason_code="mistake")
            if order.status in SUCCESS:
                return
        raise Differs(f"order {order.id} was not completed")

    def charge(self, order: Order, share: Share) -> bool:
        """What is owed comes in; False where nobody can say so."""
        payment = share.payment
        if payment.method == "transfer" or payment.state == "disputed":
            answer = self.call("staff", "post", f"{ORDERS}/{order.id}/payments/{payment.id}/approve")
            if answer.status_code != 200:
                raise Differs(f"order {order.id}: payment {payment.id} cannot be settled: {answer.json()}")
            if payment.state == "disputed":
                self.book.settled(payment, self.came[payment.id or 0])
            else:
                self.book.came_in(payment)
            self.look(order)
            return True
        return self.pay(share, "paid", is_told=True) and not share.owed


@dataclass
class DrawnCart:
    """One vendor's part of a purchase as it is asked for, with what the oracle reckons with."""

    kind: str
    vendor: int
    body: dict[str, Any]
    lines: list[Line]
    terms: Terms
    zone: Zone
    delivered: bool

    @property
    def subtotal(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def fee(self) -> int:
        return self.zone.fee_for(self.subtotal) if self.delivered else 0


# What a life's steps are, and how often each is drawn.
STEPS = {
    "move": 34,
    "refund": 9,
    "edit": 9,
    "pay": 9,
    "worker": 7,
    "tip": 6,
    "attest": 6,
    "method": 5,
    "drive": 5,
    "consent": 4,
    "finish_refund": 3,
    "provider": 3,
    "hand_in": 3,
    "pay_out": 3,
    "reverse": 1,
    "place": 3,
    "decide": 3,
    "photos": 2,
    "doubt": 2,
    "prepare": 2,
    "terms": 2,
    "delete": 1,
}


def facts_of(told: dict[str, Any]) -> Facts:
    stands = {name: moment is not None for name, moment in told["milestones"].items()}
    carries = stands["driver_accepted"] and told["driver"] and not told["self_delivery"]
    return Facts(
        status=told["status"]["code"],
        accepted=stands["accepted"],
        preparing=stands["preparation_started"],
        prepared=stands["prepared"],
        carrier=told["driver"]["id"] if carries else None,
    )


def amount_of(row: dict[str, Any]) -> dict[str, str]:
    return {"amount": row["amount"]["value"], "currency": row["amount"]["currency"]}


def account_name(kind: str, customer: int | None, vendor: int | None, driver: int | None) -> str:
    if kind == "wallet":
        return f"wallet:{customer}"
    if kind == "cash":
        return f"cash:driver:{driver}" if driver else f"cash:vendor:{vendor}"
    return f"{kind}:{vendor or driver}" if vendor or driver else kind


def purse_of(owner: str) -> payouts.Purse:
    kind, pk = owner.split(":")
    return payouts.Purse(currency=EUR, **{f"{kind}_id": int(pk)})
