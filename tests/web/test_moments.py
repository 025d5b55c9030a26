"""Moments on the back-office's pages: a vendor's own by its clock, all others in UTC, each with its zone's name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse

from orders.models import Account, Booking, Code, Order, OrderEvent, Posting, Purchase, Refund
from ordersite.accounts.models import Customer
from ordersite.backoffice.moments import write_moment
from tests.cast import Cast, make_manager
from tests.promises.everybody import make_world
from tests.promises.test_p31_back_office import furnish
from vendors.models import Member, Vendor

pytestmark = pytest.mark.django_db

# Zones on both sides of UTC, with a name and without one, and how each is told.
TOKYO, BAHIA = ("Asia/Tokyo", "JST"), ("America/Bahia", "UTC-03")

# A list or page, what belongs to which vendor there, and the moment that it tells.
OF_A_VENDOR: dict[type[models.Model], tuple[Callable[[Any], Vendor], str]] = {
    Order: (lambda order: order.vendor, "placed_at"),
    OrderEvent: (lambda event: event.order.vendor, "created_at"),
    Refund: (lambda refund: refund.order.vendor, "created_at"),
    Booking: (lambda booking: booking.service.vendor, "starts_at"),
    Code: (lambda code: code.product.vendor, "imported_at"),
}
OF_NO_VENDOR: dict[type[models.Model], str] = {
    Purchase: "placed_at",
    Posting: "created_at",
    Customer: "created_at",
}


@pytest.fixture
def office(cast: Cast) -> Client:
    world = make_world(cast)
    for vendor, (zone, _) in ((cast.vendor, TOKYO), (cast.other_vendor, BAHIA)):
        vendor.time_zone = zone
        vendor.save()
    for name in ("claras", "stijns"):
        furnish(world.orders[name].vendor, world.orders[name])
    client = Client()
    client.force_login(cast.staff)
    return client


def list_of(office: Client, model: type[models.Model]) -> str:
    page = office.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert page.status_code == 200
    return page.content.decode()


def told_by(at: datetime, zone: str, name: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M} {name}"


@pytest.mark.parametrize("model", OF_A_VENDOR, ids=lambda model: model.__name__)
def test_what_is_a_vendors_stands_by_its_clock(cast: Cast, office: Client, model: type[Any]) -> None:
    vendor_of, field = OF_A_VENDOR[model]
    shown = list_of(office, model)
    for vendor, zone in ((cast.vendor, TOKYO), (cast.other_vendor, BAHIA)):
        row = next(row for row in model.objects.all() if vendor_of(row) == vendor)
        assert told_by(getattr(row, field), *zone) in shown


@pytest.mark.parametrize("model", OF_NO_VENDOR, ids=lambda model: model.__name__)
def test_all_else_is_in_utc(office: Client, model: type[Any]) -> None:
    row = model.objects.latest("pk")
    assert told_by(getattr(row, OF_NO_VENDOR[model]), "UTC", "UTC") in list_of(office, model)


def test_the_pages_of_an_order_and_an_account(cast: Cast, office: Client) -> None:
    for vendor, (zone, name) in ((cast.vendor, TOKYO), (cast.other_vendor, BAHIA)):
        order = Order.objects.filter(vendor=vendor).earliest("pk")
        page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        assert told_by(order.placed_at, zone, name) in page
        event = order.events.latest("pk")
        assert f"{event.created_at.astimezone(ZoneInfo(zone)):%H:%M:%S} {name}" in page
    wallet = Account.objects.filter(kind="wallet").latest("pk")
    at = wallet.entries.latest("pk").posting.created_at
    assert told_by(at, "UTC", "UTC") in office.get(f"/admin/orders/account/{wallet.pk}/change/").content.decode()


def test_days_of_the_list_go_by_utc_and_it_says_so(cast: Cast, office: Client) -> None:
    """22:30 on the first of July in UTC is the second in Tokyo."""
    order = Order.objects.filter(vendor=cast.vendor).earliest("pk")
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    for day, listed in (("2026-07-01", True), ("2026-07-02", False)):
        page = office.get("/admin/orders/order/", {"placed": day})
        assert (order in page.context["cl"].result_list) is listed
        assert "Placed on (UTC)" in page.content.decode()
        assert f"{int(day[-2:]):02} Jul 2026 (UTC)" in page.content.decode()
        assert ("2 Jul 07:30 JST" in page.content.decode()) is listed


def days_listed(client: Client, order: Order, *days: str) -> list[str]:
    """The days that list the order."""
    pages = {day: client.get("/admin/orders/order/", {"placed": day}) for day in days}
    return [day for day, page in pages.items() if order in page.context["cl"].result_list]


def test_days_of_a_vendors_people_go_by_its_clock(cast: Cast, office: Client) -> None:
    order = Order.objects.filter(vendor=cast.vendor).earliest("pk")
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    manager = make_manager(cast.vendor)
    client = Client()
    client.force_login(manager)
    assert days_listed(client, order, "2026-07-01", "2026-07-02", "2026-07-03") == ["2026-07-02"]
    page = client.get("/admin/orders/order/", {"placed": "2026-07-02"}).content.decode()
    for told in ("Today (JST)", "Yesterday (JST)", "02 Jul 2026 (JST)", "Placed on (JST)", "2 Jul 07:30 JST"):
        assert told in page
    now = datetime.now(ZoneInfo("Asia/Tokyo"))
    Order.objects.filter(pk=order.pk).update(placed_at=now.replace(hour=0, minute=0, second=0, microsecond=0))
    assert days_listed(client, order, "today", "yesterday") == ["today"]
    Order.objects.filter(pk=order.pk).update(placed_at=now.replace(hour=0, minute=0) - timedelta(minutes=1))
    assert days_listed(client, order, "today", "yesterday") == ["yesterday"]


def test_days_of_vendors_in_two_zones_go_by_utc(cast: Cast, office: Client) -> None:
    manager = make_manager(cast.vendor)
    member = Member.objects.create(user=manager, merchant=cast.other_vendor.merchant, role="manager", all_vendors=True)
    client = Client()
    client.force_login(manager)
    assert "Placed on (UTC)" in client.get("/admin/orders/order/").content.decode()
    member.delete()
    assert "Placed on (JST)" in client.get("/admin/orders/order/").content.decode()


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("UTC", "1 Jul 2026 22:30 UTC"),
        ("Europe/Brussels", "2 Jul 2026 00:30 CEST"),
        ("America/Bahia", "1 Jul 2026 19:30 UTC-03"),
        ("Asia/Kathmandu", "2 Jul 2026 04:15 UTC+0545"),
    ],
)
def test_a_moment_in_words(zone: str, told: str) -> None:
    assert write_moment(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), ZoneInfo(zone)) == told
