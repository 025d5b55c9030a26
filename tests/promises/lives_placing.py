"""How a life begins: prices, terms and an offer are drawn, then carts, which are placed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from tests.orders.gift_cards import stock
from tests.orders.kinds import package_cart, service_cart, tomorrow
from tests.orders.shopping import NEAR
from tests.promises import oracle_prices as prices
from tests.promises.lives_watched import WatchedLife
from tests.promises.lives_world import EUR, ORDERS, eur, photo
from tests.promises.oracle import (
    Facts,
    Order,
    Payment,
)
from tests.promises.oracle_prices import Item, Line, Menu, Offer, Terms, Zone
from vendors.models import DeliveryZone, Product, Vendor
from vendors.models import Offer as OfferRow
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version

BROUGHT = 100_000  # what is in the customer's wallet at first
FAR_ENOUGH = {"lat": 50.90, "lng": 4.40}


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


class PlacingLife(WatchedLife):
    """Draws what vendors ask and what customers order, and places it."""

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
