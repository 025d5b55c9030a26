"""The load: keep-alive sockets in two processes, as lean as can be, since they share the cores with the servers."""

import itertools
import json
import multiprocessing
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

PROCESSES = 2
KEY = b"@key@"
Call = Callable[[], None]


@dataclass
class Sample:
    """What one slice of load gave: answers, how long it took in seconds, and each answer's latency in seconds."""

    took: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cpu: float = 0.0  # seconds that the server's processes used, without the database's
    database_cpu: float = float("nan")  # seconds that PostgreSQL's backends used; not known of another machine's

    @property
    def cpu_ms(self) -> float:
        """Of the server, per answer."""
        return 1000 * self.cpu / len(self.latencies) if self.latencies else float("nan")

    @property
    def database_ms(self) -> float:
        """PostgreSQL's CPU, per answer."""
        return 1000 * self.database_cpu / len(self.latencies) if self.latencies else float("nan")

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.took if self.took else 0.0

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


@dataclass(frozen=True)
class Request:
    """One call of the API, whose bytes are written once; `@key@` in it becomes a fresh Idempotency-Key."""

    method: str
    path: str
    token: str
    body: Any = None
    keyed: bool = False
    tenant: str = ""

    def as_bytes(self) -> bytes:
        body = json.dumps(self.body).encode() if self.body is not None else b""
        head = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.token}",
            *([f"X-Tenant: {self.tenant}"] if self.tenant else []),
            f"Content-Length: {len(body)}",
        ]
        if body:
            head.append("Content-Type: application/json")
        if self.keyed:
            head.append(f"Idempotency-Key: {KEY.decode()}")
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Connection:
    """A keep-alive connection that sends bytes and reads one answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body; raises ConnectionError when the server closes."""
        self.socket.sendall(request)
        data = bytearray()
        end = -1
        while end < 0:
            data += self.read()
            end = data.find(b"\r\n\r\n")
        head = bytes(data[:end]).lower()
        _, _, rest = head.partition(b"\r\ncontent-length:")
        size = int(rest.split(b"\r\n", 1)[0])
        while len(data) < end + 4 + size:
            data += self.read()
        return int(head[9:12]), bytes(data[end + 4 :])

    def read(self) -> bytes:
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        return chunk


def http_calls(ports: list[int], requests: list[Request], *, once: bool = False) -> Callable[[int, int], Call]:
    """Makes a client's call: the clients share the servers and the requests evenly; `once` sends none twice."""
    prepared = [request.as_bytes() for request in requests]

    def make(number: int, clients: int) -> Call:
        connection = Connection(ports[number % len(ports)])
        mine = prepared[number::clients] or prepared
        turn: Iterator[bytes] = iter(mine) if once else itertools.cycle(mine)

        def call() -> None:
            status, body = connection.send(next(turn).replace(KEY, uuid.uuid4().hex.encode()))
            if not 200 <= status < 300:
                raise RuntimeError(f"{status} {body[:300]!r}")

        return call

    return make


def drive(make: Callable[[int, int], Call], *, clients: int, seconds: float) -> Sample:
    """Runs that many clients side by side for a while; each waits for its answer before it asks again."""
    context = multiprocessing.get_context("fork")
    groups = [range(first, clients, PROCESSES) for first in range(min(PROCESSES, clients))]
    barrier = context.Barrier(len(groups))
    pipes, processes = [], []
    for group in groups:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=run_group, args=(make, group, clients, seconds, barrier, theirs))
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    total = Sample()
    for pipe, process in zip(pipes, processes, strict=True):
        part: Sample = pipe.recv()
        process.join()
        total.took = max(total.took, part.took)
        total.latencies += part.latencies
        total.failures += part.failures
    return total


def run_group(
    make: Callable[[int, int], Call], group: range, clients: int, seconds: float, barrier: Any, pipe: Any
) -> None:
    """One process: a thread for each of its clients."""
    calls = [make(number, clients) for number in group]
    sample = Sample()
    barrier.wait(60)
    begun = time.perf_counter()
    threads = [threading.Thread(target=run_client, args=(call, begun + seconds, sample)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sample.took = time.perf_counter() - begun
    pipe.send(sample)


def run_client(call: Call, until: float, sample: Sample) -> None:
    """Calls until the time is over, or until it has nothing left to ask."""
    while True:
        before = time.perf_counter()
        if before >= until:
            return
        try:
            call()
        except StopIteration:
            return
        except (RuntimeError, OSError) as error:
            sample.failures.append(str(error))
            return
        sample.latencies.append(time.perf_counter() - before)
