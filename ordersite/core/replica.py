"""Reads that a standby of PostgreSQL may answer (docs/scaling.md#replicas, docs/decisions/replicas.md).

@from_replica
def get(self, request): ...

reads from the replica where it has everything that the primary had committed when the view was called, so that nobody
misses what was just written, by whomever. Where it has not, or is not there, the primary is read as if there were none.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps
from itertools import chain, islice
from typing import Any, ParamSpec, TypeVar

from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connections,
)

from ordersite.core.metrics import counter

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Given = ParamSpec("Given")

REPLICA = "replica"
WAIT = 0.1  # seconds that a read waits for the replica to have caught up
LOOK_AGAIN = 0.005  # seconds
REST_BEHIND = 1.0  # seconds for which one that had not is not asked again
REST_FAILED = 15.0  # seconds for which one that failed is not asked again
TIMED_OUT = "57014"  # query_canceled: the primary would take as long
# What a replica raises that is away, not migrated yet, damaged, or whose replay has ended a statement.
FAILURES = (OperationalError, InterfaceError, ProgrammingError, InternalError)

READS = counter(
    "ordersite_replica_reads_total",
    "Reads that a replica may answer: it did (replica), or the primary did, since the replica was behind, failed, or "
    "rested after either.",
    "outcome",
)

# Whether what is read now is read from the replica.
reading: ContextVar[bool] = ContextVar("reading_replica", default=False)


class ReplicaRouter:
    """Django's router: reads go to the replica inside `with_replica`, but for those of a transaction."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return reading_alias()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Always the primary, which is read from then on too."""
        reading.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def reading_alias() -> str:
    """The database that is read now: what a transaction reads it may lock or write, so it reads the primary."""
    return REPLICA if reading.get() and not connections[DEFAULT_DB_ALIAS].in_atomic_block else DEFAULT_DB_ALIAS


class ReplicaWatch:
    """What this process knows of the replica: until when it is left alone, and whether it had failed."""

    def __init__(self) -> None:
        self.rests_until = 0.0
        self.has_failed = False

    def is_current(self) -> bool:
        """Whether the replica has all that the primary has committed by now; waits for that up to WAIT."""
        now = time.monotonic()
        if now < self.rests_until:
            READS.labels("resting").inc()
            return False
        if self.has_failed:
            self.rests_until = now + REST_FAILED  # one tries; the others go on with the primary
        try:
            position = primary_position()
        except DatabaseError:  # it is one that was not promoted yet
            return False
        try:
            caught_up = self.waits_for(position, now + WAIT)
        except (DatabaseError, InterfaceError) as error:
            self.fail(error)
            return False
        if self.has_failed:
            logger.warning("the replica answers again")
        self.has_failed, self.rests_until = False, 0.0
        if not caught_up:
            self.rests_until = time.monotonic() + REST_BEHIND
            READS.labels("behind").inc()
        return caught_up

    def waits_for(self, position: str, until: float) -> bool:
        while not has_replayed(position):
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_AGAIN)
        return True

    def fail(self, error: Exception) -> None:
        """Leaves the replica alone for a while, and lets go of its connection."""
        logger.warning("the replica is left alone for %s s: %s", REST_FAILED, str(error).partition("\n")[0])
        self.has_failed, self.rests_until = True, time.monotonic() + REST_FAILED
        READS.labels("failed").inc()
        connections[REPLICA].close()


watch = ReplicaWatch()


def primary_position() -> str:
    """Up to where the primary's log is safe: all that anybody was told to be committed lies before it."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
        return str(cursor.fetchone()[0])


def has_replayed(position: str) -> bool:
    """Whether the replica shows what the log has up to there; never one that is no standby (any more)."""
    with connections[REPLICA].cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn", [position])
        return bool(cursor.fetchone()[0])


def with_replica(read: Callable[[], Answer]) -> Answer:
    """What `read` answers, which must change nothing: it is called again where the replica fails meanwhile."""
    if (
        REPLICA not in connections.settings
        or connections[DEFAULT_DB_ALIAS].in_atomic_block
        or reading.get()
        or not watch.is_current()
    ):
        return read()
    token = reading.set(True)
    try:
        answer = read()
    except FAILURES as error:
        if not reading.get() or getattr(error.__cause__, "sqlstate", None) == TIMED_OUT:
            raise
        watch.fail(error)
    else:
        READS.labels("replica").inc()
        return answer
    finally:
        reading.reset(token)
    return read()


def from_replica(view: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """A view of GET, or a reading, that the replica may answer."""

    @wraps(view)
    def read(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        return with_replica(lambda: view(*args, **kwargs))

    return read


def read_on(parts: Iterator[Answer]) -> Iterator[Answer]:
    """The parts, each read where this is called from, though they are asked for later: of a file that is streamed.

    The heading and the first row are read at once. By then PostgreSQL has found all rows, which is what replay ends;
    who is told while nothing is sent yet reads the primary.
    """
    if not reading.get():
        return parts
    first = list(islice(parts, 2))
    return chain(first, reading_each(parts))


def reading_each(parts: Iterator[Answer]) -> Iterator[Answer]:
    while True:
        token = reading.set(True)
        try:
            part = next(parts)
        except StopIteration:
            return
        finally:
            reading.reset(token)
        yield part
