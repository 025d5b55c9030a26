"""What the back-office asks before a change of a vendor harms orders under way: changes by what stands."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from orders.models import AgreedTerms, Order, Package
from ordersite.backoffice.asking import AGREED
from tests.cast import Cast
from tests.office import agree, confirm, delete_chosen, form_of, send
from tests.orders.kinds import make_package_type, package_cart
from tests.orders.rows import make_order
from tests.orders.shopping import place_order
from vendors.models import DeliveryZone, OpeningHours, PackageType, Station, Vendor

DAY = timedelta(days=1)


def at_noon(cast: Cast, days: int) -> datetime:
    day = timezone.now().astimezone(cast.vendor.zone).date() + days * DAY
    return datetime.combine(day, time(12), tzinfo=cast.vendor.zone)


def vendor_path(cast: Cast) -> str:
    return f"/admin/vendors/vendor/{cast.vendor.pk}/change/"


def closed_on(cast: Cast) -> dict[str, Any]:
    """A row that closes the day after tomorrow, in the empty one that each page has for it."""
    return {"opening_hours-7-date": at_noon(cast, 2).date().isoformat(), "opening_hours-7-closed": "on"}


# Each change of the form; None: the field is left out of what is sent.
CHANGES: dict[str, dict[str, Any]] = {
    "switched off": {"is_active": None},
    "type dropped": {"fulfilments": ["pickup"]},
    "zone deleted": {"delivery_zones-0-DELETE": "on"},
    "zone switched off": {"delivery_zones-0-is_active": None},
    "method dropped": {"payment_methods": ["wallet"]},
    "time zone": {"time_zone": "Europe/London"},
    "fee tax": {"fee_tax_rate": "21"},
    "prices without tax": {"prices_include_tax": None},
    "commission": {"commission_rate": "10"},
    "name": {"name": "Burger Palace"},
}
NOT_OFFERED = "Orders that could not be served any more, as what they need is not offered"
# What is told, by change and by what stands: a delivery for the day after tomorrow, paid in cash, at each step.
UNTIL_MADE = {Status.PENDING, Status.PREORDER, Status.ACCEPTED_BY_BUSINESS}
UNDER_WAY = UNTIL_MADE | {Status.PREPARATION_COMPLETED}
TOLD: dict[str, tuple[str, set[Status]]] = {
    "switched off": ("Orders that could not be served any more, as the vendor is switched off", UNTIL_MADE),
    "type dropped": (NOT_OFFERED, UNTIL_MADE),
    "zone deleted": (NOT_OFFERED, UNTIL_MADE),
    "zone switched off": (NOT_OFFERED, UNTIL_MADE),
    "method dropped": ("Orders still to be paid by a method that would not be taken any more", UNDER_WAY),
    "time zone": ("Orders agreed for a time, whose hour by the vendor's clock would be another", UNDER_WAY),
}
STANDING = (
    Status.PENDING,
    Status.PREORDER,
    Status.ACCEPTED_BY_BUSINESS,
    Status.PREPARATION_COMPLETED,
    Status.REJECTED_BY_BUSINESS,
    Status.COMPLETED,
)


@pytest.mark.parametrize("status", STANDING)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_harms_orders_asks_first(cast: Cast, office: Client, name: str, status: Status) -> None:
    made: dict[str, Any] = {"prepared_at": timezone.now()} if status == Status.PREPARATION_COMPLETED else {}
    order = make_order(cast, status, deliver_at=at_noon(cast, 2), delivery_zone=cast.zone, **made)
    AgreedTerms.objects.filter(pk=order.terms_id).update(zone_name="Near", zone_fee=250, zone_minimum=1000)
    terms, before = order.terms_id, Vendor.objects.values().get(pk=cast.vendor.pk)
    zones = list(DeliveryZone.objects.values())
    form = {**form_of(office.get(vendor_path(cast))), **CHANGES[name]}
    page = office.post(vendor_path(cast), {key: value for key, value in form.items() if value is not None})
    words, when = TOLD.get(name, ("", set()))
    if status in when:
        assert page.status_code == 200, page.headers
        assert page.context["asked"].lines == [f"{words}: #{order.pk}."]
        assert f"{words.replace(chr(39), '&#x27;')}: #{order.pk}." in page.content.decode()
        # Nothing is changed, and what was typed is kept.
        assert Vendor.objects.values().get(pk=cast.vendor.pk) == before
        assert list(DeliveryZone.objects.values()) == zones
        assert Order.objects.get(pk=order.pk).unserved == ""
        page = agree(office, vendor_path(cast), page)
    assert page.status_code == 302
    assert (Vendor.objects.values().get(pk=cast.vendor.pk), list(DeliveryZone.objects.values())) != (before, zones)
    order.refresh_from_db()
    assert (order.terms_id, order.total) == (terms, 1500)


def test_a_day_is_closed(cast: Cast, office: Client) -> None:
    rows = {
        f"opening_hours-{day}-{name}": at for day in range(7) for name, at in (("opens", "08:00"), ("closes", "22:00"))
    }
    assert send(office, vendor_path(cast), **rows).status_code == 302
    hit, other = (make_order(cast, deliver_at=at_noon(cast, days)) for days in (2, 3))
    number = 7 + len(rows) // 2
    sent = {key.replace("-7-", f"-{number}-"): value for key, value in closed_on(cast).items()}
    page = send(office, vendor_path(cast), **sent)
    words = "Orders that could not be served any more, as it is closed at the agreed time"
    assert page.context["asked"].lines == [f"{words}: #{hit.pk}."]
    assert not OpeningHours.objects.filter(closed=True).exists()
    # Another order comes in: what was agreed to is not what would follow.
    later = make_order(cast, deliver_at=at_noon(cast, 2))
    again = agree(office, vendor_path(cast), page)
    assert again.context["asked"].lines == [f"{words}: #{hit.pk}, #{later.pk}."]
    assert agree(office, vendor_path(cast), again).status_code == 302
    assert OpeningHours.objects.filter(closed=True).count() == 1
    assert [Order.objects.get(pk=one.pk).unserved for one in (hit, other, later)] == ["closed", "", "closed"]
    # What cannot be served already is told, and does not hinder the next change.
    assert send(office, vendor_path(cast), preparation_minutes="25").status_code == 302


def test_nothing_is_agreed_to_beforehand(cast: Cast, office: Client) -> None:
    order = make_order(cast)
    page = send(office, vendor_path(cast), **{AGREED: "on"}, fulfilments=["pickup"])
    assert page.context["asked"].lines == [f"{NOT_OFFERED}: #{order.pk}."]


def test_a_currency_stays_while_there_are_amounts(cast: Cast, office: Client) -> None:
    make_order(cast)
    page = send(office, vendor_path(cast), currency="USD")
    assert "It stays EUR while there are orders" in page.content.decode()
    assert Vendor.objects.get(pk=cast.vendor.pk).currency == "EUR"


def test_a_station_that_makes_something_asks_before_it_goes(cast: Cast, office: Client) -> None:
    grill = Station.objects.create(vendor=cast.vendor, name="Grill")
    burger = cast.products["burger"]
    burger.station = grill
    burger.save()
    page = send(office, vendor_path(cast), **{"stations-0-DELETE": "on"})
    assert page.context["asked"].lines == ["The station Grill makes products: every station would show them."]
    assert Station.objects.filter(pk=grill.pk).exists()
    assert agree(office, vendor_path(cast), page).status_code == 302
    assert not Station.objects.filter(pk=grill.pk).exists()


@pytest.mark.parametrize("way", ["page", "list", "switched off"])
def test_a_kind_of_package_with_orders_asks_before_it_goes(cast: Cast, office: Client, api: Any, way: str) -> None:
    kind = make_package_type(cast.vendor)
    order = place_order(api(cast.customer), package_cart(kind))
    base = "/admin/vendors/packagetype/"
    path = {"page": f"{base}{kind.pk}/delete/", "list": base, "switched off": f"{base}{kind.pk}/change/"}[way]
    if way == "page":
        page = confirm(office, path, office.get(path))
    elif way == "list":
        page = delete_chosen(office, path, [kind])
    else:
        form = form_of(office.get(path))
        del form["is_active"]
        page = office.post(path, form)
    assert page.context["asked"].lines == [f"{NOT_OFFERED}: #{order.pk}."]
    assert PackageType.objects.get(pk=kind.pk).is_active
    assert Package.objects.get(order=order).package_type_id == kind.pk
    assert agree(office, path, page).status_code == 302
    assert not PackageType.objects.filter(pk=kind.pk, is_active=True).exists()
    assert Order.objects.get(pk=order.pk).unserved == "not_offered"


def test_a_vendor_with_orders_is_switched_off_not_deleted(cast: Cast, office: Client) -> None:
    for _ in range(40):
        make_order(cast)
    path = f"/admin/vendors/vendor/{cast.vendor.pk}/delete/"
    office.get(path)
    with CaptureQueriesContext(connection) as queries:
        page = office.get(path)
    assert len(queries) <= 15
    words = "Burger Bar is kept: it has drivers, orders. Untick “Is active” on its page instead."
    assert words in page.content.decode()
    assert office.post(path, {"post": "yes"}).status_code in (200, 302, 403)
    chosen = {"action": "delete_selected", "_selected_action": [cast.vendor.pk], "index": "0"}
    listed = form_of(office.get("/admin/vendors/vendor/"))
    assert words in office.post("/admin/vendors/vendor/", {**listed, **chosen}).content.decode()
    assert Vendor.objects.filter(pk=cast.vendor.pk).exists()
    # One that nobody has ordered from goes.
    fresh = Vendor.objects.create(
        merchant=cast.merchant, type=cast.vendor.type, name="Fresh", fulfilments=["pickup"], payment_methods=["cash"]
    )
    path = f"/admin/vendors/vendor/{fresh.pk}/delete/"
    assert confirm(office, path, office.get(path)).status_code == 302
    assert not Vendor.objects.filter(pk=fresh.pk).exists()


def test_control_without_asking_it_is_done_at_once(cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_order(cast, fulfilment=Fulfilment.DELIVERY)
    monkeypatch.setattr("vendors.admin.bases.ask_first", lambda request, lines: None)
    assert send(office, vendor_path(cast), fulfilments=["pickup"]).status_code == 302
