"""Drawn carts at the till: each choice costs its price as many times as its qty says, and all adds up to the total."""

import random
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.dialects.kaddy.test_kaddy import BASE, Api, acme, till, token
from tests.orders.shopping import place
from vendors.models import Vendor
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
    whole = Decimal(0)
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
        whole += sum(Decimal(one["total"]) for one in (line, *line["options"], *line["extras"]))
    assert whole + Decimal(shown["delivery_cost"]) + Decimal(shown["service_cost"]) == Decimal(shown["total"])


def times_of(choice: dict[str, Any], line: dict[str, Any]) -> int:
    """How often a line has what is chosen once."""
    charged = choice["name"].split(" ")[1]
    each = charged == "unit" or (charged == "auto" and line["unit"] == "st")
    return int(line["qty"]) if each else 1
