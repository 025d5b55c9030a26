"""The till's code of a product is its own at its vendor, by whatever door it comes: a till tells products by it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast
from tests.office import form_of, posted_forms, send
from tests.orders.walking import Api
from tests.vendors.test_menu_api import eur, everything, put_rows, url
from tests.vendors.test_menu_files import workbook
from tests.vendors.test_menu_pages import confirm, copy_form, copy_path
from vendors.models import Category, Product

pytestmark = pytest.mark.django_db
TAKEN = "Another product of this vendor has this code: choose another code."
PAGES = "/admin/vendors/product/"


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def uploaded(office: Client, cast: Cast, content: bytes, name: str) -> Any:
    """What the preview says; what it shows is confirmed."""
    path = f"{PAGES}menus/{cast.vendor.pk}/import/"
    page = office.post(path, {"file": SimpleUploadedFile(name, content)}, follow=True)
    confirm(office, page)
    return page


def by_form(office: Client, api: Api, cast: Cast, code: str) -> Any:
    return send(office, f"{PAGES}{cast.products['soda'].pk}/change/", plu_code=code)


def by_new_form(office: Client, api: Api, cast: Cast, code: str) -> Any:
    given = {"vendor": cast.vendor.pk, "category": cast.products["soda"].category_id, "name": "Salad", "price": "7"}
    return office.post(f"{PAGES}add/", {**form_of(office.get(f"{PAGES}add/")), **given, "plu_code": code})


def by_csv(office: Client, api: Api, cast: Cast, code: str) -> Any:
    rows = f"kind,parent,name,price,plu code\nproduct,Food,Burger,8.5,100\nproduct,Food,Salad,7,{code}\n"
    return uploaded(office, cast, rows.encode(), "menu.csv")


def by_csv_twice(office: Client, api: Api, cast: Cast, code: str) -> Any:
    """The file itself has the code twice, but for the one that is free."""
    first = "777" if code == "100" else "778"
    rows = f"kind,parent,name,price,plu code\nproduct,Food,Soup,7,{first}\nproduct,Food,Salad,7,777\n"
    return uploaded(office, cast, rows.encode(), "menu.csv")


def by_workbook(office: Client, api: Api, cast: Cast, code: str) -> Any:
    rows = ["kind", "parent", "name", "price", "plu code"], ["product", "Food", "Salad", "7", code]
    return uploaded(office, cast, workbook(*rows), "menu.xlsx")


def by_copy(office: Client, api: Api, cast: Cast, code: str) -> Any:
    """The vendor to whom it is copied has the code of the copied Burger, or not."""
    path = copy_path(cast)
    Product.objects.filter(pk=cast.tea.pk).update(plu_code=code)
    page = office.post(path, copy_form(cast, parts=["codes"]))
    confirmed = posted_forms(page)[-1][1]
    if "shown" in confirmed:
        office.post(path, confirmed)
    return page


def by_api(office: Client, api: Api, cast: Cast, code: str) -> Any:
    return api(cast.owner).patch(url(cast, f"products/{cast.products['soda'].pk}"), {"plu_code": code})


def by_new_in_api(office: Client, api: Api, cast: Cast, code: str) -> Any:
    given = {"category": cast.products["soda"].category_id, "name": "Salad", "price": eur("7.00"), "plu_code": code}
    return api(cast.owner).post(url(cast), given)


def by_many_in_api(office: Client, api: Api, cast: Cast, code: str) -> Any:
    return put_rows(api, cast, {"id": cast.products["soda"].pk, "plu_code": code})


DOORS: dict[str, Callable[[Client, Api, Cast, str], Any]] = {
    one.__name__: one
    for one in (by_form, by_new_form, by_csv, by_csv_twice, by_workbook, by_copy)
    + (by_api, by_new_in_api, by_many_in_api)
}


@pytest.mark.parametrize("door", DOORS)
def test_a_code_that_another_product_has_is_refused_by_each_door(
    cast: Cast, api: Api, office: Client, door: str
) -> None:
    Product.objects.filter(pk=cast.tea.pk).update(plu_code="100" if door == "by_copy" else "")
    copy_path(cast)
    before = everything(cast)
    page = DOORS[door](office, api, cast, "100")
    assert TAKEN in page.content.decode()
    assert everything(cast) == before


@pytest.mark.parametrize("door", DOORS)
def test_a_code_that_is_free_is_taken_by_each_door(cast: Cast, api: Api, office: Client, door: str) -> None:
    page = DOORS[door](office, api, cast, "777")
    assert TAKEN not in page.content.decode()
    vendor = cast.other_vendor if door == "by_copy" else cast.vendor
    code = "100" if door == "by_copy" else "777"
    assert Product.objects.filter(vendor=vendor, plu_code=code).count() == 1


def test_a_copy_without_codes_goes_beside_products_that_have_them(cast: Cast, office: Client) -> None:
    path = copy_path(cast)
    Product.objects.filter(pk=cast.tea.pk).update(plu_code="100")
    page = office.post(path, copy_form(cast))
    office.post(path, posted_forms(page)[-1][1])
    burger = Product.objects.get(vendor=cast.other_vendor, name="Burger")
    assert burger.plu_code == ""


def test_two_codes_change_places_and_one_that_stands_twice_stays(cast: Cast, api: Api, office: Client) -> None:
    burger, pizza, soda = (cast.products[name] for name in ("burger", "pizza", "soda"))
    swapped = put_rows(api, cast, {"id": burger.pk, "plu_code": "101"}, {"id": pizza.pk, "plu_code": "100"})
    assert swapped.status_code == 200
    rows = f"kind,id,name,parent,plu code\nproduct,{burger.pk},Burger,Food,100\nproduct,{pizza.pk},Pizza,Food,101\n"
    uploaded(office, cast, rows.encode(), "menu.csv")
    codes = dict(Product.objects.filter(vendor=cast.vendor).values_list("pk", "plu_code"))
    assert (codes[burger.pk], codes[pizza.pk]) == ("100", "101")
    # Made before codes were compared: what else a file changes of it is written.
    Product.objects.filter(pk=soda.pk).update(plu_code="100")
    rows = f"kind,id,parent,name,plu code,price\nproduct,{soda.pk},{soda.category.name},Soda,100,3\n"
    uploaded(office, cast, rows.encode(), "menu.csv")
    assert Product.objects.filter(pk=soda.pk).values_list("plu_code", "price").get() == ("100", 300)


def test_a_vendor_has_the_codes_of_another(cast: Cast, api: Api) -> None:
    Category.objects.get_or_create(vendor=cast.other_vendor, name="Tea")
    Product.objects.filter(pk=cast.tea.pk).update(plu_code="900")
    assert put_rows(api, cast, {"id": cast.products["soda"].pk, "plu_code": "900"}).status_code == 200
