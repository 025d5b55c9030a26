"""Many readers in a process of their own, that parse frames by hand: they measure a server, not a client library."""

import asyncio
import base64
import secrets
import time
from typing import Any


async def read_socket(port: int, path: str, token: str, count: int, ready: Any, arrivals: list[float]) -> None:
    """Counts `count` text frames; notes when each arrived."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bearer = f", bearer.{token}" if token else ""
    writer.write(
        (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ordersite.v1{bearer}\r\n\r\n"
        ).encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    ready()
    pending, expected = b"", 1
    while len(arrivals) < count:
        data = await reader.read(65536)
        if not data:
            break
        now = time.time()
        pending += data
        at = 0
        while len(pending) - at >= 2:
            size, start = pending[at + 1], at + 2
            if size == 126:
                if len(pending) < at + 4:
                    break
                size, start = int.from_bytes(pending[at + 2 : at + 4], "big"), at + 4
            if len(pending) < start + size:
                break
            if pending[at] == 0x81 and not pending.startswith(b'{"kind":"hello"', start):
                assert pending.startswith(b'{"position":%d,' % expected, start), pending[start : start + 40]
                expected += 1
                arrivals.append(now)
            at = start + size
        pending = pending[at:]
    writer.close()


def readers(port: int, path: str, token: str, sockets: int, count: int, seconds: float, out: Any, ready: Any) -> None:
    """A process with all the sockets; puts the arrival times of each on `out`."""

    async def run() -> None:
        opened = 0

        def one() -> None:
            nonlocal opened
            opened += 1

        arrivals: list[list[float]] = [[] for _ in range(sockets)]
        tasks = []
        for number in range(sockets):
            tasks.append(asyncio.create_task(read_socket(port, path, token, count, one, arrivals[number])))
            if number % 20 == 19:
                await asyncio.sleep(0.05)
        while opened < sockets:
            await asyncio.sleep(0.05)
        ready.set()
        finished, _ = await asyncio.wait(tasks, timeout=seconds)
        for error in {repr(task.exception()) for task in finished if task.exception()}:
            print("a reader failed:", error, flush=True)
        out.put(arrivals)

    asyncio.run(run())
