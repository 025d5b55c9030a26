"""The back-office changes items by the service that the API calls: the difference first, then the change."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import ItemChange, Line, Order, OrderEvent
from tests.cast import Cast
from tests.office import confirm, form_of, posted_forms
from tests.orders.editing import add, line_of, ordered
from tests.orders.money import Api, set_terms, walk
from tests.orders.rows import add_line
from tests.orders.shopping import assert_nothing_changed, sums
from vendors.services.offers import refresh_offer_flags

NOW = "2026-11-01T12:00Z"


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    set_terms(cast, service_fee_rate=100)
    refresh_offer_flags()


def page_of(order: Order) -> str:
    return f"/admin/orders/order/{order.pk}/items/"


def sent(office: Client, order: Order, action: str, line: Line | None = None, **fields: Any) -> Any:
    """A form of the page, at the order's version as it is now."""
    version = Order.objects.get(pk=order.pk).version
    body = {"action": action, "version": version, **({"line": line.pk} if line else {}), **fields}
    return office.post(page_of(order), body)


def messages_of(office: Client, response: Any) -> list[str]:
    if response.status_code == 302:
        response = office.get(response["Location"])
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_difference_is_shown_first(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    walk(cast, api, order, "owner accept")
    order.refresh_from_db()
    soda = line_of(order, "Soda")
    cake = {"product": cast.products["cake"].pk, "quantity": 1}
    shown: dict[Any, tuple[str, str]] = {
        ("remove", soda): ("-5.05", "It applies at once"),
        ("missing", soda): ("-5.05", "The customer is asked first"),
        ("change", soda, "4"): ("+5.05", "The customer is asked first"),
        ("add", None): ("+25.25", "The customer is asked first"),
    }
    with assert_nothing_changed(order):
        for (action, line, *quantity), (difference, what) in shown.items():
            fields: dict[str, Any] = cake if action == "add" else {"quantity": quantity[0]} if quantity else {}
            text = sent(office, order, action, line, **fields).content.decode()
            assert f"With the change: {difference}\u00a0EUR" in text
            assert what in text


def test_the_change_is_made_and_decided(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    walk(cast, api, order, "owner accept")
    assert "Change the items" in office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    response = sent(office, order, "change", line_of(order, "Soda"), quantity=1, reason="One left", do="yes")
    assert response["Location"] == f"/admin/orders/order/{order.pk}/change/"
    order.refresh_from_db()
    assert (order.total, OrderEvent.objects.latest("pk").reason) == (1515, "One left")
    assert messages_of(office, response) == ["The items were changed. The history shows the price difference."]
    text = office.get(response["Location"]).content.decode()
    assert "item: 2 × Soda → 1 × Soda" in text
    assert "total: 17.67 EUR → 15.15 EUR" in text
    response = sent(office, order, "add", product=cast.products["cake"].pk, quantity=1, do="yes")
    assert messages_of(office, response) == [
        "The change was proposed to the customer: the items stay as they are until it is accepted."
    ]
    assert "nothing → 1 × Cake" in office.get(page_of(order)).content.decode()
    asked = "The customer is asked</strong> whether an item may be added: 15.15\u00a0EUR → 40.40\u00a0EUR."
    text = office.get(response["Location"]).content.decode()
    assert asked in text
    assert f'<a href="{page_of(order)}">Answer for the customer …</a>' in text
    assert "state: waits for the customer" in text
    order.refresh_from_db()
    decision = {"number": 2, "decision": "accept", "version": order.version}
    url = f"/admin/orders/order/{order.pk}/decide-change/"
    with assert_nothing_changed(order):
        assert messages_of(office, office.post(url, decision)) == ["Say how the customer agreed to the change."]
    office.post(url, {**decision, "reason": "By telephone"})
    order.refresh_from_db()
    assert (order.total, ItemChange.objects.get(number=2).state) == (4040, "applied")
    assert "The customer is asked" not in office.get(response["Location"]).content.decode()
    assert sums() == {}


def test_refusals_are_told_and_change_nothing(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    soda, pizza = line_of(order, "Soda"), line_of(order, "Pizza")
    burger = {"product": cast.products["burger"].pk, "quantity": 1}
    Line.objects.filter(pk=pizza.pk).update(product=None)
    with assert_nothing_changed(order):
        for fields, told in (
            ({"action": "add", **burger}, "Choose at least 1 of Size."),
            ({"action": "add"}, "This vendor has no such product: read its menu."),
            (
                {"action": "change", "line": soda.pk, "quantity": 7},
                "At most 6 × Soda in one order: lower the quantity.",
            ),
            ({"action": "change", "line": pizza.pk, "quantity": 7}, "This item is no longer on the menu"),
            ({"action": "remove", "line": 5}, "The order has no such item"),
            ({"action": "eat"}, "Action: Select a valid choice"),
            ({"action": "remove", "line": soda.pk, "version": 9}, "Changed meanwhile"),
            ({"action": "remove", "line": soda.pk, "version": 9, "do": "yes"}, "Changed meanwhile"),
        ):
            response = office.post(page_of(order), {"version": order.version, **fields})
            found = messages_of(office, response)
            assert len(found) == 1
            assert found[0].startswith(told), found
    assert office.get("/admin/orders/order/987654321/items/").status_code == 302


def test_the_page_takes_as_many_statements_for_many_items(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(page_of(order)).status_code == 200
        return len(queries)

    statements()
    few = statements()
    for _ in range(5):
        add_line(order, cast.products["cake"])
        add(api(cast.owner), order, product=cast.products["cake"].pk)
    assert statements() == few


def test_items_of_a_prepared_order_are_changed_with_a_reason(cast: Cast, api: Api, office: Client) -> None:
    """The price is shown before the reason is asked for; without one the page stays, and says so."""
    order = ordered(cast, api)
    walk(cast, api, order, "owner accept", "owner mark_ready")
    soda = line_of(order, "Soda")
    with assert_nothing_changed(order):
        page = sent(office, order, "change", soda, quantity=1)
        text = page.content.decode()
        assert "With the change: -2.52\u00a0EUR" in text
        assert "It is required, because the order is already prepared." in text
        for reason in ("", "   "):
            answer = confirm(office, page_of(order), page, reason=reason, do="yes")
            assert messages_of(office, answer) == [
                "The order is prepared, so a reason is needed: say why its items change."
            ]
            assert "With the change: -2.52\u00a0EUR" in answer.content.decode()
    answer = confirm(office, page_of(order), answer, reason="One bottle broke", do="yes")
    assert answer["Location"] == f"/admin/orders/order/{order.pk}/change/"
    order.refresh_from_db()
    assert (order.total, OrderEvent.objects.latest("pk").reason) == (1515, "One bottle broke")


def test_a_conflict_says_what_changed_and_keeps_what_was_typed(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    soda = line_of(order, "Soda")
    page = sent(office, order, "change", soda, quantity=1)
    api(cast.staff).patch(f"/api/v1/orders/{order.pk}", {"comment": "Ring twice"})
    order.refresh_from_db()
    with assert_nothing_changed(order):
        answer = confirm(office, page_of(order), page, reason="One bottle broke", do="yes")
    assert messages_of(office, answer) == [
        "Changed meanwhile: comment: – → Ring twice. Nothing was done; this page shows the order as it is."
    ]
    fields = form_of(answer)
    assert (fields["quantity"], fields["reason"], fields["version"]) == ("1", "One bottle broke", str(order.version))
    assert confirm(office, page_of(order), answer, do="yes").status_code == 302
    order.refresh_from_db()
    assert (order.total, OrderEvent.objects.latest("pk").reason) == (1515, "One bottle broke")


def test_the_same_quantity_changes_nothing(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    with assert_nothing_changed(order):
        for do in ({}, {"do": "yes"}):
            answer = sent(office, order, "change", line_of(order, "Soda"), quantity=2, **do)
            assert messages_of(office, answer)[-1] == "Nothing was changed: the order already has these values."
    assert not ItemChange.objects.exists()


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"status": 2, "closed_at": NOW}, "The order is closed and can no longer be changed."),
        (
            {"status": 9, "picked_up_at": NOW},
            "The order is picked up, so its items can no longer be changed: refund the difference instead.",
        ),
        ({"kind": "package"}, "The items of a package order cannot be changed: cancel it and place a new one."),
        ({"deleted_at": NOW}, "Order #{} is deleted: its items can no longer be changed."),
    ],
)
def test_what_stands_says_why(cast: Cast, api: Api, office: Client, columns: dict[str, Any], why: str) -> None:
    order = ordered(cast, api)
    shown = office.get(page_of(order))
    Order.objects.filter(pk=order.pk).update(**columns)
    order.refresh_from_db()
    page = office.get(page_of(order))
    assert why.format(order.pk) in page.content.decode()
    assert posted_forms(page) == []
    with assert_nothing_changed(order):
        answer = confirm(office, page_of(order), shown, action="remove")
    assert messages_of(office, answer) == [why.format(order.pk)]


def test_only_what_can_be_added_without_a_choice_is_offered(cast: Cast, api: Api, office: Client) -> None:
    order = ordered(cast, api)
    offered = dict(office.get(page_of(order)).context["products"])
    assert set(offered) == {cast.products[name].pk for name in ("pizza", "soda", "cake")}  # a burger has a size
    for product in offered:
        quote = sent(office, order, "add", product=product, quantity=1)
        assert (quote.status_code, messages_of(office, quote)) == (200, []), offered[product]
