"""The worker's part: passes messages on, and calls endpoints, each in a thread of its own.

An endpoint that fails may take the whole time limit for each call. Those that fail at present share a few threads, and
the others never wait for them.
"""

import logging
import threading
from queue import SimpleQueue

from django.db import connection

from orders.models import WebhookDelivery
from orders.services.outgoing.deliveries import (
    begin_try,
    due_endpoints,
    lease_deliveries,
    note_outcome,
    pass_on,
    return_leases,
)
from orders.services.outgoing.endpoints import secrets_of
from tracking.webhooks.bodies import body_of, timestamp_of
from tracking.webhooks.sending import send_webhook
from tracking.webhooks.signing import sign_delivery

logger = logging.getLogger(__name__)

# Endpoints that one worker calls at once: of those that take what is sent, and of those that fail.
HEALTHY, FAILING = 8, 4
# Calls of one endpoint before another has its turn.
TURN = 50


class Callers:
    """Threads that take turns, an endpoint each; they end with the process, whatever they wait for."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.turns: SimpleQueue[int] = SimpleQueue()
        self.running = False

    def add(self, endpoint_id: int) -> None:
        self.turns.put(endpoint_id)
        if not self.running:
            self.running = True
            for _ in range(self.threads):
                threading.Thread(target=self.run, name="webhooks", daemon=True).start()

    def run(self) -> None:
        while True:
            take_turn(self.turns.get())


# By whether an endpoint is failing; and those that have a turn, or wait for one.
CALLERS = {False: Callers(HEALTHY), True: Callers(FAILING)}
BUSY = set[int]()


def take_turn(endpoint_id: int) -> None:
    try:
        call_endpoint(endpoint_id, TURN)
    except Exception:
        logger.exception("webhook endpoint %d: its turn failed", endpoint_id)
    finally:
        connection.close()
        BUSY.discard(endpoint_id)


def start_due() -> None:
    """Gives a turn to each endpoint to which something is due, unless it has one. By one thread at a time."""
    for endpoint_id, is_failing in due_endpoints().items():
        if endpoint_id not in BUSY:
            BUSY.add(endpoint_id)
            CALLERS[is_failing].add(endpoint_id)


def deliver_due() -> int:
    """Passes on what was told, and starts what is due; of how many messages. By the worker, once a second."""
    count = pass_on()
    start_due()
    return count


def call_endpoint(endpoint_id: int, limit: int) -> int:
    """Sends what is due to an endpoint, one after another; the first that fails ends its turn. How many were tried."""
    rows = lease_deliveries(endpoint_id, limit)
    for number, row in enumerate(rows):
        if begin_try(row) and not try_once(row):
            return_leases(rows[number + 1 :])
            return number + 1
    return len(rows)


def try_once(row: WebhookDelivery) -> bool:
    """Makes one try, and keeps what came of it; whether it was delivered."""
    message, body = row.message, body_of(row.message)
    assert row.tried_at is not None, "the try has begun"
    timestamp = timestamp_of(row.tried_at)
    headers = {
        "webhook-id": message.webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign_delivery(secrets_of(row.endpoint), message.webhook_id, timestamp, body),
    }
    outcome = send_webhook(row.endpoint.url, body, headers)
    note_outcome(row, outcome)
    return outcome.is_delivered
