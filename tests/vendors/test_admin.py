"""The back-office's pages of merchants, vendors, drivers and menus."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordersite.accounts.models import User
from tests.cast import Cast, make_user
from tests.office import change, choose, delete, delete_chosen, form_of, send
from vendors.models import (
    Category,
    Company,
    DeliveryZone,
    Dispatcher,
    Driver,
    Extra,
    Ingredient,
    Member,
    Merchant,
    OpeningHours,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Stock,
    Vendor,
    VendorType,
)
from vendors.services.menus import menu_of

LISTS = ("merchant", "vendor", "vendortype", "company", "driver", "category", "product", "optiongroup")


LIMITS = re.compile(r"(_minutes|_limit|_orders|_value|^most|_from)$|^max_")


def test_a_limit_that_may_be_left_empty_says_what_that_means() -> None:
    fields = [field for model in apps.get_app_config("vendors").get_models() for field in model._meta.fields]
    limits = [field for field in fields if field.null and field.editable and LIMITS.search(field.name)]
    assert len(limits) > 10
    assert [str(field) for field in limits if "empty: " not in field.help_text] == []


def version(cast: Cast) -> int:
    return Vendor.objects.get(pk=cast.vendor.pk).menu_version


def test_price_changed_bumps_the_menu(cast: Cast, office: Client) -> None:
    before, burger = version(cast), cast.products["burger"]
    change(office, f"/admin/vendors/product/{burger.pk}/change/", price="9.25")
    burger.refresh_from_db()
    assert (burger.price, burger.group_links.count(), burger.ingredients.count()) == (925, 2, 3)
    assert version(cast) == before + 1


def test_a_price_for_a_thousand_units(cast: Cast, office: Client) -> None:
    """Of a digital product there is none: a code is one unit."""
    burger = cast.products["burger"]
    path = f"/admin/vendors/product/{burger.pk}/change/"
    change(office, path, price="1890", price_per="1000", unit="gr", **{"extras-0-charged": "unit"})
    assert menu_of(Vendor.objects.get(pk=cast.vendor.pk)).products[burger.pk].price_per == 1000
    assert burger.extras.get().charged == "unit"
    before, page = version(cast), office.get(path)
    for fields, field in (({"is_digital": "on"}, "price_per"), ({"price_per": "0"}, "price_per")):
        response = office.post(path, {**form_of(page), **fields})
        assert field in response.context["adminform"].form.errors
    burger.refresh_from_db()
    assert (burger.is_digital, burger.price_per, version(cast)) == (False, 1000, before)


def test_a_tills_code_is_one_products(cast: Cast, office: Client) -> None:
    """Of a code that two have already, both pages can still be saved."""
    burger, pizza, before = cast.products["burger"], cast.products["pizza"], version(cast)
    path = f"/admin/vendors/product/{burger.pk}/change/"
    response = office.post(path, {**form_of(office.get(path)), "plu_code": pizza.plu_code})
    assert "Another product of this vendor has this code" in str(response.context["adminform"].form.errors["plu_code"])
    burger.refresh_from_db()
    assert (burger.plu_code, version(cast)) == ("100", before)
    Product.objects.filter(pk=pizza.pk).update(plu_code="100")
    change(office, path, name="Cheeseburger")
    Product.objects.filter(pk=pizza.pk).update(plu_code="101", vendor=cast.other_vendor)
    change(office, path, plu_code="101")
    burger.refresh_from_db()
    assert (burger.name, burger.plu_code) == ("Cheeseburger", "101")


def test_group_and_category_changed_bump_the_menu(cast: Cast, office: Client) -> None:
    before = version(cast)
    size, food = cast.groups["Size"], Category.objects.get(name="Food")
    large = cast.options["Large"]
    change(office, f"/admin/vendors/optiongroup/{size.pk}/change/", **{"options-1-price": "2.50"})
    large.refresh_from_db()
    assert large.price == 250
    change(office, f"/admin/vendors/category/{food.pk}/change/", name="Meals")
    food.refresh_from_db()
    assert food.name == "Meals"
    assert version(cast) == before + 2


def test_condition_is_chosen_among_the_vendors_other_options(cast: Cast, office: Client) -> None:
    sauce, large = cast.groups["Sauce"], cast.options["Large"]
    path = f"/admin/vendors/optiongroup/{sauce.pk}/change/"
    field = office.get(path).context["adminform"].form.fields["condition"]
    names = [label for value, label in field.choices if value]
    assert names == ["Plate: Plate text", "Size: Regular", "Size: Large", "Toppings: Mushrooms", "Toppings: Olives"]
    change(office, path, condition=str(large.pk))
    sauce.refresh_from_db()
    assert sauce.condition_id == large.pk


def test_an_option_that_brings_up_a_group_stays(cast: Cast, office: Client) -> None:
    """Without it the group would be asked for with every product: change the group first, or delete it too."""
    size, large = cast.groups["Size"], cast.options["Large"]
    toppings = cast.groups["Toppings"]
    OptionGroup.objects.filter(pk=toppings.pk).update(condition=large)
    before, path = version(cast), f"/admin/vendors/optiongroup/{size.pk}/"
    page = send(office, f"{path}change/", **{"options-1-DELETE": "on"})
    assert (page.status_code, "option group Toppings" in page.content.decode()) == (200, True)
    assert "Cannot delete" in office.get(f"{path}delete/").content.decode()
    assert office.post(f"{path}delete/", {"post": "yes", "_rows": "x"}).status_code in (200, 302)
    assert "Cannot delete" in choose(office, "/admin/vendors/optiongroup/", "delete_selected", [size]).content.decode()
    toppings.refresh_from_db()
    assert (toppings.condition_id, version(cast)) == (large.pk, before)
    # Together they go, and where nothing stands on it it goes alone.
    assert delete_chosen(office, "/admin/vendors/optiongroup/", [size, toppings]).status_code == 302
    assert not OptionGroup.objects.filter(pk__in=[size.pk, toppings.pk]).exists()


def test_deleting_bumps_the_menu(cast: Cast, office: Client) -> None:
    before = version(cast)
    assert delete(office, f"/admin/vendors/product/{cast.products['cake'].pk}/delete/").status_code == 302
    assert version(cast) == before + 1
    chosen = [cast.products["pizza"], cast.products["soda"]]
    assert delete_chosen(office, "/admin/vendors/product/", chosen).status_code == 302
    assert version(cast) == before + 2
    assert list(Product.objects.filter(vendor=cast.vendor).values_list("name", flat=True)) == ["Burger"]


def test_a_part_of_another_vendors_menu_is_refused(cast: Cast, office: Client) -> None:
    burger, before = cast.products["burger"], version(cast)
    foreign = OptionGroup.objects.create(vendor=cast.other_vendor, name="Foreign")
    path = f"/admin/vendors/product/{burger.pk}/change/"
    page = office.get(path)
    for changes, sentence in (
        (
            {"category": str(cast.tea.category_id)},
            "This category belongs to another vendor: choose one of this vendor&#x27;s.",
        ),
        (
            {"group_links-TOTAL_FORMS": "3", "group_links-2-group": str(foreign.pk)},
            "belongs to another vendor: choose one of this vendor&#x27;s.",
        ),
    ):
        extra = {"group_links-2-position": "2", "group_links-2-product": str(burger.pk)}
        response = office.post(path, {**form_of(page), **extra, **changes})
        assert response.status_code == 200
        assert sentence in response.content.decode()
    burger.refresh_from_db()
    assert burger.category.name == "Food"
    assert burger.group_links.count() == 2
    assert version(cast) == before


def test_vendor_page_has_checkboxes_and_bumps_the_menu(cast: Cast, office: Client) -> None:
    before = version(cast)
    path = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    page = office.get(path).content.decode()
    assert page.count('type="checkbox" name="fulfilments"') == 5
    assert page.count('type="checkbox" name="payment_methods"') == 5
    change(
        office,
        path,
        fulfilments=["pickup", "eat_in"],
        **{
            "opening_hours-TOTAL_FORMS": "1",
            "opening_hours-0-weekday": "0",
            "opening_hours-0-opens": "11:00",
            "opening_hours-0-closes": "22:00",
        },
    )
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.fulfilments, vendor.payment_methods) == (["pickup", "eat_in"], ["cash", "wallet"])
    assert vendor.opening_hours.count() == 1
    assert vendor.menu_version == before + 1


def test_vendor_is_set_up(cast: Cast, office: Client) -> None:
    page = office.get("/admin/vendors/vendor/add/")
    data = {**form_of(page), "merchant": cast.merchant.pk, "type": cast.vendor.type_id, "name": "Second Bar"}
    response = office.post(
        "/admin/vendors/vendor/add/", {**data, "fulfilments": ["pickup"], "payment_methods": ["cash"]}
    )
    assert response.status_code == 302, response.context["errors"]
    vendor = Vendor.objects.get(name="Second Bar")
    assert (vendor.fulfilments, vendor.payment_methods) == (["pickup"], ["cash"])


def test_a_member_works_at_vendors_of_its_merchant_only(cast: Cast, office: Client) -> None:
    # Who is made a member may what the vendor's people may: no role out of the box gives that.
    cast.staff.is_superuser = True
    cast.staff.save()
    path = f"/admin/vendors/merchant/{cast.merchant.pk}/change/"
    page = office.get(path)
    data = {**form_of(page), "members-0-all_vendors": ""}
    response = office.post(path, {**data, "members-0-vendors": [cast.other_vendor.pk]})
    assert response.status_code == 200
    assert Member.objects.get(user=cast.owner).all_vendors is True
    response = office.post(path, {**data, "members-0-vendors": [cast.vendor.pk]})
    assert response.status_code == 302
    member = Member.objects.get(user=cast.owner)
    assert (member.all_vendors, list(member.vendors.all())) == (False, [cast.vendor])


def test_company_gets_a_dispatcher(cast: Cast, office: Client) -> None:
    user = make_user("Dina Dispatcher")
    change(
        office,
        f"/admin/vendors/company/{cast.company.pk}/change/",
        **{"dispatchers-TOTAL_FORMS": "2", "dispatchers-1-user": user.pk, "dispatchers-1-company": cast.company.pk},
    )
    assert set(Dispatcher.objects.filter(company=cast.company).values_list("user", flat=True)) == {
        cast.dispatcher.pk,
        user.pk,
    }


def test_stock_is_counted_from_the_product_page(cast: Cast, office: Client) -> None:
    burger = cast.products["burger"]
    path = f"/admin/vendors/product/{burger.pk}/change/"
    change(office, path, **{"stock-TOTAL_FORMS": "1", "stock-0-quantity": "7", "stock-0-product": burger.pk})
    assert Stock.objects.get(product=burger).quantity == 7
    assert "8.50 EUR" in office.get("/admin/vendors/product/?q=Burger").content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_pages_are_for_staff(cast: Cast, name: str) -> None:
    for user in (cast.owner, cast.customer):
        client = Client()
        client.force_login(user)
        assert client.get(f"/admin/vendors/{name}/").status_code == 302


@pytest.mark.parametrize("query", ["bur", "x" * 200, "%", "é", "1"])
@pytest.mark.parametrize("name", LISTS)
def test_lists_are_searched(office: Client, name: str, query: str) -> None:
    assert office.get(f"/admin/vendors/{name}/", {"q": query}).status_code == 200


# --- no statement more for thirty rows than for three ----------------------------------------------------------------


def fill(cast: Cast, first: int, last: int) -> None:
    """A row of everything for each number, and parts of the burger and of the merchant, vendor and company besides."""
    burger = cast.products["burger"]
    for number in range(first, last):
        user, other, third = (make_user(f"{part} {number}") for part in ("member", "dispatcher", "driver"))
        merchant = Merchant.objects.create(name=f"Merchant {number}")
        vendor = Vendor.objects.create(
            merchant=merchant,
            type=VendorType.objects.create(name=f"Type {number}"),
            name=f"Vendor {number}",
            fulfilments=["pickup"],
            payment_methods=["cash"],
        )
        Company.objects.create(name=f"Company {number}")
        category = Category.objects.create(vendor=vendor, name=f"Category {number}")
        product = Product.objects.create(vendor=vendor, category=category, name=f"Product {number}", price=1)
        if number % 2:
            Stock.objects.create(product=product, quantity=number)
        group = OptionGroup.objects.create(vendor=cast.vendor, name=f"Group {number}", condition=cast.options["Large"])
        Option.objects.create(group=cast.groups["Size"], name=f"Option {number}")
        ProductOptionGroup.objects.create(product=burger, group=group, position=number)
        Ingredient.objects.create(product=burger, name=f"Ingredient {number}")
        Extra.objects.create(product=burger, name=f"Extra {number}")
        Member.objects.create(user=user, merchant=cast.merchant, all_vendors=False).vendors.add(cast.vendor)
        Dispatcher.objects.create(user=other, company=cast.company)
        Driver.objects.create(user=third, company=cast.company, name=f"Driver {number}")
        OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens="11:00", closes="12:00")
        DeliveryZone.objects.create(vendor=cast.vendor, name=f"Zone {number}", radius=number + 1)


def pages(cast: Cast) -> dict[str, str]:
    rows = {
        "merchant": cast.merchant,
        "vendor": cast.vendor,
        "company": cast.company,
        "product": cast.products["burger"],
        "optiongroup": cast.groups["Size"],
        "category": cast.products["burger"].category,
        "driver": cast.driver_row,
    }
    lists = {f"list of {name}": f"/admin/vendors/{name}/" for name in LISTS}
    return lists | {f"page of {name}": f"/admin/vendors/{name}/{row.pk}/change/" for name, row in rows.items()}


def test_pages_take_the_same_statements_for_thirty_rows(cast: Cast, office: Client) -> None:
    def statements() -> dict[str, int]:
        taken = {}
        for name, path in pages(cast).items():
            with CaptureQueriesContext(connection) as queries:
                assert office.get(path).status_code == 200
            taken[name] = len(queries)
        return taken

    fill(cast, 0, 3)
    statements()  # once for what the process keeps, such as content types
    few = statements()
    fill(cast, 3, 30)
    assert statements() == few


def test_users_are_found_by_autocomplete(cast: Cast, office: Client, api: Callable[..., Any]) -> None:
    fields = {"app_label": "vendors", "model_name": "driver", "field_name": "user", "term": "dora"}
    response = office.get("/admin/autocomplete/", fields)
    assert [row["text"] for row in response.json()["results"]] == ["dora.driver@example.org"]
    assert User.objects.filter(email="dora.driver@example.org").exists()
