"""Menus compiled, imported and held; stock taken and given back."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ordersite.core.faults import Conflict
from ordersite.web.problems import as_problem
from tests.cast import MENU, Cast
from vendors.menu import MenuIngredient, Zone
from vendors.models import (
    Category,
    DeliveryZone,
    Extra,
    Ingredient,
    OpeningHours,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Stock,
)
from vendors.services import menus
from vendors.services.menus import menu_of
from vendors.services.stock import give_stock_back, take_stock
from vendors.services.vendors import bump_menu_version, import_menu

TABLES = (
    Category,
    Product,
    OptionGroup,
    Option,
    ProductOptionGroup,
    Ingredient,
    Extra,
    Stock,
    OpeningHours,
    DeliveryZone,
)


def counts() -> list[int]:
    return [table.objects.count() for table in TABLES]


def test_menu_holds_all_that_is_sold(cast: Cast) -> None:
    menu = menu_of(cast.vendor)
    assert [name for _, name in menu.categories] == ["Food", "Drinks and sweets"]
    assert [(row.name, row.price, row.tax_rate, row.tracks_stock) for row in menu.products.values()] == [
        ("Burger", 850, 600, False),
        ("Pizza", 1200, 600, False),
        ("Soda", 250, 600, True),
        ("Cake", 2500, 600, False),
    ]
    burger = menu.products[cast.products["burger"].pk]
    assert [(row.name, row.minimum, row.maximum, row.allows_quantity) for row in burger.groups] == [
        ("Sauce", 0, 2, True),
        ("Size", 1, 1, False),
    ]
    assert [(row.name, row.price, row.max_quantity) for row in burger.groups[0].options.values()] == [
        ("Ketchup sauce", 50, 2),
        ("Mayonnaise", 60, 2),
    ]
    assert [(row.name, row.price, row.max_quantity, row.plu_code, row.unit) for row in burger.extras.values()] == [
        ("Bacon", 120, 3, "901", "st")
    ]
    assert list(burger.ingredients.values()) == [
        MenuIngredient(id=cast.ingredients[name].pk, name=name) for name in ("Onion", "Ketchup", "Cheese")
    ]
    assert menu.zones == (
        Zone(id=cast.zone.pk, name="Near", radius=3000, polygon=None, fee=250, minimum=1000, free_from=None),
    )
    assert menu.currency == "EUR"


def test_menu_of_another_vendor_is_apart(cast: Cast) -> None:
    menu = menu_of(cast.other_vendor)
    assert [row.name for row in menu.products.values()] == ["Green tea"]
    assert not any(row.groups or row.extras or row.ingredients for row in menu.products.values())


def test_unavailable_products_are_there_and_say_so(cast: Cast) -> None:
    Product.objects.filter(pk=cast.products["burger"].pk).update(is_available=False)
    menu = menu_of(cast.vendor)
    assert {row.name: row.is_available for row in menu.products.values()}["Burger"] is False


def test_cold_menu_takes_six_statements_and_a_held_one_none(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as cold:
        first = menu_of(cast.vendor)
    with CaptureQueriesContext(connection) as warm:
        assert menu_of(cast.vendor) is first
    assert (len(cold), len(warm)) == (6, 0)


def test_bumped_version_is_read_anew(cast: Cast) -> None:
    menu_of(cast.vendor)
    Product.objects.filter(pk=cast.products["burger"].pk).update(price=900)
    bump_menu_version(cast.vendor.pk)
    cast.vendor.refresh_from_db()
    menu = menu_of(cast.vendor)
    assert menu.products[cast.products["burger"].pk].price == 900
    assert menu.version == cast.vendor.menu_version


def test_held_menus_are_bounded(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(menus, "MOST_HELD", 1)
    menu_of(cast.vendor)
    menu_of(cast.other_vendor)
    assert list(menus.held) == [cast.other_vendor.pk]


def test_importing_twice_doubles_nothing_and_keeps_ids(cast: Cast) -> None:
    before = counts(), menu_of(cast.vendor)
    with transaction.atomic():
        import_menu(vendor=cast.vendor, menu=MENU)
    after = counts(), menu_of(cast.vendor)
    assert after[0] == before[0]
    assert after[1].products == before[1].products
    assert after[1].zones == before[1].zones
    assert after[1].version == before[1].version + 1


def test_import_changes_by_name_and_takes_parts_away(cast: Cast) -> None:
    cast.products["soda"].stock.delete()
    menu = {
        "categories": [
            {
                "name": "Food",
                "products": [
                    {"name": "Burger", "price": 900, "groups": ["Size"], "ingredients": ["Onion"]},
                    {"name": "Soda", "price": 260, "stock": 4},
                ],
            }
        ],
        "groups": [{"name": "Size", "options": [{"name": "Large", "price": 250}]}],
        "hours": [{"weekday": 0, "opens": "11:00", "closes": "22:00"}],
    }
    with transaction.atomic():
        import_menu(vendor=cast.vendor, menu=menu)
    compiled = menu_of(cast.vendor)
    burger = compiled.products[cast.products["burger"].pk]
    assert (burger.price, [group.name for group in burger.groups]) == (900, ["Size"])
    assert [(row.id, row.price) for row in burger.groups[0].options.values()] == [(cast.options["Large"].pk, 250)]
    assert [row.name for row in burger.ingredients.values()] == ["Onion"]
    assert not burger.extras
    assert compiled.products[cast.products["soda"].pk].tracks_stock
    assert {row.name for row in compiled.products.values()} == {"Burger", "Pizza", "Soda", "Cake"}
    assert len(compiled.spans) == 1


def test_import_statements_do_not_grow_with_the_menu(cast: Cast) -> None:
    def menu(size: int) -> dict[str, Any]:
        return {
            "categories": [
                {
                    "name": f"{size}",
                    "products": [
                        {
                            "name": f"{size} {number}",
                            "price": 100,
                            "ingredients": ["Salt"],
                            "extras": [{"name": "Rice", "price": 5}],
                            "stock": 3,
                        }
                        for number in range(size)
                    ],
                }
            ]
        }

    taken = []
    for size in (2, 40):
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            import_menu(vendor=cast.vendor, menu=menu(size))
        taken.append(len(queries))
    assert taken[1] <= taken[0]


def test_condition_by_name(cast: Cast) -> None:
    menu = {
        "groups": [
            {"name": "Drink", "options": [{"name": "Yes"}, {"name": "No"}]},
            {"name": "Which drink", "condition": "Yes", "options": [{"name": "Cola"}]},
            {"name": "Ice", "condition": ("Drink", "Yes"), "options": [{"name": "Cubes"}]},
        ]
    }
    with transaction.atomic():
        import_menu(vendor=cast.vendor, menu=menu)
    yes = Option.objects.get(group__name="Drink", name="Yes")
    assert set(OptionGroup.objects.filter(condition=yes).values_list("name", flat=True)) == {"Which drink", "Ice"}


def test_an_option_that_brings_up_a_group_goes_only_with_its_condition(cast: Cast) -> None:
    both = {"name": "Drink", "options": [{"name": "Yes"}, {"name": "No"}]}
    import_menu(vendor=cast.vendor, menu={"groups": [both, {"name": "Which", "condition": "Yes"}]})
    which = OptionGroup.objects.get(name="Which")
    fewer = {"name": "Drink", "options": [{"name": "No"}]}
    with transaction.atomic(), pytest.raises(ValueError, match="brings up Which: name that group too"):
        import_menu(vendor=cast.vendor, menu={"groups": [fewer]})
    which.refresh_from_db()
    assert which.condition == Option.objects.get(name="Yes")
    for groups, condition in (
        ([both, {"name": "Which", "condition": "Yes"}], "Yes"),
        ([fewer, {"name": "Which", "condition": "No"}], "No"),
        ([both, {"name": "Which"}], None),
    ):
        import_menu(vendor=cast.vendor, menu={"groups": groups})
        which.refresh_from_db()
        assert (which.condition.name if which.condition else None) == condition


@pytest.mark.parametrize(
    "menu",
    [
        {"categories": [{"name": "A"}, {"name": "A"}]},
        {"categories": [{"name": "A", "products": [{"name": "B", "price": 1, "groups": ["None such"]}]}]},
        {"groups": [{"name": "G", "condition": "None such"}]},
    ],
)
def test_import_refuses_what_it_cannot_place(cast: Cast, menu: dict[str, Any]) -> None:
    before = counts()
    with pytest.raises(ValueError, match=r"Given twice|No such group|names 0 options"), transaction.atomic():
        import_menu(vendor=cast.vendor, menu=menu)
    assert counts() == before


def left(cast: Cast) -> int:
    return Stock.objects.get(product=cast.products["soda"]).quantity


def test_stock_is_taken_and_given_back(cast: Cast) -> None:
    soda = cast.products["soda"].pk
    with transaction.atomic():
        take_stock({soda: 4})
    assert left(cast) == 6
    with transaction.atomic():
        give_stock_back({soda: 3})
    assert left(cast) == 9


def test_short_stock_is_refused_with_what_is_left(cast: Cast) -> None:
    burger, soda = cast.products["burger"].pk, cast.products["soda"].pk
    Stock.objects.create(product_id=burger, quantity=5)
    with pytest.raises(Conflict) as refused, transaction.atomic():
        take_stock({soda: 11, burger: 1})
    assert refused.value.code == "out_of_stock"
    assert as_problem(refused.value).errors == [
        {
            "pointer": "",
            "code": "out_of_stock",
            "detail": "Only 10 × Soda left: lower the quantity.",
            "product": soda,
            "left": 10,
        }
    ]
    assert refused.value.extra == {"products": [{"product": soda, "left": 10}]}
    with pytest.raises(Conflict) as refused, transaction.atomic():
        take_stock({soda: 11, burger: 6})
    assert as_problem(refused.value).detail == (
        "Only 5 × Burger left: lower the quantity. Only 10 × Soda left: lower the quantity."
    )
    assert left(cast) == 10
    assert Stock.objects.get(product=burger).quantity == 5


def test_stock_takes_two_statements_however_many_products(cast: Cast) -> None:
    products = list(cast.products.values())
    Stock.objects.bulk_create([Stock(product=row, quantity=9) for row in products if row.name != "Soda"])
    wanted = {row.pk: number + 1 for number, row in enumerate(products)}
    with transaction.atomic(), CaptureQueriesContext(connection) as taking:
        take_stock(wanted)
    with transaction.atomic(), CaptureQueriesContext(connection) as giving:
        give_stock_back(wanted)
    assert (len(taking), len(giving)) == (2, 2)
    assert [Stock.objects.get(product=row).quantity for row in products] == [
        10 if row.name == "Soda" else 9 for row in products
    ]


def test_products_no_longer_counted_are_left_alone(cast: Cast) -> None:
    with transaction.atomic():
        take_stock({cast.products["burger"].pk: 3})
        give_stock_back({cast.products["burger"].pk: 3})
        take_stock({})
    assert Stock.objects.count() == 1
