"""Two of the back-office at one menu at once: who is second is told, and nothing of the first is lost.

On PostgreSQL, each with a control that fails.
"""

from functools import partial

import pytest
from django.test import Client

from tests.cast import Cast, make_cast, make_manager
from tests.controls import unlocked_menu
from tests.office import form_of
from tests.promises.crowd import together
from tests.vendors.test_menu_pages import confirm, path_of, text_of, upload
from vendors.models import Category, Product
from vendors.services import menu_plans, sorting

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
SORTED, CHANGED_SINCE = "The new order is saved.", "Somebody else changed this list since it was shown."
IMPORTED = "The menu was imported: 1 new."


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def offices(cast: Cast) -> list[Client]:
    clients = [Client(), Client()]
    for client, user in zip(clients, (cast.staff, make_manager(cast.vendor)), strict=True):
        client.force_login(user)
    return clients


def sort_at_once(cast: Cast) -> tuple[dict[str, str], str]:
    """What two read who put three categories into different orders, by the order; and the order that stands then."""
    Category.objects.create(vendor=cast.vendor, name="Sides", position=2)
    path, clients = path_of(cast), offices(cast)
    shown = form_of(clients[0].get(path))["shown"]
    first, second, third = shown.split(",")
    orders = [f"{third},{first},{second}", f"{second},{third},{first}"]
    calls = [
        partial(client.post, path, {"shown": shown, "order": order}, follow=True)
        for client, order in zip(clients, orders, strict=True)
    ]
    read = dict(zip(orders, map(text_of, together(calls)), strict=True))
    rows = Category.objects.filter(vendor=cast.vendor).order_by("position", "pk")
    return read, ",".join(str(row.pk) for row in rows)


def test_of_two_who_sort_at_once_one_is_told(cast: Cast) -> None:
    read, stands = sort_at_once(cast)
    assert [order for order, text in read.items() if SORTED in text] == [stands]
    assert [order for order, text in read.items() if CHANGED_SINCE in text] == [one for one in read if one != stands]


def test_control_without_the_lock_both_are_told_it_is_saved(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "hold_vendor", lambda vendor_id: None)
    monkeypatch.setattr(sorting, "rows_in_order", unlocked_menu.list_read_before_it_is_held)
    read, _ = sort_at_once(cast)
    assert [SORTED in text for text in read.values()] == [True, True]


def import_at_once(cast: Cast) -> list[bool]:
    """Two confirm what they were shown, a product that is new; who was told that it was imported."""
    clients = offices(cast)
    content = "kind;parent;name;price\nproduct;Food;Soup;4,50\n"
    shown = [upload(client, cast, content) for client in clients]
    calls = [partial(confirm, client, page) for client, page in zip(clients, shown, strict=True)]
    return [IMPORTED in text_of(page) for page in together(calls)]


def test_what_two_import_at_once_is_there_once(cast: Cast) -> None:
    assert sorted(import_at_once(cast)) == [False, True]
    assert Product.objects.filter(name="Soup").count() == 1


def test_control_without_the_lock_it_is_there_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu_plans, "lock_menu", lambda vendor: None)
    monkeypatch.setattr(menu_plans, "plan_rows", unlocked_menu.plan_and_meet)
    assert import_at_once(cast) == [True, True]
    assert Product.objects.filter(name="Soup").count() == 2
