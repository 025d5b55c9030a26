"""Only services.record raises a version, saves an order or writes an event: all sources are read, the unit tried."""

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import FeedEntry, Order, OrderEvent
from orders.services.record.access import access_of, get_order
from orders.services.record.order_update import OrderUpdate, update_locked, update_order
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden, NotFound, Refusal
from tests.cast import Cast, make_clerk
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed

PACKAGES = ("orders", "ordersite", "tracking", "vendors")
WRITERS = "orders/services/record/"
ROWS = r"\b(?:Order|OrderEvent|FeedEntry)\b"
# What gives rows of orders or of their events, as an expression.
SETS = re.compile(r"\b(?:Order|OrderEvent|FeedEntry)\.(?:_default_manager|objects)\b|\.(?:orders|events)\b|_orders\(")
MANY = {"abulk_create", "abulk_update", "acreate", "aupdate", "bulk_create", "bulk_update", "create", "update"} | {
    "aget_or_create",
    "aupdate_or_create",
    "get_or_create",
    "update_or_create",
}
ONE = {"asave", "save", "save_base"}
INSERTED = re.compile(rf"{ROWS}|\b(?:orders?|events?|entries|entry)\b")
WRITE_SQL = re.compile(r"(?:UPDATE|INSERT INTO)\s+\"?orders_(?:order|orderevent|feedentry)\b", re.IGNORECASE)
MADE_HERE = {"make_event", "save_set", "write_event", "write_told"}


def names_of_orders(nodes: list[ast.AST]) -> tuple[set[str], set[str]]:
    """The variables that hold an order, and those that hold many, by their annotations and what is assigned to them."""
    one, many = {"order"}, {"orders"}
    for node in nodes:
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
            kind = ast.unparse(node.annotation).strip("\"'")
            if re.fullmatch(rf"{ROWS}(?: \| None)?", kind):
                one.add(name)
            elif re.search(rf"QuerySet\[{ROWS}|Manager\[{ROWS}", kind):
                many.add(name)
        elif isinstance(node, ast.Assign):
            made = ast.unparse(node.value)
            for target in node.targets:
                if re.match(rf"{ROWS}\(|get_order\(", made):
                    one.add(ast.unparse(target))
                elif SETS.search(made):
                    many.add(ast.unparse(target))
                    one.add(ast.unparse(target))
    return one, many


def is_order(receiver: str, one: set[str]) -> bool:
    return receiver in one or re.search(r"\border$|\borders\[[^]]*\]$", receiver) is not None


def offences(source: str) -> Iterator[str]:
    """What a source does that only services.record may do, by line."""
    nodes = list(ast.walk(ast.parse(source)))
    one, many = names_of_orders(nodes)
    for node in nodes:
        line = f"{getattr(node, 'lineno', 0)}: "
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in (part for one_of in targets for part in ast.walk(one_of)):
                if isinstance(target, ast.Attribute) and target.attr == "version":
                    yield line + "raises a version"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITE_SQL.search(node.value):
            yield line + "writes an order or an event by SQL"
        elif isinstance(node, ast.ImportFrom) and MADE_HERE & {alias.name for alias in node.names}:
            yield line + "imports what writes"
        elif isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            method = node.func.attr if isinstance(node.func, ast.Attribute) else called
            # To write out each receiver takes seconds.
            owner = node.func.value if isinstance(node.func, ast.Attribute) and method in ONE | MANY else None
            receiver = ast.unparse(owner) if owner else ""
            if method in ("OrderEvent", "FeedEntry"):
                yield line + "makes an event"
            elif called in ("insert_rows", "insert_together") and INSERTED.search(ast.unparse(node)):
                yield line + "inserts orders or events"
            elif called == "setattr" and "'version'" in map(ast.unparse, node.args):
                yield line + "raises a version"
            elif method in ONE and is_order(receiver, one):
                yield line + "saves an order or an event"
            elif method in MANY and (SETS.search(receiver) or receiver in many):
                yield line + "writes orders or events"


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_nobody_else_raises_a_version_saves_an_order_or_writes_an_event() -> None:
    found = {}
    for path in sources():
        name = str(path.relative_to(settings.BASE_DIR))
        if not name.startswith(WRITERS) and (rows := list(offences(path.read_text()))):
            found[name] = rows
    assert found == {}


def test_what_writes_is_found_where_it_may_be() -> None:
    """The same walk over services.record itself: a walk that finds nothing anywhere would show nothing."""
    update = (Path(settings.BASE_DIR) / WRITERS / "order_update.py").read_text()
    told = {row.partition(": ")[2] for row in offences(update)}
    assert told == {
        "imports what writes",
        "inserts orders or events",
        "makes an event",
        "raises a version",
        "saves an order or an event",
        "writes orders or events",
    }


PLANTED = [
    "order.version += 1",
    "order.version = 7",
    "access.order.version, other = 7, 8",
    "setattr(order, 'version', 7)",
    "order.save()",
    "order.save(update_fields=['comment'])",
    "access.order.save(update_fields=['comment'])",
    "orders[0].save()",
    "def late(row: Order) -> None:\n    row.save()",
    "def late(row: 'Order | None') -> None:\n    row.save()",
    "row = get_order(caller=caller, order_id=1)\nrow.save()",
    "row = Order.objects.get(pk=1)\nrow.save()",
    "Order.objects.filter(pk=1).update(comment='')",
    "Order.objects.create()",
    "Order.objects.bulk_create(rows)",
    "Order._default_manager.update(comment='')",
    "visible_orders(caller).update(comment='')",
    "purchase.orders.update(comment='')",
    "due = Order.objects.filter(pk=1)\ndue.exclude(pk=2)\ndue.update(comment='')",
    "def all_of(rows: QuerySet[Order]) -> None:\n    rows.update(comment='')",
    "Order.objects.bulk_update(rows, ['comment'])",
    "OrderEvent(order=order).save()",
    "OrderEvent.objects.create(order=order)",
    "models.OrderEvent(order=order)",
    "order.events.create(number=2)",
    "FeedEntry.objects.bulk_create(rows)",
    "insert_rows(orders)",
    "insert_rows([order])",
    "insert_rows([event])",
    "insert_rows([FeedEntry(order=order)])",
    "insert_together(orders, lines)",
    "insert_together([event], messages)",
    "from orders.services.record.events import write_event",
    "cursor.execute('UPDATE orders_order SET version = version + 1')",
    "cursor.execute('INSERT INTO \"orders_orderevent\" (number) VALUES (1)')",
]
HARMLESS = [
    "version = order.version + 1",
    "payment.save(update_fields=['state'])",
    "share.save()",
    "insert_rows([payment])",
    "insert_rows(shares)",
    "insert_together([purchase], [payment])",
    "Payment.objects.filter(shares__order=order).update(state='paid')",
    "Vendor.objects.update(menu_version=F('menu_version') + 1)",
    "found = Order.objects.filter(pk=1).count()\nids.update(orders.values_list('pk', flat=True))",
    "OrderEvent.objects.filter(order=order).exists()",
    "order.comment = ''",
    "update.tell(OrderEvent.Kind.NOTE, reason='')",
    "cursor.execute('INSERT INTO orders_counter (name) VALUES (1)')",
]


@pytest.mark.parametrize("planted", PLANTED)
def test_an_offender_is_found(planted: str) -> None:
    assert list(offences(planted))


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_is_none_is_left_alone(harmless: str) -> None:
    assert list(offences(harmless)) == []


# --- the unit itself ------------------------------------------------------------------------------------------------


@pytest.fixture
def order(cast: Cast) -> Order:
    return make_order(cast, Status.ACCEPTED_BY_BUSINESS, Fulfilment.PICKUP)


@pytest.fixture
def staff(cast: Cast) -> Caller:
    return caller_of_user(cast.staff)


@contextlib.contextmanager
def written() -> Iterator[list[str]]:
    """The columns of each UPDATE of an order within the block, as they stand in it."""
    columns: list[str] = []
    with CaptureQueriesContext(connection) as statements:
        yield columns
    for row in statements.captured_queries:
        if row["sql"].startswith('UPDATE "orders_order"'):
            columns.append(" ".join(re.findall(r'"(\w+)" = ', row["sql"].partition(" WHERE ")[0])))


@pytest.mark.django_db
def test_what_was_set_is_saved_and_nothing_else(order: Order, staff: Caller) -> None:
    """By one UPDATE; what another has written meanwhile into other columns stays."""
    roles = (Actor.VENDOR, Actor.STAFF)
    with transaction.atomic(), written() as columns, update_order(order.pk, staff, version=1, roles=roles) as update:
        Order.objects.filter(pk=order.pk).update(carrier="bpost")
        update.order.comment, update.order.table = "Ring twice", update.order.table
        event = update.tell(OrderEvent.Kind.NOTE, reason="Said by phone")
    assert columns == ["carrier", "version comment"]
    order.refresh_from_db()
    assert (order.version, order.comment, order.carrier) == (2, "Ring twice", "bpost")
    last = OrderEvent.objects.get(order=order, number=2)
    assert (last, last.actor, last.role, last.reason) == (event, staff.key, "staff", "Said by phone")
    assert list(FeedEntry.objects.filter(event=last).values_list("stream", flat=True)) == [f"vendor:{order.vendor_id}"]


@pytest.mark.django_db
def test_times_follow_what_was_set(order: Order, staff: Caller) -> None:
    Order.objects.filter(pk=order.pk).update(status=Status.PICKUP_COMPLETED_BY_CUSTOMER)
    with transaction.atomic(), update_order(order.pk, staff, roles=(Actor.STAFF,)) as update:
        assert update.order.due_at is None
        update.tell(OrderEvent.Kind.PAYMENT)
    order.refresh_from_db()
    assert order.due_at is not None


def keeps_one(update: OrderUpdate) -> None:
    update.tell(OrderEvent.Kind.NOTE, reason="Two")
    update.write()
    update.tell(OrderEvent.Kind.NOTE, reason="Never")
    raise ZeroDivisionError


@pytest.mark.django_db
def test_several_changes_of_one_order_at_hand(order: Order, staff: Caller) -> None:
    """What was set between them is saved with the next, and with `write` what a refusal is to keep."""
    with transaction.atomic():
        access = access_of(staff, get_order(caller=staff, order_id=order.pk, lock=True))
        with update_locked(access, role=Actor.STAFF) as update:
            update.tell(OrderEvent.Kind.NOTE, reason="One")
        access.order.comment = "Ring twice"
        with pytest.raises(ZeroDivisionError), update_locked(access, version=2, role=Actor.STAFF) as update:
            keeps_one(update)
    order.refresh_from_db()
    assert (order.version, order.comment) == (3, "Ring twice")
    assert list(OrderEvent.objects.filter(order=order, number__gt=1).values_list("reason", flat=True)) == ["One", "Two"]


@pytest.mark.django_db
def test_nothing_set_and_told_writes_nothing(order: Order, staff: Caller) -> None:
    with assert_nothing_changed(order), transaction.atomic(), written() as columns:
        with update_order(order.pk, staff) as update:
            update.order.comment = str(update.order.comment)
        assert update.event is None
    assert columns == []


@pytest.mark.django_db
def test_a_timer_is_saved_without_a_version(order: Order, staff: Caller) -> None:
    with transaction.atomic(), written() as columns, update_order(order.pk, staff) as update:
        update.order.due_at = update.now
    assert columns == ["due_at"]
    order.refresh_from_db()
    assert (order.version, order.due_at) == (1, update.now)


def tells(update: OrderUpdate) -> None:
    update.order.comment = "Ring twice"
    update.tell(OrderEvent.Kind.NOTE)


def sets_in_silence(update: OrderUpdate) -> None:
    update.order.comment = "Ring twice"


def fails(update: OrderUpdate) -> None:
    tells(update)
    raise ZeroDivisionError


def change(order: Order, caller: Caller, act: Callable[[OrderUpdate], None], **given: Any) -> None:
    with transaction.atomic(), update_order(order.pk, caller, **given) as update:
        act(update)


REFUSALS: dict[str, tuple[dict[str, Any], Callable[[OrderUpdate], None], type[Exception]]] = {
    "another version": ({"version": 2}, tells, Refusal),
    "no such role": ({"roles": (Actor.DRIVER,), "denied": FaultCode.FORBIDDEN_DELETE}, tells, Forbidden),
    "no role at all": ({}, tells, AssertionError),
    "no event": ({"roles": (Actor.STAFF,)}, sets_in_silence, RuntimeError),
    "a fault inside": ({"roles": (Actor.STAFF,)}, fails, ZeroDivisionError),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_leaves_nothing(order: Order, staff: Caller, case: str) -> None:
    given, act, raised = REFUSALS[case]
    with assert_nothing_changed(order), pytest.raises(raised):
        change(order, staff, act, **given)


@pytest.mark.django_db
def test_who_does_not_see_an_order_does_not_find_it(cast: Cast, order: Order) -> None:
    stranger = caller_of_user(cast.stranger)
    with assert_nothing_changed(order), pytest.raises(NotFound):
        change(order, stranger, tells, roles=(Actor.CUSTOMER,))


@pytest.mark.django_db
@pytest.mark.parametrize(("rights", "may"), [((), False), ((Right.DELETE_ORDERS,), True)])
def test_staff_act_by_the_right_that_a_change_asks_for(order: Order, rights: tuple[Right, ...], may: bool) -> None:
    clerk = caller_of_user(make_clerk(Right.VIEW_ORDERS, Right.ACT_EVERYWHERE, *rights))
    with contextlib.nullcontext() if may else pytest.raises(Forbidden, match="forbidden.delete"):
        change(order, clerk, tells, roles=(Actor.STAFF,), right=Right.DELETE_ORDERS, denied=FaultCode.FORBIDDEN_DELETE)
    order.refresh_from_db()
    assert order.version == (2 if may else 1)
