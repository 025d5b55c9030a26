"""Menus as files: what is written is read back, and an import does what its preview said, or nothing."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook  # type: ignore[import-untyped]

from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.core.faults import Invalid, NotFound, Refusal
from ordersite.core.models import AuditRow
from ordersite.core.spreadsheets import csv_lines, write_workbook
from ordersite.core.wording import NATIVE
from tests.cast import Cast
from vendors.models import Category, Extra, Ingredient, MenuUpload, Option, OptionGroup, Product, Stock, Vendor
from vendors.services.menu_files import (
    import_menu_upload,
    keep_menu_upload,
    menu_table,
    plan_upload,
    read_menu_file,
)
from vendors.services.menu_plans import MenuPlan, Ways, plan_rows
from vendors.services.menu_rows import COLUMNS, KINDS
from vendors.services.vendors import import_menu


def as_csv(vendor: Vendor) -> bytes:
    return "".join(csv_lines(menu_table(vendor))).encode()


def as_xlsx(vendor: Vendor) -> bytes:
    return write_workbook(menu_table(vendor)).read()


def plan_of(vendor: Vendor, content: bytes, **ways: bool) -> MenuPlan:
    file = read_menu_file(content, vendor.currency)
    plan = plan_rows(vendor, file.rows, Ways(**ways))
    plan.faults = [*file.faults, *plan.faults]
    return plan


def told(plan: MenuPlan) -> list[tuple[int, str, str]]:
    return [(one.line, one.heading, NATIVE.sentence(one.fault)) for one in plan.faults]


def lines(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def changed(plan: MenuPlan) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    return [
        (item.node.name, item.act, [(one.heading, one.old, one.new) for one in item.differences])
        for item in plan.items
        if item.act not in ("unchanged", "kept")
    ]


def run(cast: Cast, content: bytes, **ways: bool) -> MenuPlan:
    """Uploaded, looked at, confirmed."""
    caller, now = caller_of_user(cast.staff), timezone.now()
    upload = keep_menu_upload(vendor=cast.vendor, caller=caller, content=content, ways=Ways(**ways), now=now)
    plan = plan_upload(cast.vendor, upload)
    assert plan.faults == []
    return import_menu_upload(vendor=cast.vendor, caller=caller, upload_id=upload.pk, shown=plan.digest, now=now)


# --- round trip -----------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20) | st.sampled_from(
    ["=1+1", "'=1+1", "''@x", "-5", "+32", "#12", "a | b", "a|b", "x;=y", '"', "a: b", "_x0041_", "1.0", "yes", "0012"]
)
PRICES = st.integers(0, 10**9)


@st.composite
def menus(draw: Any) -> dict[str, Any]:
    unique: dict[str, Any] = {"min_size": 1, "max_size": 3, "unique": True}
    groups = draw(st.lists(NAMES, **unique))
    categories = draw(st.lists(NAMES, **unique))
    names = iter(draw(st.lists(NAMES, min_size=6, max_size=6, unique=True)))
    return {
        "groups": [
            {
                "name": name,
                "maximum": draw(st.integers(1, 9)),
                "options": [
                    {
                        "name": option,
                        "price": draw(PRICES),
                        "half_price": draw(st.none() | PRICES),
                        "is_available": draw(st.booleans()),
                        "kind": draw(st.sampled_from(["default", "text"])),
                    }
                    for option in draw(st.lists(NAMES, max_size=2, unique=True))
                ],
            }
            for name in groups
        ],
        "categories": [
            {
                "name": name,
                "products": [
                    {
                        "name": next(names),
                        "price": draw(PRICES),
                        "tax_rate": draw(st.integers(0, 10_000)),
                        "description": draw(st.just("") | NAMES),
                        "plu_code": draw(st.just("") | NAMES),
                        "max_per_order": draw(st.none() | st.integers(1, 99)),
                        "stock": draw(st.none() | st.integers(0, 99)),
                        "groups": draw(st.permutations(groups)),
                        "extras": [
                            {"name": extra, "price": draw(PRICES)} for extra in draw(st.lists(NAMES, max_size=1))
                        ],
                        "ingredients": draw(st.lists(NAMES, max_size=2, unique=True)),
                    }
                    for _ in range(draw(st.integers(0, 2)))
                ],
            }
            for name in categories
        ],
    }


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(menu=menus())
def test_what_is_exported_is_read_back_as_it_stands(cast: Cast, currency: str, menu: dict[str, Any]) -> None:
    for model in (Product, OptionGroup, Category):
        model.objects.filter(vendor=cast.other_vendor).delete()
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency=currency)
    vendor = Vendor.objects.get(pk=cast.other_vendor.pk)
    import_menu(vendor=vendor, menu=menu)
    for content in (as_csv(vendor), as_xlsx(vendor)):
        plan = plan_of(vendor, content, takes_off=True, sets_stock=True)
        assert told(plan) == []
        assert changed(plan) == []
        count = sum(model.objects.filter(**of).count() for model, of in owned(vendor))
        assert plan.counts["unchanged"] == count


def owned(vendor: Vendor) -> list[tuple[Any, dict[str, Any]]]:
    products: dict[str, Any] = {"product__vendor": vendor}
    return [
        *((model, {"vendor": vendor}) for model in (Category, OptionGroup, Product)),
        (Option, {"group__vendor": vendor}),
        *((model, products) for model in (Extra, Ingredient)),
    ]


# --- what is read ---------------------------------------------------------------------------------------------------

ROWS: list[list[Any]] = [
    ["kind", "parent", "name", "price"],
    ["category", "", "New", ""],
    ["product", "New", "Tart", 8.2],
]


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lines("kind,parent,name,price", "category,,New,", "product,New,Tart,8.20"),
        lines("kind;parent;name;price", "category;;New;", "product;New;Tart;8,2"),
        lines("kind\tparent\tname\tprice", "category\t\tNew\t", "product\tNew\tTart\t8.2"),
        "\ufeffKind;Parent;NAME;Price\r\n;;;\r\ncategory;;New;\r\nproduct;New;Tart;8,20\r\n".encode(),
        lines("name,kind,price,parent", '"New",category,,', '" Tart ",product,"8,20",New'),
        workbook(*ROWS),
        workbook(ROWS[0], [None] * 4, *ROWS[1:]),
        workbook(*ROWS[:2], ["product", "New", "Tart", "8,20"]),
    ],
)
def test_tables_of_every_shape_say_the_same(cast: Cast, content: bytes) -> None:
    plan = run(cast, content)
    assert changed(plan) == [
        ("New", "new", [("name", "", "New")]),
        ("Tart", "new", [("name", "", "Tart"), ("parent", "", "New"), ("price", "", "8.20")]),
    ]
    tart = Product.objects.get(name="Tart")
    assert (tart.price, tart.category.name, tart.position) == (820, "New", 0)


@pytest.mark.parametrize(
    ("row", "heading", "why"),
    [
        ("dish,,Food,X,1", "kind", "Write one of: category, group, option, product, extra, ingredient."),
        ("product,,Food,Burger,8.505", "price", "EUR has 2 digits after the decimal point or comma"),
        ("product,,Food,Burger,1.234", "price", "EUR has 2 digits after the decimal point or comma"),
        ("product,,Food,Burger,-1", "price", "The amount must not be below zero."),
        ("product,,Food,Burger,99999999999999999999", "price", "The amount is too large"),
        ("product,,Food,Burger,", "price", "It must not be empty: fill it in."),
        ("product,,Nowhere,Burger,1", "parent", "There is no category “Nowhere”: correct the name, or add it first."),
        ("product,,,Burger,1", "parent", "It must not be empty: fill it in."),
        ("product,999999,Food,Burger,1", "id", "This vendor has no such product"),
        ("product,99999999999999999999,Food,Burger,1", "id", "This vendor has no such product"),
        ("product,x,Food,Burger,1", "id", "This vendor has no such product"),
        ("product,,Food,,1", "name", "It must not be empty: fill it in."),
        (f"product,,Food,{'x' * 121},1", "name", "at most 120 characters"),
        ("product,,Food,a\0b,1", "name", "It holds a character that cannot be printed."),
        ("product,,Food,a\u202eb,1", "name", "It holds a character that cannot be printed."),
        ("category,,,Food,1", "price", "A row of the kind category has none: leave it empty."),
        ("category,,Food,Food,", "parent", "A row of the kind category has none: leave it empty."),
        ("product,,Food,Burger,1,2", "", "It has 6 columns, but the first row has 5."),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column_with_the_remedy(cast: Cast, row: str, heading: str, why: str) -> None:
    plan = plan_of(cast.vendor, lines("kind,id,parent,name,price", row))
    assert [(line, column) for line, column, _ in told(plan)] == [(2, heading)]
    assert why in told(plan)[0][2]


@pytest.mark.parametrize(
    ("head", "row", "heading", "why"),
    [
        ("kind,name,minimum,maximum", "group,Sauce,5,2", "maximum", "It must be 5 or more, as the minimum"),
        ("kind,name,minimum", "group,Sauce,5", "maximum", "It must be 5 or more, as the minimum"),
        ("kind,name,minimum", "group,Sauce,99999", "minimum", "It must be 32767 at most."),
        ("kind,name,condition", "group,Sauce,Sauce: Mayonnaise", "condition", "This is an option of the group itself"),
        ("kind,name,condition", "group,Sauce,Large", "condition", "There is no option “Large”"),
        ("kind,parent,name,preselected", "option,Size,Large,maybe", "preselected", "Write yes or no."),
        ("kind,parent,name,option groups", "product,Food,Burger,Nothing", "option groups", "There is no group"),
        ("kind,parent,name,option groups", "product,Food,Burger,Size|Size", "option groups", "A group is there twice"),
        ("kind,parent,name,station", "product,Food,Burger,Grill", "station", "There is no station “Grill”"),
        ("kind,parent,name,allergens", "product,Food,Burger,gluten meat", "allergens", "No such allergens: meat."),
        ("kind,parent,name,unit", "product,Food,Burger,lb", "unit", "is not a valid choice"),
        ("kind,parent,name,tax rate", "product,Food,Burger,101", "tax rate", "A percentage is 100 at most."),
        ("kind,parent,name,stock", "product,Food,Burger,-1", "stock", "is no whole number"),
        (
            "kind,parent,name,digital,price per",
            "product,Food,Burger,yes,1000",
            "price per",
            "Codes are sold one by one",
        ),
    ],
)
def test_what_belongs_to_other_columns_is_checked_too(cast: Cast, head: str, row: str, heading: str, why: str) -> None:
    plan = plan_of(cast.vendor, lines(head, row))
    assert [(line, column) for line, column, _ in told(plan)] == [(2, heading)]
    assert why in told(plan)[0][2]


def test_rows_that_are_the_same_and_names_that_several_have_are_told(cast: Cast) -> None:
    plan = plan_of(cast.vendor, lines("kind,name", "category,Food", "category,Food", "category,New", "category,New"))
    assert told(plan) == [
        (3, "name", "It is the same as line 2: leave one of them out."),
        (5, "name", "It is the same as line 4: leave one of them out."),
    ]
    Category.objects.create(vendor=cast.vendor, name="Food")
    plan = plan_of(cast.vendor, lines("kind,parent,name,price", "category,,Food,", "product,Food,Burger,1"))
    several = "Several are called “Food”: say which by its id, as an export does."
    assert told(plan) == [(2, "name", several), (3, "parent", several)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "There is no row in the file"),
        (b"\xef\xbb\xbf \r\n", "There is no row in the file"),
        (b"kind,name\n", "There is no row in the file"),
        (b"name,price\nx,1\n", "missing: kind"),
        (b"kind,name,colour\nproduct,x,red\n", "There is no column “colour”"),
        (b"kind,name,picture\nproduct,x,red\n", "There is no column “picture”"),
        (b"kind,name,name\nproduct,x,y\n", "The column “name” is there twice"),
        (b"kind,name\nproduct,caf\xe9\n", "Line 2 is not UTF-8"),
        (b'kind,name\nproduct,"open\n', "cannot be read as CSV"),
        (b"\0\0\0", "There is no row in the file"),
        (b"PK\x03\x04 and no more", "This workbook cannot be read"),
        (workbook(["kind", "name"])[:-400], "This workbook cannot be read"),
        (b"x" * 5_000_001, "The file is larger than 5 MB"),
        (b"kind,name\n" + b"category,x\n" * 10_001, "more than 10000 rows"),
    ],
)
def test_a_file_that_is_no_menu_is_refused_with_a_sentence(cast: Cast, content: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_menu_file(content, "EUR")
    assert why in NATIVE.sentence(refused.value.fault)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 61_000_000)
    assert len(file.getvalue()) < 100_000
    with pytest.raises(Invalid) as refused:
        read_menu_file(file.getvalue(), "EUR")
    assert "unpacks to more than 60 MB" in NATIVE.sentence(refused.value.fault)


# --- what is written ------------------------------------------------------------------------------------------------


def test_a_row_is_found_by_its_id_and_renamed_and_moved(cast: Cast) -> None:
    burger, drinks = cast.products["burger"], Category.objects.get(name="Drinks and sweets")
    content = lines("kind,id,parent,name,price", f"product,{burger.pk},#{drinks.pk},Hamburger,8.5")
    plan = run(cast, content)
    assert changed(plan) == [
        ("Hamburger", "changed", [("name", "Burger", "Hamburger"), ("parent", "Food", "Drinks and sweets")])
    ]
    burger.refresh_from_db()
    assert (burger.name, burger.category_id, burger.price) == ("Hamburger", drinks.pk, 850)


def test_an_option_does_not_come_into_the_group_that_it_brings_up(cast: Cast) -> None:
    large = cast.options["Large"]
    moved = lines("kind,id,parent,name", f"option,{large.pk},Sauce,Large")
    OptionGroup.objects.filter(name="Sauce").update(condition=large)
    assert [(line, heading) for line, heading, _ in told(plan_of(cast.vendor, moved))] == [(2, "parent")]
    with_condition = lines("kind,id,parent,name,condition", f"option,{large.pk},Sauce,Large,", "group,,,Sauce,")
    run(cast, with_condition)  # which the same file takes off
    large.refresh_from_db()
    assert (large.group.name, large.group.condition) == ("Sauce", None)


def test_groups_conditions_and_stock_become_those_of_the_file(cast: Cast) -> None:
    content = lines(
        "kind,parent,name,price,option groups,condition,stock",
        "group,,Toppings,,,Size: Large,",
        "group,,Dip,,,,",
        "option,Dip,Garlic,0.5,,,",
        "product,Food,Burger,8.5,Dip | Size,,7",
        "product,Drinks and sweets,Soda,2.5,,,",
    )
    run(cast, content, sets_stock=True)
    burger = Product.objects.get(name="Burger")
    assert [link.group.name for link in burger.group_links.all()] == ["Dip", "Size"]
    assert OptionGroup.objects.get(name="Toppings").condition == cast.options["Large"]
    assert dict(Stock.objects.values_list("product__name", "quantity")) == {"Burger": 7}
    run(cast, content)  # without being told to it leaves the stock alone
    Stock.objects.update(quantity=3)
    assert changed(plan_of(cast.vendor, content)) == []


def test_what_is_sold_out_for_a_while_stays_so_until_its_end(cast: Cast) -> None:
    end = timezone.now() + timedelta(hours=4)
    Product.objects.filter(name="Burger").update(is_available=False, unavailable_until=end)
    run(cast, lines("kind,parent,name,price,on sale", "product,Food,Burger,9,no"))
    assert Product.objects.get(name="Burger").unavailable_until == end
    run(cast, lines("kind,parent,name,price,on sale", "product,Food,Burger,9,yes"))
    burger = Product.objects.get(name="Burger")
    assert (burger.is_available, burger.unavailable_until) == (True, None)


def test_an_upload_is_ones_own_and_ends(cast: Cast) -> None:
    caller, now = caller_of_user(cast.staff), timezone.now()
    content = lines("kind,name", "category,New")
    upload = keep_menu_upload(vendor=cast.vendor, caller=caller, content=content, ways=Ways(), now=now)
    shown = plan_upload(cast.vendor, upload).digest
    asked: list[tuple[Vendor, Caller, Any]] = [
        (cast.vendor, caller_of_user(cast.owner), now),
        (cast.other_vendor, caller, now),
        (cast.vendor, caller, now + timedelta(hours=1)),
    ]
    for vendor, who, at in asked:
        with pytest.raises(NotFound):
            import_menu_upload(vendor=vendor, caller=who, upload_id=upload.pk, shown=shown, now=at)
    with pytest.raises(Refusal):
        keep_menu_upload(
            vendor=cast.vendor, caller=caller_of_user(cast.other_owner), content=content, ways=Ways(), now=now
        )
    assert (MenuUpload.objects.count(), Category.objects.filter(name="New").count()) == (1, 0)
    keep_menu_upload(vendor=cast.vendor, caller=caller, content=content, ways=Ways(), now=now)
    assert MenuUpload.objects.count() == 1


def test_as_many_statements_for_a_long_file(cast: Cast, django_assert_max_num_queries: Any) -> None:
    """Every 500 rows a batch: 600 new products, then a new price for each."""
    head = "kind,parent,name,price"
    caller, now = caller_of_user(cast.staff), timezone.now()
    for price in (100, 200):
        content = lines(head, *(f"product,Food,Product {number},{price}" for number in range(600)))
        upload = keep_menu_upload(vendor=cast.vendor, caller=caller, content=content, ways=Ways(), now=now)
        shown = plan_upload(cast.vendor, upload).digest
        with django_assert_max_num_queries(40):
            import_menu_upload(vendor=cast.vendor, caller=caller, upload_id=upload.pk, shown=shown, now=now)
    assert Product.objects.filter(vendor=cast.vendor, price=20_000).count() == 600
    assert AuditRow.objects.filter(model="vendors.product", field="price").count() == 600


def test_the_page_of_documents_has_each_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "menus.md").read_text()
    rows = [
        f"| {one.heading} | {', '.join(kind for kind in KINDS if kind in one.kinds)} | {one.holds} |" for one in COLUMNS
    ]
    assert "\n".join(rows) in page.replace("\\|", "|")
