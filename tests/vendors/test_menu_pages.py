"""A vendor's whole menu in the back-office: sorted, imported from a file, copied from another vendor."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ordersite.core.models import AuditRow
from tests.cast import Cast, make_clerk, make_manager
from tests.office import form_of, posted_forms
from vendors.models import Category, Option, OptionGroup, Product, ProductOptionGroup, Vendor


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def path_of(cast: Cast, rest: str = "") -> str:
    return f"/admin/vendors/product/menus/{cast.vendor.pk}/{rest}"


def names_on_menu(client: Client, cast: Cast) -> list[tuple[str, list[str]]]:
    menu = client.get(f"/api/v1/vendors/{cast.vendor.pk}/menu").json()
    return [(one["name"], [product["name"] for product in one["products"]]) for one in menu["categories"]]


def text_of(page: Any) -> str:
    return str(page.content.decode())


# --- sorting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["categories", "products", "groups", "options"])
def test_each_list_is_moved_by_buttons(cast: Cast, office: Client, of: str) -> None:
    burger, sauce = cast.products["burger"], cast.groups["Sauce"]
    lists: dict[str, tuple[str, Any]] = {
        "categories": ("", Category.objects.filter(vendor=cast.vendor)),
        "products": (f"&in={burger.category_id}", Product.objects.filter(category=burger.category_id)),
        "groups": (f"&in={burger.pk}", ProductOptionGroup.objects.filter(product=burger)),
        "options": (f"&in={sauce.pk}", Option.objects.filter(group=sauce)),
    }
    query, rows = lists[of]
    path = path_of(cast, f"?of={of}{query}")
    first, second = rows.order_by("position", "pk").values_list("pk", flat=True)
    version = cast.vendor.menu_version
    for move, pk, order in (
        ("down", first, [second, first]),
        ("up", first, [first, second]),
        ("last", first, [second, first]),
        ("first", first, [first, second]),
        ("up", first, [first, second]),  # is there already: nothing is written
    ):
        page = office.post(path, {**form_of(office.get(path)), "move": f"{move}:{pk}"}, follow=True)
        assert page.status_code == 200
        assert list(rows.order_by("position", "pk").values_list("pk", flat=True)) == order
        assert f"Moved to place {order.index(pk) + 1} of 2." in text_of(page)
        assert f'value="{move}:{pk}"' in text_of(page).split("autofocus")[0].rsplit("<button", 1)[1]
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 4


def test_a_row_that_is_dropped_stands_there_on_the_menu(cast: Cast, office: Client) -> None:
    path = path_of(cast)
    sent = form_of(office.get(path))
    food, drinks = sent["shown"].split(",")
    page = office.post(path, {**sent, "order": f"{drinks},{food}"}, follow=True)
    assert "The new order is saved." in text_of(page)
    assert [name for name, _ in names_on_menu(office, cast)] == ["Drinks and sweets", "Food"]
    changes = AuditRow.objects.filter(model="vendors.category", field="position")
    assert {(row.object_name, row.old, row.new) for row in changes} == {
        ("Food", "0", "1"),
        ("Drinks and sweets", "1", "0"),
    }


def test_of_two_who_sort_at_once_the_second_is_told_and_nothing_is_lost(cast: Cast, office: Client) -> None:
    path = path_of(cast)
    sent = form_of(office.get(path))
    food, drinks = sent["shown"].split(",")
    office.post(path, {**sent, "move": f"down:{food}"})
    page = office.post(path, {**sent, "move": f"last:{food}"}, follow=True)
    assert "Somebody else changed this list since it was shown." in text_of(page)
    assert [name for name, _ in names_on_menu(office, cast)] == ["Drinks and sweets", "Food"]
    sent = form_of(office.get(path))
    Category.objects.create(vendor=cast.vendor, name="New", position=9)
    page = office.post(path, {**sent, "move": f"up:{food}"}, follow=True)
    assert "Somebody else changed this list" in text_of(page)
    assert [name for name, _ in names_on_menu(office, cast)] == ["Drinks and sweets", "Food"]


@pytest.mark.parametrize(
    "sent",
    [
        {"shown": "", "order": ""},
        {"shown": "1", "order": "2"},
        {"shown": "x,\0,9999999999999999999999", "order": "1"},
        {"move": "up:999999999999999999999"},
        {"move": "\0"},
        {},
    ],
)
def test_an_order_that_is_none_changes_nothing(cast: Cast, office: Client, sent: dict[str, str]) -> None:
    before = list(Category.objects.order_by("pk").values_list("pk", "position"))
    assert office.post(path_of(cast), sent).status_code in (302, 400)
    assert list(Category.objects.order_by("pk").values_list("pk", "position")) == before
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == cast.vendor.menu_version


@pytest.mark.parametrize("query", ["?of=products&in=0", "?of=x", "?of=options&in=99999999999999999999", "?of=groups"])
def test_a_list_that_is_none_leads_back(cast: Cast, office: Client, query: str) -> None:
    page = office.get(path_of(cast, query), follow=True)
    assert (page.status_code, page.redirect_chain) == (200, [(path_of(cast), 302)])
    assert "There is no such part of the menu any more." in text_of(page)


def test_a_manager_arranges_its_own_menu_alone(cast: Cast) -> None:
    client = Client()
    client.force_login(make_manager(cast.other_vendor))
    own = f"/admin/vendors/product/menus/{cast.other_vendor.pk}/"
    for rest in ("", "import/", "copy/", "menu.csv", "menu.xlsx"):
        assert client.get(f"{own}{rest}").status_code == 200, rest
        assert client.get(path_of(cast, rest)).status_code == 404, rest
    viewer = Client()
    viewer.force_login(make_clerk("vendors.view_product", "accounts.act_everywhere"))
    assert [viewer.get(path_of(cast, rest)).status_code for rest in ("", "import/", "copy/", "menu.csv")] == [
        *(403, 403, 403, 200)
    ]


# --- files ----------------------------------------------------------------------------------------------------------


def upload(office: Client, cast: Cast, content: str, **ways: str) -> Any:
    file = SimpleUploadedFile("menu.csv", content.encode())
    return office.post(path_of(cast, "import/"), {"file": file, **ways}, follow=True)


def confirm(office: Client, page: Any) -> Any:
    path = page.redirect_chain[-1][0]
    return office.post(path, form_of(page), follow=True)


def test_a_file_is_shown_and_then_imported_as_it_was_shown(cast: Cast, office: Client) -> None:
    burger = cast.products["burger"]
    rows = "\ufeffkind;parent;name;price;on sale\r\nproduct;Food;Burger;9,00;no\r\nproduct;Food;Salad;7,5;yes\r\n"
    page = upload(office, cast, rows)
    assert tuple(
        text for text in ("<strong>1</strong> new", "<strong>1</strong> changed") if text in text_of(page)
    ) == ("<strong>1</strong> new", "<strong>1</strong> changed")
    burger.refresh_from_db()
    assert (burger.price, Product.objects.filter(name="Salad").exists()) == (850, False)
    assert "The menu was imported: 1 new, 1 changed." in text_of(confirm(office, page))
    burger.refresh_from_db()
    assert (burger.price, burger.is_available) == (900, False)
    salad = Product.objects.get(name="Salad")
    assert (salad.price, salad.category_id, salad.vendor_id) == (750, burger.category_id, cast.vendor.pk)
    assert names_on_menu(office, cast)[0] == ("Food", ["Burger", "Pizza", "Salad"])
    recorded = AuditRow.objects.filter(model="vendors.product").values_list("object_name", "field", "old", "new")
    assert ("Burger", "price", "850", "900") in set(recorded)
    # The same press again does nothing: the file is gone.
    again = confirm(office, page)
    assert "imported already" in text_of(again)
    assert Product.objects.filter(name="Salad").count() == 1


def test_what_changed_meanwhile_is_told_and_nothing_is_written(cast: Cast, office: Client) -> None:
    page = upload(office, cast, "kind,parent,name,price\nproduct,Food,Burger,9\n")
    Product.objects.filter(name="Burger").update(price=870)
    told = confirm(office, page)
    assert "The menu has changed since this was shown." in text_of(told)
    assert "8.70" in text_of(told)
    assert Product.objects.get(name="Burger").price == 870
    assert "1 changed" in text_of(confirm(office, told if told.redirect_chain else page_again(office, page)))
    assert Product.objects.get(name="Burger").price == 900


def page_again(office: Client, page: Any) -> Any:
    """The same page, as it is shown now."""
    found = office.get(page.redirect_chain[-1][0])
    found.redirect_chain = page.redirect_chain
    return found


def test_a_file_with_faults_cannot_be_confirmed(cast: Cast, office: Client) -> None:
    page = upload(
        office, cast, "kind,parent,name,price\nproduct,Food,Burger,x\nproduct,Nowhere,Salad,5\nproduct,Food,,5\n"
    )
    text = text_of(page)
    assert "<strong>3</strong> to be corrected" in text
    assert "There is no category “Nowhere”: correct the name, or add it first." in text
    assert ">Confirm<" not in text
    before = list(Product.objects.order_by("pk").values())
    confirm(office, page)
    assert list(Product.objects.order_by("pk").values()) == before


def test_what_a_file_does_not_name_goes_off_sale_where_that_is_asked(cast: Cast, office: Client) -> None:
    page = upload(office, cast, "kind,parent,name\nproduct,Food,Burger\n", takes_off="on")
    confirm(office, page)
    on_sale = Product.objects.filter(vendor=cast.vendor, is_available=True)
    assert list(on_sale.values_list("name", flat=True)) == ["Burger"]
    assert not Option.objects.filter(group__vendor=cast.vendor, is_available=True).exists()
    assert Product.objects.filter(vendor=cast.vendor).count() == 4


# --- copies ---------------------------------------------------------------------------------------------------------


def copy_path(cast: Cast) -> str:
    """Of another vendor, which has its prices in the same currency."""
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency=cast.vendor.currency)
    return f"/admin/vendors/product/menus/{cast.other_vendor.pk}/copy/"


def copy_form(cast: Cast, **given: Any) -> dict[str, Any]:
    usual = {"source": cast.vendor.pk, "parts": ["groups", "pictures", "allergens", "tax"], "existing": "skip"}
    return {**usual, **given}


def test_a_menu_is_copied_once_however_often_it_is_pressed(cast: Cast, office: Client) -> None:
    path = copy_path(cast)
    OptionGroup.objects.filter(name="Toppings").update(condition=cast.options["Large"])
    Product.objects.filter(name="Burger").update(picture="products/x.png", allergens="gluten milk")
    page = office.post(path, copy_form(cast))
    sent = posted_forms(page)[-1][1]
    for _ in range(2):
        office.post(path, sent)
    copied = Product.objects.filter(vendor=cast.other_vendor, name="Burger").get()
    assert (copied.price, copied.tax_rate, copied.picture.name, copied.allergens) == (
        *(850, 600, "products/x.png", "gluten milk"),
    )
    assert [link.group.name for link in copied.group_links.all()] == ["Sauce", "Size"]
    assert not hasattr(Product.objects.get(vendor=cast.other_vendor, name="Soda"), "stock")
    toppings = OptionGroup.objects.get(vendor=cast.other_vendor, name="Toppings")
    assert toppings.condition is not None
    assert (toppings.condition.name, toppings.condition.vendor_id) == ("Large", cast.other_vendor.pk)
    assert Product.objects.filter(vendor=cast.other_vendor).count() == 5
    assert "there is nothing to write" in text_of(office.post(path, copy_form(cast)))


@pytest.mark.parametrize("existing", ["skip", "replace"])
def test_what_is_copied_comes_behind_what_stands_unless_all_becomes_as_there(
    cast: Cast, office: Client, existing: str
) -> None:
    """In its own order; within a category of another vendor too."""
    own, other = cast.vendor, cast.other_vendor
    sweets = Category.objects.get(vendor=own, products__name="Soda")
    Category.objects.filter(pk=sweets.pk).update(position=0)
    Category.objects.filter(vendor=own, name="Food").update(position=1)
    Category.objects.filter(vendor=other).update(name="Z", position=8)
    standing = Category.objects.create(vendor=other, name=sweets.name, position=6)
    Product.objects.create(vendor=other, category=standing, name="Tea", price=100, position=5)
    path = copy_path(cast)
    page = office.post(path, copy_form(cast, existing=existing))
    office.post(path, posted_forms(page)[-1][1])
    places = dict(Category.objects.filter(vendor=other).values_list("name", "position"))
    expected = {
        "skip": {sweets.name: 6, "Z": 8, "Food": 9},
        "replace": {sweets.name: 0, "Z": 8, "Food": 1},
    }
    assert places == expected[existing]
    of_food = Product.objects.filter(category__vendor=other, category__name="Food").order_by("position", "pk")
    assert list(of_food.values_list("name", flat=True)) == list(
        Product.objects.filter(vendor=own, category__name="Food")
        .order_by("position", "pk")
        .values_list("name", flat=True)
    )
    assert Product.objects.get(vendor=other, name="Soda").position == {"skip": 6, "replace": 0}[existing]


@pytest.mark.parametrize(("existing", "price"), [("skip", 999), ("replace", 850)])
def test_names_that_exist_stay_or_are_replaced(cast: Cast, office: Client, existing: str, price: int) -> None:
    food = Category.objects.create(vendor=cast.other_vendor, name="Food")
    Product.objects.create(vendor=cast.other_vendor, category=food, name="Burger", price=999)
    path = copy_path(cast)
    page = office.post(path, copy_form(cast, existing=existing))
    office.post(path, posted_forms(page)[-1][1])
    burger = Product.objects.get(vendor=cast.other_vendor, name="Burger")
    assert (burger.price, burger.extras.count()) == (price, 0 if existing == "skip" else 1)


@pytest.mark.parametrize("case", ["currency", "same"])
def test_what_cannot_be_copied_is_said(cast: Cast, office: Client, case: str) -> None:
    target = cast.vendor if case == "same" else cast.other_vendor
    if case == "currency":
        Vendor.objects.filter(pk=target.pk).update(currency="JPY")
    before = Product.objects.count()
    page = office.post(f"/admin/vendors/product/menus/{target.pk}/copy/", copy_form(cast))
    told = {"currency": "in EUR, Tea House in JPY", "same": "This is the same vendor: choose another one."}
    assert told[case] in text_of(page)
    assert Product.objects.count() == before
