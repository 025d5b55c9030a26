"""A vendor's settings change while orders wait: their timers are reckoned anew, and what cannot be served is named."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment
from orders.lifecycle.timers import set_due
from orders.models import WAITING, Order
from orders.services.moving.due_times import touched_orders
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.office import change, form_of, post_and_agree
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.placing.test_placing_times import open_hours
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, cart, place_order
from vendors import hours
from vendors.models import OpeningHours, Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def save(cast: Cast, office: Client) -> Callable[..., str]:
    """Saves the vendor's form with these fields changed; the page that follows."""

    def saved(**fields: Any) -> str:
        path = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
        form = {**form_of(office.get(path)), **fields}
        answer = post_and_agree(office, path, {name: value for name, value in form.items() if value is not None})
        assert answer.status_code == 302, answer.context["errors"]
        return office.get("/admin/vendors/vendor/").content.decode()

    return saved


def patch(api: Api, cast: Cast, **fields: Any) -> Any:
    response = api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", fields)
    assert response.status_code == 200, response.json()
    return response.json()


def set_vendor(cast: Cast, **fields: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(**fields)


def move(client: APIClient, order: Order, *names: str) -> None:
    for name in names:
        response = client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name, "reason_code": "mistake"})
        assert response.status_code == 200, response.json()


def due(order: Order) -> datetime | None:
    return Order.objects.get(pk=order.pk).due_at


def in_hours(hours: float) -> datetime:
    return timezone.now().replace(microsecond=0) + hours * HOUR


def test_rush_moves_the_release_of_preorders(cast: Cast, api: Api) -> None:
    at = in_hours(5)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    assert due(order) == at - 20 * MINUTE
    patch(api, cast, rush_minutes=40)
    assert due(order) == at - HOUR
    # Rush that is over by then moves nothing.
    patch(api, cast, rush_until=in_hours(1).isoformat())
    assert due(order) == at - 20 * MINUTE
    patch(api, cast, rush_minutes=0)
    assert due(order) == at - 20 * MINUTE
    assert Order.objects.get(pk=order.pk).version == order.version


def test_preparing_and_answering_minutes(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    at = in_hours(5)
    later = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    now = place_order(api(cast.customer), cart(cast))
    assert due(now) is None
    save(preparation_minutes="75", accept_minutes="15")
    assert (due(later), due(now)) == (at - 75 * MINUTE, now.placed_at + 15 * MINUTE)
    save(accept_minutes="")
    assert due(now) is None


def test_automatic_settings_hold_for_orders_that_stand(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    waiting = place_order(api(cast.customer), cart(cast))
    accepted = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    collected = place_order(api(cast.customer), cart(cast))
    move(api(cast.owner), accepted, "accept")
    move(api(cast.owner), collected, "accept", "mark_ready", "collect")
    assert (due(waiting), due(accepted)) == (None, None)
    save(auto_accept="on", auto_search="on", settle_minutes="0", settled_completes="on")
    assert run_due() == 3
    rows = Order.objects.filter(pk__in=[waiting.pk, accepted.pk, collected.pk]).order_by("pk")
    assert list(rows.values_list("status", flat=True)) == [7, 22, 1]


@pytest.mark.parametrize(
    ("agreed", "set_to", "counts"), [("60", "90", 90), ("60", "5", 60), ("60", "", 0), ("", "5", 0)]
)
def test_the_time_to_collect_becomes_longer_never_shorter(
    cast: Cast, api: Api, save: Callable[..., str], agreed: str, set_to: str, counts: int
) -> None:
    set_vendor(cast, collect_minutes=int(agreed) if agreed else None)
    order = place_order(api(cast.customer), cart(cast))
    move(api(cast.owner), order, "accept", "mark_ready")
    save(collect_minutes=set_to)
    told = Order.objects.get(pk=order.pk).estimated_at
    assert told is not None
    assert due(order) == (told + counts * MINUTE if counts else None)


def test_a_pause_and_its_end_move_the_answer_only_where_it_has_not_begun(cast: Cast, api: Api) -> None:
    set_vendor(cast, accept_minutes=10)
    running = place_order(api(cast.customer), cart(cast))
    end = in_hours(0.5)
    patch(api, cast, paused_until=end.isoformat())
    waiting = place_order(api(cast.customer), cart(cast, deliver_at=(end + 5 * MINUTE).isoformat()))
    assert (due(running), due(waiting)) == (running.placed_at + 10 * MINUTE, end + 10 * MINUTE)
    patch(api, cast, paused_until=(end + 2 * MINUTE).isoformat())
    assert (due(running), due(waiting)) == (running.placed_at + 10 * MINUTE, end + 12 * MINUTE)
    before = timezone.now()
    patch(api, cast, paused_until=None)
    moved = due(waiting)
    assert moved is not None
    assert before + 10 * MINUTE <= moved <= timezone.now() + 10 * MINUTE
    patch(api, cast, paused_until=end.isoformat())
    assert due(waiting) == moved


def test_until_when_it_is_to_be_paid_was_agreed(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    set_vendor(cast, payment_methods=["cash", "transfer"])
    bump_menu_version(cast.vendor.pk)
    order = place_order(api(cast.customer), cart(cast, payment_method="transfer"))
    before = due(order)
    save(transfer_minutes="1", accept_minutes="1")
    assert due(order) == before == order.placed_at + 2880 * MINUTE


def test_other_vendors_orders_stay(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    body = {
        "vendor": cast.other_vendor.pk,
        "items": [{"product": cast.tea.pk}],
        "delivery_type": "pickup",
        "payment_method": "cash",
    }
    order = place_order(api(cast.customer), body)
    save(auto_accept="on")
    assert due(order) is None


# --- only what a setting touches ---

FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)
# An order in each state that some setting is reckoned with: status, fulfilment, milestones, other fields.
STANDING: dict[str, tuple[int, Fulfilment, str, dict[str, Any]]] = {
    "pending": (0, Fulfilment.PICKUP, "", {}),
    "preorder": (13, Fulfilment.PICKUP, "", {"deliver_at": True}),
    "accepted": (7, Fulfilment.DELIVERY, "accepted", {"deliver_at": True}),
    "searching": (22, Fulfilment.DELIVERY, "accepted search_started", {"deliver_at": True}),
    "named": (22, Fulfilment.DELIVERY, "accepted search_started named", {"driver": True}),
    "company": (25, Fulfilment.DELIVERY, "accepted company_accepted", {"deliver_at": True}),
    "at vendor": (3, Fulfilment.DELIVERY, "accepted driver_accepted driver_at_business", {"driver": True}),
    "left": (10, Fulfilment.DELIVERY, "accepted", {"deliver_at": True}),
    "failed": (12, Fulfilment.DELIVERY, "accepted prepared picked_up", {}),
    "eaten in": (4, Fulfilment.EAT_IN, "accepted prepared", {}),
    "prepared": (4, Fulfilment.PICKUP, "accepted prepared", {}),
    "codes": (7, Fulfilment.DIGITAL, "accepted", {"kind": "digital", "payment_status": "paid"}),
    "delivered": (11, Fulfilment.DELIVERY, "accepted prepared picked_up delivered", {}),
    "collected": (15, Fulfilment.PICKUP, "accepted prepared delivered", {}),
    "closed": (1, Fulfilment.PICKUP, "accepted prepared delivered", {}),
}
UNMADE = {"pending", "preorder", "accepted", "searching", "named", "company", "at vendor", "left", "codes"}
BEGUN = {"preorder", "accepted", "searching", "company", "left"}
HOURS_ROW = {"opening_hours-0-weekday": "0", "opening_hours-0-opens": "08:00", "opening_hours-0-closes": "22:00"}
# What is typed into the vendor's form, and which orders are reckoned anew.
TOUCHES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing": ({}, set()),
    "name": ({"name": "Another"}, set()),
    "undo": ({"undo_minutes": "9"}, set()),
    "how it is settled": ({"settled_completes": "on"}, set()),
    "time to pay": ({"pay_minutes": "9", "transfer_minutes": "9"}, set()),
    "accepting": ({"auto_accept": "on"}, {"pending"}),
    "answering": ({"accept_minutes": "9"}, {"pending"}),
    "reminding": ({"accept_minutes": "9", "remind_minutes": "3"}, {"pending"}),
    "a waiting driver": ({"waiting_minutes": "9"}, {"at vendor"}),
    "preparing": ({"preparation_minutes": "9"}, BEGUN),
    "rush": ({"rush_minutes": "9"}, BEGUN),
    "pause": ({"paused_until_0": "2030-01-01", "paused_until_1": "12:00:00"}, {"pending", "preorder"}),
    "searching": ({"auto_search": "on"}, {"accepted"}),
    "search minutes": ({"search_minutes": "9"}, {"searching", "named"}),
    "a company's driver": ({"company_minutes": "9"}, {"company"}),
    "another driver": ({"driver_left_minutes": "9"}, {"left"}),
    "deciding": ({"decide_minutes": "9"}, {"left"}),
    "trying again": ({"retry_minutes": "9"}, {"failed"}),
    "serving": ({"served_minutes": "9"}, {"eaten in"}),
    "naming": ({"driver_answer_seconds": "20"}, {"named"}),
    "who is asked": ({"dispatch": "nearest"}, {"searching", "named"}),
    "collecting": ({"collect_minutes": "9"}, {"prepared"}),
    "codes": ({"code_minutes": "9"}, {"codes"}),
    "settling": ({"settle_minutes": "9"}, {"delivered", "collected"}),
    "delivery types": ({"fulfilments": ["pickup", "curbside"]}, UNMADE),
    "switched off": ({"is_active": None}, UNMADE),
    "hours": ({**HOURS_ROW, "opening_hours-TOTAL_FORMS": "1"}, UNMADE),
    "zones": (
        {"delivery_zones-0-radius": "2000"},
        {"accepted", "searching", "named", "company", "at vendor", "left"},
    ),
    "two at once": ({"settle_minutes": "9", "accept_minutes": "9"}, {"delivered", "collected", "pending"}),
}


def stand(cast: Cast) -> dict[int, str]:
    """An order of each state, whose timer is at a moment that none is reckoned to."""
    found = {}
    for name, (status, fulfilment, stood, given) in STANDING.items():
        fields = dict(given)
        if fields.pop("deliver_at", False):
            fields["deliver_at"] = in_hours(5)
        if fields.pop("driver", False):
            fields["driver"] = cast.driver_row
        order = make_order(
            cast, status, fulfilment, stood=stood, due_at=None if name == "closed" else FAR_OFF, **fields
        )
        found[order.pk] = name
    return found


def reckoned(standing: dict[int, str]) -> set[str]:
    still = set(Order.objects.filter(due_at=FAR_OFF).values_list("pk", flat=True))
    return {name for pk, name in standing.items() if pk not in still and name != "closed"}


def locks(statements: CaptureQueriesContext) -> int:
    """How many statements have read whole orders, as those that are reckoned are."""
    return sum("collection_code" in row["sql"] for row in statements.captured_queries)


def test_each_setting_is_one_that_touches_orders_or_none() -> None:
    """A new setting of times is entered in the table, or here."""
    untouched = {"preorder_minutes", "preorder_days", "confirm_accepts", "settled_completes"}
    untouched |= {"pay_minutes", "transfer_minutes"}
    parts = dict(admin.site.get_model_admin(Vendor).fieldsets or ())
    named = {str(name) for part in ("Today", "Times", "By itself") for name in parts[part]["fields"]}
    assert named - touched_orders().keys() == untouched


@pytest.mark.parametrize("case", TOUCHES)
def test_a_setting_reads_only_what_it_touches(cast: Cast, api: Api, save: Callable[..., str], case: str) -> None:
    typed, expected = TOUCHES[case]
    standing = stand(cast)
    with CaptureQueriesContext(connection) as statements:
        save(**typed)
    assert reckoned(standing) == expected
    # What leaves orders unserved is tried, taken back and asked first.
    tries = 2 if case in ("delivery types", "switched off", "hours") else 1
    assert locks(statements) == (tries if expected else 0)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, set()),
        ({"paused_until": None, "rush_minutes": 0}, set()),
        ({"rush_minutes": 10}, BEGUN),
        ({"paused_until": "2030-01-01T12:00:00Z"}, {"pending", "preorder"}),
    ],
)
def test_a_call_that_changes_nothing_reckons_nothing(
    cast: Cast, api: Api, sent: dict[str, Any], expected: set[str]
) -> None:
    standing = stand(cast)
    Order.objects.filter(pk=min(standing)).update(unserved="closed", status=7)
    version = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    with CaptureQueriesContext(connection) as statements:
        told = patch(api, cast, **sent)["cannot_serve"]
    assert locks(statements) == (1 if expected else 0)
    assert reckoned(standing) == expected - {"pending"}
    # What cannot be served is told all the same.
    assert (told[0]["id"], told[0]["reason"]) == (min(standing), "closed")
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version - version == (1 if expected else 0)


@pytest.mark.parametrize(("field", "expected"), [("is_active", "is_reckoned"), (None, "")])
def test_a_service_that_was_saved_unchanged_touches_nothing(
    cast: Cast, api: Api, office: Client, field: str | None, expected: str
) -> None:
    service = make_service(cast.vendor)
    order = place_order(api(cast.customer), service_cart(service, tomorrow(cast), "vendor"))
    Order.objects.filter(pk=order.pk).update(due_at=FAR_OFF)
    path = f"/admin/vendors/service/{service.pk}/change/"
    form = {name: value for name, value in form_of(office.get(path)).items() if name != field}
    assert post_and_agree(office, path, form).status_code == 302
    assert (due(order) != FAR_OFF) == bool(expected)


def test_reckoning_costs_the_same_however_many_wait(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, save: Callable[..., str]
) -> None:
    """As many statements, and the hours of a day are worked out once: it is closed for as long as one looks ahead."""
    set_vendor(cast, accept_minutes=10)
    OpeningHours.objects.create(vendor=cast.vendor, date=timezone.now().date() - 9 * DAY, opens="08:00", closes="09:00")
    calls = []
    monkeypatch.setattr(hours, "periods", lambda *given: calls.append(given) or [])
    costs = []
    for number in (1, 12):
        for _ in range(number):
            make_order(cast, 0, Fulfilment.PICKUP, answer_from=FAR_OFF, due_at=FAR_OFF)
        calls.clear()
        with CaptureQueriesContext(connection) as statements:
            patch(api, cast, paused_until=in_hours(number).isoformat())
        costs.append((len(statements), len(calls)))
        assert not Order.objects.filter(answer_from=FAR_OFF).exists()
    assert costs[0] == costs[1]


@pytest.mark.postgres
def test_what_waits_is_found_by_its_index(cast: Cast) -> None:
    for touched in touched_orders().values():
        rows = Order.objects.filter(WAITING, touched, vendor=cast.vendor, pk__gt=0).order_by("pk")[:500]
        with connection.cursor() as cursor:
            # Of an empty table the planner has no better reason to prefer one index.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        assert "order_of_vendor_waiting" in rows.explain()


# --- what cannot be served ---


def close_day(cast: Cast, at: datetime) -> None:
    OpeningHours.objects.create(vendor=cast.vendor, date=at.astimezone(cast.vendor.zone).date(), closed=True)
    bump_menu_version(cast.vendor.pk)


def reasons() -> dict[int, str]:
    return dict(Order.objects.exclude(unserved="").values_list("pk", "unserved"))


def noon(cast: Cast, days: int) -> datetime:
    day = timezone.now().astimezone(cast.vendor.zone).date() + days * DAY
    return datetime.combine(day, time(12), tzinfo=cast.vendor.zone)


def test_a_day_is_closed_with_preorders_on_it(cast: Cast, api: Api, office: Client, save: Callable[..., str]) -> None:
    set_vendor(cast, auto_accept=True)
    at, other = noon(cast, 2), noon(cast, 3)
    hit = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    accepted = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    move(api(cast.owner), accepted, "accept")
    place_order(api(cast.customer), cart(cast, deliver_at=other.isoformat()))
    rows = {
        f"opening_hours-{n}-{name}": value
        for n in range(7)
        for name, value in (("weekday", str(n)), ("opens", "08:00"), ("closes", "22:00"))
    }
    page = save(
        **rows,
        **{"opening_hours-7-date": at.date().isoformat(), "opening_hours-7-closed": "on"},
        **{"opening_hours-TOTAL_FORMS": "8"},
    )
    assert f"These orders can no longer be served: #{hit.pk} (closed), #{accepted.pk} (closed)." in page
    assert reasons() == {hit.pk: "closed", accepted.pk: "closed"}
    listed = office.get("/admin/orders/order/", {"stuck": "cannot_serve"}).content.decode()
    assert [f"/admin/orders/order/{pk}/change/" in listed for pk in (hit.pk, accepted.pk)] == [True, True]
    # Nothing of it is accepted by itself, when its time comes neither.
    with pytest.MonkeyPatch.context() as later:
        moment = at - 20 * MINUTE
        later.setattr(timezone, "now", lambda: moment)
        assert run_due() == 1
        assert (Order.objects.get(pk=hit.pk).status, due(hit)) == (0, None)
    # Moved to another day it can be served again.
    assert api(cast.customer).patch(f"{ORDERS}/{hit.pk}", {"deliver_at": other.isoformat()}).status_code == 200
    assert reasons() == {accepted.pk: "closed"}


def test_a_delivery_type_is_dropped(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    order = place_order(api(cast.customer), cart(cast, delivery_type="curbside"))
    ready = place_order(api(cast.customer), cart(cast, delivery_type="curbside"))
    move(api(cast.owner), ready, "accept", "mark_ready")
    place_order(api(cast.customer), cart(cast))
    page = save(fulfilments=["pickup", "delivery"])
    assert f"#{order.pk} (not offered)." in page
    assert reasons() == {order.pk: "not_offered"}
    assert "can no longer be served" not in save(fulfilments=["pickup", "delivery", "curbside"])
    assert reasons() == {}


def test_a_vendor_is_switched_off(cast: Cast, api: Api, save: Callable[..., str]) -> None:
    set_vendor(cast, auto_accept=True)
    order = place_order(api(cast.customer), cart(cast))
    page = save(is_active=None)
    assert f"#{order.pk} (switched off)." in page
    assert (run_due(), Order.objects.get(pk=order.pk).status) == (0, 0)
    save(is_active="on")
    assert (run_due(), Order.objects.get(pk=order.pk).status) == (1, 7)


def test_a_pause_names_what_waits_for_a_time_within_it(cast: Cast, api: Api) -> None:
    at = in_hours(2)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    taken = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    move(api(cast.owner), taken, "accept")
    place_order(api(cast.customer), cart(cast, deliver_at=(at + 2 * HOUR).isoformat()))
    told = patch(api, cast, paused_until=(at + HOUR).isoformat())["cannot_serve"]
    assert told == [
        {
            "id": order.pk,
            "number": order.number,
            "delivery_type": "pickup",
            "deliver_at": f"{at:%Y-%m-%dT%H:%M:%S}Z",
            "reason": "paused",
        }
    ]
    # Accepted it is worked on, pause or not.
    move(api(cast.owner), order, "accept")
    assert reasons() == {}
    assert patch(api, cast, paused_until=None)["cannot_serve"] == []


def close_in_office(cast: Cast, office: Client, at: datetime) -> None:
    """Closes the day on the vendor's page."""
    path = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    number = int(form_of(office.get(path))["opening_hours-TOTAL_FORMS"])
    day = at.astimezone(cast.vendor.zone).date().isoformat()
    row = {f"opening_hours-{number}-date": day, f"opening_hours-{number}-closed": "on"}
    form = {**form_of(office.get(path)), **row, "opening_hours-TOTAL_FORMS": str(number + 1)}
    assert post_and_agree(office, path, form).status_code == 302


def test_a_service_in_hours_of_its_own(cast: Cast, api: Api, office: Client) -> None:
    service = make_service(cast.vendor)
    at = tomorrow(cast)
    order = place_order(api(cast.customer), service_cart(service, at, "vendor"))
    close_in_office(cast, office, at)
    assert reasons() == {order.pk: "closed"}


@pytest.mark.parametrize("accepted_first", [True, False])
def test_an_accepted_service_is_not_yet_made(
    cast: Cast, api: Api, office: Client, save: Callable[..., str], accepted_first: bool
) -> None:
    at = noon(cast, 2)
    order = place_order(api(cast.customer), service_cart(make_service(cast.vendor), at, "vendor"))
    if accepted_first:
        move(api(cast.owner), order, "accept")
    close_in_office(cast, office, at)
    assert [row["reason"] for row in patch(api, cast)["cannot_serve"]] == ["closed"]
    if not accepted_first:
        move(api(cast.owner), order, "accept")
    assert reasons() == {order.pk: "closed"}
    save(is_active=None)
    assert reasons() == {order.pk: "switched_off"}
    OpeningHours.objects.filter(vendor=cast.vendor, date=at.date()).delete()
    save(is_active="on")
    assert reasons() == {}


def test_an_accepted_package_is_carried_out_until_it_is_picked_up(
    cast: Cast, api: Api, save: Callable[..., str]
) -> None:
    order = place_order(api(cast.customer), package_cart(make_package_type(cast.vendor)))
    move(api(cast.owner), order, "accept")
    save(is_active=None)
    assert reasons() == {order.pk: "switched_off"}
    Order.objects.filter(pk=order.pk).update(picked_up_at=timezone.now())
    assert "can no longer be served" not in save(fulfilments=["pickup"])
    assert reasons() == {}


@pytest.mark.parametrize(
    ("place", "withdrawn", "expected"),
    [
        ("vendor", {"is_active": False}, "not_offered"),
        ("customer", {"is_active": False}, "not_offered"),
        ("vendor", {"at_vendor": False}, "not_offered"),
        ("customer", {"at_customer": False}, "not_offered"),
        ("vendor", {"at_customer": False}, ""),
        ("customer", {"at_vendor": False}, ""),
    ],
)
@pytest.mark.parametrize("accepted", [True, False])
def test_a_service_is_withdrawn(
    cast: Cast, api: Api, office: Client, place: str, withdrawn: dict[str, bool], expected: str, accepted: bool
) -> None:
    service = make_service(cast.vendor, at_vendor=True, at_customer=True)
    order = place_order(api(cast.customer), service_cart(service, tomorrow(cast), place))
    if accepted:
        move(api(cast.owner), order, "accept")
    path = f"/admin/vendors/service/{service.pk}/change/"
    form = {name: value for name, value in form_of(office.get(path)).items() if name not in withdrawn}
    assert post_and_agree(office, path, form).status_code == 302
    assert reasons() == ({order.pk: expected} if expected else {})


# What becomes of the package type or the zone that an order needs, on which page, and why it cannot be served then.
WITHDRAWN: dict[str, tuple[str, dict[str, Any], str]] = {
    "a package type is withdrawn": ("package", {"is_active": None}, "not_offered"),
    "a package type has another price": ("package", {"price": "9.00"}, ""),
    "a package type is deleted": ("package", {"delete": "yes"}, "not_offered"),
    "a zone is switched off": ("zone", {"delivery_zones-0-is_active": None}, "not_offered"),
    "a zone costs more": ("zone", {"delivery_zones-0-fee": "9.00"}, ""),
    "a zone is deleted": ("zone", {"delivery_zones-0-DELETE": "on"}, "not_offered"),
}


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("case", WITHDRAWN)
def test_a_package_type_or_a_zone_is_withdrawn(cast: Cast, api: Api, office: Client, case: str, accepted: bool) -> None:
    kind, typed, expected = WITHDRAWN[case]
    package_type = make_package_type(cast.vendor)
    hit = place_order(api(cast.customer), package_cart(package_type))
    delivered = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    place_order(api(cast.customer), cart(cast))
    if kind == "zone":
        hit = delivered
    if accepted:
        move(api(cast.owner), hit, "accept")
    pages = {"package": f"packagetype/{package_type.pk}", "zone": f"vendor/{cast.vendor.pk}"}
    path = f"/admin/vendors/{pages[kind]}/change/"
    if "delete" in typed:
        path = path.replace("change", "delete")
        answer = post_and_agree(office, path, form_of(office.get(path)))
    else:
        form = {**form_of(office.get(path)), **typed}
        answer = post_and_agree(office, path, {name: value for name, value in form.items() if value is not None})
    assert answer.status_code == 302
    assert reasons() == ({hit.pk: expected} if expected else {})
    if not expected or "delete" in typed or kind == "zone":
        return
    change(office, path, is_active="on")
    assert reasons() == {}


# --- what was made, and is not any more ---


@pytest.mark.parametrize(
    ("names", "back", "status"),
    [
        (("reject",), "reopen", 0),
        (("accept", "mark_ready"), "undo_ready", 7),
        (("accept", "mark_ready", "undo_ready"), "reopen", 0),
        (("cancel_by_staff",), "reopen", 0),
    ],
)
def test_what_is_taken_back_is_asked_anew(
    cast: Cast, api: Api, office: Client, names: tuple[str, ...], back: str, status: int
) -> None:
    set_vendor(cast, auto_accept=True)
    open_hours(cast.vendor, *[(day, "00:00", "23:59") for day in range(7)])
    at = noon(cast, 2)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    close_in_office(cast, office, at)
    assert reasons() == {order.pk: "closed"}
    for name in names:
        move(api(cast.staff), order, name)
    move(api(cast.staff), order, back)
    assert reasons() == {order.pk: "closed"}
    assert (due(order), run_due(), Order.objects.get(pk=order.pk).status) == (None, 0, status)


def test_a_day_that_opened_again_meanwhile_can_be_served(cast: Cast, api: Api, office: Client) -> None:
    set_vendor(cast, auto_accept=True)
    open_hours(cast.vendor, *[(day, "00:00", "23:59") for day in range(7)])
    at = noon(cast, 2)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    close_in_office(cast, office, at)
    move(api(cast.staff), order, "reject")
    OpeningHours.objects.filter(vendor=cast.vendor, closed=True).delete()
    bump_menu_version(cast.vendor.pk)
    move(api(cast.staff), order, "reopen")
    assert (reasons(), run_due(), Order.objects.get(pk=order.pk).status) == ({}, 1, 7)


def test_what_was_placed_while_the_day_was_being_closed_is_not_accepted_by_itself(cast: Cast, api: Api) -> None:
    """The closing has not seen the order, nor the order the closing: accepting asks once more."""
    set_vendor(cast, auto_accept=True)
    open_hours(cast.vendor, *[(day, "00:00", "23:59") for day in range(7)])
    at = noon(cast, 2)
    order = place_order(api(cast.customer), cart(cast, deliver_at=at.isoformat()))
    close_day(cast, at)
    assert reasons() == {}
    Order.objects.filter(pk=order.pk).update(status=0, due_at=timezone.now())
    assert (run_due(), Order.objects.get(pk=order.pk).status, due(order)) == (0, 0, None)
    assert reasons() == {order.pk: "closed"}


# --- deadlines for drivers, decisions and the table ---

# Where an order stands with what, for which setting, of so many minutes.
DEADLINES = (
    (25, Fulfilment.DELIVERY, "accepted company_accepted", "", "company_minutes", 7),
    (6, Fulfilment.DELIVERY, "accepted", "", "driver_left_minutes", 3),
    (10, Fulfilment.DELIVERY, "accepted", "", "driver_left_minutes", 3),
    (6, Fulfilment.DELIVERY, "accepted", "stop_search@vendor", "decide_minutes", 40),
    (4, Fulfilment.EAT_IN, "accepted prepared", "", "served_minutes", 50),
    (3, Fulfilment.DELIVERY, "accepted driver_accepted driver_at_business", "", "waiting_minutes", 8),
)


def test_deadlines_that_are_set_hold_for_orders_that_stand(cast: Cast, save: Callable[..., str]) -> None:
    since = timezone.now() - MINUTE
    orders = [
        make_order(
            *(cast, status, fulfilment),
            standing_changes=marks,
            status_changed_at=since,
            company=cast.company if "company" in stood else None,
            **{f"{name}_at": since for name in stood.split()},  # type: ignore[arg-type]
        )
        for status, fulfilment, stood, marks, *_ in DEADLINES
    ]
    save(**{name: str(minutes) for *_, name, minutes in DEADLINES})
    assert [due(order) for order in orders] == [since + minutes * MINUTE for *_, minutes in DEADLINES]
    save(**{name: "" for *_, name, _ in DEADLINES})
    assert [due(order) for order in orders] == [None] * len(orders)


def test_what_had_failed_before_there_was_a_time_for_retrying_stays(cast: Cast, save: Callable[..., str]) -> None:
    """Only times that run are reckoned anew; neither does another change of the order begin one that was over."""
    ago = timezone.now() - DAY
    failed = make_order(cast, 12, stood="accepted prepared picked_up", status_changed_at=ago)
    with CaptureQueriesContext(connection) as statements:
        save(retry_minutes="60")
    assert not any(row["sql"].startswith('UPDATE "orders_order"') for row in statements.captured_queries)
    failed = Order.objects.get(pk=failed.pk)
    set_due(failed, timezone.now())
    assert failed.due_at is None
    assert (run_due(), Order.objects.get(pk=failed.pk).status, due(failed)) == (0, 12, None)
    later = make_order(cast, 12, stood="accepted prepared picked_up", status_changed_at=ago, due_at=FAR_OFF)
    save(retry_minutes="90")
    assert (due(failed), due(later)) == (None, ago + 90 * MINUTE)
    assert run_due() == 1
    assert Order.objects.get(pk=later.pk).status == 2
