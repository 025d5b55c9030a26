"""One change of many orders: a table of what is to be done, and of what came of it.

Each order is changed by the service that its own button calls, with the version that was shown, in one transaction with
its item: whatever dies, each is changed once, and whoever works on afterwards finds the others waiting. Small ones are
done by the request that starts them, all others by the worker. The rights are those that the person has then.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import InterfaceError, NotSupportedError, OperationalError, transaction
from django.utils import timezone

from orders.models import RUNNING, BulkChange, BulkChangeItem, Order
from orders.services.editing.order_fields import change_order
from orders.services.moving.transitions import START_PREPARING, Wish, start_preparing, transition
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.models import User
from ordersite.core.faults import Busy, Refusal
from ordersite.core.idempotency import LOCK_TIMEOUT, QUERY_CANCELED, sqlstate

logger = logging.getLogger(__name__)
OFFER_TO_DRIVER = "offer_to_driver"
# Orders of one selection; items that a round of the worker does; those that a request does by itself.
MOST_SELECTED, BATCH, AT_ONCE = 10_000, 50, 20
# How the database refuses one order while it goes on with others: somebody holds it, or its change takes too long.
HELD_UP = (LOCK_TIMEOUT, QUERY_CANCELED)
Outcome = BulkChangeItem.Outcome
InWords = Callable[[Refusal], str]


@transaction.atomic
def select_orders(caller: Caller, shown: Iterable[tuple[int, int]]) -> BulkChange:
    """Keeps a selection of orders, as (id, version) that were shown, for `start_bulk_change`."""
    assert caller.user is not None
    chosen = sorted(shown)
    bulk = BulkChange.objects.create(user=caller.user, total=len(chosen))
    items = [BulkChangeItem(bulk=bulk, order_id=pk, version=version) for pk, version in chosen]
    BulkChangeItem.objects.bulk_create(items, batch_size=1_000)
    return bulk


def start_bulk_change(bulk_id: uuid.UUID, user_id: int, change: str, given: Mapping[str, Any]) -> bool:
    """Starts a change of one's selection; whether it was this call that did: a second one starts nothing."""
    waiting = BulkChange.objects.filter(pk=bulk_id, user=user_id, started_at__isnull=True)
    return bool(waiting.update(change=change, given=dict(given), started_at=timezone.now()))


def stop_bulk_change(bulk_id: uuid.UUID, user_id: int) -> bool:
    """Stops one's change: what is done stays done, what waits is not begun. Whether it was running."""
    return bool(BulkChange.objects.filter(RUNNING, pk=bulk_id, user=user_id).update(stopped_at=timezone.now()))


def run_bulk_changes(limit: int, in_words: InWords) -> int:
    """Does up to so many items of all that run, the oldest of each in turn; how many it did."""
    done = 0
    running = list(BulkChange.objects.filter(RUNNING).order_by("started_at"))
    while running and done < limit:
        for bulk in list(running):
            if done < limit and run_next_item(bulk, in_words):
                done += 1
            else:
                running.remove(bulk)
    return done


def run_next_item(bulk: BulkChange, in_words: InWords) -> bool:
    """Does the next item of a change that runs; whether there was one. The last one ends the change."""
    with transaction.atomic():
        now = BulkChange.objects.filter(RUNNING, pk=bulk.pk).first()
        if now is None:
            return False
        waiting = BulkChangeItem.objects.filter(bulk=bulk, outcome=Outcome.WAITING)
        item = waiting.select_for_update(skip_locked=True).order_by("pk").first()
        if item is None:
            if not waiting.exists():
                BulkChange.objects.filter(pk=bulk.pk, ended_at__isnull=True).update(ended_at=timezone.now())
            return False
        item.outcome, item.words = run_item(now, item, in_words)
        item.save(update_fields=["outcome", "words"])
    return True


def run_item(bulk: BulkChange, item: BulkChangeItem, in_words: InWords) -> tuple[Outcome, str]:
    """Changes one order; what came of it, and why not. Raises where the database is away: then nothing came of it."""
    user = User.objects.filter(pk=bulk.user_id, is_active=True).first()
    if user is None:
        return Outcome.REFUSED, "Who started this may not sign in any more."
    try:
        with transaction.atomic():
            order = change_one(caller_of_user(user), bulk, item)
    except Refusal as error:
        return Outcome.REFUSED, in_words(error)[:500]
    except (OperationalError, NotSupportedError, InterfaceError) as error:
        if sqlstate(error) not in HELD_UP:
            raise  # not this order's fault: it is tried again
        return Outcome.REFUSED, in_words(Busy())
    except Exception:
        logger.exception("bulk change %s: order %s failed", bulk.pk, item.order_id)
        return Outcome.REFUSED, "It failed here: the log of the server says why."
    return (Outcome.CHANGED if order.version != item.version else Outcome.UNCHANGED), ""


def change_one(caller: Caller, bulk: BulkChange, item: BulkChangeItem) -> Order:
    """The call that the order's own button makes."""
    order_id, version = item.order_id, item.version
    if bulk.change == OFFER_TO_DRIVER:
        return change_order(order_id=order_id, caller=caller, fields={"driver": bulk.given["driver"]}, version=version)
    if bulk.change == START_PREPARING:
        return start_preparing(order_id=order_id, caller=caller, version=version)
    wish = Wish(name=bulk.change, **bulk.given)
    return transition(order_id=order_id, caller=caller, wish=replace(wish, version=version))
