"""Papers that the desk prints of one order, in the vendor's language: a ticket, marked as a copy, a delivery note."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order, PrintJob
from ordersite.accounts.models import Customer
from tests.cast import Cast, make_manager
from tests.orders.admin.test_admin import clerk_with
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR, assert_nothing_changed
from vendors.models import Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def delivered(cast: Cast, **changed: Any) -> Order:
    where: dict[str, Any] = {
        "fulfilment": Fulfilment.DELIVERY,
        "place": Place(address="Rue Neuve 1", address_notes="Ring twice", **NEAR),
    }
    return place_order(cast, lines=2, **where, **changed)


def paper(client: Client, order: Order, name: str) -> str:
    """The words on a paper, a blank between them."""
    answer = client.get(f"/admin/orders/order/{order.pk}/papers/{name}/")
    assert answer.status_code == 200
    body = answer.content.decode().split("<main>")[1]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_a_ticket_of_the_desk_is_a_copy_and_takes_no_job(cast: Cast, office: Client) -> None:
    order = delivered(cast)
    with assert_nothing_changed():
        text = paper(office, order, "ticket")
    assert text.startswith(f"Burger Bar COPY {order.called} Delivery")
    for told in ("1 × Burger", "No Onion", "COLLECT IN CASH 19.50 EUR"):
        assert told in text
    assert "Job" not in text
    assert not PrintJob.objects.exists()


def test_a_delivery_note_has_who_and_where_and_what_to_collect(cast: Cast, office: Client) -> None:
    order = delivered(cast)
    text = paper(office, order, "delivery-note")
    for told in (
        f"Delivery note {order.called}",
        "Rue Neuve 1",
        "“Ring twice”",
        "1 × Burger",
        "No Onion",
        "Burger Bar",
    ):
        assert told in text
    assert "COLLECT IN CASH 19.50 EUR" in text
    assert text.count("EUR") == 1
    assert text.endswith("Received by, date and signature")


def test_nothing_is_collected_of_what_is_paid(cast: Cast, office: Client) -> None:
    assert "COLLECT" not in paper(office, delivered(cast, payment_method="wallet"), "delivery-note")


def test_papers_are_in_the_vendors_language(cast: Cast, office: Client) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="nl")
    order = delivered(cast)
    assert "KOPIE" in paper(office, order, "ticket")
    assert paper(office, order, "delivery-note").startswith(f"Leveringsbon {order.called}")


def test_who_may_print_them(cast: Cast, office: Client) -> None:
    order = delivered(cast)
    other = make_order(cast, Status.PENDING, vendor=cast.other_vendor)
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    assert "COPY" in paper(manager, order, "ticket")
    for client, asked, status in (
        (manager, other, 404),
        (clerk_with("view_vendor"), order, 403),
        (office, Order(pk=10**9), 404),
    ):
        for name in ("ticket", "delivery-note"):
            assert client.get(f"/admin/orders/order/{asked.pk}/papers/{name}/").status_code == status
    assert office.get(f"/admin/orders/order/{order.pk}/papers/nonsense/").status_code == 404
    assert office.post(f"/admin/orders/order/{order.pk}/papers/ticket/").status_code == 405


def test_the_orders_page_leads_to_its_papers(cast: Cast, office: Client) -> None:
    order, fetched = delivered(cast), place_order(cast)
    text = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert f"/admin/orders/order/{order.pk}/papers/ticket/" in text
    assert f"/admin/orders/order/{order.pk}/papers/delivery-note/" in text
    assert "papers/delivery-note/" not in office.get(f"/admin/orders/order/{fetched.pk}/change/").content.decode()


@pytest.mark.parametrize("name", ["ticket", "delivery-note"])
def test_a_paper_costs_the_same_for_few_lines_and_many(cast: Cast, office: Client, name: str) -> None:
    def cost(order: Order) -> int:
        with CaptureQueriesContext(connection) as queries:
            paper(office, order, name)
        return len(queries)

    assert cost(delivered(cast)) == cost(place_order(cast, lines=9)) <= 15


# --- the customer's history ---------------------------------------------------------------------------------------


def test_an_orders_page_leads_to_all_orders_of_its_customer(cast: Cast, office: Client) -> None:
    own = [make_order(cast), make_order(cast, Status.REJECTED, contact_phone="+32479111111")]
    make_order(cast, customer=cast.stranger_row)
    text = office.get(f"/admin/orders/order/{own[0].pk}/change/").content.decode()
    found = re.search(r'href="(/admin/orders/order/\?[^"]*)">All orders of this customer', text)
    assert found
    assert found[1] == f"/admin/orders/order/?customer={cast.customer_row.pk}"
    page: Any = office.get(found[1])
    assert {order.pk for order in page.context["cl"].result_list} == {order.pk for order in own}
    assert str(cast.customer_row) in page.content.decode()


def test_a_guests_orders_are_found_by_its_phone(cast: Cast, office: Client) -> None:
    guests = [Customer.objects.create(name="Gina", phone="+32470123456") for _ in range(2)]
    orders = [make_order(cast, customer=guest, contact_phone="+32470123456") for guest in guests]
    text = office.get(f"/admin/orders/order/{orders[0].pk}/change/").content.decode()
    found = re.search(r'href="(/admin/orders/order/\?q=[^"]*)">All orders of this customer', text)
    assert found
    page: Any = office.get(found[1])
    assert {order.pk for order in page.context["cl"].result_list} == {order.pk for order in orders}


@pytest.mark.parametrize("value", ["", "x", "0", "9" * 30, "-1"])
def test_no_customer_is_no_filter(cast: Cast, office: Client, value: str) -> None:
    order = make_order(cast, placed_at=timezone.now())
    page: Any = office.get("/admin/orders/order/", {"customer": value})
    assert [one.pk for one in page.context["cl"].result_list] == [order.pk]


def test_a_vendors_people_are_led_to_no_customers(cast: Cast) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    order = make_order(cast)
    assert "All orders of this customer" not in manager.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    page: Any = manager.get("/admin/orders/order/", {"customer": cast.stranger_row.pk})
    assert [one.pk for one in page.context["cl"].result_list] == [order.pk]
    assert "Stan Stranger" not in page.content.decode()
