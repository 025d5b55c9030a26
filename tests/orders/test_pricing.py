"""The pure price of a cart: rules of options, extras and ingredients, rounding, fees, tax, shares."""

from dataclasses import replace
from typing import Any

import pytest

from orders.pricing import CartExtra, CartItem, CartOption, Discount, Priced, Terms
from ordersite.core.faults import InvalidFields
from ordersite.web.problems import as_problem
from tests.orders.prices import price_cart
from vendors.menu import Menu, MenuExtra, MenuGroup, MenuIngredient, MenuOption, MenuProduct, Zone


def option(pk: int, price: int = 0, **fields: Any) -> MenuOption:
    values = {"kind": "default", "plu_code": "", "half_price": None, "max_quantity": 1, "preselected": False}
    return MenuOption(**{"id": pk, "name": f"Option {pk}", "price": price, "is_available": True, **values, **fields})


def group(pk: int, *options: MenuOption, **fields: Any) -> MenuGroup:
    values = {"minimum": 0, "maximum": 9, "allows_quantity": False, "allows_halves": False, "condition_id": None}
    named = {"id": pk, "name": f"Group {pk}", "options": {one.id: one for one in options}}
    return MenuGroup(**{**named, **values, **fields})


def product(pk: int = 1, price: int = 1000, *groups: MenuGroup, **fields: Any) -> MenuProduct:
    values: dict[str, Any] = {
        "id": pk,
        "category_id": 1,
        "name": f"Product {pk}",
        "description": "",
        "picture": "",
        "plu_code": "",
        "sku": "",
        "unit": "st",
        "is_digital": False,
        "price": price,
        "tax_rate": 0,
        "max_per_order": None,
        "is_available": True,
        "tracks_stock": False,
        "groups": groups,
        "extras": {},
        "ingredients": {},
    }
    return MenuProduct(**{**values, **fields})


def menu(*products: MenuProduct) -> Menu:
    return Menu(
        vendor_id=1,
        version=1,
        currency="EUR",
        categories=(),
        products={one.id: one for one in products},
        spans=(),
        zones=(),
    )


INCLUDED = Terms(prices_include_tax=True)
ADDED = Terms(prices_include_tax=False)


def priced(of: MenuProduct | Menu, *items: CartItem, terms: Terms = INCLUDED, **fields: Any) -> Priced:
    return price_cart(of if isinstance(of, Menu) else menu(of), items or [CartItem(product=1)], terms=terms, **fields)


def faults(of: MenuProduct, *items: CartItem) -> list[tuple[str, str]]:
    with pytest.raises(InvalidFields) as refused:
        priced(of, *items)
    return [(row["pointer"], row["code"]) for row in as_problem(refused.value).errors]


def chosen(*options: CartOption, **fields: Any) -> CartItem:
    return CartItem(product=1, options=options, **fields)


class TestOptions:
    def test_minimum_and_maximum_count_quantities(self) -> None:
        of = product(
            1, 1000, group(1, option(1, 10, max_quantity=5), option(2, 20), minimum=2, maximum=3, allows_quantity=True)
        )
        assert faults(of) == [("/items/0/options", "minimum")]
        assert faults(of, chosen(CartOption(option=1))) == [("/items/0/options", "minimum")]
        assert priced(of, chosen(CartOption(option=1, quantity=2))).total == 1020
        assert priced(of, chosen(CartOption(option=1, quantity=2), CartOption(option=2))).total == 1040
        assert faults(of, chosen(CartOption(option=1, quantity=4))) == [("/items/0/options", "maximum")]

    def test_a_quantity_needs_a_group_that_allows_it_and_an_option_that_has_it(self) -> None:
        of = product(
            1, 1000, group(1, option(1, max_quantity=2)), group(2, option(2, max_quantity=2), allows_quantity=True)
        )
        assert faults(of, chosen(CartOption(option=1, quantity=2))) == [("/items/0/options/0/quantity", "quantity")]
        assert faults(of, chosen(CartOption(option=2, quantity=3))) == [("/items/0/options/0/quantity", "max_quantity")]

    def test_halves_need_a_group_that_allows_them(self) -> None:
        of = product(1, 1000, group(1, option(1)))
        assert faults(of, chosen(CartOption(option=1, position="left"))) == [("/items/0/options/0/position", "halves")]

    def test_a_half_costs_its_half_price_or_half_rounded_up_once_a_line(self) -> None:
        of = product(
            1, 1000, group(1, option(1, 101), option(2, 101), option(3, 150, half_price=80), allows_halves=True)
        )
        left, right = CartOption(option=1, position="left"), CartOption(option=2, position="right")
        assert priced(of, chosen(left)).total == 1051
        assert priced(of, chosen(left, right)).total == 1101
        assert priced(of, chosen(left, quantity=3)).total == 3152  # 3000 + 151.5
        assert priced(of, chosen(CartOption(option=3, position="left"))).total == 1080
        assert priced(of, chosen(CartOption(option=3))).total == 1150

    def test_the_parts_of_a_line_sum_to_its_total(self) -> None:
        of = product(1, 999, group(1, option(1, 101), option(2, 33), option(3, 7), allows_halves=True))
        line = priced(of, chosen(*(CartOption(option=n, position="left") for n in (1, 2, 3)), quantity=5)).lines[0]
        assert (line.base, [part.total for part in line.options], line.total) == (4995, [253, 83, 17], 5348)
        assert line.base + sum(part.total for part in line.options) == line.total

    @pytest.mark.parametrize(
        ("chosen_now", "fault"),
        [
            ([(1, "left", 1), (2, "right", 1), (3, "left", 1)], None),  # 1.5
            ([(1, "left", 1), (2, "whole", 1), (3, "right", 1)], None),  # 2
            ([(1, "left", 2), (2, "right", 2)], None),  # 2, by quantities
            ([(1, "left", 3), (2, "right", 1), (3, "right", 1)], "maximum"),  # 2.5
            ([(1, "whole", 1), (2, "whole", 1), (3, "left", 1)], "maximum"),  # 2.5
            ([(1, "left", 1)], "minimum"),  # 0.5
            ([(1, "whole", 1)], None),
        ],
    )
    def test_a_half_counts_as_half(self, chosen_now: list[tuple[int, str, int]], fault: str | None) -> None:
        options = [option(pk, 100, max_quantity=3) for pk in (1, 2, 3)]
        of = product(1, 1000, group(1, *options, minimum=1, maximum=2, allows_quantity=True, allows_halves=True))
        item = chosen(*(CartOption(option=pk, position=side, quantity=n) for pk, side, n in chosen_now))
        if fault:
            assert faults(of, item) == [("/items/0/options", fault)]
        else:
            assert priced(of, item).total == 1000 + sum(
                n * (100 if side == "whole" else 50) for _, side, n in chosen_now
            )

    def test_halves_count_as_half_of_what_is_allowed_of_one_choice(self) -> None:
        many = group(1, option(1, 100, max_quantity=2), allows_quantity=True, allows_halves=True)
        once = group(2, option(2, 100, max_quantity=2), allows_halves=True)
        of = product(1, 1000, many, once)
        one = lambda pk, side, n=1: CartOption(option=pk, position=side, quantity=n)  # noqa: E731
        assert priced(of, chosen(one(1, "left", 2), one(1, "right", 2))).total == 1200
        assert priced(of, chosen(one(1, "whole"), one(1, "left", 2))).total == 1200
        assert faults(of, chosen(one(1, "whole", 2), one(1, "left"))) == [
            ("/items/0/options/1/quantity", "max_quantity")
        ]
        assert faults(of, chosen(one(2, "whole"), one(2, "left"))) == [("/items/0/options/1/quantity", "quantity")]

    def test_the_same_choice_twice_is_refused_but_both_halves_are_not(self) -> None:
        of = product(1, 1000, group(1, option(1, 100), allows_halves=True))
        left, right = CartOption(option=1, position="left"), CartOption(option=1, position="right")
        assert faults(of, chosen(left, left)) == [("/items/0/options/1", "duplicate")]
        assert priced(of, chosen(left, right)).total == 1100

    def test_a_condition_brings_a_group_up(self) -> None:
        size = group(1, option(1), option(2))
        of = product(1, 1000, size, group(2, option(3, 50), minimum=1, condition_id=2))
        assert priced(of, chosen(CartOption(option=1))).total == 1000
        assert faults(of, chosen(CartOption(option=2))) == [("/items/0/options", "minimum")]
        assert priced(of, chosen(CartOption(option=2), CartOption(option=3))).total == 1050
        assert faults(of, chosen(CartOption(option=3))) == [("/items/0/options", "condition")]

    def test_texts(self) -> None:
        of = product(1, 1000, group(1, option(1, 300, kind="text"), option(2)))
        assert (
            priced(of, chosen(CartOption(option=1, text="Happy birthday"))).lines[0].options[0].text == "Happy birthday"
        )
        assert faults(of, chosen(CartOption(option=1, text="  "))) == [("/items/0/options/0/text", "required")]
        assert faults(of, chosen(CartOption(option=2, text="?"))) == [("/items/0/options/0/text", "text")]

    def test_what_is_not_there_or_not_available(self) -> None:
        of = product(1, 1000, group(1, option(1, is_available=False)))
        assert faults(of, chosen(CartOption(option=1))) == [("/items/0/options/0/option", "unavailable")]
        assert faults(of, chosen(CartOption(option=9))) == [("/items/0/options/0/option", "unknown")]


def test_extras_and_ingredients() -> None:
    extra = MenuExtra(id=5, name="Bacon", plu_code="9", unit="gr", price=120, max_quantity=2)
    of = product(extras={5: extra}, ingredients={7: MenuIngredient(id=7, name="Onion")})
    line = priced(of, CartItem(product=1, quantity=2, extras=[CartExtra(extra=5, quantity=2)], without=[7, 7])).lines[0]
    assert [(part.kind, part.name, part.unit, part.total) for part in line.options] == [
        ("extra", "Bacon", "gr", 480),
        ("without", "Onion", "", 0),
    ]
    assert line.total == 2480
    several = [CartExtra(extra=5), CartExtra(extra=5), CartExtra(extra=6)]
    assert faults(of, CartItem(product=1, extras=several, without=[8])) == [
        ("/items/0/extras/1", "duplicate"),
        ("/items/0/extras/2/extra", "unknown"),
        ("/items/0/without/0", "unknown"),
    ]
    too_many = CartItem(product=1, extras=[CartExtra(extra=5, quantity=3)])
    assert faults(of, too_many) == [("/items/0/extras/0/quantity", "max_quantity")]


# Of 250 units with a choice of 0.20 and an extra of 0.35 twice: what the choices cost.
ONCE, EACH = 20 + 70, 250 * (20 + 70)


@pytest.mark.parametrize(
    ("unit", "charged", "choices"),
    [
        ("st", "auto", EACH),
        ("gr", "auto", ONCE),
        ("kg", "auto", ONCE),
        ("pers", "auto", ONCE),
        ("st", "line", ONCE),
        ("gr", "unit", EACH),
        ("kg", "line", ONCE),
        ("pers", "unit", EACH),
    ],
)
@pytest.mark.parametrize(("price", "price_per", "base"), [(2, 1, 500), (1890, 1000, 473), (1889, 1000, 472)])
def test_choices_are_charged_once_a_line_or_for_each_unit(
    unit: str, charged: str, choices: int, price: int, price_per: int, base: int
) -> None:
    """4.725 is rounded up, 4.7225 down: once, with all that was chosen."""
    extra = MenuExtra(id=5, name="Tray", plu_code="", unit="st", price=35, max_quantity=2, charged=charged)
    slicing = group(1, option(1, 20, charged=charged))
    of = product(1, price, slicing, unit=unit, price_per=price_per, extras={5: extra})
    item = chosen(CartOption(option=1), quantity=250, extras=[CartExtra(extra=5, quantity=2)])
    line = priced(of, item).lines[0]
    assert (line.base, line.total) == (base, base + choices)
    assert [part.total for part in line.options] == ([20, 70] if choices == ONCE else [5000, 17500])


def test_a_line_by_weight_is_rounded_once() -> None:
    """1.5 cents of cheese, half a cent of slicing and half a cent of paper are 2.5, and so 3; not 2 + 1 + 1."""
    of = product(1, 15, group(1, option(1, 1), option(2, 1), allows_halves=True), unit="gr", price_per=1000)
    line = priced(of, chosen(*(CartOption(option=n, position="left") for n in (1, 2)), quantity=100)).lines[0]
    assert (line.base, [part.total for part in line.options], line.total) == (2, [1, 0], 3)
    # A gram of something cheap costs nothing.
    assert priced(of, chosen(quantity=33)).total == 0
    assert priced(of, chosen(quantity=34)).total == 1


def test_products_that_are_unknown_unavailable_or_limited() -> None:
    assert faults(product(), CartItem(product=2)) == [("/items/0/product", "unknown")]
    assert faults(product(is_available=False)) == [("/items/0/product", "unavailable")]
    limited = product(max_per_order=3)
    assert priced(limited, CartItem(product=1), CartItem(product=1, quantity=2)).total == 3000
    assert faults(limited, CartItem(product=1, quantity=2), CartItem(product=1, quantity=2)) == [
        ("/items/1/quantity", "max_per_order")
    ]


def test_every_fault_is_told_at_once() -> None:
    of = product(1, 1000, group(1, option(1), minimum=1))
    assert faults(of, CartItem(product=3), CartItem(product=1), CartItem(product=4)) == [
        ("/items/0/product", "unknown"),
        ("/items/1/options", "minimum"),
        ("/items/2/product", "unknown"),
    ]


def test_a_cart_beyond_all_measure_is_refused() -> None:
    assert faults(product(1, 10**12), CartItem(product=1, quantity=2)) == [("/items", "too_large")]


def test_tax_is_reckoned_a_line_after_its_part_of_the_discount() -> None:
    of = menu(product(1, 1000, tax_rate=2100), product(2, 500, tax_rate=600))
    items = [CartItem(product=1), CartItem(product=2)]
    included = priced(of, *items, discount=Discount(items=100))
    # The discount by largest remainder: 66.67 and 33.33. 933 × 21 / 121 and 467 × 6 / 106.
    assert [(line.discount, line.tax) for line in included.lines] == [(67, 162), (33, 26)]
    assert (included.tax_included, included.tax_added, included.total) == (188, 0, 1400)
    added = priced(of, *items, discount=Discount(items=100), terms=ADDED)
    assert [line.tax for line in added.lines] == [196, 28]
    assert (added.tax_included, added.tax_added, added.total) == (0, 224, 1624)


def test_a_discount_is_never_more_than_the_cart() -> None:
    amounts = priced(product(), discount=Discount(items=5000))
    assert (amounts.discount, amounts.total, amounts.vendor_share) == (1000, 0, 0)


def test_fees_tip_and_whom_the_total_belongs_to() -> None:
    zone = Zone(id=1, name="Near", radius=1, polygon=None, fee=250, minimum=0, free_from=None)
    terms = replace(ADDED, fee_tax_rate=2000, service_fee=30, service_fee_rate=500, commission_rate=1250)
    amounts = priced(product(tax_rate=1000), terms=terms, zone=zone, driver_tip=200, tip_to_driver=True)
    assert (amounts.subtotal, amounts.delivery_fee, amounts.service_fee, amounts.driver_tip) == (1000, 250, 80, 200)
    assert amounts.tax_added == 100 + 50 + 16
    assert amounts.total == 1000 + 250 + 80 + 200 + 166
    assert amounts.commission == 125
    assert (amounts.platform_share, amounts.driver_share, amounts.vendor_share) == (125 + 80 + 16, 200, 1275)
    without_driver = priced(product(tax_rate=1000), terms=terms, zone=zone, driver_tip=200)
    assert (without_driver.driver_share, without_driver.vendor_share) == (0, 1475)


@pytest.mark.parametrize(("subtotal", "fee"), [(1999, 250), (2000, 0), (2001, 0)])
def test_delivery_is_free_from(subtotal: int, fee: int) -> None:
    zone = Zone(id=1, name="Near", radius=1, polygon=None, fee=250, minimum=0, free_from=2000)
    assert priced(product(1, subtotal), zone=zone).delivery_fee == fee


def test_a_zone_has_a_minimum() -> None:
    zone = Zone(id=1, name="Near", radius=1, polygon=None, fee=0, minimum=1001, free_from=None)
    with pytest.raises(InvalidFields) as refused:
        priced(product(), zone=zone)
    assert as_problem(refused.value).errors[0]["minimum"] == {"amount": "10.01", "currency": "EUR"}
