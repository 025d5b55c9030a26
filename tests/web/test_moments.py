"""Moments on the back-office's pages: a vendor's own by its clock, all others in UTC, each with its zone's name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms as django_forms
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from orders.models import Account, Booking, Code, Order, OrderEvent, Posting, Purchase, Refund
from ordersite.accounts.models import Customer, User
from ordersite.backoffice.moments import RowMomentField, write_moment
from tests.cast import Cast, make_manager
from tests.office import form_of
from tests.promises.everybody import make_world
from tests.promises.test_p31_back_office import furnish
from vendors.models import Device, Member, Offer, Vendor

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


def test_a_device_stands_by_its_vendors_clock(cast: Cast, office: Client) -> None:
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    for vendor, (zone, name) in ((cast.vendor, TOKYO), (cast.other_vendor, BAHIA)):
        moments = {"paired_at": at, "last_seen_at": at + timedelta(hours=1), "revoked_at": at + timedelta(hours=2)}
        device = Device.objects.create(vendor=vendor, kind=Device.Kind.BOARD, name="Counter", **moments)
        pages = (list_of(office, Device), office.get(f"/admin/vendors/device/{device.pk}/change/").content.decode())
        for page in pages:
            for moment in moments.values():
                assert told_by(moment, zone, name) in page


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


# --- every page of the back-office --------------------------------------------------------------------------------


def is_of_a_vendor(model: type[Any]) -> bool:
    """Whether each row of a model belongs to one vendor."""
    names = {one.name for one in model._meta.concrete_fields}
    return model is Vendor or bool(names & {"vendor", "product", "group", "order", "service"})


def raw_moments(model: type[Any], names: Any) -> list[str]:
    """Those of the names that Django would show by itself: in UTC."""
    moments = {one.name for one in model._meta.concrete_fields if isinstance(one, models.DateTimeField)}
    return sorted(moments & {str(name) for name in names})


def pages_by_utc() -> dict[str, list[str]]:
    """Where a list or a page shows a vendor's moments in UTC."""
    request = RequestFactory().get("/")
    request.user = User(pk=1, is_superuser=True, is_staff=True, is_active=True)
    found: dict[str, list[str]] = {}
    for model, page in admin.site._registry.items():
        if not is_of_a_vendor(model):
            continue
        row = model(pk=1)
        shown = [*page.get_list_display(request), *page.get_readonly_fields(request, None)]
        # Who names no fields has a page of its own.
        if not page.has_change_permission(request) and (page.fields or page.fieldsets):
            shown += flatten_fieldsets(page.get_fieldsets(request, None))
        for inline in page.get_inline_instances(request):
            if names := raw_moments(inline.model, inline.get_readonly_fields(request, row)):
                found[inline.model.__name__] = names
        if names := raw_moments(model, shown):
            found[model.__name__] = names
    return found


def test_no_page_tells_a_vendors_moment_by_another_clock(db: None) -> None:
    # A posting may be of several vendors, or of none.
    assert pages_by_utc() == {"Posting": ["created_at"]}


def test_control_a_raw_column_is_found(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(Refund), "list_display", ["created_at"])
    assert pages_by_utc()["Refund"] == ["created_at"]


FIELDS = [
    (Vendor, "paused_until"),
    (Vendor, "rush_until"),
    (Offer, "starts_at"),
    (Offer, "ends_at"),
]


def test_every_moment_that_is_typed_is_in_the_table(db: None) -> None:
    """Every form of the back-office that takes a moment reads it by the clock of its row."""
    request = RequestFactory().get("/")
    request.user = User(pk=1, is_superuser=True, is_staff=True, is_active=True)
    found = set()
    for model, page in admin.site._registry.items():
        if page.has_add_permission(request) or page.has_change_permission(request):
            found |= {(model, name, type(one)) for name, one in page.get_form(request).base_fields.items()}
        for inline in page.get_inline_instances(request):
            fields = inline.get_formset(request).form.base_fields
            found |= {(inline.model, name, type(one)) for name, one in fields.items()}
    taking = (django_forms.DateTimeField, django_forms.SplitDateTimeField)
    typed = {(model, name): kind for model, name, kind in found if issubclass(kind, taking)}
    assert typed == dict.fromkeys(FIELDS, RowMomentField)


@pytest.mark.parametrize(("model", "field"), FIELDS, ids=lambda one: getattr(one, "__name__", one))
@pytest.mark.parametrize("zone", [TOKYO, BAHIA])
def test_what_is_typed_is_the_vendors_time(
    cast: Cast, office: Client, model: type[Any], field: str, zone: tuple[str, str]
) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone=zone[0])
    row = (
        cast.vendor
        if model is Vendor
        else Offer.objects.create(name="Ten", kind="percentage", rate=1000, vendor=cast.vendor)
    )
    page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
    at = (datetime.now(UTC) + timedelta(days=3)).replace(hour=22, minute=30, second=15, microsecond=0)
    there = at.astimezone(ZoneInfo(zone[0]))
    typed = {f"{field}_0": f"{there:%Y-%m-%d}", f"{field}_1": f"{there:%H:%M:%S}"}
    assert office.post(page, {**form_of(office.get(page)), **typed}).status_code == 302
    assert getattr(model.objects.get(pk=row.pk), field) == at
    # It is shown as it was typed, with its zone, and saving the page as it stands changes nothing.
    shown = office.get(page)
    assert {name: form_of(shown)[name] for name in typed} == typed
    assert f'<span class="unit">{zone[0]}</span>' in shown.content.decode()
    assert office.post(page, form_of(shown)).status_code == 302
    assert getattr(model.objects.get(pk=row.pk), field) == at


def test_an_offer_of_no_vendor_is_by_utc(cast: Cast, office: Client) -> None:
    offer = Offer.objects.create(name="Everywhere", kind="percentage", rate=1000)
    page = f"/admin/orders/offer/{offer.pk}/change/".replace("orders", Offer._meta.app_label)
    typed = {"starts_at_0": "2026-07-01", "starts_at_1": "22:30:00"}
    assert office.post(page, {**form_of(office.get(page)), **typed}).status_code == 302
    assert Offer.objects.get(pk=offer.pk).starts_at == datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


# What a clock in Brussels shows around both changes, and which moment in UTC that is, or why none.
AROUND: dict[str, tuple[str, str | None]] = {
    "2027-03-28 01:59": ("2027-03-28 00:59", None),
    "2027-03-28 02:00": ("", "go forward, and never show 02:00"),
    "2027-03-28 02:59": ("", "go forward, and never show 02:59"),
    "2027-03-28 03:00": ("2027-03-28 01:00", None),
    "2027-10-31 01:59": ("2027-10-30 23:59", None),
    "2027-10-31 02:00": ("", "go back, and show 02:00 twice"),
    "2027-10-31 02:59": ("", "go back, and show 02:59 twice"),
    "2027-10-31 03:00": ("2027-10-31 02:00", None),
    "9999-12-31 23:59": ("9999-12-31 22:59", None),
    "0001-01-01 00:00": ("", "beyond the calendar"),
}


@pytest.mark.parametrize("shown", AROUND)
def test_around_both_changes_of_the_clock(cast: Cast, office: Client, shown: str) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone="Europe/Brussels")
    wanted, why = AROUND[shown]
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    day, time = shown.split()
    typed = {"paused_until_0": day, "paused_until_1": time}
    answer = office.post(page, {**form_of(office.get(page)), **typed})
    at = Vendor.objects.get(pk=cast.vendor.pk).paused_until
    if why is None:
        assert (answer.status_code, at) == (302, datetime.fromisoformat(f"{wanted}+00:00"))
        return
    assert (answer.status_code, at) == (200, None)
    assert why in answer.content.decode()
    # What was typed stands there still.
    assert {name: form_of(answer)[name] for name in typed} == typed


@pytest.mark.parametrize("hour", [0, 1], ids=["the first time", "the second time"])
def test_what_the_clock_shows_twice_stands_as_it_is(cast: Cast, office: Client, hour: int) -> None:
    """A pause by a button or the API may end then: other changes of the page are saved, and it is no other moment."""
    at = datetime(2027, 10, 31, hour, 30, 15, tzinfo=UTC)
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone="Europe/Brussels", paused_until=at)
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    shown = form_of(office.get(page))
    assert (shown["paused_until_0"], shown["paused_until_1"]) == ("2027-10-31", "02:30:15")
    assert office.post(page, {**shown, "description": "Open at night"}).status_code == 302
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.paused_until, vendor.description) == (at, "Open at night")
    # Another time of that hour is still refused.
    answer = office.post(page, {**form_of(office.get(page)), "paused_until_1": "02:45:00"})
    assert (answer.status_code, "show 02:45 twice" in answer.content.decode()) == (200, True)
    assert Vendor.objects.get(pk=cast.vendor.pk).paused_until == at


@pytest.mark.parametrize("shown", AROUND)
def test_an_order_by_phone_around_them(cast: Cast, office: Client, shown: str) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone="Europe/Brussels")
    wanted, why = AROUND[shown]
    page = f"/admin/orders/order/phone/?vendor={cast.vendor.pk}&customer="
    sent = {"deliver_at": shown.replace(" ", "T"), "delivery_type": "pickup", "payment_method": "cash", "quote": "yes"}
    errors = office.post(page, sent).context["form"]
    if why is None:
        assert errors.cleaned_data.get("deliver_at") == datetime.fromisoformat(f"{wanted}+00:00")
    else:
        assert [why in text for text in errors.errors["deliver_at"]] == [True]
    assert errors["deliver_at"].value() == shown.replace(" ", "T")


def test_a_pause_without_end_stands_as_it_is(cast: Cast, office: Client) -> None:
    """At the end of the calendar the vendor's clock shows nothing: it is told in UTC, and kept."""
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone="Asia/Tokyo", paused_until=end)
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    shown = office.get(page)
    assert '<span class="unit">UTC</span>' in shown.content.decode()
    assert office.post(page, {**form_of(shown), "description": "Closed for good"}).status_code == 302
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.paused_until, vendor.description) == (end, "Closed for good")
    assert "31 Dec 9999 23:59 UTC" in list_of(office, Vendor)


def test_a_change_meanwhile_is_told_by_the_vendors_clock(cast: Cast, office: Client) -> None:
    page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    before = form_of(office.get(page))
    at = datetime(2027, 7, 1, 22, 30, tzinfo=UTC)
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=at)
    typed = {"paused_until_0": "2027-07-03", "paused_until_1": "10:00:00"}
    answer = office.post(page, {**before, **typed})
    assert "Changed meanwhile: now 2027-07-02 07:30:00 JST." in answer.content.decode()
    assert Vendor.objects.get(pk=cast.vendor.pk).paused_until == at
