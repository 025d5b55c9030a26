"""One socket's place in a stream: first what it missed, then what comes, each position once and in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from django.conf import settings

from tracking.feed.closings import TOO_SLOW, Closing
from tracking.feed.entries import Page, StreamEntry, hello, reset
from tracking.feed.hub import Hub, LiveStream
from tracking.feed.watchers import Watcher

logger = logging.getLogger(__name__)

CUT_AFTER = 1.0  # seconds that a socket has to take its close frame before it is cut
RETRY = 1.0  # seconds between two tries to read the database


class SocketDoor(Protocol):
    """The way to the client. `send` and `close` raise OSError when it has gone."""

    async def send(self, entries: Sequence[StreamEntry]) -> None: ...

    async def close_with(self, closing: Closing) -> None: ...

    def abort(self) -> None: ...


class Subscriber:
    """Reads a stream for one socket.

    The hub offers entries as they come, from before the first read on, so nothing falls between reading what was
    missed and joining what is live; `take` drops what was read already. A position that does not follow the last one
    is never sent: the socket goes back to reading from the database.
    """

    def __init__(self, hub: Hub, watcher: Watcher, first: Page, since: int | None, *, door: SocketDoor) -> None:
        """`first` was read before the socket was accepted: "from now" is from there."""
        self.hub = hub
        self.door = door
        self.watcher = watcher
        self.first = first
        self.position = first.last if since is None else since
        self.epoch = first.epoch
        self.queue: deque[StreamEntry] = deque()
        self.limit: int = settings.FEED_QUEUE
        self.ready = asyncio.Event()
        self.is_live = False
        self.is_behind = False
        self.is_over = False
        self.ending: Closing | None = None
        self.stream: LiveStream = hub.enter(watcher.stream, first, self)

    def offer(self, entries: Sequence[StreamEntry]) -> None:
        """Puts entries on the queue; a live socket whose queue is full is cut, one that still replays reads again."""
        if len(self.queue) + len(entries) > self.limit:
            self.queue.clear()
            self.is_behind = True
            if self.is_live:
                self.end(TOO_SLOW)
            return
        self.queue.extend(entries)
        self.ready.set()

    def read_again(self) -> None:
        """What is queued is not the truth any more."""
        self.queue.clear()
        self.is_behind = True
        self.ready.set()

    def end(self, closing: Closing) -> None:
        """Closes with this; a socket that does not take even that is cut."""
        if self.ending is None:
            self.ending = closing
            self.queue.clear()
            self.ready.set()
            self.hub.loop.call_later(CUT_AFTER, self.cut)

    def cut(self) -> None:
        if not self.is_over:
            self.door.abort()

    async def run(self) -> None:
        """Until the socket has gone, or is ended."""
        try:
            await self.send(self.first, hello(self.first.epoch, self.first.last))
            while self.ending is None:
                await self.replay()
                await self.follow()
            await self.door.close_with(self.ending)
            self.is_over = True
        except OSError:  # the client has gone
            pass
        finally:
            self.hub.leave(self)

    async def replay(self) -> None:
        """Sends what the database holds after the position."""
        self.is_live = False
        while self.ending is None:
            self.is_behind = False
            try:
                page = await self.hub.page(self.stream, self.position, self.epoch)
            except Exception:
                logger.warning("a replay waits for the database", exc_info=True)
                await asyncio.sleep(RETRY)
                continue
            await self.send(page)
            if not (page.reset or page.more or self.is_behind):
                return

    async def send(self, page: Page, *before: StreamEntry) -> None:
        """Sends a page, which may be a reset, and goes on from its end."""
        entries = [*before, *page.entries]
        if page.reset:
            self.position, self.epoch = page.last, page.epoch
            entries.append(reset(page.epoch, page.last))
        elif page.entries:
            self.position = page.entries[-1].position
        if entries:
            await self.door.send(entries)

    async def follow(self) -> None:
        """Sends what comes, until there is a gap or an end."""
        self.is_live = True
        while self.ending is None:
            entries = self.take()
            if entries:
                await self.door.send(entries)
            elif self.is_behind:
                return
            else:
                self.ready.clear()
                await self.ready.wait()

    def take(self) -> list[StreamEntry]:
        """All that is queued and follows on; finds out a gap."""
        entries: list[StreamEntry] = []
        position = self.position
        for entry in self.queue:
            if entry.position == position + 1:
                entries.append(entry)
                position += 1
            elif entry.position > position:
                self.is_behind = True
                break
        self.queue.clear()
        self.position = position
        return entries
