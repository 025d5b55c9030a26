"""Our server's websocket protocol: frames that are built once go out by one write, a stalled client is cut, and so is
one that sends.

Plain ASGI builds a frame a socket and message, its close waits for a client that reads nothing, and it hands on all
that a client sends. Under another server the sockets work without this, only slower, and what clients send must be
limited before them.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import HeaderLineTooLong, RequestLineTooLong, TooManyHeaders
from websockets.frames import Frame
from websockets.protocol import State

from ordersite.web.problems import Problem, problem_response
from tracking.feed.allowance import Allowance
from tracking.feed.closings import RESTARTING, TOO_MUCH

# The name of the ASGI extension by which a consumer finds it.
FRAMES = "ordersite.frames"
LINGER = 3.0  # seconds that a closed socket has to go by itself
TOLD = 1.0  # seconds that a client which sent too much has to read why
CLOSE_FRAME = 131  # bytes: the longest answer to a close
# What the parser says of a handshake's head that is too long; anything else that it does not take is malformed.
TOO_LONG: dict[type | None, tuple[int, str]] = {
    RequestLineTooLong: (414, "The URL of the socket is too long: send a shorter query string."),
    HeaderLineTooLong: (431, "A header of the handshake is too long: send a shorter one."),
    TooManyHeaders: (431, "The handshake has too many headers: send fewer."),
}
MALFORMED = (400, "The handshake is malformed: send a GET of HTTP/1.1, without a body and without control characters.")


class FeedProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, with two ways past it for the feed: `write` and `abort`.

    Nothing that a client sends reaches the application: pongs and a close are all that is expected of it.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.allowance = Allowance(self.loop.time())
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

    def data_received(self, data: bytes) -> None:
        """Counts before it parses; a socket that was closed is read no further than its answer to that."""
        if self.handshake_initiated and not self.may_send(data):
            self.stop_reading()
        else:
            super().data_received(data)
        if not self.handshake_initiated:
            self.refuse_handshake()

    def refuse_handshake(self) -> None:
        """Answers a handshake that the parser does not take, and closes: uvicorn says nothing, and reads on.

        The whole head has been given to it, by HttpProtocol: what it has not understood by now it never will.
        """
        status, detail = TOO_LONG.get(type(self.conn.handshake_exc), MALFORMED)
        response = problem_response(Problem("invalid_handshake", detail, status=status))
        response["Content-Length"] = str(len(response.content))
        response["Cache-Control"], response["Connection"] = "no-store", "close"
        head = f"HTTP/1.1 {status} {response.reason_phrase}\r\n".encode()
        self.handshake_complete = self.close_sent = True
        self.transport.write(head + response.serialize_headers() + b"\r\n\r\n" + response.content)
        self.transport.close()

    def may_send(self, data: bytes) -> bool:
        if self.close_sent and len(data) > CLOSE_FRAME:
            return False
        return self.allowance.take(data, self.loop.time())

    def stop_reading(self) -> None:
        """Closes with 1008 and reads nothing more."""
        self.transport.pause_reading()
        if not self.close_sent and self.conn.state is State.OPEN:
            self.conn.fail(*TOO_MUCH)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TOO_MUCH.code})
        self.loop.call_later(TOLD, self.abort)

    def shutdown(self) -> None:
        """Says why to every socket that is open, where uvicorn sends the bare code."""
        if self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN:
            self.conn.send_close(*RESTARTING)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.queue.put_nowait({"type": "websocket.disconnect", "code": RESTARTING.code})
        super().shutdown()

    def handle_text(self, event: Frame) -> None:
        """Ignored, as all that a client says."""

    handle_bytes = handle_cont = handle_text

    def abort(self) -> None:
        """Ends the connection at once, whatever waits to be written here or in the kernel."""
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # closed already
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
