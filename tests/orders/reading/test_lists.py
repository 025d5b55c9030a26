"""GET /orders: filters, pages, cursors, orderings, expansions, the dashboard, and how many statements it takes."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Counter, Order
from tests.cast import Cast
from tests.orders.rows import add_line, make_order
from tests.orders.walking import Api

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIST = "/api/v1/orders"


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.data
    return [row["id"] for row in answer.data["results"]]


@pytest.fixture
def rows(cast: Cast) -> dict[str, Order]:
    """Six orders of Clara's, placed an hour apart, the oldest first."""
    made = {
        "pending": make_order(cast, 0, Fulfilment.PICKUP, app_id="kiosk"),
        "preorder": make_order(cast, 13, Fulfilment.EAT_IN, deliver_at=NOON + timedelta(days=2)),
        "accepted": make_order(cast, 7, driver=cast.driver_row, kind="package"),
        "failed": make_order(cast, 12, payment_method="wallet", payment_status="refunded", driver=cast.driver_row),
        "done": make_order(cast, 11, external_code="shop-7", contact_phone="+3225550123"),
        "tea": make_order(cast, 6, vendor=cast.other_vendor, contact_email="t@example.org"),
    }
    for hour, order in enumerate(made.values()):
        Order.objects.filter(pk=order.pk).update(placed_at=NOON + timedelta(hours=hour))
    return made


FILTERS = [
    ("", "tea done failed accepted preorder pending"),
    ("status=7", "accepted"),
    ("status=accepted_by_business", "accepted"),
    ("status=Accepted_By_Business,13, 0", "accepted preorder pending"),
    ("status=1", ""),
    ("group=open", "tea accepted preorder pending"),
    ("group=closed", "done failed"),
    ("group=pending", "preorder pending"),
    ("group=in_progress", "accepted"),
    ("group=completed", "done"),
    ("group=cancelled", "tea failed"),
    ("vendor={vendor}", "done failed accepted preorder pending"),
    ("vendor=999999", ""),
    ("vendor_type={type}", "tea"),
    ("driver={driver}", "failed accepted"),
    ("customer={customer}", "tea done failed accepted preorder pending"),
    ("customer=999999", ""),
    ("kind=package", "accepted"),
    ("delivery_type=pickup", "pending"),
    ("delivery_type=3", "preorder"),
    ("payment_status=refunded", "failed"),
    ("app_id=kiosk", "pending"),
    ("placed_after=2026-05-04T16:00:00Z", "tea done"),
    ("placed_before=2026-05-04T14:00:00%2B01:00", "pending"),
    ("deliver_after=2026-05-06T12:00:00Z", "preorder"),
    ("deliver_before=2026-05-06T12:00:00Z", ""),
    ("q=shop-7", "done"),
    ("q=%2B3225550123", "done"),
    ("q=T@example.org", "tea"),
    ("q={number}", "accepted"),
    ("q={uuid}", "accepted"),
    ("q=nothing", ""),
    ("group=open&vendor={vendor}&status=0", "pending"),
    ("ordering=placed_at", "pending preorder accepted failed done tea"),
    ("ordering=-id", "tea done failed accepted preorder pending"),
    ("ordering=id", "pending preorder accepted failed done tea"),
]


def test_filters(cast: Cast, api: Api, rows: dict[str, Order]) -> None:
    """In one test, since to make the rows takes longer than to read a list."""
    one = rows["accepted"]
    values = {
        "vendor": cast.vendor.pk,
        "type": cast.other_vendor.type_id,
        "driver": cast.driver_row.pk,
        "customer": cast.customer_row.pk,
        "number": one.number if not Order.objects.filter(pk=one.number).exists() else one.pk,
        "uuid": one.uuid,
    }
    for query, names in FILTERS:
        answer = api(cast.customer).get(f"{LIST}?{query.format(**values)}")
        wanted = [rows[name].pk for name in names.split()]
        assert (query, ids(answer), answer.data["count"]) == (query, wanted, len(wanted))


def test_an_external_code_that_others_gave_later_too(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more purchases with one code than are looked through those that one does not see take no place."""
    monkeypatch.setattr("orders.reading.search.MOST", 1)
    own = make_order(cast, external_code="1001")
    others = make_order(cast, external_code="1001", customer=cast.stranger_row, vendor=cast.other_vendor)
    assert ids(api(cast.customer).get(f"{LIST}?q=1001")) == [own.pk]
    assert ids(api(cast.staff).get(f"{LIST}?mode=dashboard&q=1001")) == [others.pk]


@pytest.mark.parametrize("term", ["many@example.org", "+32470111111", "71"])
def test_a_word_of_more_orders_than_are_looked_up_finds_them_all(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    """By page and by cursor, and what the word means besides; never those of others."""
    monkeypatch.setattr("orders.reading.search.MOST", 2)
    alike: dict[str, Any] = {"contact_email": "many@example.org", "contact_phone": "+32470111111", "number": 71}
    coded = make_order(cast, external_code=term)
    wanted = [make_order(cast, **alike).pk for _ in range(3)]
    make_order(cast, deleted_at=timezone.now(), **alike)
    others = make_order(cast, customer=cast.stranger_row, vendor=cast.other_vendor, **alike)
    own = [*reversed(wanted), coded.pk]
    for path, found in (
        (f"{LIST}?", own),
        (f"{LIST}?mode=dashboard&", [others.pk, *own]),
        (f"{LIST}?status=completed&", []),
    ):
        client = api(cast.staff if "dashboard" in path else cast.customer)
        answer = client.get(f"{path}q={quote(term)}&ordering=-id")
        assert (ids(answer), answer.data["count"]) == (found, len(found))
        assert sorted(ids(client.get(f"{path}q={quote(term)}&cursor="))) == sorted(found)


@pytest.mark.parametrize(
    "query",
    [
        "status=26",
        "status=7,nonsense",
        "status=-1",
        "group=everything",
        "vendor=0",
        "vendor=x",
        "vendor=1.5",
        f"vendor={2**63}",
        f"vendor={'9' * 5000}",
        "kind=gift",
        "delivery_type=6",
        "delivery_type=digital",
        "payment_status=perhaps",
        "placed_after=yesterday",
        "placed_after=0001-01-01T00:00:00%2B14:00",
        "deliver_before=9999-12-31T23:59:59-14:00",
        f"q={'x' * 101}",
        "mode=all",
        "expand=payments",
        "ordering=total",
        "page=0",
        "page=x",
        "per_page=101",
        "per_page=0",
        "cursor=nonsense",
        f"cursor={b64encode(b'0001-01-01T00:00:00+14:00|5').decode()}",
    ],
)
def test_nonsense_is_refused_by_name(cast: Cast, api: Api, query: str) -> None:
    for user, mode in ((cast.customer, ""), (cast.staff, "&mode=dashboard")):
        if query.startswith("mode"):
            mode = ""
        answer = api(user).get(f"{LIST}?{query}{mode}")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content[:200]
        assert answer.data["errors"][0]["pointer"] == f"?{query.split('=')[0]}"


@pytest.mark.parametrize("name", ["q", "app_id", "status", "mode", "cursor", "placed_after"])
def test_a_nul_in_a_parameter_is_refused(cast: Cast, api: Api, name: str) -> None:
    assert api(cast.customer).get(f"{LIST}?{name}=%00").status_code == 400


def test_pages(cast: Cast, api: Api) -> None:
    made = [make_order(cast).pk for _ in range(17)]
    client = api(cast.customer)
    first = client.get(LIST)
    assert (first.data["count"], len(ids(first)), first.data["previous"]) == (17, 15, None)
    second = client.get(first.data["next"])
    assert (ids(second), second.data["next"]) == (made[1::-1], None)
    assert ids(client.get(second.data["previous"])) == ids(first)
    assert ids(client.get(f"{LIST}?per_page=2&page=9")) == made[:1]
    past = client.get(f"{LIST}?page=3")
    assert (past.status_code, past.data["detail"]) == (404, "There is no page 3: the last one is 2.")


def test_an_empty_list_has_a_first_page(cast: Cast, api: Api) -> None:
    answer = api(cast.stranger).get(LIST)
    assert answer.data == {"count": 0, "next": None, "previous": None, "results": []}
    assert api(cast.stranger).get(f"{LIST}?page=2").status_code == 404


def test_a_cursor_walks_all_and_what_comes_meanwhile_shifts_nothing(cast: Cast, api: Api) -> None:
    made = [make_order(cast).pk for _ in range(7)]
    # Placed at the same moment: the id decides.
    Order.objects.update(placed_at=NOON)
    client, seen = api(cast.customer), []
    following = f"{LIST}?cursor=&per_page=3"
    while following:
        answer = client.get(following)
        assert (answer.data["count"], answer.data["previous"]) == (None, None)
        seen += ids(answer)
        following = answer.data["next"]
        make_order(cast)
    assert seen == made[::-1]


def test_a_cursor_counts_nothing(cast: Cast, api: Api) -> None:
    make_order(cast)
    with CaptureQueriesContext(connection) as asked:
        api(cast.customer).get(f"{LIST}?cursor=")
    assert not [query for query in asked if "COUNT(" in query["sql"]]


def test_the_dashboard_is_staffs_and_vendors(cast: Cast, api: Api, rows: dict[str, Order]) -> None:
    ours = [rows[name].pk for name in ("done", "failed", "accepted", "preorder", "pending")]
    assert ids(api(cast.owner).get(f"{LIST}?mode=dashboard")) == ours
    assert ids(api(cast.other_owner).get(f"{LIST}?mode=dashboard")) == [rows["tea"].pk]
    assert ids(api(cast.staff).get(f"{LIST}?mode=dashboard")) == [rows["tea"].pk, *ours]
    for user in (cast.customer, cast.driver, cast.dispatcher, cast.courier):
        answer = api(user).get(f"{LIST}?mode=dashboard")
        assert (answer.status_code, answer.data["code"]) == (403, "forbidden")
    assert api().get(LIST).status_code == 401
    assert ids(api(cast.owner).get(LIST)) == []
    assert ids(api(cast.staff).get(LIST)) == []
    assert ids(api(cast.driver).get(LIST)) == [rows["failed"].pk, rows["accepted"].pk]


def test_an_order_that_is_not_paid_or_is_deleted_is_on_no_board(cast: Cast, api: Api) -> None:
    hidden = make_order(cast, visible_at=None, payment_method="fake")
    deleted = make_order(cast, deleted_at=NOON)
    assert ids(api(cast.owner).get(f"{LIST}?mode=dashboard")) == []
    assert ids(api(cast.customer).get(LIST)) == [hidden.pk]
    assert ids(api(cast.staff).get(f"{LIST}?mode=dashboard")) == [hidden.pk]
    for order in (hidden, deleted):
        assert api(cast.owner).get(f"{LIST}/{order.pk}").status_code == 404
    assert api(cast.staff).get(f"{LIST}/{deleted.pk}").status_code == 404


def test_a_board_of_one_vendor_tells_the_feeds_position(cast: Cast, api: Api) -> None:
    Counter.objects.create(name=f"stream:vendor:{cast.vendor.pk}", value=41)
    path = f"{LIST}?mode=dashboard&vendor={cast.vendor.pk}"
    for user in (cast.owner, cast.staff):
        assert api(user).get(path)["Feed-Position"] == "41"
        assert "Feed-Position" not in api(user).get(f"{LIST}?mode=dashboard")
    foreign = api(cast.owner).get(f"{LIST}?mode=dashboard&vendor={cast.other_vendor.pk}")
    assert "Feed-Position" not in foreign
    assert ids(foreign) == []
    assert api(cast.staff).get(f"{LIST}?mode=dashboard&vendor={cast.other_vendor.pk}")["Feed-Position"] == "0"
    assert "Feed-Position" not in api(cast.customer).get(f"{LIST}?vendor={cast.vendor.pk}")


def test_expansions(cast: Cast, api: Api) -> None:
    order = make_order(cast)
    add_line(order, cast.products["soda"], 2)
    client = api(cast.customer)
    assert {"items", "events"}.isdisjoint(client.get(LIST).data["results"][0])
    row = client.get(f"{LIST}?expand=items,events").data["results"][0]
    assert [(line["name"], line["quantity"], line["total"]) for line in row["items"]] == [
        ("Soda", 2, {"amount": "5.00", "currency": "EUR"})
    ]
    assert [event["kind"] for event in row["events"]] == ["placed"]
    assert list(client.get(f"{LIST}/{order.pk}?expand=events").data["events"][0])[0] == "number"


def test_a_note_among_colleagues_is_not_the_customers(cast: Cast, api: Api) -> None:
    order = make_order(cast)
    for who, text in (("everybody", "a"), ("business", "b"), ("staff", "c")):
        sent = {"text": text, "visible_to": who}
        assert api(cast.staff).post(f"{LIST}/{order.pk}/history", sent).status_code == 201
    for user, mode, seen in (
        (cast.customer, "", ["", "a"]),
        (cast.owner, "&mode=dashboard", ["", "a", "b"]),
        (cast.staff, "&mode=dashboard", ["", "a", "b", "c"]),
    ):
        row = api(user).get(f"{LIST}?expand=events{mode}").data["results"][0]
        assert [event["reason"] for event in row["events"]] == seen
        history = api(user).get(f"{LIST}/{order.pk}/history").data["results"]
        assert [event["reason"] for event in history] == seen


@pytest.mark.parametrize("count", [1, 30])
def test_statements(cast: Cast, api: Api, count: int) -> None:
    for _ in range(count):
        order = make_order(cast, 7, driver=cast.driver_row, stood="accepted")
        add_line(order, cast.products["soda"])
        add_line(order, cast.products["pizza"])
    customer, board = f"{LIST}?per_page=100", f"{LIST}?mode=dashboard&vendor={cast.vendor.pk}&per_page=100"
    for user, path, most in (
        (cast.customer, customer, 4),
        (cast.customer, f"{customer}&cursor=", 3),
        (cast.customer, f"{customer}&expand=items", 6),
        (cast.customer, f"{customer}&expand=items,events", 7),
        (cast.owner, board, 4),
        (cast.owner, f"{board}&expand=items", 6),
        (cast.staff, board, 5),  # one for what it may do
        (cast.customer, f"{LIST}/{order.pk}", 6),
        (cast.owner, f"{LIST}/{order.pk}", 6),
        (cast.owner, f"{LIST}/{order.pk}/transitions", 6),
    ):
        client = api(user)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= most, (urlsplit(path).query, [query["sql"][:120] for query in asked])


def test_statements_of_a_plain_accept(cast: Cast, api: Api) -> None:
    order = make_order(cast, Status.PENDING)
    client = api(cast.owner)
    with CaptureQueriesContext(connection) as asked:
        assert client.post(f"{LIST}/{order.pk}/transitions", {"to": 7}).status_code == 200
    own = [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(own) <= 8, own


@pytest.mark.parametrize("items", [1, 20])
def test_statements_of_an_accept_that_answers_the_items(cast: Cast, api: Api, items: int) -> None:
    doors: tuple[tuple[str, str, Any, int], ...] = (
        ("post", f"{LIST}/{{}}/transitions?expand=items,events", {"to": 7}, 11),
        ("put", "/dialects/kesk/v1/orders/{}", {"status": "Accepted"}, 12),
        ("put", "/dialects/ordering/orders/{}", {"status": 7}, 11),
    )
    for method, path, body, most in doors:
        order = make_order(cast, Status.PENDING)
        for _ in range(items):
            add_line(order, cast.products["pizza"])
        with CaptureQueriesContext(connection) as asked:
            assert getattr(api(cast.owner), method)(path.format(order.pk), body).status_code == 200
        own = [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(own) <= most, (path, own)
