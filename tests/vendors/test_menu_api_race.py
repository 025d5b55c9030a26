"""Tills at once: stock that is added to while orders take it, a code that is new to two, and menus in each other's way.

On PostgreSQL, each with a control that fails.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.test import Client
from rest_framework.test import APIClient

from ordersite.accounts.services import make_api_token
from tests.cast import Cast, make_cast
from tests.controls import unlocked_menu
from tests.office import change, delete, delete_chosen
from tests.orders.record.test_circles import wait_for_a_waiter
from tests.promises.crowd import beside, together
from tests.vendors.test_menu_api import eur, url
from vendors.admin.bases import MenuAdmin
from vendors.models import Product, Stock, Vendor
from vendors.services import menu_changes
from vendors.services.stock import lock_stock, take_stock
from vendors.services.vendors import hold_vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(settings: Any) -> Cast:
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = 0
    return make_cast()


def till_of(cast: Cast, name: str = "Till") -> APIClient:
    merchant = cast.merchant.pk
    with transaction.atomic():
        _, token = make_api_token(cast.owner, name=name, scopes=["read", "write"], merchant=merchant, expires_at=None)
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def send(till: APIClient, cast: Cast, *rows: dict[str, Any]) -> Any:
    answer = till.patch(url(cast), {"products": list(rows)}, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def take(product_id: int, quantity: int) -> None:
    """As placing an order takes it."""
    with transaction.atomic():
        take_stock({product_id: quantity})


def test_two_tills_and_orders_at_once_lose_nothing(cast: Cast) -> None:
    soda = cast.products["soda"].pk
    Stock.objects.filter(product=soda).update(quantity=100)
    tills = [till_of(cast, "Kitchen"), till_of(cast, "Bar")]
    delivered = [partial(send, till, cast, {"plu_code": "200", "stock_change": 3}) for till in tills * 4]
    ordered = [partial(take, soda, 2) for _ in range(8)]
    together([*delivered, *ordered], at_once=8)
    assert Stock.objects.get(product=soda).quantity == 100 + 8 * 3 - 8 * 2


def changed_while_an_order_comes(cast: Cast, monkeypatch: pytest.MonkeyPatch, *, is_held: bool) -> int:
    """What is left of ten after a till adds five, and an order that comes between takes two."""
    soda = cast.products["soda"].pk
    till, orders = till_of(cast), []

    def held(product_ids: Any) -> dict[int, Stock]:
        rows = lock_stock(product_ids)
        orders.append(beside(partial(take, soda, 2)))
        return rows

    def order() -> None:
        beside(partial(take, soda, 2)).result(30)

    reading = held if is_held else unlocked_menu.reading_stock_without_a_lock(order)
    monkeypatch.setattr(menu_changes, "lock_stock", reading)
    send(till, cast, {"plu_code": "200", "stock_change": 5})
    for one in orders:
        one.result(30)
    return Stock.objects.get(product=soda).quantity


def test_an_order_that_comes_while_a_till_reckons_waits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed_while_an_order_comes(cast, monkeypatch, is_held=True) == 13


def test_control_without_the_lock_what_was_ordered_is_back(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed_while_an_order_comes(cast, monkeypatch, is_held=False) == 15


def added_by_two(cast: Cast) -> list[str]:
    """What two tills are told that send the same new code at once."""
    row = {"plu_code": "888", "name": "Water", "category": cast.products["soda"].category_id, "price": eur("2.00")}
    calls = [partial(send, till_of(cast, name), cast, row) for name in ("Kitchen", "Bar")]
    return sorted(answer["results"][0]["outcome"] for answer in together(calls))


def test_a_code_that_is_new_to_two_tills_is_one_product(cast: Cast) -> None:
    assert added_by_two(cast) == ["added", "unchanged"]
    assert Product.objects.filter(plu_code="888").count() == 1


def test_control_without_the_lock_it_is_two(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vendors.api.menu_changes.held_menu", unlocked_menu.menu_without_a_lock)
    monkeypatch.setattr(menu_changes, "match_products", unlocked_menu.match_and_meet)
    assert added_by_two(cast) == ["added", "added"]
    assert Product.objects.filter(plu_code="888").count() == 2


def test_who_sells_out_and_who_changes_prices_wait_for_each_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call is begun anew: a circle of locks would be broken by the database, after a second."""
    tries = []
    held_menu = menu_changes.held_menu

    def counted(*given: Any) -> Vendor:
        tries.append(given)
        return held_menu(*given)

    monkeypatch.setattr("vendors.api.menu_changes.held_menu", counted)
    till, board = till_of(cast, "Till"), till_of(cast, "Board")
    codes = ("100", "101", "200", "300")

    def sell_out(number: int) -> None:
        path = url(cast, f"products/{cast.products['soda'].pk}/out-of-stock")
        answer = board.post(path, {"until": None}, format="json") if number % 2 else board.delete(path)
        assert answer.status_code == 200

    before = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    prices = [
        partial(send, till, cast, *({"plu_code": code, "price": eur(f"{n + 1}.00")} for code in codes))
        for n in range(12)
    ]
    together(
        [call for pair in zip(prices, (partial(sell_out, n) for n in range(12)), strict=True) for call in pair],
        at_once=6,
    )
    assert len(tries) == 12
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version >= before + 12


PAGE = "/admin/vendors/product/"
IN_THE_OFFICE: dict[str, Callable[[Client, Product], Any]] = {
    "changes": lambda office, soda: change(office, f"{PAGE}{soda.pk}/change/", name="Cola"),
    "deletes": lambda office, soda: delete(office, f"{PAGE}{soda.pk}/delete/"),
    "deletes chosen": lambda office, soda: delete_chosen(office, PAGE, [soda]),
}


def holds_the_row_alone(cast: Cast, act: Callable[[Client, Product], Any]) -> bool:
    """Whether somebody of the back-office holds a product while it waits for the vendor, which a till holds."""
    office, soda = Client(), cast.products["soda"]
    office.force_login(cast.staff)
    is_held = False
    with transaction.atomic():
        hold_vendor(cast.vendor.pk)
        other = beside(partial(act, office, soda))
        wait_for_a_waiter()
        try:
            with transaction.atomic():
                Product.objects.select_for_update(no_key=True, nowait=True).get(pk=soda.pk)
        except OperationalError:
            is_held = True
    assert other.result(30).status_code == 302
    assert not Product.objects.filter(pk=soda.pk, name=soda.name).exists()
    return is_held


@pytest.mark.parametrize("what", IN_THE_OFFICE)
def test_the_back_office_holds_no_row_of_a_menu_before_its_vendor(cast: Cast, what: str) -> None:
    assert not holds_the_row_alone(cast, IN_THE_OFFICE[what])


@pytest.mark.parametrize("what", ["changes", "deletes"])
def test_control_where_it_holds_the_row_first(cast: Cast, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The till then waits for the row, and the back-office for the vendor, until the database breaks one of the two."""
    monkeypatch.setattr(MenuAdmin, "hold_vendors", lambda self, rows: [])
    assert holds_the_row_alone(cast, IN_THE_OFFICE[what])
