"""The demo data: what it loads, that it loads it once, and where it refuses."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db.models import Count, Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from orders.lifecycle import table
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Account, DayReport, IssuedDocument, ItemChange, Kind, Order, PaymentStatus, Unserved
from orders.services.money.ledger import wallet_of
from orders.services.moving.timers import run_due
from ordersite.accounts.models import User
from ordersite.accounts.roles import ROLES
from ordersite.demo import sites
from ordersite.demo.beside import demo_lines
from ordersite.demo.simulation.people import customer_email, driver_email
from ordersite.demo.stories import STORIES
from vendors.hours import is_open
from vendors.models import Option, PackageType, Product, Service, Stock, Vendor
from vendors.services.menus import read_menu

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]


def load() -> None:
    call_command("load_demo", stderr=io.StringIO())


def test_loads_vendors_logins_orders_and_money(settings: Any) -> None:
    assert demo_lines(8123) == []
    load()
    told = "\n".join(demo_lines(8123))
    assert "http://127.0.0.1:8123/admin/" in told
    assert all(str(fields["email"]) in told for fields, _ in sites.LOGINS)
    simulated = [email(n + 1) for email in (customer_email, driver_email) for n in range(settings.SIMULATED_LOGINS)]
    assert (*(fields["email"] for fields, _ in sites.LOGINS), *simulated) == settings.DEMO_EMAILS
    assert Vendor.objects.count() == 13
    assert (Service.objects.count(), PackageType.objects.count()) == (3, 3)
    assert set(Vendor.objects.values_list("currency", flat=True)) == {"EUR", "GBP", "JPY"}
    owner = User.objects.get(email="vendor@example.com")
    assert owner.memberships.get().merchant.vendors.count() == 3
    staff = User.objects.get(email="staff@example.com")
    assert set(staff.groups.values_list("name", flat=True)) == set(ROLES)
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["root@example.com"]
    customer = User.objects.get(email="customer@example.com").customer
    assert Account.objects.get(name=wallet_of(customer.pk, "EUR").name).balance == 10_000
    assert f"X-Tenant: {sites.TENANT}" in told
    assert Option.objects.filter(group__name="Plaque", kind="text").exists()


def test_every_status_kind_payment_and_exception_is_shown() -> None:
    load()
    orders = Order.objects.all()
    assert set(orders.values_list("status", flat=True)) == set(Status)
    assert set(orders.values_list("kind", flat=True)) == set(Kind)
    assert set(orders.values_list("fulfilment", flat=True)) == set(Fulfilment)
    # No provider of ours authorises without paying at once.
    states = set(PaymentStatus) - {PaymentStatus.AUTHORISED}
    assert set(orders.values_list("payment_status", flat=True)) == states
    assert set(orders.values_list("payment_method", flat=True)) == {"cash", "wallet", "fake", "transfer"}
    assert orders.filter(lines__product=None, kind=Kind.REGULAR).count() == 1  # a line that staff keyed in
    waiting = {
        "staff look at a transfer's photo": Q(shares__payment__state=PaymentStatus.PROOF_PENDING),
        "another amount came in": Q(shares__payment__disputed_amount=1500),
        "codes are not available yet": Q(codes_missing=1, status=Status.ACCEPTED_BY_BUSINESS),
        "its vendor is paused at the agreed time": Q(unserved=Unserved.PAUSED, status=Status.PREORDER),
        "the customer is asked for its consent": Q(item_changes__state=ItemChange.State.WAITING, status=0),
        "an item was sold out": Q(item_changes__state=ItemChange.State.APPLIED, lines__name="Homard du jour"),
        "it is late in a minute": Q(prepared_in=1, estimated_at__lt=timezone.now() + timedelta(minutes=1)),
    }
    for why, where in waiting.items():
        assert Order.objects.filter(where).count() == 1, why
    assert IssuedDocument.objects.get().order == orders.get(
        number_day=DayReport.objects.get().day, lines__name="Gift card 10 €"
    )
    assert Stock.objects.get(product__name="Homard du jour").quantity == 0
    free = Product.objects.filter(is_digital=True).annotate(free=Count("codes", filter=Q(codes__line=None)))
    # Of one the codes are used up, so that an order waits for them; whoever buys another gets its PIN at once.
    left = {"Gift card 10 €": 19, "Gift card 25 €": 20, "Cinema ticket": 20, "Museum ticket": 0}
    assert dict(free.values_list("name", "free")) == left


def test_what_is_shown_stays_and_the_till_pulls_the_bakerys_orders(api: Any) -> None:
    """What goes on by itself within a quarter of an hour is not much of a demo."""
    load()
    before = list(Order.objects.order_by("pk").values_list("pk", "status"))
    due = Order.objects.filter(due_at__lt=timezone.now() + timedelta(minutes=15))
    assert set(due.values_list("codes_missing", flat=True)) == {1}  # looked for each minute, and stays
    run_due()
    assert list(Order.objects.order_by("pk").values_list("pk", "status")) == before
    call_command("check_ledger", stdout=io.StringIO())
    till = api(User.objects.get(email="till@example.com"))
    pulled = till.get("/dialects/kaddy/v1/orders", headers={"X-Tenant": sites.TENANT}).json()
    bakery = Order.objects.filter(vendor__name=sites.TILL_VENDOR, status__in=table.OPEN).order_by("placed_at")
    assert [one["id"] for one in pulled] == [str(order.uuid) for order in bakery] != []


def test_a_load_that_was_broken_off_is_gone_on_with_and_loading_again_adds_nothing() -> None:
    load()
    purchase = Order.objects.order_by("-pk")[0].purchase
    purchase.external_code = ""
    purchase.save()
    load()
    assert Order.objects.filter(purchase__external_code=f"demo-{len(STORIES)}").count() == 1
    before = (User.objects.count(), Vendor.objects.count(), Order.objects.count(), Option.objects.count())
    assert before[2] == len(STORIES) + 1
    load()
    assert before == (User.objects.count(), Vendor.objects.count(), Order.objects.count(), Option.objects.count())


def test_the_logins_sign_in_and_vendors_have_pictures_and_are_open_at_every_hour(api: Any, settings: Any) -> None:
    load()
    client = api()
    for fields, _ in sites.LOGINS:
        answer = client.post("/api/v1/auth/token", {"email": fields["email"], "password": sites.PASSWORD})
        assert answer.status_code == 200, fields
    for vendor in Vendor.objects.all():
        with Image.open(vendor.picture.path) as picture:
            assert picture.size == (480, 320)
    hours = [datetime(2026, 3, day, hour, 59, tzinfo=UTC) for day in range(23, 31) for hour in range(24)]
    for vendor in Vendor.objects.filter(merchant__name__in=["Rue Haute Kitchens", "Maison Dansaert"]):
        spans = read_menu(vendor).spans
        assert all(is_open(spans, vendor.zone, "pickup", now) for now in hours)


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
