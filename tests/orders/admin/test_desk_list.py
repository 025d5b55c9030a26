"""The list of orders as a desk: tabs with counts, timing, columns of one's own, filters, and the search over all."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from orders.admin.columns import COLUMNS, USUAL
from orders.admin.timing import Timing, timing_of, with_timing
from orders.lifecycle.table import GROUPS, Fulfilment, Status
from orders.models import ChosenColumns, Code, Line, NumberSeries, Order
from orders.reading import search
from orders.reading.troubles import TROUBLE_BY_SLUG
from orders.services.capacity.code_imports import fingerprints
from ordersite.core.crypto import encrypt
from tests.cast import Cast, make_manager
from tests.office import form_of
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from vendors.models import Vendor

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"
TAB = re.compile(r'<a href="[^"]*"( aria-current="page")?>([^<]*) <span class="tab-count">([^<]*)</span>')
NOW = datetime(2026, 7, 31, 16, 0, tzinfo=UTC)


def listed(office: Client, **query: Any) -> set[int]:
    """The ids that a list shows."""
    page: Any = office.get(LIST, query)
    assert page.status_code == 200
    return {order.pk for order in page.context["cl"].result_list}


def tabs(office: Client, **query: Any) -> dict[str, str]:
    """The tabs of a list, with their counts as they are written; the chosen one has a star."""
    page: Any = office.get(LIST, query)
    found = TAB.findall(page.content.decode())
    return {f"{label}{'*' if chosen else ''}": count for chosen, label, count in found}


def test_each_tab_counts_what_it_leads_to(cast: Cast, office: Client) -> None:
    for status in Status:
        make_order(cast, status)
    make_order(cast, Status.PENDING, deleted_at=timezone.now())
    make_order(cast, Status.COMPLETED, vendor=cast.other_vendor)
    shown = tabs(office)
    assert shown["All*"] == "27"
    assert [len(GROUPS[name]) for name in GROUPS] == [18, 8, 2, 14, 3, 7]
    assert [
        shown[label] for label in ("Open", "Closed", "Pending", "In progress", "Completed")
    ] == "18 9 2 14 4".split()
    assert shown["Cancelled or in exception"] == "7"
    page: Any = office.get(LIST)
    for group, count in {"open": 18, "closed": 9, "completed": 4, "cancelled": 7}.items():
        assert f'<a href="?group={group}">' in page.content.decode()
        assert len(listed(office, group=group)) == count
    other = tabs(office, group="open", vendor=cast.other_vendor.pk)
    assert (other["All"], other["Open*"], other["Closed"], other["Completed"]) == ("1", "0", "1", "1")


def test_the_tabs_count_and_keep_what_is_stuck(cast: Cast, office: Client) -> None:
    """Of two orders that nobody answered, one that is late, and others: each tab leads to as many as it says."""
    long_ago = timezone.now() - timedelta(hours=1)
    for _ in range(2):
        make_order(cast, Status.PENDING, visible_at=long_ago)
    make_order(cast, Status.ACCEPTED_BY_BUSINESS, visible_at=long_ago, estimated_at=long_ago)
    for status in (Status.PENDING, Status.COMPLETED):
        make_order(cast, status)
    for slug in TROUBLE_BY_SLUG:
        whole = listed(office, stuck=slug)
        shown = tabs(office, stuck=slug)
        assert shown["All*"] == str(len(whole))
        for name, label in {"open": "Open", "closed": "Closed", "pending": "Pending"}.items():
            assert shown[label] == str(len(listed(office, stuck=slug, group=name)))
    shown = tabs(office, stuck="unanswered")
    assert (shown["All*"], shown["Open"], shown["Pending"], shown["Completed"]) == ("2", "2", "2", "0")
    page: Any = office.get(LIST, {"stuck": "unanswered"})
    assert '<a href="?group=open&amp;stuck=unanswered">' in page.content.decode()


def test_a_count_ends_at_the_depth_of_lists_and_says_so(cast: Cast, office: Client) -> None:
    for _ in range(3):
        make_order(cast, Status.COMPLETED)
    make_order(cast, Status.PENDING)
    with override_settings(MAX_LIST_DEPTH=2):
        shown = tabs(office)
    assert (shown["Completed"], shown["Closed"], shown["Open"], shown["Pending"]) == ("2+", "2+", "1", "1")
    assert (shown["All*"], shown["Cancelled or in exception"]) == ("3+", "0")


# status, minutes since it could be answered, minutes until the estimate, until the time asked for, payment
TIMINGS: dict[str, tuple[Status, int, int | None, int | None, str, Timing | None]] = {
    "just placed": (Status.PENDING, 4, None, None, "cash", Timing.IN_TIME),
    "waits for half of its time": (Status.PENDING, 5, None, None, "cash", Timing.AT_RISK),
    "not answered": (Status.PENDING, 10, None, None, "cash", Timing.DELAYED),
    "not paid": (Status.PENDING, 60, -5, -5, "fake", None),
    "accepted, far": (Status.ACCEPTED_BY_BUSINESS, 60, 11, None, "cash", Timing.IN_TIME),
    "accepted, near": (Status.ACCEPTED_BY_BUSINESS, 60, 9, None, "cash", Timing.AT_RISK),
    "accepted, over": (Status.ACCEPTED_BY_BUSINESS, 60, -1, 30, "cash", Timing.DELAYED),
    "asked for, over": (Status.ACCEPTED_BY_BUSINESS, 60, None, -1, "cash", Timing.DELAYED),
    "nothing promised": (Status.ACCEPTED_BY_BUSINESS, 60, None, None, "cash", Timing.IN_TIME),
    "over and done": (Status.COMPLETED, 60, -1, None, "cash", None),
}


def test_timing_is_the_same_on_a_row_and_in_the_database(cast: Cast) -> None:
    made = {}
    for name, (status, waited, estimated, asked, method, _) in TIMINGS.items():
        made[name] = make_order(
            cast,
            status,
            payment_method=method,
            visible_at=NOW - timedelta(minutes=waited),
            estimated_at=None if estimated is None else NOW + timedelta(minutes=estimated),
            deliver_at=None if asked is None else NOW + timedelta(minutes=asked),
        ).pk
    told = dict(with_timing(Order.objects.all(), NOW).values_list("pk", "timing"))
    for name, (*_, timing) in TIMINGS.items():
        assert timing_of(Order.objects.get(pk=made[name]), NOW) == timing, name
        assert told[made[name]] == (timing or ""), name


def test_lists_what_is_late(cast: Cast, office: Client) -> None:
    now = timezone.now()
    late = make_order(cast, Status.ACCEPTED_BY_BUSINESS, estimated_at=now - timedelta(minutes=3))
    near = make_order(cast, Status.ACCEPTED_BY_BUSINESS, estimated_at=now + timedelta(minutes=3))
    fine = make_order(cast, Status.PENDING)
    for timing, order in {"delayed": late, "at_risk": near, "in_time": fine}.items():
        assert listed(office, timing=timing) == {order.pk}
    shown = tabs(office, timing="delayed")
    assert (shown["Delayed*"], shown["At risk"], shown["In time"], shown["All"]) == ("1", "1", "1", "3")
    assert listed(office, timing="late") == {late.pk, near.pk, fine.pk}


def test_narrows_by_each_filter(cast: Cast, office: Client) -> None:
    soon = timezone.now() + timedelta(minutes=30)
    driven = make_order(
        cast,
        Status.ACCEPTED_BY_DRIVER,
        driver=cast.driver_row,
        delivery_zone=cast.zone,
        app_id="till-app",
        deliver_at=soon,
    )
    plain = make_order(cast, Status.PENDING, Fulfilment.PICKUP)
    for query, found in {
        ("driver", cast.driver_row.pk): {driven.pk},
        ("driver", cast.other_driver_row.pk): set(),
        ("driver", "x"): {driven.pk, plain.pk},
        ("zone", cast.zone.pk): {driven.pk},
        ("app_id", "till-app"): {driven.pk},
        ("app_id", "till"): set(),
        ("kind", "regular"): {driven.pk, plain.pk},
        ("kind", "package"): set(),
        ("window", "hour"): {driven.pk},
        ("window", "3_hours"): {driven.pk},
        ("window", "asap"): {plain.pk},
    }.items():
        assert listed(office, **{query[0]: query[1]}) == found, query


@pytest.mark.parametrize(("window", "ahead"), [("today", 0), ("tomorrow", 1)])
def test_a_day_of_the_window_goes_by_the_vendors_clock(cast: Cast, window: str, ahead: int) -> None:
    """Of a manager in Brussels: its day begins at 22:00 UTC of the day before."""
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    today = timezone.localdate(timezone=cast.vendor.zone) + timedelta(days=ahead)
    begins = datetime(today.year, today.month, today.day, tzinfo=cast.vendor.zone)
    inside = [make_order(cast, Status.PREORDER, deliver_at=begins + timedelta(hours=hours)).pk for hours in (0, 20)]
    make_order(cast, Status.PREORDER, deliver_at=begins - timedelta(minutes=1))
    make_order(cast, Status.PREORDER, deliver_at=begins + timedelta(days=1, hours=2))
    assert listed(manager, window=window) == set(inside)


def test_the_staffs_days_go_by_the_chosen_vendors_clock_or_by_that_of_all(cast: Cast, office: Client) -> None:
    def day_is_of(**query: Any) -> str:
        page: Any = office.get(LIST, query)
        found = re.search(r"Yesterday \((.+?)\)", page.content.decode())
        assert found
        return found[1]

    Vendor.objects.update(time_zone="Asia/Tokyo")
    assert day_is_of() == "JST"
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone="Asia/Kolkata")
    vendors = {cast.vendor.pk: "IST", cast.other_vendor.pk: "JST", 10**12: "UTC", "x": "UTC", "": "UTC"}
    assert {vendor: day_is_of(vendor=vendor) for vendor in vendors} == vendors
    today = datetime.combine(timezone.localdate(timezone=ZoneInfo("Asia/Kolkata")), time.min, ZoneInfo("Asia/Kolkata"))
    inside = make_order(cast, placed_at=today + timedelta(minutes=1))
    make_order(cast, placed_at=today - timedelta(minutes=1))
    assert listed(office, placed="today", vendor=cast.vendor.pk) == {inside.pk}


# --- search -------------------------------------------------------------------------------------------------------

NAMES = {
    "Clara Müller-Janssen": ("clara", "MÜLLER", "müller-janssen", "jans", "Janssen Clara", "müller clara"),
    "Jean-Luc d’Hondt": ("jean", "luc", "hondt", "d'hondt"),
}


def test_finds_by_a_name(cast: Cast, office: Client) -> None:
    for name, terms in NAMES.items():
        order = make_order(cast, contact_name=name)
        make_order(cast, contact_name="Otto Overijse")
        for term in terms:
            assert listed(office, q=term) == {order.pk}, term
        for term in ("lara", "uller", "clara otto", "c", "%", "' OR 1=1", "clara & otto", "&|!:*"):
            assert order.pk not in listed(office, q=term), term


def test_finds_a_name_without_its_accents(cast: Cast, office: Client) -> None:
    order = make_order(cast, contact_name="Zoë Élodie Łukasz")
    for term in ("zoe", "ELODIE", "élo", "zoë elodie"):
        assert listed(office, q=term) == {order.pk}, term


def test_finds_by_each_code(cast: Cast, office: Client) -> None:
    order = make_order(cast, external_code="SHOP-77", tracking_number="3SABC1", collection_code="445566", number=4711)
    line = Line.objects.get(order=place_order(cast))
    Line.objects.filter(pk=line.pk).update(order=order)
    secret = "ABCD-EFGH"
    Code.objects.create(
        product=cast.products["burger"],
        sealed=encrypt(secret),
        fingerprint=fingerprints(secret)[0],
        last4="EFGH",
        line=line,
        issued_at=timezone.now(),
    )
    make_order(cast, number=1, collection_code="111111")
    for term in ("SHOP-77", "3SABC1", "445566", "4711", secret, order.tracking_code):
        assert listed(office, q=term) == {order.pk}, term
    assert order.pk in listed(office, q=f"#{order.pk}")
    Order.objects.filter(pk=order.pk).update(placed_at=timezone.now() - timedelta(days=400))
    assert listed(office, q="4711") == {order.pk}
    Order.objects.filter(pk=order.pk).update(status=Status.COMPLETED)
    assert listed(office, q="445566") == set()


def test_finds_by_what_the_number_is_called(cast: Cast, office: Client) -> None:
    delivered = make_order(cast, number=4711, number_series=NumberSeries.DELIVERY)
    fetched = make_order(cast, Status.PENDING, Fulfilment.PICKUP, number=4711, number_series=NumberSeries.PICK_UP)
    for term, found in {
        "D4711": {delivered.pk},
        "p4711": {fetched.pk},
        "no. P4711": {fetched.pk},
        "no.\u00a0D4711": {delivered.pk},
        "#P4711": {fetched.pk},
        "No. 4711": {delivered.pk, fetched.pk},
        "no.": set(),
        "no. P": set(),
        "L4711": set(),
        "D": set(),
        "D4712": set(),
    }.items():
        assert listed(office, q=term) == found, term
    Order.objects.filter(pk=delivered.pk).update(number_series=None)
    assert listed(office, q="P4711") == {delivered.pk, fetched.pk}
    assert listed(office, q=f"D{10**17}") == set()


def test_says_what_the_filters_hide(cast: Cast, office: Client) -> None:
    open_one = make_order(cast, contact_name="Petra Peeters")
    closed = make_order(cast, Status.COMPLETED, contact_name="Petra Peeters")
    gone = make_order(cast, contact_name="Petra Peeters", deleted_at=timezone.now())
    page: Any = office.get(LIST, {"q": "peeters", "group": "closed"})
    text = " ".join(page.content.decode().split())
    assert '1 other found is hidden by the filters: <a href="?q=peeters">show all that were found</a>.' in text
    assert '1 found is deleted: <a href="?q=peeters&amp;deleted=only">show it</a>.' in text
    assert listed(office, q="peeters", group="closed") == {closed.pk}
    assert listed(office, q="peeters") == {open_one.pk, closed.pk}
    assert listed(office, q="peeters", deleted="only") == {gone.pk}
    assert "hidden by the filters" not in office.get(LIST, {"q": "peeters"}).content.decode()
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    assert "deleted" not in manager.get(LIST, {"q": "peeters"}).content.decode().partition("hidden-hits")[2][:400]


def test_filters_narrow_a_search_that_finds_more_than_it_keeps(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST", 2)
    old = make_order(cast, Status.COMPLETED, contact_name="Petra Peeters")
    for _ in range(3):
        make_order(cast, contact_name="Petra Peeters")
    assert listed(office, q="peeters", group="closed") == {old.pk}
    assert tabs(office, q="peeters")["Open"] == "2+"


def test_a_word_of_very_many_is_looked_for_once(cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest of all are the newest of a list that nothing narrows; of the deleted it shows none in their place."""

    def searches(**query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(LIST, query).status_code == 200
        return sum('AS "meaning"' in one["sql"] for one in queries)

    monkeypatch.setattr(search, "MOST", 2)
    orders = [make_order(cast, contact_name="Petra Peeters") for _ in range(4)]
    newest = {order.pk for order in orders[2:]}
    assert listed(office, q="peeters") == newest
    assert [searches(q="peeters"), searches(q="peeters", p="1"), searches(q="peeters", group="open")] == [1, 1, 2]
    Order.objects.filter(pk__in=newest).update(deleted_at=timezone.now())
    assert listed(office, q="peeters") == {order.pk for order in orders[:2]}


# --- columns ------------------------------------------------------------------------------------------------------


def headings(page: Any) -> list[str]:
    changelist: ChangeList = page.context["cl"]
    return [str(name) for name in changelist.list_display]


def test_columns_are_chosen_by_each_person(cast: Cast, office: Client) -> None:
    make_order(
        cast,
        Status.ACCEPTED_BY_DRIVER,
        driver=cast.driver_row,
        delivery_zone=cast.zone,
        app_id="till-app",
        external_code="SHOP-9",
        deliver_at=datetime(2026, 7, 31, 16, 0, tzinfo=UTC),
    )
    other = Client()
    other.force_login(make_manager(cast.vendor))
    answer = office.post(f"{LIST}columns/?group=open&o=1&q=%C3%A9", {"names": list(COLUMNS)})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?group=open&q=%C3%A9")
    page: Any = office.get(LIST)
    attributes = {"driver": "driver_name", "kind": "kind_name"}
    assert headings(page) == ["action_checkbox", "name", *(attributes.get(name, name) for name in COLUMNS)]
    text = page.content.decode()
    for shown in ("Dora Driver", "Near", "till-app", "SHOP-9", "31 Jul 18:00 CEST", "regular"):
        assert shown in text, shown
    assert headings(other.get(LIST)) == ["action_checkbox", "name", *USUAL]
    office.post(f"{LIST}columns/", {"names": ["driver", "state"]})
    assert headings(office.get(LIST)) == ["action_checkbox", "name", "state", "driver_name"]
    assert form_of(office.get(f"{LIST}columns/"))["names"] == ["state", "driver"]
    for wrong in ({}, {"names": []}, {"names": ["password"]}):
        assert "errorlist" in office.post(f"{LIST}columns/", wrong).content.decode()
    assert ChosenColumns.objects.get().names == ["state", "driver"]


def test_a_manager_is_told_a_driver_that_accepted(cast: Cast) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    manager.post(f"{LIST}columns/", {"names": ["driver"]})
    order = make_order(cast, Status.LOOKING_FOR_DRIVER, driver=cast.driver_row)
    assert "Dora Driver" not in manager.get(LIST).content.decode()
    Order.objects.filter(pk=order.pk).update(driver_accepted_at=timezone.now())
    assert "Dora Driver" in manager.get(LIST).content.decode()


def test_the_list_costs_a_fixed_number_of_statements(cast: Cast, office: Client) -> None:
    def cost(**query: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(LIST, query).status_code == 200
        return len(queries)

    office.post(f"{LIST}columns/", {"names": list(COLUMNS)})
    fields: dict[str, Any] = {"driver": cast.driver_row, "delivery_zone": cast.zone, "app_id": "till-app"}
    queries: list[dict[str, Any]] = [
        {},
        {"q": "clara"},
        {"q": "0470123456", "group": "open", "driver": cast.driver_row.pk},
    ]
    make_order(cast, **fields)
    few = [cost(**query) for query in queries]
    for _ in range(12):
        make_order(cast, **fields)
    assert [cost(**query) for query in queries] == few
    assert max(few) <= 15, few
