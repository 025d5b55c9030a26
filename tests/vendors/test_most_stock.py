"""How much stock a product may have, by whatever door it is set: what orders hold can always be given back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.cast import Cast
from tests.office import send
from tests.orders.shopping import cart, place_order
from tests.orders.walking import REASON, Api
from tests.vendors.test_menu_api import put_rows, url
from tests.vendors.test_menu_files import lines, workbook
from tests.vendors.test_menu_pages import confirm
from vendors.models import MOST_STOCK, Stock

pytestmark = pytest.mark.django_db
PAGES = "/admin/vendors/product/"


def by_form(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return send(office, f"{PAGES}{cast.products['soda'].pk}/change/", **{"stock-0-quantity": str(quantity)})


def by_csv(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return uploaded(office, cast, lines("kind,parent,name,stock", f"product,Drinks and sweets,Soda,{quantity}"))


def by_workbook(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return uploaded(
        office,
        cast,
        workbook(["kind", "parent", "name", "stock"], ["product", "Drinks and sweets", "Soda", quantity]),
    )


def uploaded(office: Client, cast: Cast, content: bytes) -> Any:
    given = {"file": SimpleUploadedFile("menu", content), "sets_stock": "on"}
    page = office.post(f"{PAGES}menus/{cast.vendor.pk}/import/", given, follow=True)
    confirm(office, page)
    return page


def by_api(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return api(cast.owner).patch(url(cast, f"products/{cast.products['soda'].pk}"), {"stock": quantity})


def by_many_in_api(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return put_rows(api, cast, {"plu_code": "200", "stock": quantity})


def by_change_in_api(office: Client, api: Api, cast: Cast, quantity: int) -> Any:
    return put_rows(api, cast, {"plu_code": "200", "stock_change": quantity - left(cast)})


def left(cast: Cast) -> int:
    return Stock.objects.get(product=cast.products["soda"]).quantity


DOORS: dict[str, Callable[[Client, Api, Cast, int], Any]] = {
    one.__name__: one for one in (by_form, by_csv, by_workbook, by_api, by_many_in_api, by_change_in_api)
}


@pytest.mark.parametrize("door", DOORS)
def test_more_is_refused_and_what_orders_hold_comes_back_to_the_most(
    cast: Cast, api: Api, office: Client, door: str
) -> None:
    customer = api(cast.customer)
    soda = {"product": cast.products["soda"].pk, "quantity": 2}
    order = place_order(customer, cart(cast, items=[soda]))
    told = DOORS[door](office, api, cast, MOST_STOCK + 1).content.decode()
    assert str(MOST_STOCK) in told
    assert left(cast) == 8
    DOORS[door](office, api, cast, MOST_STOCK)
    assert left(cast) == MOST_STOCK
    cancelled = customer.post(f"/api/v1/orders/{order.pk}/transitions", {"to": 16, **REASON})
    assert cancelled.status_code == 200
    assert left(cast) == MOST_STOCK + 2
