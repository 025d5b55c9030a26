"""The first page: each count is that of the list it leads to, by rights, and however often it is read anew."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.admin import first_page
from orders.admin.trouble_words import TROUBLE_WORDS
from orders.lifecycle.table import Fulfilment, Status
from orders.models import (
    BulkChange,
    BulkChangeItem,
    DriverPosition,
    FeedEntry,
    Order,
    OrderEvent,
    Payment,
    ProblemReport,
    Refund,
    WebhookEndpoint,
)
from orders.reading.troubles import TROUBLES
from ordersite.accounts.models import Mail
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.orders.rows import make_order
from vendors.models import Vendor

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 31, 12, 0, tzinfo=UTC)
# Its session, its row, its permissions.
ABOUT_READER = re.compile(r'^SELECT (?:DISTINCT )?"(?:accounts|auth|django)_')
COUNT = re.compile(r'<a href="([^"]*)" data-row="(\w+)" data-count="(\d+)"')


@pytest.fixture(autouse=True)
def noon(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At noon, of a site that is no new one any more: an order was completed the day before."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    make_order(cast, Status.COMPLETED, placed_at=ago(days=1))


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def pending(cast: Cast, minutes: float = 0, **fields: Any) -> Order:
    """One that could be answered for so many minutes, and is refused by itself after 15."""
    at = ago(minutes=minutes)
    given = {"visible_at": at, "status_changed_at": at, "placed_at": at, "due_at": at + timedelta(minutes=15)}
    return make_order(cast, Status.PENDING, Fulfilment.PICKUP, **{**given, **fields})


def in_status(status: Status) -> Callable[[Cast], Order]:
    return lambda cast: make_order(cast, status, status_changed_at=ago(minutes=1))


def unseen(cast: Cast, told: bool) -> Order:
    order = pending(cast)
    event = OrderEvent.objects.get(order=order)
    FeedEntry.objects.create(
        stream=f"vendor:{cast.vendor.pk}",
        position=order.pk,
        event=event,
        order=order,
        unseen_since=ago(minutes=2),
        told_at=ago(minutes=1) if told else None,
    )
    return order


def driven(cast: Cast, accepted: float, told: float) -> Order:
    """Minutes ago that its driver accepted it, and that the device told where it is."""
    at = ago(minutes=told)
    fields = {"lat": 50, "lng": 4, "accuracy": 9, "at": at, "received_at": at}
    DriverPosition.objects.update_or_create(driver=cast.driver_row, defaults=fields)
    return make_order(
        cast,
        Status.PICK_UP_COMPLETED_BY_DRIVER,
        driver=cast.driver_row,
        driver_accepted_at=ago(minutes=accepted),
    )


def reported(cast: Cast, **fields: Any) -> Order:
    order = make_order(cast, Status.COMPLETED)
    ProblemReport.objects.create(order=order, number=1, created_at=ago(hours=1), **fields)
    return order


def payment(cast: Cast, **fields: Any) -> Payment:
    order = make_order(cast, Status.ACCEPTED_BY_BUSINESS)
    Payment.objects.filter(purchase=order.purchase).update(**fields)
    return Payment.objects.get(purchase=order.purchase)


def refund(cast: Cast, state: str) -> Refund:
    order = make_order(cast, Status.COMPLETED)
    paid = Payment.objects.get(purchase=order.purchase)
    return Refund.objects.create(payment=paid, order=order, amount=100, state=state, actor="system")


def endpoint(**fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(url="https://till.example", secret_sealed="", **fields)


def mail(state: str, hours: float) -> Mail:
    return Mail.objects.create(kind="text", recipient="a@example.org", state=state, asked_at=ago(hours=hours))


def bulk(
    cast: Cast, *, total: int = 21, hours: float = 1, refused: bool = True, user: Any = None, **fields: Any
) -> Any:
    at = ago(hours=hours)
    given = {"created_at": at, "started_at": at, "ended_at": at, **fields}
    row = BulkChange.objects.create(user=user or cast.staff, change="accept", total=total, **given)
    outcome = BulkChangeItem.Outcome.REFUSED if refused else BulkChangeItem.Outcome.CHANGED
    BulkChangeItem.objects.create(bulk=row, order=make_order(cast, Status.COMPLETED), version=1, outcome=outcome)
    return row


def deleted(order: Order) -> Order:
    Order.objects.filter(pk=order.pk).update(deleted_at=NOW)
    return order


Made = tuple[list[Callable[[Cast], Any]], list[Callable[[Cast], Any]]]
# By slug: what is in it, and what is just not.
CASES: dict[str, Made] = {
    "deadline": (
        [
            lambda cast: pending(cast, 12),
            lambda cast: pending(cast, 60, answer_from=ago(minutes=13), due_at=NOW + timedelta(minutes=2)),
            # Reminded of next, and refused right after.
            lambda cast: pending(cast, 13, due_at=NOW + timedelta(minutes=1)),
        ],
        [
            lambda cast: pending(cast, 11.98),
            # What is due is that its vendor is reminded.
            lambda cast: pending(cast, 5, due_at=NOW + timedelta(minutes=1)),
            lambda cast: pending(cast, 13, payment_method="fake"),
            lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, due_at=NOW, visible_at=ago(minutes=13)),
            lambda cast: deleted(pending(cast, 13)),
        ],
    ),
    "unanswered": (
        [lambda cast: pending(cast, 10), lambda cast: pending(cast, 90, answer_from=ago(minutes=10))],
        [
            lambda cast: pending(cast, 9.98),
            lambda cast: pending(cast, 90, answer_from=ago(minutes=9)),
            lambda cast: pending(cast, 20, payment_method="fake"),
            lambda cast: deleted(pending(cast, 20)),
        ],
    ),
    "unseen": ([lambda cast: unseen(cast, True)], [lambda cast: unseen(cast, False)]),
    "driver_canceled": ([in_status(Status.CANCELED_BY_DRIVER)], [in_status(Status.ACCEPTED_BY_DRIVER)]),
    "pick_up_failed": ([in_status(Status.PICK_UP_FAILED_BY_DRIVER)], [in_status(Status.DELIVERY_FAILED_BY_DRIVER)]),
    "searching": ([in_status(Status.LOOKING_FOR_DRIVER)], [in_status(Status.ACCEPTED_BY_DRIVER_COMPANY)]),
    "not_ready": (
        [in_status(Status.ORDER_NOT_READY), in_status(Status.DRIVER_WAITING_FOR_ORDER)],
        [in_status(Status.DRIVER_IN_BUSINESS)],
    ),
    "ready": ([in_status(Status.PREPARATION_COMPLETED)], [in_status(Status.ACCEPTED_BY_BUSINESS)]),
    "silent": (
        [lambda cast: driven(cast, 10, 10)],
        [
            lambda cast: make_order(
                cast, Status.PICK_UP_COMPLETED_BY_DRIVER, driver=cast.driver_row, driver_accepted_at=ago(minutes=9)
            )
        ],
    ),
    "overdue": (
        [lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, due_at=ago(minutes=1))],
        [lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, due_at=ago(seconds=59))],
    ),
    "codes": (
        [lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, codes_missing=1, accepted_at=NOW)],
        [
            lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS),
            lambda cast: make_order(cast, Status.REJECTED, codes_missing=1),
        ],
    ),
    "cannot_serve": (
        [lambda cast: make_order(cast, Status.PREORDER, unserved="closed")],
        [
            lambda cast: make_order(cast, Status.PREORDER),
            lambda cast: make_order(cast, Status.REJECTED, unserved="closed"),
        ],
    ),
    "reported": ([reported], [lambda cast: reported(cast, settled_at=NOW)]),
    "payment_failed": (
        [lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, payment_status="failed")],
        [
            lambda cast: make_order(cast, Status.REJECTED, payment_status="failed"),
            lambda cast: make_order(cast, Status.ACCEPTED_BY_BUSINESS, payment_status="unpaid"),
        ],
    ),
    "refunded": (
        [
            lambda cast: make_order(
                cast, Status.ACCEPTED_BY_BUSINESS, payment_status="refunded", payment_method="wallet"
            )
        ],
        [lambda cast: make_order(cast, Status.REJECTED, payment_status="refunded", payment_method="wallet")],
    ),
    "to_check": (
        [lambda cast: payment(cast, state="proof_pending"), lambda cast: payment(cast, disputed_amount=5)],
        [lambda cast: payment(cast, state="paid")],
    ),
    "refund_failed": ([lambda cast: refund(cast, "failed")], [lambda cast: refund(cast, "sent")]),
    "refund_by_hand": ([lambda cast: refund(cast, "by_hand")], [lambda cast: refund(cast, "done")]),
    "webhook_failing": (
        [lambda cast: endpoint(failing_since=ago(hours=1))],
        [lambda cast: endpoint(), lambda cast: endpoint(failing_since=ago(hours=1), disabled_at=NOW)],
    ),
    "mail_undelivered": (
        [lambda cast: mail("bounced", 23.9), lambda cast: mail("given_up", 1)],
        [lambda cast: mail("bounced", 24), lambda cast: mail("sent", 1), lambda cast: mail("waiting", 1)],
    ),
    "bulk_refused": (
        [bulk],
        [
            lambda cast: bulk(cast, total=20),
            lambda cast: bulk(cast, hours=24),
            lambda cast: bulk(cast, refused=False),
            lambda cast: bulk(cast, ended_at=None),
            lambda cast: bulk(cast, user=cast.owner),
        ],
    ),
}


def counts_of(client: Client, page: str = "/admin/") -> dict[str, tuple[str, int]]:
    """Of each row where it leads, and its count."""
    answer = client.get(page)
    assert answer.status_code == 200
    return {slug: (url, int(count)) for url, slug, count in COUNT.findall(answer.content.decode())}


def listed(client: Client, url: str) -> set[int | str]:
    """The rows of the list that it leads to."""
    answer: Any = client.get(url)
    assert answer.status_code == 200, url
    context = answer.context
    if "cl" in context:
        return {row.pk for row in context["cl"].result_list}
    return {(row[0] if isinstance(row, tuple) else row).pk for row in context["rows"]}


def test_the_table_of_cases_is_whole() -> None:
    assert CASES.keys() == {trouble.slug for trouble in TROUBLES} == TROUBLE_WORDS.keys()


@pytest.mark.parametrize("slug", CASES)
def test_each_count_is_that_of_the_list_it_leads_to(cast: Cast, office: Client, slug: str) -> None:
    Vendor.objects.update(accept_minutes=15)
    within, without = CASES[slug]
    for make in without:
        make(cast)
    assert counts_of(office)[slug][1] == 0
    expected = {make(cast).pk for make in within}
    url, count = counts_of(office)[slug]
    assert (count, listed(office, url)) == (len(expected), expected)


def test_all_of_them_at_once_and_every_other_list_agrees(cast: Cast, office: Client) -> None:
    Vendor.objects.update(accept_minutes=15)
    for within, without in CASES.values():
        for make in (*within, *without):
            make(cast)
    counts = counts_of(office)
    assert {slug: len(listed(office, url)) for slug, (url, _) in counts.items()} == {
        slug: count for slug, (_, count) in counts.items()
    }
    assert all(count for _, count in counts.values())
    assert counts == counts_of(office, "/admin/live/")


def test_it_is_counted_in_one_statement(cast: Cast, office: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            counts_of(office)
        return len(queries)

    few = cost()
    for within, _ in CASES.values():
        for make in within:
            make(cast)
    first_page.kept_figures.clear()
    assert cost() == few <= 15


def test_each_role_is_told_of_the_rows_it_may_open(cast: Cast) -> None:
    orders = {trouble.slug for trouble in TROUBLES if trouble.model is Order}
    refunds, own = {"refund_failed", "refund_by_hand"}, {"bulk_refused"}
    told = {
        "support": orders | refunds | own | {"to_check", "mail_undelivered"},
        "finance": orders | refunds | {"to_check"},
        "catalogue": {"webhook_failing"},
        "dispatcher": orders | own,
    }
    for role, slugs in told.items():
        person = in_roles(make_clerk(name=f"In {role}"), role)
        assert counts_of(client_of(person)).keys() == slugs, role
        assert counts_of(client_of(person), "/admin/live/").keys() == slugs, role
    assert client_of(make_clerk(name="No Body")).get("/admin/live/").status_code == 403
    assert client_of(cast.customer).get("/admin/live/").status_code == 302


def test_a_manager_is_told_of_its_vendors_alone(cast: Cast) -> None:
    for vendor in (cast.vendor, cast.other_vendor, cast.other_vendor):
        make_order(cast, Status.LOOKING_FOR_DRIVER, vendor=vendor)
    ours, theirs = client_of(make_manager(cast.vendor)), client_of(make_manager(cast.other_vendor, "Max Manager"))
    for page in ("/admin/", "/admin/live/"):
        assert (counts_of(ours, page)["searching"][1], counts_of(theirs, page)["searching"][1]) == (1, 2)
    assert "to_check" not in counts_of(ours)


# --- today --------------------------------------------------------------------------------------------------------


def tiles(client: Client) -> dict[str, list[str]]:
    page = " ".join(client.get("/admin/").content.decode().split()).replace("\u00a0", " ")
    found: dict[str, list[str]] = {}
    for name, big, small in re.findall(r"<dt>([^<]*)</dt><dd><strong>([^<]*)</strong>([^<]*)</dd>", page):
        found.setdefault(name, []).extend((big, small))
    return found


def of_today(cast: Cast) -> None:
    placed = ago(hours=3)
    kept: dict[str, Any] = {"placed_at": placed, "visible_at": placed}
    for waited, late in ((2, -1), (4, 0), (6, 1)):
        promised = ago(hours=1)
        make_order(
            cast,
            Status.COMPLETED,
            **kept,
            accepted_at=placed + timedelta(minutes=waited),
            estimated_at=promised,
            delivered_at=promised + timedelta(seconds=late),
        )
    Order.objects.filter(status=Status.COMPLETED).order_by("pk").update(refunded=100)
    make_order(cast, Status.REJECTED_BY_BUSINESS, **kept)
    make_order(cast, Status.CANCELED_BY_CUSTOMER, placed_at=ago(hours=1), visible_at=ago(hours=1))
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency="JPY")
    make_order(cast, Status.PENDING, vendor=Vendor.objects.get(pk=cast.other_vendor.pk), **kept)
    # Yesterday by the vendors' clock; not paid, and so not seen; deleted.
    make_order(cast, Status.COMPLETED, placed_at=ago(hours=14, seconds=1), visible_at=placed)
    make_order(cast, Status.PENDING, placed_at=placed, visible_at=None)
    make_order(cast, Status.PENDING, **kept, deleted_at=NOW)


def test_tells_todays_figures_which_add_up(cast: Cast, office: Client) -> None:
    Vendor.objects.update(time_zone="Europe/Brussels")
    of_today(cast)
    assert tiles(office) == {
        "Orders": ["6", "2 without success, 1 of them refused"],
        "Sales": [
            "42.00 EUR",
            "75.00 EUR ordered, less 30.00 EUR without success and 3.00 EUR refunded",
            "1500 JPY",
            "1500 JPY ordered, less 0 JPY without success and 0 JPY refunded",
        ],
        "Accepted after, on average": ["4 min", "3 accepted"],
        "In time": ["66 %", "2 of 3 done that had a promised time"],
    }
    page = " ".join(office.get("/admin/").content.decode().split())
    assert "As of 14:00 CEST" in page
    hours = re.findall(
        r'<th scope="row">(\d\d:00)</th><td class="num">(\d+)</td><td class="num">(\d+)</td><td class="num">(\d+)</td>',
        page,
    )
    assert hours == [("11:00", "5", "1", "1"), ("13:00", "1", "1", "0")]
    assert f'<th scope="row">{cast.vendor.name}</th><td>1 of 5</td>' in page
    bars = re.findall(r'<rect class="(\w+)" x="111.0" y="([\d.]+)" width="8" height="([\d.]+)"/>', page)
    assert bars == [("kept", "20.0", "80.0"), ("refused", "0.0", "20.0")]


def test_money_is_told_to_who_may_see_it(cast: Cast) -> None:
    of_today(cast)
    for role, sees in {"support": True, "finance": True, "dispatcher": False, "catalogue": None}.items():
        shown = tiles(client_of(in_roles(make_clerk(name=f"In {role}"), role)))
        assert ("Sales" in shown if shown else None) is sees, role
    own = tiles(client_of(make_manager(cast.other_vendor)))
    assert (own["Orders"][0], own["Sales"][0]) == ("1", "1500 JPY")


def test_a_day_without_orders_divides_by_nothing(cast: Cast, office: Client) -> None:
    assert tiles(office)["In time"] == ["–", "0 of 0 done that had a promised time"]
    assert 'class="bars"' not in office.get("/admin/").content.decode()


def test_what_a_reader_adds_to_the_address_changes_nothing_for_the_others(cast: Cast, office: Client) -> None:
    """Figures are told again to all with the same rights: a clock that one reader chose is not theirs."""
    zone = "Pacific/Kiritimati"
    Vendor.objects.exclude(pk=cast.other_vendor.pk).update(time_zone="Europe/Brussels")
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(time_zone=zone)
    for address in ("/admin/live/", "/admin/"):
        first_page.kept.clear()
        first_page.kept_figures.clear()
        told = office.get(f"{address}?vendor={cast.other_vendor.pk}").content.decode()
        (figures,) = first_page.kept_figures.held.values()
        assert figures[1].at.endswith("UTC"), address
        assert "UTC+14" not in told


# --- live ---------------------------------------------------------------------------------------------------------


def test_events_and_readers_do_not_raise_the_statements(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty readers read it four times a minute while a thousand things happen: each asks who it is, and all
    together the page is read as often as its seconds allow."""
    clock = [0.0]
    monkeypatch.setattr("ordersite.core.kept_answers.time.monotonic", lambda: clock[0])
    order = make_order(cast, Status.LOOKING_FOR_DRIVER)
    readers = [client_of(in_roles(make_clerk(name=f"Reader {number}"), "support")) for number in range(20)]

    def minute() -> tuple[int, int]:
        asked = who = 0
        for at in range(4):
            clock[0] += 15
            for reader in readers:
                with CaptureQueriesContext(connection) as queries:
                    counts_of(reader, "/admin/live/")
                about_reader = [one for one in queries.captured_queries if ABOUT_READER.match(one["sql"])]
                who += len(about_reader)
                asked += len(queries) - len(about_reader)
            OrderEvent.objects.bulk_create(
                OrderEvent(order=order, number=2 + clock[0] * 100 + number, kind="note", actor="x", role="staff")
                for number in range(250 * (at < 4) * bool(busy))
            )
        return asked, who

    busy = False
    quiet = minute()
    busy = True
    assert minute() == quiet
    asked, who = quiet
    # One a reader for its own bulk changes; for all of them together the counts, the codes, the events, the figures.
    assert asked <= 4 * (len(readers) + 8)
    assert who <= 4 * len(readers) * 5
    assert OrderEvent.objects.count() == 1002


def test_what_just_happened_says_what_a_note_tells(cast: Cast, office: Client) -> None:
    order = make_order(cast, Status.ACCEPTED_BY_BUSINESS)
    for number, data in enumerate(({"kitchen": {"item": 1, "name": "Fries", "ticked": True}}, {"seconds": 180}, {}), 2):
        OrderEvent.objects.create(order=order, number=number, kind=OrderEvent.Kind.NOTE, role="system", data=data)
    latest = re.findall(r'data-row="event-\d+">.*?<br>\s*(.*?)\s*<small', office.get("/admin/").text, re.DOTALL)
    assert latest[:3] == ["Note", "For 180 s no device had shown it", "Fries: ticked off in the kitchen"]
