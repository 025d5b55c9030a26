"""Our server's HTTP connections: how many there may be, and how long each may take to say what it wants."""

import asyncio
import resource

import h11
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

LINGER = 1.0  # seconds that who sends on after its answer has to read it
FRESH = 1.0  # seconds in which a new connection is not closed in favour of a newer one
# Connections of one address that are answered at the moment may be so many times those that wait.
BUSY_TIMES = 8


class Connections:
    """The HTTP connections of this process, those of each address in the order in which they came."""

    def __init__(self) -> None:
        self.count = 0
        self.of: dict[str, dict[HttpProtocol, float]] = {}

    def add(self, connection: "HttpProtocol", address: str, now: float) -> bool:
        """Takes a new connection in; False where there are too many.

        Of an address with many the oldest one that only waits is closed: half requests never keep out whole ones.
        """
        # Behind a proxy of ours all come from its address.
        most = 0 if settings.TRUSTED_PROXIES else settings.CONNECTIONS_PER_ADDRESS
        mine = self.of.setdefault(address, {})
        if most and len(mine) >= most:
            waiting = next((one for one, since in mine.items() if one.is_waiting and now - since > FRESH), None)
            if waiting is not None:
                waiting.close()
        is_full = self.count >= settings.CONNECTIONS or (most and len(mine) >= most * BUSY_TIMES)
        mine[connection] = now
        self.count += 1
        return not is_full

    def remove(self, connection: "HttpProtocol", address: str) -> None:
        mine = self.of.get(address, {})
        if mine.pop(connection, None) is not None:
            self.count -= 1
        if not mine:
            self.of.pop(address, None)


connections = Connections()


class HttpProtocol(H11Protocol):
    """uvicorn's protocol with limits: connections in all and of one address, seconds for a request's head."""

    limit: asyncio.TimerHandle | None = None
    address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self.limit_head()
        if not connections.add(self, self.address, self.loop.time()):
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        super().connection_lost(exc)

    def leave(self) -> None:
        """It counts no longer: it has ended, or has become a socket, which has limits of its own."""
        connections.remove(self, self.address)
        self.unlimit()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def limit_head(self) -> None:
        self.limit = self.loop.call_later(settings.HEAD_SECONDS, self.close)

    def unlimit(self) -> None:
        if self.limit is not None:
            self.limit.cancel()
            self.limit = None

    def data_received(self, data: bytes) -> None:
        if self.is_waiting and self.limit is None:
            self.limit_head()
        super().data_received(data)
        if not self.is_waiting:
            self.unlimit()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.leave()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self.unlimit()
        if self.conn.their_state is h11.SEND_BODY:
            # Answered before its body has come: what it still sends is thrown away, and not for long.
            self.limit = self.loop.call_later(LINGER, self.close)
        super().on_response_complete()

    def close(self) -> None:
        """Ends the connection at once; nobody is told, since a half request asks nothing."""
        self.leave()
        if not self.transport.is_closing():
            self.transport.abort()


def raise_file_limit() -> None:
    """Lets the process hold as many connections as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
