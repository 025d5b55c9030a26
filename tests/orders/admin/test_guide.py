"""The guided start of a new site: five steps, each checked by what is there, gone with the first order that is done."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Fulfilment, Status
from orders.models import HiddenGuide, Order
from ordersite.accounts.models import User
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.office import form_of
from tests.orders.rows import make_order
from vendors.models import Category, DeliveryZone, Merchant, OpeningHours, Product, Vendor, VendorType

pytestmark = pytest.mark.django_db
STEP = re.compile(r'<li( class="done")?>\s*<span class="tick".*?(?:<a href="([^"]*)">|<strong>)', re.DOTALL)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root(db: None) -> Client:
    return client_of(User.objects.create_superuser("root@example.org", name="Root"))


def steps(client: Client) -> list[tuple[bool, str]]:
    """Of each step whether it is done, and where it leads."""
    page = client.get("/admin/").content.decode()
    return [(bool(done), unescape(url)) for done, url in STEP.findall(page)]


def done(client: Client) -> list[bool]:
    return [is_done for is_done, _ in steps(client)]


def test_an_empty_site_shows_the_steps_instead(empty: None, root: Client) -> None:
    assert steps(root) == [
        (False, "/admin/vendors/merchant/add/"),
        (False, "/admin/vendors/vendor/add/"),
        (False, ""),
        (False, ""),
        (False, ""),
    ]
    page = root.get("/admin/").content.decode()
    assert "What needs you now" not in page
    assert "Just now" not in page


def test_each_step_is_checked_by_what_is_there(cast: Cast, root: Client) -> None:
    OpeningHours.objects.all().delete()
    DeliveryZone.objects.all().delete()
    Product.objects.update(is_available=False)
    Merchant.objects.update(legal_name="", legal_address="")
    Vendor.objects.update(fulfilments=["delivery"])
    vendor, product = cast.vendor, cast.products["burger"]
    assert done(root) == [False] * 5
    for _, url in steps(root):
        assert root.get(url).status_code == 200, url

    Merchant.objects.filter(pk=cast.other_merchant.pk).update(legal_name="Merchant B", legal_address="Brussels")
    assert done(root) == [True, False, False, False, False]
    hours = OpeningHours.objects.create(vendor=vendor, date="2026-12-25", closed=True)
    assert done(root)[1] is False
    OpeningHours.objects.filter(pk=hours.pk).update(date=None, weekday=0, closed=False, opens="09:00", closes="17:00")
    Product.objects.filter(pk=product.pk).update(is_available=True)
    assert done(root) == [True, True, True, False, False]
    first = Category.objects.filter(vendor=vendor).order_by("position", "pk")[0]
    assert steps(root)[2][1] == f"/admin/vendors/product/add/?vendor={vendor.pk}&category={first.pk}"
    zone = DeliveryZone.objects.create(vendor=vendor, name="Near", radius=1000, is_active=False)
    assert done(root)[3] is False
    DeliveryZone.objects.filter(pk=zone.pk).update(is_active=True)
    assert done(root)[3] is True
    DeliveryZone.objects.all().delete()
    Vendor.objects.filter(pk=vendor.pk).update(fulfilments=["delivery", "pickup"])
    assert done(root) == [True, True, True, True, False]

    order = make_order(cast, Status.PENDING, Fulfilment.PICKUP)
    assert done(root) == [True] * 5
    assert "What needs you now" in root.get("/admin/").content.decode()
    Order.objects.filter(pk=order.pk).update(status=Status.REJECTED)
    assert done(root) == [True] * 5
    Order.objects.filter(pk=order.pk).update(status=Status.PICKUP_COMPLETED_BY_CUSTOMER)
    assert steps(root) == []


def test_a_new_site_is_led_through_with_what_it_has_filled_in(empty: None, root: Client) -> None:
    merchant = Merchant.objects.create(name="Chez Nous", legal_name="Chez Nous SRL", legal_address="Brussels")
    _, url = steps(root)[1]
    assert url == f"/admin/vendors/vendor/add/?merchant={merchant.pk}"
    page = root.get(url)
    assert page.context["adminform"].form.initial["merchant"] == str(merchant.pk)
    vendor = Vendor.objects.create(
        merchant=merchant, type=VendorType.objects.create(name="Café"), name="Nous", fulfilments=["pickup"],
        payment_methods=["cash"],
    )  # fmt: skip
    # What a product needs comes first.
    assert steps(root)[2] == (False, f"/admin/vendors/category/add/?vendor={vendor.pk}")
    category = Category.objects.create(vendor=vendor, name="Drinks")
    _, url = steps(root)[2]
    assert url == f"/admin/vendors/product/add/?vendor={vendor.pk}&category={category.pk}"
    sent = {**form_of(root.get(url)), "name": "Coffee", "price": "3,50"}
    assert root.post(url, sent).status_code == 302
    assert list(Product.objects.values_list("vendor", "category", "price")) == [(vendor.pk, category.pk, 350)]
    assert done(root) == [True, False, True, True, False]


def test_the_vendor_that_is_furthest_is_gone_on_with(cast: Cast, root: Client) -> None:
    OpeningHours.objects.all().delete()
    Product.objects.all().update(is_available=False)
    Vendor.objects.update(fulfilments=["delivery"])
    OpeningHours.objects.create(vendor=cast.other_vendor, weekday=0, opens="09:00", closes="17:00")
    assert steps(root)[1] == (True, f"/admin/vendors/vendor/{cast.other_vendor.pk}/change/")
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(is_active=False)
    assert steps(root)[1] == (False, f"/admin/vendors/vendor/{cast.vendor.pk}/change/")


def test_it_is_put_away_by_each_person(cast: Cast, root: Client) -> None:
    other = client_of(in_roles(make_clerk(name="Cara Catalogue"), "catalogue"))
    assert (len(steps(root)), len(steps(other))) == (5, 5)
    assert steps(other)[4][1] == ""  # who may place no orders is not led to it
    for _ in range(2):
        answer = root.post("/admin/hide-guide/")
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert (len(steps(root)), len(steps(other))) == (0, 5)
    assert HiddenGuide.objects.count() == 1


def test_it_is_for_who_sets_the_site_up(cast: Cast) -> None:
    people = [in_roles(make_clerk(name=f"In {role}"), role) for role in ("support", "finance", "dispatcher")]
    for person in (*people, make_manager(cast.vendor), make_clerk(name="No Body")):
        client = client_of(person)
        assert steps(client) == []
        assert client.post("/admin/hide-guide/").status_code == 403
    assert client_of(cast.customer).post("/admin/hide-guide/").status_code == 302
    assert client_of(people[0]).get("/admin/hide-guide/").status_code == 405
    assert HiddenGuide.objects.count() == 0


def test_the_first_page_of_a_new_site_costs_no_more_than_others(cast: Cast, root: Client) -> None:
    make_order(cast, Status.PENDING)
    with CaptureQueriesContext(connection) as queries:
        assert len(steps(root)) == 5
    assert len(queries) <= 15
