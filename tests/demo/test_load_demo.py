"""The demo data: what it loads, that it loads it once, and where it refuses."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from orders.models import Account, Order
from orders.services.ledger import wallet_of
from ordersite.accounts.models import User
from ordersite.accounts.roles import ROLES
from ordersite.demo import sites
from vendors.hours import is_open
from vendors.models import Option, PackageType, Service, Vendor
from vendors.services.menus import read_menu

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]


def load(**options: Any) -> str:
    out = io.StringIO()
    call_command("load_demo", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_loads_vendors_logins_orders_and_money(settings: Any) -> None:
    told = load(port=8123)
    assert "http://127.0.0.1:8123/admin/" in told
    assert all(str(fields["email"]) in told for fields, _ in sites.LOGINS)
    assert tuple(fields["email"] for fields, _ in sites.LOGINS) == settings.DEMO_EMAILS
    assert Vendor.objects.count() == 10
    assert (Service.objects.count(), PackageType.objects.count()) == (3, 3)
    assert set(Vendor.objects.values_list("currency", flat=True)) == {"EUR", "GBP", "JPY"}
    owner = User.objects.get(email="vendor@example.com")
    assert owner.memberships.get().merchant.vendors.count() == 3
    staff = User.objects.get(email="staff@example.com")
    assert set(staff.groups.values_list("name", flat=True)) == set(ROLES)
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["root@example.com"]
    customer = User.objects.get(email="customer@example.com").customer
    assert Account.objects.get(name=wallet_of(customer.pk, "EUR").name).balance == 10_000
    statuses = set(Order.objects.values_list("status", flat=True))
    assert statuses == {0, 4, 5, 7, 8, 9, 11, 13, 15, 16, 22}
    assert Option.objects.filter(group__name="Plaque", kind="text").exists()


def test_loading_again_adds_nothing() -> None:
    load()
    before = (User.objects.count(), Vendor.objects.count(), Order.objects.count(), Option.objects.count())
    load()
    assert before == (User.objects.count(), Vendor.objects.count(), Order.objects.count(), Option.objects.count())


def test_a_load_that_was_broken_off_is_gone_on_with() -> None:
    load()
    last = Order.objects.order_by("-pk")[0]
    purchase = last.purchase
    purchase.external_code = ""
    purchase.save()
    load()
    assert Order.objects.filter(purchase__external_code="demo-14").count() == 1
    assert Order.objects.count() == 15


def test_the_first_merchants_vendors_are_always_open() -> None:
    load()
    for vendor in Vendor.objects.filter(merchant__name="Rue Haute Kitchens"):
        spans = read_menu(vendor).spans
        hours = [datetime(2026, 3, day, hour, 59, tzinfo=UTC) for day in range(23, 31) for hour in range(24)]
        assert all(is_open(spans, vendor.zone, "pickup", now) for now in hours)


def test_the_logins_sign_in_and_pictures_are_served(api: Any, settings: Any) -> None:
    load()
    client = api()
    for fields, _ in sites.LOGINS:
        answer = client.post("/api/v1/auth/token", {"email": fields["email"], "password": sites.PASSWORD})
        assert answer.status_code == 200, fields
    for vendor in Vendor.objects.all():
        with Image.open(vendor.picture.path) as picture:
            assert picture.size == (480, 320)


def test_is_refused_outside_development(settings: Any) -> None:
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="public password"):
        load()
    assert User.objects.count() == 0
    assert Vendor.objects.count() == 0


def test_staff_work_with_their_roles_alone(api: Any) -> None:
    """What the README does as staff, and every page of work in the back-office."""
    load()
    staff = User.objects.get(email="staff@example.com")
    client = api(staff)
    found = client.get("/api/v1/orders?mode=dashboard&group=open").json()["results"]
    order = next(one for one in found if one["status"]["name"] == "pending")
    wish = {"to": "rejected", "reason_code": "customer_request"}
    assert client.post(f"/api/v1/orders/{order['id']}/transitions", wish).status_code == 200
    assert Order.objects.get(pk=order["id"]).status == 2
    office = Client()
    office.force_login(staff)
    lists = {model._meta.label_lower.replace(".", "_") for model in admin.site._registry}
    opened = {name for name in lists if office.get(reverse(f"admin:{name}_changelist")).status_code == 200}
    assert lists - opened == {"auth_group", "accounts_apitoken"}
    for page in ("orders_order_phone", "orders_account_top_up", "orders_account_payouts"):
        assert office.get(reverse(f"admin:{page}")).status_code == 200
