"""The heart of the live feed: one hub a process reads each stream once and hands it to all of its sockets.

Wake-ups (tracking.feed.wake) are hints: once a second the last positions are asked for, so a lost one costs a second.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

import redis.asyncio
from django.conf import settings
from django.db import connection
from django.utils import timezone

from orders.services.record.epochs import current_epoch
from ordersite.core.metrics import histogram
from tracking.feed import entries, wake
from tracking.feed.closings import BUSY, TOO_MANY, Closing, WatchRefused
from tracking.feed.entries import BATCH, Ask, Page, StreamEntry
from tracking.feed.watchers import Watcher, admit, refusals

logger = logging.getLogger(__name__)

POLL = 1.0  # seconds between two questions for the last positions
RECHECK = 4.0  # seconds between two looks at who may still watch
BACKOFF = (0.5, 5.0)  # seconds before Redis is tried again: at first, at most
AT_ONCE = 100  # sockets that are admitted together
FIRST = 2 * BATCH  # entries that these are told by one statement; who missed more reads on by itself
RETRY = 0.5  # seconds before the database is tried again
T = TypeVar("T")
LAG = histogram(
    "ordersite_feed_lag_seconds",
    "Seconds from an event until it is handed to the sockets that read its stream, by whose stream it is.",
    "stream",
)


class Knock(NamedTuple):
    """A socket that wants to come in: how to find out who it is, and what it has read."""

    identify: Callable[[], Watcher]
    since: int | None
    epoch: str | None


class Admission(NamedTuple):
    """A socket that may come in, and what it is told first."""

    watcher: Watcher
    first: Page


class LiveReader(Protocol):
    """One that reads a stream: the hub offers it what comes (tracking.feed.subscribers)."""

    watcher: Watcher
    stream: "LiveStream"

    def offer(self, entries: Sequence[StreamEntry]) -> None: ...

    def read_again(self) -> None: ...

    def end(self, closing: Closing) -> None: ...


class LiveStream:
    """One stream that somebody here reads. Its position is unknown from a new epoch on until a reader has asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.position: int | None = None
        self.readers: set[LiveReader] = set()


class Hub:
    """The sockets of one event loop. All of its methods run on that loop; the database is read in threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.streams: dict[str, LiveStream] = {}
        self.dirty: set[str] = set()
        self.has_dirty = asyncio.Event()
        self.epoch: str | None = None
        # Who waits at the door, by where the answer goes; cancelled for one that has gone.
        self.waiting: dict[asyncio.Future[Admission | WatchRefused], Knock] = {}
        self.has_waiting = asyncio.Event()
        self.places: Counter[str] = Counter()
        # Never the default executor: requests must not wait for the feed, nor the feed for them. Live reads have a
        # thread of their own, since a thousand sockets that connect at once must not hold up those that are there.
        self.reader = ThreadPoolExecutor(1, "feed-reader")
        self.doors = ThreadPoolExecutor(2, "feed-door")
        self.tasks = [loop.create_task(run()) for run in (self.read_on, self.poll, self.recheck, self.let_in)]
        if settings.REDIS_URL:
            self.tasks.append(loop.create_task(self.listen()))
        wake.begin_hearing(loop, self.mark)

    async def at_door(self, call: Callable[..., T], *args: Any) -> T:
        """Runs a call that reads the database for one socket."""
        return await self.loop.run_in_executor(self.doors, with_connection, call, *args)

    @contextmanager
    def place(self, whose: str, most: int) -> Iterator[None]:
        """One of the sockets that an address or a caller may hold at once; raises WatchRefused where all are taken."""
        if most and self.places[whose] >= most:
            raise WatchRefused(TOO_MANY, f"More than {most} sockets are open: close others first.")
        self.places[whose] += 1
        try:
            yield
        finally:
            self.places[whose] -= 1
            if not self.places[whose]:
                del self.places[whose]

    async def admit(self, knock: Knock) -> Admission:
        """Asks who stands at the door, together with all others that wait; raises WatchRefused."""
        answer: asyncio.Future[Admission | WatchRefused] = self.loop.create_future()
        self.waiting[answer] = knock
        self.has_waiting.set()
        result = await answer
        if isinstance(result, WatchRefused):
            raise result
        return result

    async def let_in(self) -> None:
        """Answers those who wait at the door, many at once, and passes over those who have gone."""
        while True:
            await self.has_waiting.wait()
            asked = [(answer, self.waiting.pop(answer)) for answer in list(self.waiting)[:AT_ONCE]]
            asked = [(answer, knock) for answer, knock in asked if not answer.done()]
            if not self.waiting:
                self.has_waiting.clear()
            if not asked:
                continue
            results: list[Admission | WatchRefused]
            try:
                results = await self.at_door(admissions, [knock for _, knock in asked])
            except Exception as error:
                logger.warning("sockets are sent away, the database does not answer: %s", type(error).__name__)
                results = [WatchRefused(BUSY) for _ in asked]
            for (answer, _), result in zip(asked, results, strict=True):
                if isinstance(result, Admission):
                    self.see_epoch(result.first.epoch)
                if not answer.done():
                    answer.set_result(result)

    def see_epoch(self, epoch: str) -> None:
        """With a new epoch no position holds any more: all readers begin afresh."""
        if epoch == self.epoch:
            return
        is_first, self.epoch = self.epoch is None, epoch
        if is_first:
            return
        logger.warning("the feeds have a new epoch, %s: all sockets begin afresh", epoch)
        for stream in self.streams.values():
            stream.position = None
            for reader in stream.readers:
                reader.read_again()

    def enter(self, name: str, first: Page, reader: LiveReader) -> LiveStream:
        """From now on the reader is offered what comes."""
        stream = self.streams.setdefault(name, LiveStream(name))
        stream.readers.add(reader)
        if stream.position is None and first.epoch == self.epoch:
            stream.position = first.last
            # What was told since then was told to nobody here.
            self.mark([name])
        return stream

    def leave(self, reader: LiveReader) -> None:
        stream = reader.stream
        stream.readers.discard(reader)
        if not stream.readers and self.streams.get(stream.name) is stream:
            del self.streams[stream.name]
            self.dirty.discard(stream.name)

    async def page(self, stream: LiveStream, since: int, epoch: str) -> Page:
        """What a subscriber has missed; after a new epoch the first one finds out where the stream stands.

        One that is up to date needs no look at the database: what comes after the stream's position is offered to it.
        """
        if since == stream.position and epoch == self.epoch:
            return Page(epoch, since, [])
        page = await self.at_door(entries.read_stream, stream.name, since, epoch)
        self.see_epoch(page.epoch)
        if stream.position is None:
            stream.position = page.last
            if stream.name in self.dirty:
                self.has_dirty.set()
        return page

    def mark(self, names: list[str]) -> None:
        """These streams may have grown."""
        grown = self.streams.keys() & names
        if grown:
            self.dirty |= grown
            self.has_dirty.set()

    async def read_on(self) -> None:
        """Reads what is new in the dirty streams and hands it out."""
        limit = max(1, min(BATCH, settings.FEED_QUEUE // 2))
        while True:
            await self.has_dirty.wait()
            self.has_dirty.clear()
            # A stream whose position is not known yet stays dirty until its first reader has asked.
            reading = {name: self.streams[name] for name in self.dirty if self.streams[name].position is not None}
            if not reading:
                continue
            self.dirty -= reading.keys()
            positions = {name: stream.position or 0 for name, stream in reading.items()}
            try:
                epoch, found, more = await self.loop.run_in_executor(
                    self.reader, with_connection, read_after, positions, limit
                )
            except Exception as error:
                logger.warning("the feed waits for the database: %s", type(error).__name__)
                await asyncio.sleep(RETRY)
                self.mark(list(reading))
                continue
            self.see_epoch(epoch)
            for name, grown in found.items():
                hand_out(reading[name], grown)
            if more:
                self.mark(list(reading))

    async def poll(self) -> None:
        """Finds what a lost hint did not tell."""
        while True:
            await asyncio.sleep(POLL)
            known = {name: stream for name, stream in self.streams.items() if stream.position is not None}
            if not known:
                continue
            before = {name: stream.position or 0 for name, stream in known.items()}
            try:
                epoch, lasts = await self.loop.run_in_executor(
                    self.reader, with_connection, entries.standing, list(known)
                )
            except Exception as error:
                logger.warning("the feed waits for the database: %s", type(error).__name__)
                continue
            self.see_epoch(epoch)
            self.mark([name for name, last in lasts.items() if last > before[name]])
            for name, last in lasts.items():
                if last < before[name]:  # another database stands behind us: a backup was restored
                    known[name].position = None
                    for reader in known[name].readers:
                        reader.read_again()

    async def recheck(self) -> None:
        """Ends the sockets of those who may not watch any more."""
        while True:
            await asyncio.sleep(RECHECK)
            readers = [one for stream in self.streams.values() for one in stream.readers]
            if not readers:
                continue
            try:
                refused = await self.at_door(refusals, {one.watcher for one in readers})
            except Exception:
                logger.warning("who may watch could not be checked", exc_info=True)
                continue
            for reader in readers:
                if reader.watcher in refused:
                    reader.end(refused[reader.watcher])

    async def listen(self) -> None:
        """Hears the hints of other processes, as long as Redis is there."""
        delay = BACKOFF[0]
        while True:
            client = redis.asyncio.Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=None, socket_keepalive=True
            )
            try:
                pubsub = client.pubsub()
                await pubsub.subscribe(wake.CHANNEL)
                delay = BACKOFF[0]
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        names = wake.heard(message["data"])
                        wake.tell_waiting(names)
                        self.mark(names)
            except (redis.RedisError, OSError) as error:
                logger.warning("no hints from redis: %s", type(error).__name__)
            finally:
                await close_quietly(client)
            await asyncio.sleep(delay)
            delay = min(2 * delay, BACKOFF[1])


def hand_out(stream: LiveStream, grown: list[StreamEntry]) -> None:
    """Offers new entries to all who read the stream: a plain loop, nothing here waits for a socket."""
    if stream.position is None or grown[-1].position <= stream.position:
        return
    stream.position = grown[-1].position
    for reader in stream.readers:
        reader.offer(grown)
    if grown[0].at:
        LAG.labels(stream.name.partition(":")[0]).observe(max((timezone.now() - grown[0].at).total_seconds(), 0.0))


def read_after(positions: dict[str, int], limit: int) -> tuple[str, dict[str, list[StreamEntry]], bool]:
    """The epoch is read last: entries of a new one are not taken for the old one's."""
    found, more = entries.read_new_entries(positions, limit=limit)
    return current_epoch(), found, more


def admissions(knocks: Sequence[Knock]) -> list[Admission | WatchRefused]:
    """Who may come in, and what each is told first."""
    found = admit([knock.identify for knock in knocks])
    entering = [(one, knock) for one, knock in zip(found, knocks, strict=True) if isinstance(one, Watcher)]
    first = iter(
        entries.read_streams([Ask(one.stream, knock.since, knock.epoch) for one, knock in entering], limit=FIRST)
    )
    return [Admission(one, next(first)) if isinstance(one, Watcher) else one for one in found]


def with_connection(call: Callable[..., T], *args: Any) -> T:
    """Runs a call in a thread of ours and gives its connection back (to the pool, where there is one)."""
    try:
        return call(*args)
    finally:
        connection.close()


async def close_quietly(client: "redis.asyncio.Redis") -> None:
    try:
        await client.aclose()
    except (redis.RedisError, OSError):
        logger.debug("redis was gone already")


running: dict[asyncio.AbstractEventLoop, Hub] = {}


def current() -> Hub:
    """The hub of the running loop, begun with its first socket."""
    loop = asyncio.get_running_loop()
    hub = running.get(loop)
    if hub is None:
        hub = running[loop] = Hub(loop)
    return hub
