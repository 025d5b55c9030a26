"""The worker's part: passes messages on, and calls endpoints, each in a thread of its own.

An endpoint that fails may take the whole time limit for each call. Those that fail at present, answer slowly or have
taken nothing so far share a few threads, and the others never wait for them.
"""

import logging
import threading
from queue import SimpleQueue

from django.db import connection

from orders.models import WebhookDelivery
from orders.services.outgoing.deliveries import (
    TryOutcome,
    begin_try,
    due_endpoints,
    lease_deliveries,
    note_outcome,
    pass_on,
    return_leases,
)
from orders.services.outgoing.endpoints import secrets_of
from ordersite.core.others import release_connection
from ordersite.core.tracing import trace_headers
from ordersite.core.work_items import FAILED, OK, REFUSED, outside_call, work_item
from tracking.webhooks.bodies import body_and_headers, timestamp_of
from tracking.webhooks.sending import reason_of, send_webhook
from tracking.webhooks.signing import sign_delivery

logger = logging.getLogger(__name__)

# Endpoints that one worker calls at once: of those that take what is sent at once, and of the others.
QUICK, DOUBTFUL = 16, 8
# Calls of one endpoint before another has its turn, likewise.
TURN, SHORT_TURN = 50, 5
# A call that took longer was slow.
SLOW_MILLISECONDS = 1000


class Callers:
    """Threads that take turns, an endpoint each; they end with the process, whatever they wait for."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.turns: SimpleQueue[tuple[int, int]] = SimpleQueue()
        self.running = False

    def add(self, endpoint_id: int, limit: int) -> None:
        self.turns.put((endpoint_id, limit))
        if not self.running:
            self.running = True
            for _ in range(self.threads):
                threading.Thread(target=self.run, name="webhooks", daemon=True).start()

    def run(self) -> None:
        while True:
            take_turn(*self.turns.get())


# By whether an endpoint is doubtful; those that have a turn, or wait for one; and those whose last call was slow.
CALLERS = {False: Callers(QUICK), True: Callers(DOUBTFUL)}
BUSY = set[int]()
SLOW = set[int]()


def take_turn(endpoint_id: int, limit: int) -> None:
    try:
        call_endpoint(endpoint_id, limit)
    except Exception:
        logger.exception("webhook endpoint %d: its turn failed", endpoint_id)
    finally:
        connection.close()
        BUSY.discard(endpoint_id)


def start_due() -> None:
    """Gives a turn to each endpoint to which something is due, unless it has one. By one thread at a time."""
    for endpoint_id, is_doubtful in due_endpoints().items():
        if endpoint_id not in BUSY:
            BUSY.add(endpoint_id)
            is_doubtful = is_doubtful or endpoint_id in SLOW
            CALLERS[is_doubtful].add(endpoint_id, SHORT_TURN if is_doubtful else TURN)


def deliver_due() -> int:
    """Passes on what was told, and starts what is due; of how many messages. By the worker, once a second."""
    count = pass_on()
    start_due()
    return count


def call_endpoint(endpoint_id: int, limit: int) -> int:
    """Sends what is due to an endpoint, one after another; how many were tried.

    The turn ends early where it gives no answer, says that it is busy, or is slow.
    """
    rows, tried = lease_deliveries(endpoint_id, limit), 0
    for number, row in enumerate(rows):
        if not begin_try(row):
            continue
        outcome, tried = try_once(row), tried + 1
        is_slow = outcome.milliseconds > SLOW_MILLISECONDS
        (SLOW.add if is_slow else SLOW.discard)(endpoint_id)
        if is_slow or outcome.asks_for_rest:
            return_leases(rows[number + 1 :])
            break
    return tried


def try_once(row: WebhookDelivery) -> TryOutcome:
    """Makes one try, and keeps what came of it.

    A fault of ours, such as a secret that cannot be opened, is a failed try as any other: what raised before the
    outcome was kept would be tried again with each lease that ends, for ever.
    """
    event = row.message.event
    with work_item("webhook", order=event.order_id if event else None, traceparent=row.message.traceparent) as item:
        try:
            outcome = call_once(row)
        except Exception as error:
            logger.exception("webhook delivery %d: its try failed", row.pk)
            outcome = TryOutcome(None, reason_of(error))
        note_outcome(row, outcome)
        item.outcome = OK if outcome.is_delivered else FAILED
        return outcome


def call_once(row: WebhookDelivery) -> TryOutcome:
    """Makes the body, signs it and calls."""
    secrets = secrets_of(row.endpoint)
    body, special = body_and_headers(row, secrets)
    assert row.tried_at is not None, "the try has begun"
    timestamp = timestamp_of(row.tried_at)
    headers = {
        **special,
        "webhook-id": row.webhook_id,
        "webhook-timestamp": timestamp,
        **trace_headers(),
        "webhook-signature": sign_delivery(secrets, row.webhook_id, timestamp, body),
    }
    url = row.endpoint.url
    release_connection()
    with outside_call("webhooks") as call:
        outcome = send_webhook(url, body, headers)
        if not outcome.is_delivered:
            call.outcome = FAILED if outcome.answered is None else REFUSED
    return outcome
