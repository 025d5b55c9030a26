"""Work that is due at a time: every kind is a function that does a batch and says how many it did."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection

from orders.services.capacity import code_imports
from orders.services.money import ledger_check
from orders.services.moving import timers
from orders.services.paying import online_payments, proofs
from ordersite.accounts import mails
from tracking import retention
from tracking.feed.marks import keep_mark

logger = logging.getLogger(__name__)

ROUND = 1.0  # seconds between two rounds
TIMERS_AT_ONCE = 100
LONGEST_REST = 30.0  # seconds, after failures
LEAVE = 0.5  # seconds that a thread apart has to end


@dataclass
class Work:
    """One kind of due work, done at most once in `every` seconds unless a batch was full; rests after a failure.

    `apart` has a thread of its own: it takes long, or waits for others' servers, and deadlines must not wait with it.
    """

    name: str
    run: Callable[[], int]
    every: float = ROUND
    batch: int = TIMERS_AT_ONCE
    apart: bool = False
    due: float = 0.0
    failures: int = 0

    def do(self, stop: threading.Event) -> None:
        """Runs batches until there is nothing more to do; a failure is logged and does not hold up other kinds."""
        try:
            while not stop.is_set() and self.run() >= self.batch:
                pass
            self.failures, rest = 0, self.every
        except (DatabaseError, InterfaceError) as error:
            rest = self.failed()
            logger.warning("%s waits %.0f s for the database: %s", self.name, rest, type(error).__name__)
        except Exception:
            rest = self.failed()
            logger.exception("%s failed and is tried again in %.0f s", self.name, rest)
        finally:
            # Back to the pool, and never a broken one again.
            connection.close()
        self.due = time.monotonic() + rest

    def failed(self) -> float:
        self.failures += 1
        return min(self.every * 2**self.failures, max(LONGEST_REST, self.every))


def kinds() -> list[Work]:
    """All work there is, each with a memory of its own."""
    return [
        Work("timers of orders", lambda: timers.run_due(TIMERS_AT_ONCE)),
        Work("online payments", lambda: online_payments.run_due(TIMERS_AT_ONCE), apart=True),
        Work("mark of the feed", keep_mark),
        Work("mails", mails.send_due, batch=mails.BATCH, apart=True),
        Work("idempotency keys", retention.prune_idempotency_keys, every=60, batch=retention.BATCH),
        Work("attempts", retention.prune_attempts, every=60, batch=retention.BATCH),
        Work("feed entries", retention.prune_feed, every=60, batch=retention.BATCH),
        Work("sign-ins", retention.prune_sign_ins, every=60, batch=retention.BATCH),
        Work("unconfirmed accounts", retention.prune_unconfirmed, every=3600, batch=retention.BATCH),
        Work("photos without a payment", proofs.delete_strays, every=3600),
        Work("files of codes", code_imports.delete_old_uploads, every=60),
        # Reads every order: deadlines must not wait with it.
        Work("proof of the ledger", ledger_check.check_daily, every=3600, apart=True),
    ]


def run_worker(stop: threading.Event) -> None:
    """Does what is due, once a second, until `stop` is set."""
    works = kinds()
    apart = [
        threading.Thread(target=work_through, args=([work], stop), name=work.name, daemon=True)
        for work in works
        if work.apart
    ]
    for thread in apart:
        thread.start()
    work_through([work for work in works if not work.apart], stop)
    for thread in apart:
        # Whatever still waits for somebody else's server may be left at any time.
        thread.join(LEAVE)


def work_through(works: list[Work], stop: threading.Event) -> None:
    while not stop.is_set():
        for work in works:
            if not stop.is_set() and work.due <= time.monotonic():
                work.do(stop)
        stop.wait(ROUND)
