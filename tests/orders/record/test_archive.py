"""The archive of histories: an order reads the same before and after, and who changes it goes on with its history."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orders.lifecycle.table import Fulfilment, Status
from orders.models import ArchivedHistory, FeedEntry, Order, OrderEvent, OutboxMessage, Package, Purchase
from orders.reading.personal_data import personal_data_of
from orders.services.personal.erasing import erase_customer
from orders.services.record import archive
from orders.services.record.archive import SOONEST, archive_histories, pack_events, unpack_events
from ordersite.checks import check_archive
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.gift_cards import FIRST, gift_cart, make_gift_card, stock
from tests.orders.kinds import RECIPIENT, make_package_type
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import eur, fill_wallet, place_order
from tests.orders.walking import REASON, Api
from tests.promises.everybody import ROLES, World
from tests.promises.test_p16_order_view import doors, till_of
from tracking import retention
from tracking.feed.entries import read_stream

AGE = timedelta(days=400)
LIMIT = SOONEST + timedelta(days=10)
# What an event may hold that a text could lose.
DATA: dict[str, Any] = {
    "old": {"comment": "Größe – ok?", "location": {"lat": 50.8467, "lng": 4.3525}},
    "new": {"items": ["1 × Pizza"], "deliver_at": None, "forced": True, "large": 2**53 + 1},
}
ENDS: dict[str, dict[str, Any]] = {
    "handed over": {"status": Status.COMPLETED, "fulfilment": Fulfilment.PICKUP, "stood": "accepted prepared"},
    "delivered": {
        "status": Status.DELIVERY_COMPLETED_BY_DRIVER,
        "stood": "accepted driver_accepted picked_up delivered",
        "driver": "driver_row",
    },
    "cancelled": {"status": Status.REJECTED_BY_BUSINESS, "fulfilment": Fulfilment.EAT_IN},
    "digital": {"status": Status.COMPLETED, "fulfilment": Fulfilment.DIGITAL, "kind": "digital"},
    "package": {"status": Status.CANCELED_BY_CUSTOMER, "kind": "package", "payment_method": "wallet"},
}


@pytest.fixture(autouse=True)
def archiving(settings: Any) -> None:
    settings.ARCHIVE_AFTER = LIMIT
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = settings.THROTTLE_TILL = 0


def old_order(cast: Cast, end: str = "delivered", *, age: timedelta = AGE, **fields: Any) -> Order:
    """An order that ended so long ago, with events of every kind and a younger order after it in the log."""
    how = {name: getattr(cast, value, value) if name == "driver" else value for name, value in ENDS[end].items()}
    order = make_order(cast, **{**how, "due_at": None, "version": 6, **fields})
    if order.kind == "package":
        told = {"package_type": make_package_type(order.vendor), "type_name": "Box", "weight": 900}
        Package.objects.create(order=order, pickup_address="Naamsestraat 1", **RECIPIENT, **told)
    line = add_line(order, cast.products["soda"])
    line.comment = "without ice"
    line.save()
    events: tuple[dict[str, Any], ...] = (
        {"kind": "status", "transition": "accept", "from_status": 0, "to_status": 6, "actor_name": "Tablet"},
        {"kind": "position", "role": "driver"},
        {"kind": "note", "reason": "Rings twice", "data": DATA, "visible_to": "business", "app_id": "de.app"},
        {"kind": "note", "reason": "Only for staff", "visible_to": "staff", "forced": True},
        {"kind": "status", "to_status": order.status, "reason_code": "other", "reason": "No dough", "role": "vendor"},
    )
    for number, event in enumerate(events, start=2):
        OrderEvent.objects.create(**{"order": order, "number": number, "actor": "system", "role": "system", **event})
    put_back(order, age)
    keep_log_young(cast)
    return order


def keep_log_young(cast: Cast) -> None:
    """The last event of the log is another order's: that one is never packed."""
    young = Order.objects.filter(app_id="young").first() or make_order(cast, app_id="young")
    young.events.all().delete()
    OrderEvent.objects.create(order=young, number=1, kind="placed", actor="system", role="system")


def put_back(order: Order, age: timedelta) -> None:
    """Moves what has happened to the order into the past, and what was told of it with it."""
    now = timezone.now()
    moments = [name for name in ("placed_at", "status_changed_at", "visible_at") if getattr(order, name)]
    Order.objects.filter(pk=order.pk).update(**{name: getattr(order, name) - age for name in moments}, due_at=None)
    for number, event in enumerate(order.events.order_by("number")):
        at = now - age + timedelta(seconds=number, microseconds=123)
        OrderEvent.objects.filter(pk=event.pk).update(created_at=at)
    FeedEntry.objects.filter(order=order).delete()
    OutboxMessage.objects.filter(event__order=order).delete()
    order.refresh_from_db()


def rows_of(order: Order) -> list[dict[str, Any]]:
    return [dict(row) for row in OrderEvent.objects.filter(order=order).order_by("number").values()]


def archive_all() -> int:
    return archive_histories(timezone.now() - LIMIT, 100)


def shown(answer: Any) -> tuple[int, str]:
    """What was answered, without what each answer has of its own."""
    text = answer.content.decode()
    text = re.sub(r'name="(?:csrfmiddlewaretoken|key)" value="[^"]*"|nonce="[^"]*"|nonce-[^\' ;]*', "", text)
    return answer.status_code, re.sub(r"urn:request:[\w-]+|\"request_id\": ?\"[^\"]*\"", "", text)


def what_everybody_reads(order: Order, cast: Cast, office: Client) -> dict[tuple[str, str], tuple[int, str]]:
    """What each role is answered at each door, and the back-office's pages."""
    world = World(cast=cast, orders={}, paths={}, tokens={"guest": "guest-of-old", "merchant": "no-token"})
    found = dict[tuple[str, str], tuple[int, str]]()
    paths = [*doors(order), f"/api/v1/orders/{order.pk}/problems", f"/api/v1/orders/{order.pk}?expand=events"]
    paths += [f"/dialects/ordering/orders?params=reason&where=%7B%22id%22%3A{order.pk}%7D"]
    for role in ROLES:
        client = world.client(role) if role != "merchant" else till_of(cast)
        for path in paths:
            found[role, path] = shown(client.get(path, headers={"X-Tenant": str(cast.merchant.uuid)}))
    for name in ("change", "history"):
        path = reverse(f"admin:orders_order_{name}", args=[order.pk])
        found["office", path] = shown(office.get(path))
    return found


@pytest.mark.parametrize("end", ENDS)
def test_everybody_reads_the_same_before_and_after(cast: Cast, office: Client, end: str) -> None:
    order = old_order(cast, end, guest_token="guest-of-old")  # noqa: S106
    before, rows = what_everybody_reads(order, cast, office), rows_of(order)
    assert sum("Only for staff" in text for _, text in before.values()) >= 2
    assert archive_all() == 1
    assert rows_of(order) == []
    after = what_everybody_reads(order, cast, office)
    for key in after:
        assert after[key] == before[key], key
    # What was read changed nothing, and it comes back as it was.
    assert ArchivedHistory.objects.filter(order=order).count() == 1
    with transaction.atomic():
        archive.restore_history(Order.objects.select_for_update().get(pk=order.pk))
    assert rows_of(order) == rows
    assert ArchivedHistory.objects.count() == 0


def test_control_an_archive_that_nobody_reads_is_found(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.reading.selectors.archived_events", lambda orders: {})
    with pytest.raises(AssertionError):
        test_everybody_reads_the_same_before_and_after(cast, office, "delivered")


def test_events_of_every_column_come_back_as_they_were(cast: Cast) -> None:
    order = old_order(cast)
    OrderEvent.objects.filter(order=order, number=2).update(milestone="accepted", actor="guest:ü", data=DATA)
    events = list(order.events.order_by("number"))
    row = ArchivedHistory(order=order, packed=pack_events(events))
    names = [field.attname for field in OrderEvent._meta.concrete_fields]
    told = [{name: getattr(event, name) for name in names} for event in unpack_events(row, order)]
    assert told == [{name: getattr(event, name) for name in names} for event in events]
    assert len(row.packed) < 700


# --- what changes an order ----------------------------------------------------------------------------------------


# What is done to which order, at which call, with what, and how it is answered.
ACTS: dict[str, tuple[str, str, str, Any, int]] = {
    "a note": ("delivered", "post", "history", {"text": "Called again", "visible_to": "business"}, 201),
    "a refund": ("delivered", "post", "refunds", {"amount": eur("1.00")}, 201),
    "a reopening": ("cancelled", "post", "transitions", {"transition": "reopen", **REASON}, 200),
    "a deletion": ("cancelled", "delete", "", None, 204),
}


@pytest.mark.parametrize("act", ACTS)
def test_whoever_changes_it_goes_on_with_its_history(cast: Cast, api: Api, act: str) -> None:
    end, method, path, body, status = ACTS[act]
    twin, order = (old_order(cast, end, payment_method="wallet") for _ in range(2))
    rows, told = rows_of(order), []
    for one in (twin, order):
        if one == order:
            assert archive_all() == 1  # the twin has changed of late
        answer = getattr(api(cast.staff), method)(f"/api/v1/orders/{one.pk}/{path}".rstrip("/"), body)
        assert answer.status_code == status, answer.content
        told.append([(event.number, event.kind, event.transition, event.reason) for event in one.events.all()])
    assert told[0] == told[1]
    assert rows_of(order)[:6] == rows
    assert len(rows_of(order)) == Order.objects.get(pk=order.pk).version == 7
    assert ArchivedHistory.objects.count() == 0
    assert archive_all() == 0, "it has changed of late"


def test_a_version_that_was_seen_before_it_was_archived_still_counts(cast: Cast, api: Api) -> None:
    order = old_order(cast)
    assert archive_all() == 1
    body, path = {"text": "Called", "visible_to": "staff"}, f"/api/v1/orders/{order.pk}/refunds"
    stale = api(cast.staff).post(path, ACTS["a refund"][3], headers={"If-Match": '"3"'})
    assert stale.status_code == 412
    assert OrderEvent.objects.filter(order=order).count() == 0, "nothing is written by what is refused"
    assert api(cast.staff).post(f"/api/v1/orders/{order.pk}/history", body).status_code == 201


def test_the_kitchen_still_sees_what_it_has_not_acknowledged(cast: Cast, api: Api) -> None:
    order = old_order(cast, "cancelled", unacknowledged_from=6)
    path = f"/api/v1/vendors/{cast.vendor.pk}/board"
    before = api(cast.owner).get(path)
    assert before.status_code == 200
    assert archive_all() == 1
    after = api(cast.owner).get(path)
    tickets = [[one for one in told.json()["orders"] if one["id"] == order.pk] for told in (before, after)]
    assert tickets[0] == tickets[1] != []


# --- what is archived ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason", ["open", "lately closed", "lately changed", "a timer is due", "a feed names it", "the last of the log"]
)
def test_what_is_left_as_it_is(cast: Cast, reason: str) -> None:
    order = old_order(cast, age=timedelta(days=30) if reason == "lately closed" else AGE)
    orders = Order.objects.filter(pk=order.pk)
    last = order.events.order_by("number").last()
    if reason == "open":
        orders.update(status=Status.ACCEPTED_BY_DRIVER)
    elif reason == "lately changed":
        OrderEvent.objects.filter(pk=last.pk).update(created_at=timezone.now() - timedelta(days=2))
    elif reason == "a timer is due":
        orders.update(due_at=timezone.now())
    elif reason == "a feed names it":
        FeedEntry.objects.create(stream="vendor:1", position=1, event=last, order=order, created_at=last.created_at)
    elif reason == "the last of the log":
        OrderEvent.objects.exclude(order=order).delete()
    rows = rows_of(order)
    assert archive_all() == 0
    assert rows_of(order) == rows
    assert ArchivedHistory.objects.count() == 0


def test_the_oldest_go_first_and_no_more_than_asked_for(cast: Cast) -> None:
    orders = [old_order(cast, age=AGE + timedelta(days=day)) for day in (1, 3, 2)]
    assert archive_histories(timezone.now() - LIMIT, 2) == 2
    assert set(ArchivedHistory.objects.values_list("pk", flat=True)) == {orders[1].pk, orders[2].pk}
    assert [archive_histories(timezone.now() - LIMIT, 2) for _ in range(2)] == [1, 0]


def test_nothing_is_archived_sooner_than_can_be_asked_for(cast: Cast) -> None:
    old_order(cast, age=SOONEST - timedelta(days=2))
    assert archive_histories(timezone.now(), 100) == 0


def test_it_is_off_unless_it_is_set(cast: Cast, settings: Any) -> None:
    old_order(cast)
    settings.ARCHIVE_AFTER = None
    assert (retention.prune_histories(), ArchivedHistory.objects.count()) == (0, 0)
    settings.ARCHIVE_AFTER = LIMIT
    assert (retention.prune_histories(), ArchivedHistory.objects.count()) == (1, 1)


@pytest.mark.parametrize(("days", "refused"), [(None, False), (180, False), (179, True), (1, True)])
def test_too_short_a_time_is_refused_in_a_sentence(settings: Any, days: int | None, refused: bool) -> None:
    settings.ARCHIVE_AFTER = timedelta(days=days) if days else None
    told = [(one.id, one.msg, one.hint) for one in check_archive()]
    hint = "Set it to 180 days or more, or to 0: then nothing is archived."
    assert told == ([("ordersite.E009", f"ARCHIVE_AFTER is {days} days.", hint)] if refused else [])


def test_mails_that_are_kept_longer_move_the_limit(settings: Any) -> None:
    settings.KEEP_MAILS = timedelta(days=400)
    assert [one.hint for one in check_archive()] == ["Set it to 400 days or more, or to 0: then nothing is archived."]


# --- persons, feeds, lists ----------------------------------------------------------------------------------------


def test_a_customer_is_erased_from_the_archive_too(cast: Cast) -> None:
    order = old_order(cast)
    before = personal_data_of(order.customer_id, timezone.now())["history"]
    archive_all()
    assert personal_data_of(order.customer_id, timezone.now())["history"] == before
    assert len([row for row in before if row["order_id"] == order.pk]) == 4
    Order.objects.exclude(pk=order.pk).filter(customer=order.customer).update(status=Status.COMPLETED)
    with transaction.atomic():
        erase_customer(order.customer_id)
    assert [row["reason"] for row in rows_of(order)] == [""] * 6
    assert rows_of(order)[3]["data"]["old"]["location"] == {"lat": None, "lng": None}
    assert archive_all() == 1
    row = ArchivedHistory.objects.get(order=order)
    assert {event.reason for event in unpack_events(row, order)} == {""}


def test_a_reader_of_its_stream_begins_afresh(cast: Cast) -> None:
    order = old_order(cast)
    assert [one.position for one in read_stream(f"order:{order.pk}", 0).entries] == [1, 2, 3, 4, 5, 6]
    archive_all()
    page = read_stream(f"order:{order.pk}", 0)
    assert (page.reset, page.last, page.entries) == (True, 6, [])


def statements(client: Any, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as told:
        assert client.get(path).status_code == 200
    return len(told)


def test_lists_ask_no_more_for_many_archived_orders(cast: Cast, api: Api) -> None:
    """One statement at most beside those for orders whose history is in the log."""
    client = api(cast.customer)
    paths = ("/api/v1/orders?expand=events", "/dialects/ordering/orders?params=reason", "/api/v1/orders")
    orders = [old_order(cast, "cancelled")]
    in_log = [statements(client, path) for path in paths]
    archive_all()
    one = [statements(client, path) for path in paths]
    orders += [old_order(cast, "cancelled") for _ in range(5)]
    assert archive_all() == 5
    assert [statements(client, path) for path in paths] == one
    assert [after - before for after, before in zip(one, in_log, strict=True)] == [0, 1, 0]
    native = client.get(paths[0]).data["results"]
    assert {len(row["events"]) for row in native if row["id"] in {order.pk for order in orders}} == {3}


def test_one_order_asks_once_more(cast: Cast, api: Api, office: Client) -> None:
    order = old_order(cast)
    paths = (f"/api/v1/orders/{order.pk}?expand=events", f"/dialects/kesk/v1/orders/{order.pk}")
    page = reverse("admin:orders_order_change", args=[order.pk])
    before = [statements(api(cast.staff), path) for path in paths] + [statements(office, page)]
    archive_all()
    after = [statements(api(cast.staff), path) for path in paths] + [statements(office, page)]
    assert [one - other for one, other in zip(after, before, strict=True)] == [1, 1, 1]
    assert after[-1] <= 15


def test_what_was_put_back_while_it_was_read_is_read_again(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = old_order(cast)
    expected = api(cast.staff).get(f"/api/v1/orders/{order.pk}?expand=events").data
    archive_all()

    def put_back_before(orders: list[Order]) -> Any:
        call_command("restore_histories", verbosity=0)
        return archive.archived_events(orders)

    monkeypatch.setattr("orders.reading.selectors.archived_events", put_back_before)
    site.ARCHIVE_AFTER = None
    assert api(cast.staff).get(f"/api/v1/orders/{order.pk}?expand=events").data == expected


def test_the_list_of_events_says_where_a_history_is(cast: Cast, office: Client) -> None:
    order = old_order(cast)
    path = reverse("admin:orders_orderevent_changelist")
    said = f"The history of order #{order.pk} is archived: the order"
    assert said not in office.get(path, {"q": f"#{order.pk}"}).content.decode()
    archive_all()
    assert said in office.get(path, {"q": f"#{order.pk}"}).content.decode()


# --- out of the archive -------------------------------------------------------------------------------------------


def test_all_are_put_back_by_a_command(cast: Cast, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    orders = [old_order(cast) for _ in range(3)]
    rows = [rows_of(order) for order in orders]
    archive_all()
    with pytest.raises(CommandError, match="ARCHIVE_AFTER is set"):
        call_command("restore_histories")
    assert ArchivedHistory.objects.count() == 3
    settings.ARCHIVE_AFTER = None
    call_command("restore_histories")
    assert capsys.readouterr().out == "3 histories are back in the log.\n"
    assert [rows_of(order) for order in orders] == rows
    assert ArchivedHistory.objects.count() == 0


# --- codes and money of old orders --------------------------------------------------------------------------------


def test_codes_that_were_read_before_are_read_without_a_change(cast: Cast, api: Api) -> None:
    """A first reading is told in the history, a later one is not, wherever the history lies."""
    fill_wallet(cast.customer_row, 5000)
    card = make_gift_card(cast)
    stock(card, FIRST)
    order = place_order(api(cast.customer), gift_cart(card))
    path = f"/api/v1/orders/{order.pk}/codes"
    told = api(cast.customer).get(path).json()
    put_back(order, AGE)
    keep_log_young(cast)
    rows, version = rows_of(order), order.version
    assert [row["kind"] for row in rows] == ["placed", "status", "status", "note"]
    assert archive_all() == 1
    assert api(cast.customer).get(path).json() == told
    assert (rows_of(order), ArchivedHistory.objects.filter(order=order).count()) == ([], 1)
    # Somebody who has not read them yet is told.
    Purchase.objects.filter(pk=order.purchase_id).update(guest_token_hash=token_hash("handed-on"))
    assert api(order_token="handed-on").get(path).json() == told
    assert rows_of(order)[:4] == rows
    assert [row["kind"] for row in rows_of(order)[4:]] == ["note"]
    assert Order.objects.get(pk=order.pk).version == version + 1
