"""Work that is due at a time: WORK is the table, a worker repeats each row of it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import DatabaseError, InterfaceError, connection

from orders.services.capacity import code_imports
from orders.services.money import ledger_check
from orders.services.moving import learning, sightings, timers
from orders.services.outgoing import deliveries
from orders.services.paying import due_payments
from orders.services.record import photos
from ordersite.accounts import mails
from tracking import retention
from tracking.feed.marks import keep_mark
from tracking.webhooks import delivering
from vendors.services import availability

logger = logging.getLogger(__name__)

ROUND = 1.0  # seconds between two rounds
TIMERS_AT_ONCE = 100
LONGEST_REST = 30.0  # seconds, after failures
LEAVE = 0.5  # seconds that a thread apart has to end


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of due work: `run` does a batch and says how many it did.

    It is done at most once in `every` seconds unless a batch of `batch` was full. `apart` has a thread of its own: it
    takes long, or waits for others' servers, and deadlines must not wait with it.
    """

    name: str
    run: Callable[[], int]
    every: float = ROUND
    batch: int = TIMERS_AT_ONCE
    apart: bool = False


WORK: tuple[Work, ...] = (
    Work("timers of orders", partial(timers.run_due, TIMERS_AT_ONCE)),
    Work("unseen orders", partial(sightings.tell_unseen, TIMERS_AT_ONCE)),
    Work("vendors that answer nothing", partial(sightings.pause_unanswering, TIMERS_AT_ONCE)),
    Work("online payments", partial(due_payments.run_due_payments, TIMERS_AT_ONCE), apart=True),
    Work("mark of the feed", keep_mark),
    Work("mails", mails.send_due, batch=mails.BATCH, apart=True),
    Work("webhooks", delivering.deliver_due, batch=deliveries.BATCH, apart=True),
    Work("what is in stock again", availability.bring_back, batch=availability.BATCH),
    Work("idempotency keys", retention.prune_idempotency_keys, every=60, batch=retention.BATCH),
    Work("attempts", retention.prune_attempts, every=60, batch=retention.BATCH),
    Work("feed entries", retention.prune_feed, every=60, batch=retention.BATCH),
    Work("what was told outside", retention.prune_outbox, every=60, batch=retention.BATCH),
    Work("sign-ins", retention.prune_sign_ins, every=60, batch=retention.BATCH),
    Work("positions of drivers", retention.prune_driver_positions, every=3600, batch=retention.BATCH),
    Work("positions of customers", retention.prune_customer_positions, every=3600, batch=retention.BATCH),
    Work("offers to drivers", retention.prune_driver_offers, every=3600, batch=retention.BATCH),
    Work("unconfirmed accounts", retention.prune_unconfirmed, every=3600, batch=retention.BATCH),
    Work("photos that no row knows", photos.delete_strays, every=3600),
    Work("files of codes", code_imports.delete_old_uploads, every=60),
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
        work = self.work
        try:
            while not stop.is_set() and work.run() >= work.batch:
                pass
            self.failures, rest = 0, work.every
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
        return min(self.work.every * 2**self.failures, max(LONGEST_REST, self.work.every))


def run_worker(stop: threading.Event) -> None:
    """Does what is due, once a second, until `stop` is set."""
    apart = [
        threading.Thread(target=repeat, args=([Repeater(work)], stop), name=work.name, daemon=True)
        for work in WORK
        if work.apart
    ]
    for thread in apart:
        thread.start()
    repeat([Repeater(work) for work in WORK if not work.apart], stop)
    for thread in apart:
        # Whatever still waits for somebody else's server may be left at any time.
        thread.join(LEAVE)


def repeat(repeaters: Sequence[Repeater], stop: threading.Event) -> None:
    """Does in turn whatever of this work is due, until `stop` is set."""
    while not stop.is_set():
        for repeater in repeaters:
            if not stop.is_set() and repeater.due <= time.monotonic():
                repeater.do(stop)
        stop.wait(ROUND)
