"""What a customer reports: who is told, what is refused, and how staff settle it in the back-office."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.lifecycle.table import Fulfilment
from orders.models import Order, ProblemReport
from tests.cast import Cast, make_manager
from tests.orders.moving.test_kitchen import seen, ticket, url
from tests.orders.rows import add_line, make_order
from tests.orders.walking import Api
from tracking.feed.entries import read_stream

pytestmark = pytest.mark.django_db
LATE = {"reason": "late"}
SETTLED = "/admin/orders/order/{}/settle/"


@pytest.fixture
def order(cast: Cast) -> Order:
    """One of two sodas, that was collected yesterday and is on no board any more."""
    yesterday = timezone.now() - timedelta(days=1)
    order = seen(make_order(cast, 15, Fulfilment.PICKUP, stood="accepted prepared delivered", placed_at=yesterday))
    Order.objects.filter(pk=order.pk).update(status_changed_at=yesterday)
    add_line(order, cast.products["soda"], 2)
    return order


def report(api: Api, user: Any, order: Order, **body: Any) -> Any:
    return api(user).post(url(order, "problems"), body)


def standing(order: Order) -> tuple[int, int]:
    """How many reports there are, and the order's version."""
    return ProblemReport.objects.count(), Order.objects.get(pk=order.pk).version


def test_the_vendor_and_staff_are_told_what_the_customer_reports(cast: Cast, api: Api, order: Order) -> None:
    line = order.lines.get()
    body = {"reason": "missing_item", "text": "One soda,\nnot two", "items": [line.pk]}
    sent = report(api, cast.customer, order, **body)
    told = sent.json()
    assert (sent.status_code, told.pop("created_at") is None) == (201, False)
    items = [{"item": line.pk, "name": "Soda"}]
    assert told == {**body, "number": 2, "items": items, "settled_at": None, "settled_note": ""}
    # The same again, as of who has lost the answer: the first one, and nothing is written.
    assert report(api, cast.customer, order, **body).json()["number"] == 2
    assert standing(order) == (1, 2)
    for reader in (cast.customer, cast.owner, cast.staff):
        (row,) = api(reader).get(url(order, "problems")).json()["results"]
        assert (row["text"], row["items"]) == (body["text"], items)
    # Everybody who sees the order reads that there is a problem; the words are for those three.
    event = order.events.get(number=2)
    assert (event.kind, event.visible_to, event.role) == ("note", "everybody", "customer")
    assert (event.data, event.reason) == ({"problem": "missing_item", "items": ["Soda"]}, "")
    epoch = read_stream("vendor:0", None).epoch
    for stream in (f"vendor:{cast.vendor.pk}", f"order:{order.pk}"):
        assert '"kind":"note"' in read_stream(stream, 0, epoch).entries[-1].text
    # The board shows the ticket again until its kitchen has acknowledged it.
    (shout,) = ticket(api, cast, order)["unacknowledged"]
    assert (shout["kind"], shout["reason_code"], shout["reason"]) == ("problem", "missing_item", body["text"])
    assert shout["differences"] == [{"field": "item", "old": "", "new": "Soda"}]
    assert api(cast.owner).post(url(order, "acknowledge"), {"version": 2}).status_code == 200
    assert api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board?orders={order.pk}").json()["gone"] == [order.pk]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/reason", "required"),
        ({"reason": "cold"}, "/reason", "invalid_choice"),
        ({"reason": "other"}, "/text", "required"),
        ({"reason": "other", "text": " "}, "/text", "required"),
        ({"reason": "late", "text": "x" * 2001}, "/text", "max_length"),
        ({"reason": "late", "items": [0]}, "/items/0", "min_value"),
        ({"reason": "late", "items": ["18"]}, "/items/0", "invalid"),
        ({"reason": "late", "items": [18.0]}, "/items/0", "invalid"),
        ({"reason": "late", "items": ["own", 2**62]}, "/items/1", "unknown"),
        ({"reason": "late", "items": ["foreign"]}, "/items/0", "unknown"),
        ({"reason": "late", "words": "?"}, "/words", "unknown_field"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(
    cast: Cast, api: Api, order: Order, body: dict[str, Any], pointer: str, code: str
) -> None:
    foreign = add_line(make_order(cast, 7), cast.products["soda"])
    ids = {"own": order.lines.get().pk, "foreign": foreign.pk}
    if "items" in body:
        body = {**body, "items": [ids.get(item, item) for item in body["items"]]}
    answer = report(api, cast.customer, order, **body)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (400, pointer, code)
    assert standing(order) == (0, 1)


def test_three_at_most_wait_and_none_comes_two_weeks_later(cast: Cast, api: Api, order: Order) -> None:
    for text in ("One", "Two", "Three"):
        assert report(api, cast.customer, order, **LATE, text=text).status_code == 201
    refused = report(api, cast.customer, order, **LATE, text="Four")
    assert (refused.status_code, refused.json()["code"], standing(order)) == (409, "too_many", (3, 4))
    ProblemReport.objects.update(settled_at=timezone.now())
    assert report(api, cast.customer, order, **LATE, text="One").json()["number"] == 5
    Order.objects.filter(pk=order.pk).update(status_changed_at=timezone.now() - timedelta(days=14, seconds=1))
    refused = report(api, cast.customer, order, **LATE)
    assert (refused.status_code, refused.json()["code"], standing(order)) == (409, "too_late", (4, 5))


def test_an_order_that_was_only_placed_has_problems_too(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    assert report(api, cast.customer, order, **LATE).status_code == 201
    assert report(api, cast.owner, order, **LATE).status_code == 403
    assert standing(order) == (1, 2)


# --- the back-office ----------------------------------------------------------------------------------------------


def office_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def counted(office: Client) -> str:
    """How many orders the first page counts as reported."""
    return office.get("/admin/").content.decode().split("?stuck=reported")[1].split('class="count">')[1].split("<")[0]


def test_staff_settle_it_and_the_customer_reads_when(cast: Cast, api: Api, order: Order) -> None:
    office, other = office_of(cast.staff), make_order(cast, 15, Fulfilment.PICKUP)
    for text in ("<b>Spilt</b>", "Cold"):
        report(api, cast.customer, order, reason="damaged", text=text)
    assert counted(office) == "1"
    listed = office.get("/admin/orders/order/?stuck=reported").content.decode()
    assert [f"/admin/orders/order/{one.pk}/change/" in listed for one in (order, other)] == [True, False]
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert page.count(">Settled</button>") == 2
    assert "&lt;b&gt;Spilt&lt;/b&gt;" in page
    form = {"number": 2, "version": 3, "note": "Refunded"}
    assert office.post(SETTLED.format(order.pk), form).status_code == 302
    # By a page that shows another version, as that of a colleague who was slower: nothing.
    office.post(SETTLED.format(order.pk), {**form, "note": "Called"})
    rows = api(cast.customer).get(url(order, "problems")).json()["results"]
    assert [(row["settled_at"] is None, row["settled_note"]) for row in rows] == [(False, "Refunded"), (True, "")]
    assert (order.events.get(number=4).data, standing(order)) == ({"settled": "damaged", "of_version": 2}, (2, 4))
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert (page.count(">Settled</button>"), f"by {cast.staff.name}" in page) == (1, True)
    # Nobody would know what was done.
    for note in ({}, {"note": " "}):
        refused = office.post(SETTLED.format(order.pk), {"number": 3, "version": 4, **note}, follow=True)
        assert "This field is required." in refused.content.decode()
        assert (counted(office), standing(order)) == ("1", (2, 4))
    office.post(SETTLED.format(order.pk), {"number": 3, "version": 4, "note": "A new one comes"})
    assert counted(office) == "0"


def test_its_kitchen_reads_what_staff_did(cast: Cast, api: Api, order: Order) -> None:
    report(api, cast.customer, order, reason="damaged", text="Spilt")
    assert api(cast.owner).post(url(order, "acknowledge"), {"version": 2}).status_code == 200
    office_of(cast.staff).post(SETTLED.format(order.pk), {"number": 2, "version": 3, "note": "Refunded"})
    told = ticket(api, cast, order)
    (shout,) = told["unacknowledged"]
    assert (shout["kind"], shout["reason_code"], shout["reason"], shout["report"]) == (
        "settled",
        "damaged",
        "Refunded",
        2,
    )
    (problem,) = told["problems"]
    assert (problem["number"], problem["text"], problem["settled_note"]) == (2, "Spilt", "Refunded")
    assert problem["settled_at"] == shout["at"]
    assert api(cast.owner).post(url(order, "acknowledge"), {"version": shout["version"]}).status_code == 200
    assert api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board?orders={order.pk}").json()["gone"] == [order.pk]


def test_a_vendor_reads_it_and_leaves_the_settling_to_staff(cast: Cast, api: Api, order: Order) -> None:
    report(api, cast.customer, order, **LATE, text="Half an hour")
    office = office_of(make_manager(cast.vendor))
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert ("Half an hour" in page, "Settled</button>" in page) == (True, False)
    office.post(SETTLED.format(order.pk), {"number": 2, "version": 2})
    assert (ProblemReport.objects.get().settled_at, standing(order)) == (None, (1, 2))
