"""What is counted and measured for Prometheus, on the same names in every process; docs/monitoring.md lists it.

Several processes serve one port, and a scrape reaches one of them. So the processes that serve, and the worker, keep
their numbers in files of DATA_DIR/metrics, mapped into memory, and whoever is scraped adds them up. Any other process
(a command, a test) keeps them to itself.
"""

import fcntl
import itertools
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)

FOLDER = "metrics"  # in DATA_DIR
SHARING = ("asgi", "wsgi", "worker")
# Bytes that are taken for each file beforehand. To write to a mapped file for which a full disk has no block left ends
# the process; what is taken already is there. Some 2000 label sets of the largest histogram's rows.
TAKEN = {"histogram": 1 << 22, "counter": 1 << 18, "gauge_livesum": 1 << 16, "gauge_max": 1 << 16}
# Seconds. Few, since each is a number for each route, method and status.
DURATIONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


class ProcessFiles:
    """The files that this process keeps its numbers in: those of the lowest number that no other process holds.

    Whoever takes a number goes on with what its last holder has counted: a sum over all processes never shrinks because
    one has ended, and there are never more files than there were processes at once. The first process after all have
    ended begins from nothing. Safe after a fork: the child takes a number of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0
        self.held = ""
        self.lock: int | None = None

    def number(self) -> str:
        """The number of this very process; asked for with each change of a value."""
        if self.pid != os.getpid():
            self.take()
        return self.held

    def take(self) -> None:
        if self.lock is not None:
            os.close(self.lock)  # the parent's, which goes on holding it
            self.lock = None
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.alone():
            if not any(map(self.is_held, self.folder.glob("*.held"))):
                for file in self.folder.glob("*.db"):
                    file.unlink()
            for number in map(str, itertools.count(1)):
                self.lock = self.lock_if_free(self.folder / f"{number}.held")
                if self.lock is not None:
                    break
            self.forget_gauges(number)
            for kind, size in TAKEN.items():
                take_bytes(self.folder / f"{kind}_{number}.db", size)
        self.pid, self.held = os.getpid(), number

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else takes a number or tidies up."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def lock_if_free(self, file: Path) -> int | None:
        """The descriptor that holds a number's lock; None where another process does."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_held(self, file: Path) -> bool:
        descriptor = self.lock_if_free(file)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def forget_gauges(self, number: str) -> None:
        """What a process that has ended said of itself, such as how many sockets it had, holds no longer."""
        for file in self.folder.glob(f"gauge_live*_{number}.db"):
            file.unlink()

    def collect(self) -> Iterable[Metric]:
        """The sums over all processes."""
        with self.alone():
            for file in self.folder.glob("*.held"):
                if not self.is_held(file):
                    self.forget_gauges(file.stem)
        return MultiProcessCollector(None, str(self.folder)).collect()


def take_bytes(file: Path, size: int) -> None:
    """Makes a file at least so long, of blocks that are its own; where the system cannot (macOS), it stays as it is."""
    with file.open("ab") as taken:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(taken.fileno(), 0, size)


def share_values() -> ProcessFiles | None:
    """Has the values of this process kept in files; None where it keeps them to itself, as it has to without a disk."""
    values.ValueClass = values.MutexValue
    if settings.PROCESS not in SHARING:
        return None
    files = ProcessFiles(settings.DATA_DIR / FOLDER)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(files.folder)  # where the library makes them
    try:
        values.ValueClass = values.MultiProcessValue(files.number)
    except OSError as error:
        logger.warning("metrics of this process are not shared with others: %s", error)
        with suppress(KeyError):
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        return None
    return files


@dataclass(frozen=True, slots=True)
class Described:
    """A metric as docs/monitoring.md lists it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


FILES = share_values()
REGISTRY = CollectorRegistry()
DESCRIBED: dict[str, Described] = {}


def describe_metric(name: str, kind: Literal["counter", "gauge", "histogram"], meaning: str, *labels: str) -> None:
    """Puts a metric on the list; raises ValueError for a name that stands there already."""
    if name in DESCRIBED:
        raise ValueError(f"There are two metrics named {name}.")
    DESCRIBED[name] = Described(name, kind, labels, meaning)


def counter(name: str, meaning: str, *labels: str) -> Counter:
    """Counts what happens; its name ends with _total."""
    describe_metric(name, "counter", meaning, *labels)
    return Counter(name.removesuffix("_total"), meaning, labels, registry=REGISTRY)


def histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = DURATIONS) -> Histogram:
    """Counts by how long something took, in seconds."""
    describe_metric(name, "histogram", meaning, *labels)
    return Histogram(name, meaning, labels, registry=REGISTRY, buckets=buckets)


def sum_gauge(name: str, meaning: str, *labels: str) -> Gauge:
    """How many there are now, in all processes that live."""
    describe_metric(name, "gauge", meaning, *labels)
    return Gauge(name, meaning, labels, registry=REGISTRY, multiprocess_mode="livesum")


def latest_gauge(name: str, meaning: str, *labels: str) -> Gauge:
    """The highest of what any process has said, such as when something was last done; it outlives its process."""
    describe_metric(name, "gauge", meaning, *labels)
    return Gauge(name, meaning, labels, registry=REGISTRY, multiprocess_mode="max")


def shared_metrics() -> Iterable[Metric]:
    """What the processes of this machine have counted."""
    return FILES.collect() if FILES else REGISTRY.collect()


# --- what several packages count ----------------------------------------------------------------------------------

REQUESTS = histogram(
    "ordersite_request_seconds",
    "Requests, by the template of their route, method and status, and how long they took.",
    "route",
    "method",
    "status",
)
OUTSIDE_CALLS = histogram(
    "ordersite_outside_call_seconds",
    "Calls of others' servers, by whom was called (a payment provider, the geocoder, the mail server, webhooks), what "
    "came of it (ok, refused, failed), and how long they took.",
    "service",
    "outcome",
)
WORK_ITEMS = histogram(
    "ordersite_work_item_seconds",
    "Single things that the worker did (an order's timer, a mail, a delivery), by kind and what came of it.",
    "kind",
    "outcome",
)
