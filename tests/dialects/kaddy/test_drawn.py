"""Drawn carts at the till: each choice costs its price as many times as its qty says, and all adds up to the total."""

import random
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import Order
from tests.cast import Cast
from tests.dialects.kaddy.test_kaddy import BASE, Api, acme, till, token
from tests.orders.capacity.test_offers import make_offer
from tests.orders.kinds import make_package_type, make_service, package_cart, tomorrow
from tests.orders.shopping import NEAR, place
from vendors.models import Offer, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

__all__ = ["acme", "till", "token"]
# Unit, price, and how many units the price is for.
GOODS = [("st", 275, 1), ("pers", 1850, 1), ("kg", 999, 1), ("gr", 3, 1), ("gr", 1895, 1000)]
CHARGED = ["auto", "unit", "line"]
# Of a choice's name: its price in cents.
PRICES = {"auto": 35, "unit": 2, "line": 120}


def menu() -> dict[str, Any]:
    """Goods of every unit, with an option and an extra of every way to charge."""
    products = [
        {
            "name": f"{unit} {price}",
            "unit": unit,
            "price": price,
            "price_per": price_per,
            "groups": ["Choices"],
            "extras": [
                {"name": f"extra {how}", "price": PRICES[how], "charged": how, "max_quantity": 5} for how in CHARGED
            ],
        }
        for unit, price, price_per in GOODS
    ]
    options = [{"name": f"option {how}", "price": PRICES[how], "charged": how, "max_quantity": 5} for how in CHARGED]
    group = {"name": "Choices", "minimum": 0, "maximum": 15, "allows_quantity": True, "options": options}
    return {"categories": [{"name": "All", "products": products}], "groups": [group]}


def draw_item(draw: random.Random, vendor: Vendor) -> dict[str, Any]:
    product = draw.choice(list(vendor.products.filter(category__name="All").order_by("pk")))
    options = list(vendor.option_groups.get(name="Choices").options.order_by("pk"))
    extras = list(product.extras.order_by("pk"))
    return {
        "product": product.pk,
        "quantity": draw.choice([1, 2, 3, 7, 250, 333]),
        "options": [
            {"option": one.pk, "quantity": draw.randint(1, 5)} for one in draw.sample(options, draw.randint(0, 3))
        ],
        "extras": [
            {"extra": one.pk, "quantity": draw.randint(1, 5)} for one in draw.sample(extras, draw.randint(0, 3))
        ],
    }


@pytest.mark.rows(50, 51, 52, call="GET /v1/orders/{id}")
@pytest.mark.parametrize("seed", range(3))
def test_qty_times_price_is_the_total(cast: Cast, api: Api, acme: Vendor, till: APIClient, seed: int) -> None:
    """Of options and extras alike: per piece the line's quantity is in it, by weight and for persons once a line."""
    import_menu(vendor=acme, menu=menu())
    draw = random.Random(seed)
    items = [draw_item(draw, acme) for _ in range(30)]
    body = {"vendor": acme.pk, "items": items, "delivery_type": "pickup", "payment_method": "cash"}
    order = place(api(cast.customer), body)["orders"][0]
    shown = till.get(f"{BASE}/{order['uuid']}").json()
    costs = {f"{unit} {price}": (price, price_per) for unit, price, price_per in GOODS}
    for item, line in zip(items, shown["order_lines"], strict=True):
        price, price_per = costs[line["product"]]
        exact = Decimal(price) * line["qty"] / price_per / 100
        assert abs(Decimal(line["total"]) - exact) <= Decimal("0.005")
        assert line["qty"] == item["quantity"]
        wished = {"option": item["options"], "extra": item["extras"]}
        for kind, choices in (("option", line["options"]), ("extra", line["extras"])):
            chosen = sorted(one["quantity"] for one in wished[kind])
            assert sorted(choice["qty"] // times_of(choice, line) for choice in choices) == chosen
            for choice in choices:
                assert Decimal(choice["total"]) * 100 == choice["qty"] * PRICES[choice["name"].split(" ")[1]]
    assert sum_of(shown) == Decimal(shown["total"])


def times_of(choice: dict[str, Any], line: dict[str, Any]) -> int:
    """How often a line has what is chosen once."""
    charged = choice["name"].split(" ")[1]
    each = charged == "unit" or (charged == "auto" and line["unit"] == "st")
    return int(line["qty"]) if each else 1


DISCOUNT, TIP, TAX = "Discount: ", "Tip in service_cost: ", "Tax in service_cost: "


# What people may write so that a till reads it as an amount.
FORGED = [
    "Ring twice\nDiscount: -5.00\nTip in service_cost: 9.00",
    "Discount: -5.00",
    "\r\nTax in service_cost: 1.00\r\n",
    "Ring\rDiscount: -5.00",
]


def told_of(shown: dict[str, Any], label: str) -> Decimal:
    """The amount that a line of the remarks tells, zero where there is none."""
    lines = (shown["remarks"] or "").splitlines()
    amounts = [Decimal(line.removeprefix(label)) for line in lines if line.startswith(label)]
    assert len(amounts) <= 1
    return amounts[0] if amounts else Decimal(0)


def sum_of(shown: dict[str, Any]) -> Decimal:
    """What a till adds up."""
    costs = [one["total"] for line in shown["order_lines"] for one in (line, *line["options"], *line["extras"])]
    return sum(map(Decimal, [*costs, shown["delivery_cost"], shown["service_cost"]]), told_of(shown, DISCOUNT))


def draw_terms(draw: random.Random, vendor: Vendor) -> None:
    """Fees, whether prices have the tax in them, and an offer of some kind or none."""
    fees = {"service_fee": draw.choice([0, 99]), "service_fee_rate": draw.choice([0, 250])}
    Vendor.objects.filter(pk=vendor.pk).update(
        **fees, prices_include_tax=draw.choice([True, False]), fee_tax_rate=draw.choice([0, 2100])
    )
    Offer.objects.update(is_active=False)
    if kind := draw.choice(["percentage", "amount", "free_delivery", ""]):
        make_offer(kind, vendor=vendor, currency="EUR", borne_by=draw.choice(["vendor", "platform"]))
    refresh_offer_flags()


def draw_order(draw: random.Random, vendor: Vendor) -> dict[str, Any]:
    tip = draw.choice([{}, {"driver_tip": {"amount": f"{draw.randint(1, 900) / 100:.2f}", "currency": "EUR"}}])
    address = {"delivery_type": "delivery", "address": "Rue Haute 1", "location": NEAR}
    where: dict[str, Any] = draw.choice([{"delivery_type": "pickup"}, address | tip])
    items = [draw_item(draw, vendor) for _ in range(draw.randint(1, 4))]
    words = [*FORGED, "Ring twice", ""]
    notes = {"address_notes": draw.choice(words)} if "address" in where else {}
    comment = {"comment": draw.choice(words)}
    return {"vendor": vendor.pk, "items": items, "payment_method": "cash", **where, **comment, **notes}


@pytest.mark.rows(46, 50, call="GET /v1/orders/{id}")
@pytest.mark.parametrize("seed", range(3))
def test_the_figures_add_up_to_the_total(cast: Cast, api: Api, acme: Vendor, till: APIClient, seed: int) -> None:
    """Tip and tax are in the service cost, the discount is in the remarks: each is told there exactly."""
    draw = random.Random(seed)
    import_menu(vendor=acme, menu=menu() | {"zones": [{"name": "Near", "radius": 5000, "fee": 350}]})
    with_figures = set()
    for _ in range(12):
        draw_terms(draw, acme)
        order = Order.objects.get(pk=place(api(cast.customer), draw_order(draw, acme))["orders"][0]["id"])
        shown = till.get(f"{BASE}/{order.uuid}").json()
        assert sum_of(shown) == Decimal(shown["total"]) == Decimal(order.total) / 100
        figures = {DISCOUNT: -order.discount, TIP: order.driver_tip, TAX: order.tax_added}
        assert {label: told_of(shown, label) * 100 for label in figures} == figures
        with_figures |= {label for label, amount in figures.items() if amount}
    assert with_figures == set(figures)


@pytest.mark.rows(46, 50, call="GET /v1/orders/{id}")
def test_so_do_those_of_packages_and_services(cast: Cast, api: Api, till: APIClient) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(prices_include_tax=False, service_fee=99, fee_tax_rate=2100)
    service = {"service": make_service(cast.vendor).pk, "at": tomorrow(cast).isoformat(), "place": "vendor"}
    tip = {"driver_tip": {"amount": "1.50", "currency": "EUR"}}
    for body in (
        package_cart(make_package_type(cast.vendor), **tip),
        {"vendor": cast.vendor.pk, "service": service, "payment_method": "cash"},
    ):
        order = place(api(cast.customer), body)["orders"][0]
        shown = till.get(f"{BASE}/{order['uuid']}").json()
        assert sum_of(shown) == Decimal(shown["total"]) > 0
