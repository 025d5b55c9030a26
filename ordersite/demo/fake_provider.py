"""A payment provider of our own: a real HTTP server that speaks the part of Mollie's protocol that we use.

It moves no money and forgets everything when it ends. The demo pays with it, and so do the tests.
"""

import json
import logging
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings

from ordersite.demo.fake_checkout import CHOICES, checkout_page, message_page
from ordersite.demo.fake_ledger import Json, Ledger, LedgerRefused

logger = logging.getLogger(__name__)

MOST_BODY = 100_000  # bytes
REFUND_TAKES = 5.0  # seconds
NOTICE_TIMEOUT = 5.0
NOTICE_TRIES = (0, 1, 3, 10, 30)  # seconds of waiting before each


def post_notice(url: str, reference: str) -> None:
    """Tells a notice URL the id, and only that, until it answers well or there were enough tries."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = urllib.parse.urlencode({"id": reference}).encode()
    for wait in NOTICE_TRIES:
        time.sleep(wait)
        try:
            with opener.open(urllib.request.Request(url, body), timeout=NOTICE_TIMEOUT):  # noqa: S310  our own address
                return
        except (OSError, ValueError) as error:
            logger.info("a notice of the fake provider did not arrive: %s", type(error).__name__)


class FakeProvider(ThreadingHTTPServer):
    """The server; what its public attributes say may be changed while it runs."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, *, deliver: Callable[[str, str], None] = post_notice) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.RLock()
        self.ledger = Ledger()
        self.kept: dict[str, tuple[str, int, Json]] = {}
        self.deliver = deliver
        self.refund_takes: float | None = REFUND_TAKES  # seconds; None: until `finish_refund`
        # For tests: every call, the status that all calls are refused with, seconds before an answer, and how many
        # answers are lost on the way although what was asked is done.
        self.calls: list[str] = []
        self.refuses_with = 0
        self.delay = 0.0
        self.loses_answers = 0

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.01,), name="fake provider", daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def pay(self, reference: str, status: str = "paid") -> Json:
        """Does what a payer's choice on the page does; the payment, unchanged where it was no longer open."""
        with self.lock:
            payment = self.ledger.payment(reference)
            is_open = payment["status"] == "open"
            if is_open:
                self.ledger.settle(payment, status)
        if is_open:
            self.notify(payment)
        return payment

    def finish_refund(self, payment: str, refund: str, status: str = "refunded") -> None:
        with self.lock:
            self.ledger.refund(payment, refund)["status"] = status
        self.notify(self.ledger.payments[payment])

    def notify(self, payment: Json) -> None:
        if url := payment.get("webhookUrl"):
            threading.Thread(target=self.deliver, args=(url, payment["id"]), daemon=True).start()

    def answer(self, method: str, path: list[str], body: Json) -> tuple[int, Json]:
        """The API below /v2; raises Refused."""
        match method, path:
            case "GET", ["methods"]:
                offered = [{"resource": "method", "id": name} for name in ("bancontact", "creditcard", "ideal")]
                return 200, list_answer("methods", offered)
            case "POST", ["payments"]:
                return 201, self.ledger.create_payment(body, self.url)
            case "GET", ["payments", reference]:
                return 200, self.ledger.payment(reference)
            case "POST", ["payments", reference, "captures"]:
                return 201, self.ledger.capture(self.ledger.payment(reference), body)
            case "POST", ["payments", reference, "release-authorization"]:
                return 200, self.ledger.release(self.ledger.payment(reference))
            case "POST", ["payments", reference, "refunds"]:
                refund = self.ledger.create_refund(self.ledger.payment(reference), body)
                if self.refund_takes is not None:
                    later = threading.Timer(self.refund_takes, self.finish_refund, (reference, refund["id"]))
                    later.daemon = True
                    later.start()
                return 201, refund
            case "GET", ["payments", reference, "refunds"]:
                return 200, list_answer("refunds", self.ledger.refunds.get(reference, []))
            case "GET", ["payments", reference, "refunds", refund_id]:
                return 200, self.ledger.refund(reference, refund_id)
            case "POST", ["customers"]:
                return 201, self.ledger.create_customer(body)
            case "GET", ["customers", customer, "payments"]:
                found = [one for one in self.ledger.payments.values() if one.get("customerId") == customer]
                return 200, list_answer("payments", found)
            case "GET", ["customers", customer, "mandates"]:
                return 200, list_answer("mandates", self.ledger.mandates.get(customer, []))
            case "DELETE", ["customers", customer, "mandates", mandate]:
                self.ledger.delete_mandate(customer, mandate)
                return 204, {}
        raise LedgerRefused(404, "No such page")

    def answer_once(self, method: str, path: list[str], raw: bytes, key: str) -> tuple[int, Json]:
        """The same key gives the same answer; another body under it is refused."""
        scope, text = f"{'/'.join(path)} {key}", raw.decode(errors="replace")
        with self.lock:
            if key and scope in self.kept:
                known, status, answer = self.kept[scope]
                if known != text:
                    raise LedgerRefused(409, "The idempotency key came with another body")
                return status, answer
            status, answer = self.answer(method, path, read_json(raw))
            answer = json.loads(json.dumps(answer))
            if key and method == "POST":
                self.kept[scope] = text, status, answer
            return status, answer


def list_answer(name: str, rows: list[Json]) -> Json:
    """A page with everything, newest first."""
    return {"count": len(rows), "_embedded": {name: rows[::-1]}, "_links": {"next": None, "previous": None}}


def read_json(raw: bytes) -> Json:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise LedgerRefused(400, "The body is not valid JSON") from error
    if not isinstance(body, dict):
        raise LedgerRefused(400, "The body is not a JSON object")
    return body


class Handler(BaseHTTPRequestHandler):
    """The API below /v2, and the page on which somebody pays."""

    server: FakeProvider
    timeout = 30

    def do_GET(self) -> None:
        self.handle_one()

    do_POST = do_DELETE = do_GET

    def handle_one(self) -> None:
        path = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
        raw = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BODY))
        if path[0] == "v2":
            self.handle_api(path[1:], raw)
        elif path[0] == "checkout" and len(path) == 2:
            self.handle_checkout(path[1], raw)
        else:
            self.send_page(404, message_page("There is nothing here."))

    def handle_api(self, path: list[str], raw: bytes) -> None:
        server = self.server
        with server.lock:
            server.calls.append(f"{self.command} {'/'.join(path)}")
        time.sleep(server.delay)
        try:
            if not self.headers.get("Authorization", "").startswith(("Bearer test_", "Bearer live_")):
                raise LedgerRefused(401, "Missing authentication, or failed to authenticate")
            if server.refuses_with:
                raise LedgerRefused(server.refuses_with, "The server was told to refuse")
            status, answer = server.answer_once(self.command, path, raw, self.headers.get("Idempotency-Key", ""))
        except LedgerRefused as refused:
            title = HTTPStatus(refused.status).phrase
            answer = {"status": refused.status, "title": title, "detail": refused.detail, "field": refused.field}
            status = refused.status
        with server.lock:
            if server.loses_answers:
                server.loses_answers -= 1
                self.close_connection = True
                return
        self.send(status, "application/hal+json", b"" if status == 204 else json.dumps(answer).encode())

    def handle_checkout(self, reference: str, raw: bytes) -> None:
        with self.server.lock:
            payment = self.server.ledger.payments.get(reference)
        if payment is None:
            self.send_page(404, message_page("There is no such payment, or the test provider was started anew."))
        elif self.command == "GET" and payment["status"] == "open":
            self.send_page(200, checkout_page(payment))
        else:
            choice = urllib.parse.parse_qs(raw.decode(errors="replace")).get("do", [""])[0]
            if choice in CHOICES:
                self.server.pay(reference, CHOICES[choice].status)
            self.send_response(303)
            self.send_header("Location", payment["redirectUrl"])
            self.send_header("Content-Length", "0")
            self.end_headers()

    def send_page(self, status: int, page: str) -> None:
        self.send(status, "text/html; charset=utf-8", page.encode())

    def send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: our own log tells what matters."""


def serve_provider(port: int) -> list[str]:
    """Starts the server beside the site, on the next port or, where that is taken, on a free one; the lines to tell.

    The setting is written here, since nobody knows the port before.
    """
    if settings.FAKE_PAYMENTS_URL:
        return []
    told = []
    try:
        server = FakeProvider(port + 1)
    except (OSError, OverflowError):
        server = FakeProvider()
        told = [f"Port {port + 1}, where they usually are, is taken."]
    server.start()
    settings.FAKE_PAYMENTS_URL = server.url
    return [f"Payments with the method fake are made on {server.url}/, with no money.", *told]
