"""Many sockets that come at once, in a process of their own, each until it has what it missed."""

import asyncio
import base64
import multiprocessing
import secrets
import time
from typing import Any


def handshake(port: int, path: str, token: str) -> bytes:
    """The opening request of a socket."""
    bearer = f", bearer.{token}" if token else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ordersite.v1{bearer}\r\n\r\n"
    ).encode()


async def come(port: int, path: str, token: str, until: bytes) -> float:
    """Connects and reads until the bytes come; the seconds that it took."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(handshake(port, path, token))
    await reader.readuntil(until)
    took = time.monotonic() - began
    held.append(writer)
    return took


async def go(port: int, path: str, token: str) -> None:
    """Asks to come in and is gone before it is answered."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(handshake(port, path, token))
    await writer.drain()
    writer.transport.abort()


held: list[asyncio.StreamWriter] = []  # open until all are in


def crowd(port: int, path: str, tokens: list[str], dead: int, until: bytes, seconds: float, out: Any) -> None:
    """A process: `dead` sockets that go at once, then one for each token; puts the seconds of each on `out`."""

    async def run() -> None:
        await asyncio.gather(*(go(port, path, tokens[0]) for _ in range(dead)))
        tasks = [asyncio.create_task(come(port, path, token, until)) for token in tokens]
        finished, _ = await asyncio.wait(tasks, timeout=seconds)
        for error in {repr(task.exception()) for task in finished if task.exception()}:
            print("a socket failed:", error, flush=True)
        out.put([task.result() for task in finished if task.exception() is None])

    asyncio.run(run())


def come_back(
    port: int, path: str, tokens: list[str], *, until: bytes, dead: int = 0, seconds: float = 60
) -> list[float]:
    """All at once; the seconds of each until it read these bytes."""
    out: Any = multiprocessing.Queue()
    process = multiprocessing.Process(target=crowd, args=(port, path, tokens, dead, until, seconds, out))
    process.start()
    took: list[float] = out.get(timeout=seconds + 30)
    process.join()
    return took
