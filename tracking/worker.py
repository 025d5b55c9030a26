"""Work that is due at a time: WORK is the table, a worker repeats each row of it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from django.db import DatabaseError, InterfaceError, connection

from orders.reading.file_exports import write_export
from orders.reading.refusal_words import refusal_in_words
from orders.services.bulk import bulk_changes, file_exports
from orders.services.capacity import code_imports
from orders.services.money import ledger_check
from orders.services.moving import learning, sightings, timers
from orders.services.outgoing import deliveries
from orders.services.paying import due_payments
from orders.services.record import photos
from ordersite.core.metrics import counter, latest_gauge
from ordersite.core.storage import delete_due_files
from ordersite.core.tracing import traced
from ordersite.core.work_items import FAILED, OK, are_lines_written, write_line
from tracking import mails, retention
from tracking.feed.marks import keep_mark
from tracking.waiting import (
    BULK_CHANGES,
    FILES,
    GONE_FILES,
    MAILS,
    MAILS_PUT_OFF,
    ORDER_TIMERS,
    OUTBOX,
    PAYMENTS,
    REFUNDS,
    WEBHOOKS,
    Waiting,
)
from tracking.webhooks import delivering
from vendors.services import availability

logger = logging.getLogger(__name__)

RUNS = counter("ordersite_work_runs_total", "Rounds of the worker, by kind of work and outcome.", "kind", "outcome")
DONE = counter("ordersite_work_done_total", "Rows that the worker's kinds of work took.", "kind")
DONE_AT = latest_gauge(
    "ordersite_work_done_timestamp_seconds", "When a kind of work last went well, in seconds since 1970.", "kind"
)

ROUND = 1.0  # seconds between two rounds
TIMERS_AT_ONCE = 100
LONGEST_REST = 30.0  # seconds, after failures
TURN = 5.0  # seconds that a kind which prunes goes on for before the next one has its turn
LEAVE = 0.5  # seconds that a thread apart has to end


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of due work: `run` does a batch and says how many it did.

    It is done at most once in `every` seconds unless a batch of `batch` was full. `apart` has a thread of its own: it
    takes long, or waits for others' servers, and deadlines must not wait with it. What `prunes` only deletes what is
    old, and shares one thread with its like: after a day without a worker millions of rows are due. `waits` are rows
    whose age tells how late it is; what prunes has none.
    """

    name: str
    run: Callable[[], int]
    every: float = ROUND
    batch: int = TIMERS_AT_ONCE
    apart: bool = False
    prunes: bool = False
    waits: tuple[Waiting, ...] = ()


WORK: tuple[Work, ...] = (
    Work("timers of orders", partial(timers.run_due, TIMERS_AT_ONCE), waits=(ORDER_TIMERS,)),
    Work("unseen orders", partial(sightings.tell_unseen, TIMERS_AT_ONCE)),
    Work("vendors that answer nothing", partial(sightings.pause_unanswering, TIMERS_AT_ONCE)),
    Work(
        "online payments",
        partial(due_payments.run_due_payments, TIMERS_AT_ONCE),
        apart=True,
        waits=(PAYMENTS, REFUNDS),
    ),
    Work(
        "bulk changes",
        partial(bulk_changes.run_bulk_changes, bulk_changes.BATCH, refusal_in_words),
        batch=bulk_changes.BATCH,
        apart=True,
        waits=(BULK_CHANGES,),
    ),
    Work("files", partial(file_exports.make_files, 1, write_export), batch=1, apart=True, waits=(FILES,)),
    Work("mark of the feed", keep_mark),
    Work("mails", mails.send_due, batch=mails.BATCH, apart=True, waits=(MAILS, MAILS_PUT_OFF)),
    Work("webhooks", delivering.deliver_due, batch=deliveries.BATCH, apart=True, waits=(OUTBOX, WEBHOOKS)),
    Work("what is in stock again", availability.bring_back, batch=availability.BATCH),
    Work("idempotency keys", retention.prune_idempotency_keys, every=60, batch=retention.BATCH, prunes=True),
    Work("attempts", retention.prune_attempts, every=60, batch=retention.BATCH, prunes=True),
    Work("feed entries", retention.prune_feed, every=60, batch=retention.BATCH, prunes=True),
    Work("what was told outside", retention.prune_outbox, every=60, batch=retention.MESSAGES, prunes=True),
    Work("mails of the past", retention.prune_mails, every=60, batch=retention.BATCH, prunes=True),
    Work("old bulk changes", retention.prune_bulk_changes, every=3600, batch=retention.BULK_CHANGES, prunes=True),
    Work("files that were fetched", retention.prune_exports, every=3600, batch=retention.BATCH, prunes=True),
    Work("sign-ins", retention.prune_sign_ins, every=60, batch=retention.BATCH, prunes=True),
    Work("browser sessions", retention.prune_sessions, every=3600, batch=retention.BATCH, prunes=True),
    Work("old invitations", retention.prune_invitations, every=3600, batch=retention.BATCH, prunes=True),
    Work("changes of the set-up data", retention.prune_audit, every=3600, batch=retention.BATCH, prunes=True),
    Work("entries of the back-office", retention.prune_admin_log, every=3600, batch=retention.BATCH, prunes=True),
    Work("numbers of past days", retention.prune_number_counters, every=3600, batch=retention.BATCH, prunes=True),
    Work("positions of drivers", retention.prune_driver_positions, every=3600, batch=retention.BATCH, prunes=True),
    Work("positions of customers", retention.prune_customer_positions, every=3600, batch=retention.BATCH, prunes=True),
    Work("offers to drivers", retention.prune_driver_offers, every=3600, batch=retention.BATCH, prunes=True),
    Work("photos of proofs", retention.prune_proof_photos, every=3600, batch=retention.BATCH, prunes=True),
    Work(
        "files of rows that are gone",
        partial(delete_due_files, retention.BATCH),
        every=60,
        batch=retention.BATCH,
        apart=True,
        waits=(GONE_FILES,),
    ),
    Work("contacts of guests", retention.erase_guests, every=3600, batch=retention.GUESTS_AT_ONCE, prunes=True),
    Work("unconfirmed accounts", retention.prune_unconfirmed, every=3600, batch=retention.BATCH, prunes=True),
    Work("histories of closed orders", retention.prune_histories, every=3600, batch=retention.HISTORIES, prunes=True),
    Work("photos that no row knows", photos.delete_strays, every=3600, prunes=True),
    Work("files of codes", code_imports.delete_old_uploads, every=60, prunes=True),
    # At its first run it learns from all the events there are.
    Work("times of stages", learning.learn_times, every=5, batch=learning.BATCH, apart=True),
    # Reads every order.
    Work("proof of the ledger", ledger_check.check_daily, every=3600, apart=True),
)


@dataclass(slots=True)
class Repeater:
    """Repeats one kind of work: remembers when it is next due, and rests longer after each failure in a row."""

    work: Work
    due: float = 0.0
    failures: int = 0

    def do(self, stop: threading.Event) -> None:
        """Runs batches until there is nothing more to do; a failure is logged and does not hold up other kinds."""
        work, rest = self.work, self.work.every
        until = time.monotonic() + TURN
        try:
            while not stop.is_set() and run_batch(work) >= work.batch:
                if work.prunes and time.monotonic() > until:
                    rest = 0.0
                    break
            self.failures = 0
            RUNS.labels(work.name, OK).inc()
            DONE_AT.labels(work.name).set_to_current_time()
        except (DatabaseError, InterfaceError) as error:
            rest = self.failed()
            logger.warning("%s waits %.0f s for the database: %s", work.name, rest, type(error).__name__)
        except Exception:
            rest = self.failed()
            logger.exception("%s failed and is tried again in %.0f s", work.name, rest)
        finally:
            # Back to the pool, and never a broken one again.
            connection.close()
        self.due = time.monotonic() + rest

    def failed(self) -> float:
        """Counts a failure; for how many seconds the work rests."""
        self.failures += 1
        RUNS.labels(self.work.name, FAILED).inc()
        return min(self.work.every * 2**self.failures, max(LONGEST_REST, self.work.every))


def run_batch(work: Work) -> int:
    """Does a batch under a trace of its own, and writes its line where there was something to do; how many it did."""
    with traced():
        if work.prunes:
            retention.refuse_wrong_clock()
        began = perf_counter()
        count = work.run()
        if count:
            DONE.labels(work.name).inc(count)
            if are_lines_written():
                write_line("work", perf_counter() - began, kind=work.name, count=count)
    return count


def run_worker(stop: threading.Event) -> None:
    """Does what is due, once a second, until `stop` is set."""
    shared = {work.name: [work] for work in WORK if work.apart}
    shared["pruning"] = [work for work in WORK if work.prunes]
    threads = [
        threading.Thread(target=repeat, args=([Repeater(work) for work in works], stop), name=name, daemon=True)
        for name, works in shared.items()
    ]
    for thread in threads:
        thread.start()
    repeat([Repeater(work) for work in WORK if not work.apart and not work.prunes], stop)
    for thread in threads:
        # Whatever still waits for somebody else's server may be left at any time.
        thread.join(LEAVE)


def repeat(repeaters: Sequence[Repeater], stop: threading.Event) -> None:
    """Does in turn whatever of this work is due, until `stop` is set."""
    while not stop.is_set():
        for repeater in repeaters:
            if not stop.is_set() and repeater.due <= time.monotonic():
                repeater.do(stop)
        stop.wait(ROUND)
