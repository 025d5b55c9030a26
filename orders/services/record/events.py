"""The event log and the feeds: a change and its event share a transaction, the world is told after commit."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils.module_loading import import_string

from orders.models import FeedEntry, Order, OrderEvent
from orders.models.parties import counter_of, party_of_company, party_of_driver, party_of_vendor
from orders.services.record.outbox import messages_of
from ordersite.core.codes import FaultCode
from ordersite.core.context import note_order
from ordersite.core.faults import Conflict
from ordersite.core.idempotency import Again
from ordersite.core.inserts import insert_together


def streams_of(order: Order) -> list[str]:
    """The parties' streams that an event of this order enters: the vendor's only once the vendor may see it."""
    vendors = [party_of_vendor(order.vendor_id)] if order.visible_at else []
    return vendors + carriers_of(order)


def carriers_of(order: Order) -> list[str]:
    """The streams of the driver and the company that stand on the order."""
    drivers = [party_of_driver(order.driver_id)] if order.driver_id else []
    return drivers + ([party_of_company(order.company_id)] if order.company_id else [])


# The versions of vendors that stand; held, nobody changes these vendors until commit.
HELD = "WITH held AS (SELECT id, menu_version FROM vendors_vendor WHERE id = ANY(%s) ORDER BY id FOR SHARE) "
READ = "WITH held AS (SELECT id, menu_version FROM vendors_vendor WHERE id = ANY(%s)) "
# The customer of a placing, by the lock that its orders take for their reference anyway: placings do not wait for each
# other, and who erases the customer waits for them.
BUYER = "buyer AS (SELECT id FROM accounts_customer WHERE id = %s AND erased_at IS NULL FOR KEY SHARE) "
BUYERS = "(SELECT count(*) FROM buyer)"
VERSIONS = "(SELECT json_object_agg(id, menu_version) FROM held)"


def draw_numbers(
    names: Iterable[str], *, read: Mapping[int, int] | None = None, customer_id: int | None = None
) -> dict[str, list[int]]:
    """The next number of each counter, held until commit: nobody sees a later number before an earlier one.

    A name that comes several times draws as many. One statement; the rows are locked in the order of their names, the
    same for everybody. `read` are vendors with the versions of their menus that were gone by: nobody changes them until
    commit. Raises Again where one has been changed meanwhile. Nor is the customer erased until then; raises Conflict
    customer_erased where it was.
    """
    drawn, changed = draw_beside(names, read or {}, holds=True, customer_id=customer_id)
    if changed:
        raise Again
    return drawn


def draw_beside(
    names: Iterable[str], read: Mapping[int, int], *, holds: bool, customer_id: int | None = None
) -> tuple[dict[str, list[int]], bool]:
    """The same, and whether the versions of vendors that were `read` are others by now; `holds` as draw does.

    A customer is looked at where vendors are.

    (On SQLite one writes at a time, from its first reading: none is another.)
    """
    wanted = sorted(Counter(names).items())
    asks = bool(read) and connection.vendor == "postgresql"
    if not wanted and not asks:
        return {}, False
    rows = ", ".join(["(%s, %s)"] * len(wanted))
    buys = asks and customer_id is not None
    versions = (HELD if holds else READ) if asks else ""
    with_buyer = f"{versions.rstrip()}, {BUYER}" if buys else versions
    draws = (
        f"INSERT INTO orders_counter (name, value) VALUES {rows} "  # noqa: S608  placeholders only
        "ON CONFLICT (name) DO UPDATE SET value = orders_counter.value + excluded.value RETURNING name, value"
    )
    # What nobody reads yet, such as an order before it is paid online, draws nothing; its vendor is asked all the same.
    with connection.cursor() as cursor:
        cursor.execute(
            f"{with_buyer}{draws if wanted else 'SELECT NULL, NULL'}, {VERSIONS if asks else 'NULL'}, "
            f"{BUYERS if buys else 'NULL'}",
            [*([[*read]] if asks else []), *([customer_id] if buys else []), *(part for one in wanted for part in one)],
        )
        found = cursor.fetchall()
    if buys and not found[0][3]:
        raise Conflict(FaultCode.CUSTOMER_ERASED)
    changed = asks and {int(pk): version for pk, version in (found[0][2] or {}).items()} != read
    last = {name: value for name, value, *_ in found if name is not None}
    return {name: list(range(last[name] - count + 1, last[name] + 1)) for name, count in wanted}, changed


def write_event(
    event: OrderEvent,
    *,
    also: Sequence[str] = (),
    positions: Mapping[str, int] | None = None,
    holds: bool = False,
    unseen_since: datetime | None = None,
    appears: bool = False,
    names_driver: bool = False,
    placed_together: Sequence[int] = (),
    beside: Sequence[Model] = (),
) -> bool:
    """Writes an event with its feed entries and what is told outside, and wakes the readers after commit.

    `also` are streams of parties that the change took off the order: they see this one event as their last.
    `positions` are numbers that were drawn already, by counter name. From `unseen_since` on a device of the vendor
    should show it (services.moving.sightings). `appears`: its vendor may see the order only since this event.
    `names_driver`: it names a driver, another, or none any more. `placed_together`: the orders that were placed with
    this one, the first of them. `beside`: rows of another model that the same statement writes. Must run in
    the change's transaction, which holds the order.

    True where the vendor's row is another one by now than was read with the order. Such a change of the vendor's waits
    for the orders that wait (services.moving.due_times); it does not know one that did not wait, and with `holds` is
    held up by that one itself.
    """
    order = event.order
    streams = sorted({*streams_of(order), *also})
    changed = False
    if not positions:
        vendor = order._state.fields_cache.get("vendor")
        read = {vendor.pk: vendor.menu_version} if vendor else {}
        drawn, changed = draw_beside((counter_of(stream) for stream in streams), read, holds=holds)
        positions = {name: numbers[0] for name, numbers in drawn.items()}
    entries = [
        FeedEntry(
            stream=stream,
            position=positions[counter_of(stream)],
            event=event,
            order=order,
            created_at=event.created_at,
            unseen_since=unseen_since if stream == party_of_vendor(order.vendor_id) else None,
        )
        for stream in streams
    ]
    told = messages_of(event, appears=appears, names_driver=names_driver, placed_together=placed_together)
    insert_together(beside, [event], entries, told)
    woken = [*streams, f"order:{order.pk}"]
    transaction.on_commit(lambda: tell_committed(order.pk, woken))
    return changed


def tell_committed(order_id: int, streams: list[str]) -> None:
    """Wakes the readers of an order's change, and has the line of the request or work name it."""
    note_order(order_id)
    wake_function()(streams)


@cache
def wake_function() -> Callable[[list[str]], None]:
    """What tells the live feed; named by a setting, since the feed stands above the orders."""
    found: Callable[[list[str]], None] = import_string(settings.FEED_WAKE)
    return found
