"""Our server's websocket protocol: frames that are built once go out by one write, and a stalled client is cut.

Plain ASGI builds a frame a socket and message, and its close waits for a client that reads nothing. Under another
server the sockets work without this, only slower.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

# The name of the ASGI extension by which a consumer finds it.
FRAMES = "ordersite.frames"
LINGER = 3.0  # seconds that a closed socket has to go by itself


class FeedProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, with two ways past it for the feed: `write` and `abort`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            # A slow reader's backlog belongs in its queue, where it is seen, not in the kernel's megabytes.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.FEED_SEND_BUFFER)

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[FRAMES] = self
        await super().run_asgi()
        self.loop.call_later(LINGER, self.abort)

    async def write(self, frames: bytes) -> None:
        """Writes whole text frames once the client takes them; raises OSError when it has gone."""
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frames)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(LINGER, self.abort)

    def abort(self) -> None:
        """Ends the connection at once, whatever waits to be written here or in the kernel."""
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # closed already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
