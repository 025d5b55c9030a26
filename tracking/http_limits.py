"""Our server's HTTP connections: how many there may be, and how long each may take to say what it wants."""

import asyncio
import resource

import h11
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

from ordersite.web.request_headers import fault_of_headers
from ordersite.web.throttling import network_of

GRACE = 0.25  # seconds that a connection has before it counts: many that come at once, as after a cut, are heard first
AT_ONCE = 4  # times the connections in all that there may be within GRACE
LINGER = 1.0  # seconds that who sends on after its answer has to read it
LEAST = 50_000  # bytes of what waits for it that a client has to read in WRITE_SECONDS


class Connections:
    """The HTTP connections of this process, those of each address in the order in which they came."""

    def __init__(self) -> None:
        self.count = 0
        self.of: dict[str, dict[HttpProtocol, None]] = {}

    def add(self, connection: "HttpProtocol", address: str) -> bool:
        """Takes a new connection in; False where there are so many that it cannot even be heard."""
        self.of.setdefault(address, {})[connection] = None
        self.count += 1
        return self.count <= AT_ONCE * settings.CONNECTIONS

    def make_place(self, address: str) -> bool:
        """Where there are too many, closes the oldest that only waits; False where all of them are worked for.

        One of the address where that has many, of the address that has most where there are many in all. Half requests
        never keep out whole ones.
        """
        # Behind a proxy of ours all come from its address.
        most = 0 if settings.TRUSTED_PROXIES else settings.CONNECTIONS_PER_ADDRESS
        mine = self.of.get(address, {})
        if most and len(mine) > most:
            return self.close_one([mine])
        return self.count <= settings.CONNECTIONS or self.close_one(sorted(self.of.values(), key=len, reverse=True))

    def close_one(self, groups: "list[dict[HttpProtocol, None]]") -> bool:
        """Closes the oldest that waits, in the first of the groups that has one; False where there is none."""
        waiting = next((one for group in groups for one in group if one.waits_for_client), None)
        if waiting is not None:
            waiting.close()
        return waiting is not None

    def remove(self, connection: "HttpProtocol", address: str) -> None:
        mine = self.of.get(address, {})
        if connection in mine:
            del mine[connection]
            self.count -= 1
        if not mine:
            self.of.pop(address, None)


connections = Connections()


class HttpProtocol(H11Protocol):
    """uvicorn's protocol with limits: connections in all and of one address, and seconds for what clients do."""

    limit: asyncio.TimerHandle | None = None
    grace: asyncio.TimerHandle | None = None
    watch: asyncio.TimerHandle | None = None
    address = ""
    unread = 0  # bytes that waited for the client when it was last looked at
    has_moved = False  # whether it has read since
    is_held = False  # whether the next request waits until this answer has been read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = network_of(self.client[0]) if self.client else ""
        self.limit_head()
        self.watch = self.loop.call_later(settings.WRITE_SECONDS, self.watch_reader)
        self.grace = self.loop.call_later(GRACE, self.take_place)
        if not connections.add(self, self.address):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        super().connection_lost(exc)

    def leave(self) -> None:
        """It counts no longer: it has ended, or has become a socket, which has limits of its own."""
        connections.remove(self, self.address)
        self.unlimit()
        for timer in (self.grace, self.watch):
            if timer is not None:
                timer.cancel()
        self.grace = self.watch = None

    def take_place(self) -> None:
        if not connections.make_place(self.address):
            self.close()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    @property
    def waits_for_client(self) -> bool:
        """Whether it is the client's turn: to ask, to send its body, or to read."""
        return self.is_waiting or self.flow.write_paused or self.conn.their_state is h11.SEND_BODY

    def limit_head(self) -> None:
        self.limit = self.loop.call_later(settings.HEAD_SECONDS, self.close)

    def unlimit(self) -> None:
        if self.limit is not None:
            self.limit.cancel()
            self.limit = None

    def watch_reader(self) -> None:
        """Ends the connection of a client that does not read, whether its answer goes on or has been said."""
        size = self.transport.get_write_buffer_size()
        if self.unread and size > max(0, self.unread - LEAST) and not self.has_moved:
            self.close()
            return
        self.unread, self.has_moved = size, False
        self.watch = self.loop.call_later(settings.WRITE_SECONDS, self.watch_reader)

    def data_received(self, data: bytes) -> None:
        if self.is_waiting and not self.is_held and self.limit is None:
            self.limit_head()
        self.has_moved = self.has_moved or not self.flow.write_paused
        super().data_received(data)
        if not self.is_waiting:
            self.unlimit()

    def _should_upgrade(self) -> bool:
        """A handshake whose headers are refused is answered as any other request, with the reason."""
        return super()._should_upgrade() and fault_of_headers(self.headers) is None

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.leave()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self.unlimit()
        if self.conn.their_state is h11.SEND_BODY:
            # Answered before its body has come: what it still sends is thrown away, and not for long.
            self.limit = self.loop.call_later(LINGER, self.close)
        # Who sends many requests at once gets the next answer after it has read this one.
        self.is_held = self.flow.write_paused
        if not self.is_held:
            super().on_response_complete()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.has_moved = True
        if self.is_held:
            self.is_held = False
            super().on_response_complete()

    def close(self) -> None:
        """Ends the connection at once, with all that waits for its client; nobody is told."""
        self.leave()
        self.transport.abort()


def raise_file_limit() -> None:
    """Lets the process hold as many connections as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
