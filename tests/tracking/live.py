"""A server of our own on a free port, against the test's database, and the rows that it tells of."""

import contextlib
import itertools
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from orders.models import Counter, FeedEntry, Order, OrderEvent, Purchase
from orders.services.record.epochs import current_epoch
from orders.services.record.events import write_event
from ordersite.accounts.models import Customer, User
from ordersite.core.crypto import token_hash
from tests.orders.rows import terms_now
from tracking.feed.wake import wake
from vendors.models import Vendor

ROOT = Path(__file__).resolve().parent.parent.parent
numbers = itertools.count(1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(directory: Path, **extra: str) -> dict[str, str]:
    """What makes another process use the test's database: an address, or a link to its file."""
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "ORDERSITE_PROCESS")}
    env |= {"ENVIRONMENT": "development", "DATA_DIR": str(directory), "SECRET_KEY": settings.SECRET_KEY}
    if connection.vendor == "postgresql":
        db = connection.settings_dict
        password = f":{db['PASSWORD']}" if db["PASSWORD"] else ""
        host, port = db["HOST"] or "127.0.0.1", db["PORT"] or 5432
        env["DATABASE_URL"] = f"postgres://{db['USER']}{password}@{host}:{port}/{db['NAME']}"
    else:
        link = directory / "ordersite.sqlite3"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(connection.settings_dict["NAME"]).resolve())
    return env | extra


class Server:
    """`manage.py serve` as a process, or another command that takes --port."""

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        command: Sequence[str] = ("manage.py", "serve"),
        port: int = 0,
        **env: str,
    ) -> None:
        self.port = port or free_port()
        self.errors = directory / f"serve-{self.port}.log"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--port", str(self.port), *arguments],
                cwd=ROOT,
                env=environment(directory, **env),
                stdout=subprocess.PIPE,
                stderr=errors,
            )

    def wait_until_up(self) -> None:
        for _ in range(900):
            if self.process.poll() is not None:
                raise AssertionError(f"the server has left: {self.log()}")
            with contextlib.suppress(OSError):
                self.get("/healthz", timeout=2)
                return
            time.sleep(0.1)
        raise AssertionError(f"the server does not answer: {self.log()}")

    def log(self) -> str:
        return self.errors.read_text()

    def get(self, path: str, *, token: str = "", timeout: float = 40) -> tuple[int, bytes]:
        """Status and body, whatever the status."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def connect(self, path: str, *, token: str = "", **options: Any) -> ClientConnection:
        offered = ["ordersite.v1", *([f"bearer.{token}"] if token else [])]
        return connect(
            self.url(path), subprotocols=[Subprotocol(one) for one in offered], compression=None, proxy=None, **options
        )

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextlib.contextmanager
def serving(directory: Path, *arguments: str, **options: Any) -> Iterator[Server]:
    """A server that answers, stopped at the end."""
    server = Server(directory, *arguments, **options)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()
        if server.process.stdout:
            server.process.stdout.close()


class Redis:
    """A redis-server of our own."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.directory = directory
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("redis-server does not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(5)


def since(position: int) -> str:
    """The query that goes on after a position, in the epoch that holds."""
    return f"since={position}&epoch={current_epoch()}"


def told(client: ClientConnection, timeout: float = 20) -> dict[str, Any]:
    """What a socket tells next, after its hello."""
    message: dict[str, Any] = json.loads(client.recv(timeout))
    return told(client, timeout) if message["kind"] == "hello" else message


def greet(client: ClientConnection) -> None:
    """Waits for the hello of a socket: from then on the server watches its stream, and its right to it."""
    message = json.loads(client.recv(20))
    assert message["kind"] == "hello"


def jwt(user: User) -> str:
    return str(AccessToken.for_user(user))


def make_order(vendor: Vendor, customer: Customer, *, code: str = "", **fields: Any) -> Order:
    """An order that its vendor sees, without lines and without its first event."""
    codes = {"tracking_hash": token_hash(code or secrets.token_urlsafe(24)), "tracking_sealed": ""}
    purchase = Purchase.objects.create(
        customer=customer,
        placed_by_key="system",
        currency="EUR",
        total=1000,
        tracking_hash=token_hash(secrets.token_urlsafe(24)),
        tracking_sealed="",
    )
    return Order.objects.create(
        **{
            "purchase": purchase,
            "vendor": vendor,
            "terms": terms_now(vendor),
            "customer": customer,
            "fulfilment": 1,
            "number": next(numbers),
            "number_day": timezone.now().date(),
            "collection_code": "123456",
            "currency": "EUR",
            "subtotal": 1000,
            "total": 1000,
            "payment_method": "cash",
            "visible_at": timezone.now(),
            "version": 0,
            **codes,
            **fields,
        }
    )


@transaction.atomic
def happen(order: Order, **fields: Any) -> OrderEvent:
    """One change of the order, told to all who may see it."""
    Order.objects.filter(pk=order.pk).update(version=F("version") + 1)
    changed = Order.objects.get(pk=order.pk)
    told = {"kind": "note", "actor": "system", "role": "system", **fields}
    event = OrderEvent(order=changed, number=changed.version, **told)
    write_event(event)
    return event


@transaction.atomic
def happen_often(order: Order, count: int) -> None:
    """`count` changes at once, by a handful of statements, for tests that need thousands."""
    stream = f"vendor:{order.vendor_id}"
    Counter.objects.get_or_create(name=f"stream:{stream}", defaults={"value": 0})
    Counter.objects.filter(name=f"stream:{stream}").update(value=F("value") + count)
    Order.objects.filter(pk=order.pk).update(version=F("version") + count)
    last = Counter.objects.get(name=f"stream:{stream}").value
    version = Order.objects.get(pk=order.pk).version
    events = OrderEvent.objects.bulk_create(
        OrderEvent(order=order, number=number, kind="note", actor="system", role="system")
        for number in range(version - count + 1, version + 1)
    )
    FeedEntry.objects.bulk_create(
        FeedEntry(stream=stream, position=position, event=event, order=order)
        for position, event in enumerate(events, last - count + 1)
    )
    transaction.on_commit(lambda: wake([stream, f"order:{order.pk}"]))
