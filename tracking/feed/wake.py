"""A hint that streams have grown: to this process's hubs and waiting calls, and by Redis to the other processes.

The database is the truth. A hint that is lost costs a reader a second, never an event.
"""

import asyncio
import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings

from ordersite.core.redis import breaker

logger = logging.getLogger(__name__)

CHANNEL = "ordersite:wake"
Mark = Callable[[list[str]], None]

lock = threading.Lock()
hubs: dict[asyncio.AbstractEventLoop, Mark] = {}
waiting: dict[str, set[threading.Event]] = {}
tag = secrets.token_hex(8)


def process_tag() -> str:
    """Tells this process's own hints from those of others; with the pid, since a fork copies the tag."""
    return f"{tag}:{os.getpid()}"


def wake(streams: Iterable[str]) -> None:
    """Tells every reader of these streams to look; called after commit. Never raises, never blocks over 0.25 s."""
    names = list(streams)
    try:
        tell_here(names)
        if settings.REDIS_URL:
            breaker.run("PUBLISH", CHANNEL, json.dumps({"by": process_tag(), "streams": names}))
    except Exception:
        logger.exception("the live feed was not woken")


def tell_here(names: list[str]) -> None:
    """Hands the hint to this process's hubs and waiting calls."""
    tell_waiting(names)
    with lock:
        listeners = list(hubs.items())
    for loop, mark in listeners:
        try:
            loop.call_soon_threadsafe(mark, names)
        except RuntimeError:  # the loop is closed: its hub is gone
            end_hearing(loop)


def tell_waiting(names: Iterable[str]) -> None:
    with lock:
        for name in names:
            for event in waiting.get(name, ()):
                event.set()


def heard(message: bytes) -> list[str]:
    """The streams of a message of another process; empty for our own or one that is not understood."""
    try:
        hint = json.loads(message)
        names = [str(name) for name in hint["streams"]]
        return [] if hint["by"] == process_tag() else names
    except (ValueError, KeyError, TypeError):
        return []


def begin_hearing(loop: asyncio.AbstractEventLoop, mark: Mark) -> None:
    """From now `mark(names)` is called on this loop with every hint."""
    with lock:
        hubs[loop] = mark


def end_hearing(loop: asyncio.AbstractEventLoop) -> None:
    with lock:
        hubs.pop(loop, None)


@contextmanager
def woken_by(stream: str) -> Iterator[threading.Event]:
    """An event that is set with every hint for the stream, for a thread that waits."""
    event = threading.Event()
    with lock:
        waiting.setdefault(stream, set()).add(event)
    try:
        yield event
    finally:
        with lock:
            waiting[stream].discard(event)
            if not waiting[stream]:
                del waiting[stream]
