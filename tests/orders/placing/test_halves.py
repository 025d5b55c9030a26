"""A half counts as half, at every door: three halves go into a group of two, both halves into a group of one."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from tests.cast import Cast
from tests.dialects.kesk.calling import order_of as kesk_order
from tests.dialects.ordering.asking import order_of as ordering_order
from tests.orders.admin.test_phone_orders import of_phone, path
from tests.orders.editing import line_of
from tests.orders.money import Api
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, place_order
from vendors.models import Option, OptionGroup
from vendors.services.vendors import bump_menu_version, import_menu

SIDES = ("whole", "left", "right")
# (topping, side) → how the order ends; a base is one and only one, of toppings there are at most two.
Choice = tuple[str, str]
CASES: list[tuple[str, list[Choice], str]] = [
    ("both halves of a group of one", [("Tomato", "left"), ("Cream", "right")], ""),
    ("the same on both halves", [("Tomato", "left"), ("Tomato", "right")], ""),
    ("a whole in a group of one", [("Tomato", "whole")], ""),
    ("half of what is needed", [("Tomato", "left")], "minimum"),
    ("nothing of what is needed", [], "minimum"),
    ("a whole and a half", [("Tomato", "whole"), ("Cream", "left")], "maximum"),
    ("the same whole and half", [("Tomato", "whole"), ("Tomato", "left")], "quantity"),
    ("three halves of two", [("Tomato", "whole"), ("Ham", "left"), ("Egg", "left"), ("Corn", "right")], ""),
    (
        "four halves of two",
        [("Tomato", "whole"), ("Ham", "left"), ("Egg", "left"), ("Corn", "right"), ("Peas", "right")],
        "",
    ),
    ("five halves of two", [("Tomato", "whole"), ("Ham", "whole"), ("Egg", "whole"), ("Corn", "left")], "maximum"),
]


@pytest.fixture
def pizza(cast: Cast) -> int:
    names = {"Base": ("Tomato", "Cream"), "Cover": ("Ham", "Egg", "Corn", "Peas")}
    groups = [
        {
            "name": name,
            "minimum": 1 if name == "Base" else 0,
            "maximum": 1 if name == "Base" else 2,
            "allows_halves": True,
            "options": [{"name": option, "price": 101} for option in options],
        }
        for name, options in names.items()
    ]
    products = [{"name": "Halves", "price": 1000, "groups": list(names)}]
    import_menu(vendor=cast.vendor, menu={"categories": [{"name": "Food", "products": products}], "groups": groups})
    return int(cast.vendor.products.get(name="Halves").pk)


def ids(cast: Cast, choices: list[Choice]) -> list[tuple[int, str]]:
    options = {
        option.name: option.pk
        for group in OptionGroup.objects.filter(vendor=cast.vendor)
        for option in group.options.all()
    }
    return [(options[name], side) for name, side in choices]


def natively(cast: Cast, api: Api, pizza: int, choices: list[Choice]) -> Any:
    options = [{"option": pk, "position": side} for pk, side in ids(cast, choices)]
    return api(cast.customer).post(ORDERS, cart(cast, items=[{"product": pizza, "options": options}]))


def by_edit(cast: Cast, api: Api, pizza: int, choices: list[Choice]) -> Any:
    order = Order.objects.get()
    options = [{"option": pk, "position": side} for pk, side in ids(cast, choices)]
    line = line_of(order, "Soda")
    return api(cast.customer).put(f"{ORDERS}/{order.pk}/items/{line.pk}", {"product": pizza, "options": options})


def at_kesk(cast: Cast, api: Api, pizza: int, choices: list[Choice]) -> Any:
    options = [{"option_id": pk, "position": side} for pk, side in ids(cast, choices)]
    items = [{"product_id": pizza, "options": options}]
    return api(cast.customer).post("/dialects/kesk/v1/orders", kesk_order(cast, items=items))


def at_ordering(cast: Cast, api: Api, pizza: int, choices: list[Choice]) -> Any:
    options: dict[str, Any] = {}
    for pk, side in ids(cast, choices):
        group = options.setdefault(f"id:{Option.objects.get(pk=pk).group_id}", {"suboptions": {}})
        group["suboptions"][f"id:{pk}"] = {"selected": True, "position": side}
    line = {"id": pizza, "quantity": 1, "options": options}
    return api(cast.customer).post("/dialects/ordering/orders", ordering_order(cast, products=[line]))


def by_phone(cast: Cast, api: Api, pizza: int, choices: list[Choice]) -> Any:
    office = Client()
    office.force_login(cast.staff)
    form = {f"option-{pizza}-{pk}" + ("" if side == "whole" else f"-{side}"): "1" for pk, side in ids(cast, choices)}
    given = {**of_phone(cast), f"quantity-{pizza}": "1", **form}
    with assert_nothing_changed():
        return office.post(path(cast), {**given, "quote": "yes"})


DOORS = (natively, by_edit, at_kesk, at_ordering, by_phone)
# At Ordering an option has one place.
ROWS = [
    pytest.param(door, choices, fault, id=f"{door.__name__}-{name}")
    for door in DOORS
    for name, choices, fault in CASES
    if door is not at_ordering or len({option for option, _ in choices}) == len(choices)
]


@pytest.mark.parametrize(("door", "choices", "fault"), ROWS)
def test_a_half_counts_as_half(cast: Cast, api: Api, pizza: int, door: Any, choices: list[Choice], fault: str) -> None:
    if door is by_edit:
        place_order(api(cast.customer), cart(cast, "soda"))
    # 10.00, and 1.01 for each whole: of odd halves half a cent is rounded up, once.
    total = 1000 + (101 * sum(2 if side == "whole" else 1 for _, side in choices) + 1) // 2
    if door is by_phone:
        response = door(cast, api, pizza, choices)
        assert response.status_code == 200
        quote = response.context["quote"]
        assert (quote.total if quote else None) == (None if fault else total)
        return
    if not fault:
        response = door(cast, api, pizza, choices)
        assert response.status_code in (200, 201), response.json()
        order = Order.objects.get()
        assert order.total == total
        assert sorted(order.lines.get().options.values_list("menu_id", "position")) == sorted(ids(cast, choices))
        return
    with assert_nothing_changed():
        response = door(cast, api, pizza, choices)
    assert response.status_code == 400, response.content
    if door in (natively, by_edit):
        assert fault in [row["code"] for row in response.json()["errors"]]


def test_where_no_halves_are_allowed_there_are_none_by_phone(cast: Cast, api: Api, pizza: int) -> None:
    OptionGroup.objects.update(allows_halves=False)
    bump_menu_version(cast.vendor.pk)
    response = by_phone(cast, api, pizza, [("Tomato", "left")])
    assert response.context["quote"] is None


def test_the_form_of_an_order_by_phone_offers_both_halves(cast: Cast, pizza: int) -> None:
    office = Client()
    office.force_login(cast.staff)
    page = office.get(path(cast)).content.decode()
    ham = cast.vendor.option_groups.get(name="Cover").options.get(name="Ham").pk
    for name in (f"option-{pizza}-{ham}", f"option-{pizza}-{ham}-left", f"option-{pizza}-{ham}-right"):
        assert f'name="{name}"' in page
    assert "Ham, left half" in page
    assert "at most 2, a half counts as half" in page
