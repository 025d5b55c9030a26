"""Rows that are inserted by a kept text are those that Django would insert."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import FeedEntry, LineOption, Order, OrderEvent, OutboxMessage
from ordersite.core.inserts import MOST_VALUES, columns_of, insert_rows, insert_together
from tests.cast import Cast
from tests.orders.rows import add_line, make_order

pytestmark = pytest.mark.django_db


def option(line_id: int, position: int) -> LineOption:
    fields = {
        "group": "Größe",
        "name": "50 % %s",
        "text": "",
        "position": str(position),
        "price": 2**40,
        "is_halved": True,
    }
    return LineOption(line_id=line_id, kind="option", menu_id=position, total=-3, **fields)


def values_of(row: LineOption) -> list[object]:
    return [getattr(row, column.field.attname) for column in columns_of(LineOption)]


@pytest.mark.parametrize("count", [0, 1, 3, MOST_VALUES // len(columns_of(LineOption)) + 1])
def test_the_rows_stand_as_they_were_made(cast: Cast, count: int) -> None:
    line = add_line(make_order(cast, 7), cast.products["soda"])
    rows = [option(line.pk, position) for position in range(count)]
    with CaptureQueriesContext(connection) as statements:
        insert_rows(rows)
    assert len(statements) == min(count, 1)
    stand = list(LineOption.objects.filter(line=line).order_by("pk"))
    assert stand == rows
    assert [values_of(row) for row in stand] == [values_of(row) for row in rows]
    assert all(not row._state.adding and row._state.db == "default" for row in rows)


@pytest.mark.parametrize(("first", "second"), [(2, 1), (0, 1), (1, 0), (0, 0)])
def test_rows_of_two_models_beside_each_other(cast: Cast, first: int, second: int) -> None:
    """By one statement on PostgreSQL, where none points to a row of another."""
    line = add_line(make_order(cast, 7), cast.products["soda"])
    options = [option(line.pk, position) for position in range(first)]
    told = [OutboxMessage(type="order.placed", subject="order:1", data={"n": number}) for number in range(second)]
    before = OutboxMessage.objects.count()
    with CaptureQueriesContext(connection) as statements:
        insert_together(options, told)
    assert len(statements) == (
        1 if connection.vendor == "postgresql" and first and second else bool(first) + bool(second)
    )
    stand = LineOption.objects.filter(line=line).order_by("pk")
    assert [values_of(row) for row in stand] == [values_of(row) for row in options]
    assert list(OutboxMessage.objects.order_by("pk").values_list("uuid", "data"))[before:] == [
        (message.uuid, message.data) for message in told
    ]


def make_event(order: Order, number: int) -> OrderEvent:
    fields = {"kind": "note", "actor": "system", "role": "system", "created_at": timezone.now()}
    return OrderEvent(order=order, number=number, **fields)


def make_message(event: OrderEvent, number: int) -> OutboxMessage:
    return OutboxMessage(type="order.status", subject="order:1", event=event, data={"n": number})


@pytest.mark.parametrize(("events", "each"), [(1, 1), (1, 3), (2, 2), (1, MOST_VALUES)])
def test_rows_that_point_to_rows_written_with_them(cast: Cast, events: int, each: int) -> None:
    """One statement on PostgreSQL where one row is pointed to; of several it could not say to which."""
    order = make_order(cast, 7)
    written = [make_event(order, 9 + number) for number in range(events)]
    told = [make_message(event, number) for event in written for number in range(each)]
    assert {message.event_id for message in told} == {None}
    with CaptureQueriesContext(connection) as statements:
        insert_together(written, told)
    is_one = connection.vendor == "postgresql" and events == 1 and each < MOST_VALUES
    if each < MOST_VALUES:
        assert len(statements) == (1 if is_one else 2)
    assert [message.event for message in told] == [event for event in written for _ in range(each)]
    assert list(OrderEvent.objects.filter(order=order, number__gte=9).order_by("pk")) == written
    stand = OutboxMessage.objects.filter(event__in=written).order_by("pk")
    assert [(row.pk, row.uuid, row.event_id, row.data) for row in stand] == [
        (row.pk, row.uuid, row.event.pk, row.data) for row in told
    ]
    assert all(not row._state.adding and row._state.db == "default" for row in [*written, *told])


def test_what_was_stored_meanwhile_is_pointed_to(cast: Cast) -> None:
    """By as few statements as can be: lines of two orders that are new too, and options of lines that are stored."""
    stored, event = add_line(make_order(cast, 7), cast.products["soda"]), make_event(make_order(cast, 7), 9)
    options = [option(stored.pk, position) for position in range(2)]
    events = [make_event(make_order(cast, 7), 9) for _ in range(2)]
    told, more = [make_message(one, 1) for one in events], [make_message(event, 2)]
    with CaptureQueriesContext(connection) as statements:
        insert_together([], [event], options, events, told, [], more)
    assert len(statements) == (2 if connection.vendor == "postgresql" else 5)
    assert [one.event_id for one in told] == [one.pk for one in events]
    assert list(OutboxMessage.objects.filter(event=event).values_list("data", flat=True)) == [{"n": 2}]
    assert [row.pk for row in LineOption.objects.filter(line=stored).order_by("pk")] == [one.pk for one in options]


def test_nothing_is_written_of_rows_of_which_one_is_refused(cast: Cast) -> None:
    order = make_order(cast, 7)
    event = make_event(order, 9)
    entries = [FeedEntry(stream="vendor:1", position=10**9, event=event, order=order) for _ in range(2)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together([event], entries)
    assert not OrderEvent.objects.filter(order=order, number=9).exists()


def test_times_and_json(cast: Cast) -> None:
    order, now = make_order(cast, 7), timezone.now()
    fields = {"order": order, "kind": "note", "actor": "system", "role": "system", "created_at": now}
    event = OrderEvent(number=9, data={"said": ["%s", "é", None, 1.5]}, **fields)
    insert_rows([event])
    assert OrderEvent.objects.values_list("data", "created_at", "transition").get(pk=event.pk) == (
        {"said": ["%s", "é", None, 1.5]},
        now,
        "",
    )


def test_what_stands_already_is_refused(cast: Cast) -> None:
    entry = FeedEntry.objects.order_by("pk").first() or make_entry(cast)
    entry.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([entry])


def make_entry(cast: Cast) -> FeedEntry:
    order = make_order(cast, 7)
    event = OrderEvent(order=order, number=9, kind="note", actor="system", role="system", created_at=timezone.now())
    insert_rows([event])
    entry = FeedEntry(stream="vendor:1", position=10**9, event=event, order=order, created_at=event.created_at)
    insert_rows([entry])
    return entry
