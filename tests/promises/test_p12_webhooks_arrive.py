"""Promise 12: webhooks arrive at least once, though the receiver fails three times in ten and the worker is killed.

By the same id, in no more tries than the table has; an independent library verifies each, and refuses old ones.
Endpoints that hang do not delay the others.
"""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from orders.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from orders.services.outgoing.endpoints import make_secret
from orders.services.record.outbox import tell_outside
from ordersite.core.crypto import encrypt
from tests.cast import Cast
from tests.tracking.live import ROOT, environment
from tests.tracking.receiver import TAKEN, Answer, Received, Receiver, receiving

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

FAILURES: list[Answer] = [(500, {}), (404, {}), (301, {"Location": "http://127.0.0.1:9/"}), (429, {"Retry-After": "1"})]


class Workers:
    """One worker at a time; killed, another begins."""

    def __init__(self, directory: Path, *args: str) -> None:
        self.directory, self.args, self.kills = directory, args, 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.controls.hurried_worker", *self.args]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(self.directory), stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def replace(self) -> None:
        self.kill()
        self.kills += 1
        self.start()


def hook(client: Any, receiver: Receiver) -> Webhook:
    body = {"url": receiver.url, "types": ["vendor.paused"], "site": True}
    answer = client.post("/api/v1/webhooks", body)
    assert answer.status_code == 201, answer.json()
    return Webhook(answer.json()["secret"])


def tell(client: Any, cast: Cast, count: int) -> list[str]:
    """So many things happen, each in a transaction of its own; their ids."""
    for minute in range(count):
        until = f"2099-01-01T{minute // 60:02}:{minute % 60:02}:00Z"
        assert client.patch(f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": until}).status_code == 200
    return [message.webhook_id for message in OutboxMessage.objects.all()]


def wait_for_all(seconds: float) -> bool:
    """Whether all that was told is delivered in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        left = OutboxMessage.objects.filter(told_at__isnull=True).exists()
        if not left and not WebhookDelivery.objects.filter(delivered_at__isnull=True).exists():
            return True
        time.sleep(0.1)
    return False


def deliver_all(cast: Cast, api: Any, directory: Path, count: int, seconds: float, *args: str) -> tuple[int, int, int]:
    """Tells so many things to a receiver that fails, and kills workers in the middle of calls; returns what it took."""
    dice = random.Random(12)
    with receiving() as receiver:
        webhook = hook(api(cast.staff), receiver)
        ids = tell(api(cast.staff), cast, count)
        workers = Workers(directory, *args)
        taken: list[Received] = []

        def answer(received: Received) -> Answer:
            if len(receiver.calls) in (count // 4, count // 2, count):
                workers.replace()
            if dice.random() < 0.3:
                return dice.choice(FAILURES)
            taken.append(received)
            return TAKEN

        receiver.answer = answer
        try:
            assert wait_for_all(seconds), Counter(row.state for row in WebhookDelivery.objects.all())
        finally:
            workers.kill()
        assert {received.id for received in taken} == set(ids)
        for received in receiver.calls:
            webhook.verify(received.body, received.headers)
            old = {**received.headers, "webhook-timestamp": str(int(timezone.now().timestamp()) - 301)}
            with pytest.raises(WebhookVerificationError, match="too old"):
                webhook.verify(received.body, old)
        tries = Counter(received.id for received in receiver.calls)
        assert set(tries) == set(ids)
        # One that the kill cut off was counted too.
        assert max(tries.values()) <= len(deliveries.WAITS)
        bodies = {(received.id, received.body) for received in receiver.calls}
        assert len(bodies) == len(ids)
        return len(ids), len(receiver.calls), workers.kills


def test_each_arrives_at_least_once(
    cast: Cast, api: Any, tmp_path: Path, full: bool, figure: Callable[[str], None]
) -> None:
    told, calls, kills = deliver_all(cast, api, tmp_path, 200 if full else 24, 300 if full else 120)
    figure(f"{told} messages in {calls} calls by {kills} workers that were killed, 0 lost")


def test_control_where_no_lease_ends_what_was_cut_off_is_lost(cast: Cast, api: Any, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="waiting"):
        deliver_all(cast, api, tmp_path, 24, 20, "forgetful")


# --- those that hang ----------------------------------------------------------------------------------------------


def slowest(directory: Path, healthy: int, hanging: int, told: int, *args: str) -> float:
    """Seconds after which 99 % of what was told has come to the endpoints that do not hang; some may."""
    WebhookEndpoint.objects.all().delete()
    OutboxMessage.objects.all().delete()
    released = threading.Event()
    with receiving() as receiver:
        secret = encrypt(make_secret())
        for number in range(healthy + hanging):
            name = "hangs" if number < hanging else "works"
            WebhookEndpoint.objects.create(
                url=f"{receiver.url}/{name}/{number}", types=["vendor.paused"], secret_sealed=secret
            )

        def answer(received: Received) -> Answer:
            if "hangs" in received.path:
                released.wait(60)
            return TAKEN

        receiver.answer = answer
        workers = Workers(directory, *args)
        try:
            # The worker is there once it has passed something on.
            tell_outside("vendor.paused", subject="vendor:1", vendor_id=None, data={})
            while OutboxMessage.objects.filter(told_at__isnull=True).exists():
                time.sleep(0.1)
            receiver.calls.clear()
            began = time.monotonic()
            for _ in range(told):
                tell_outside("vendor.paused", subject="vendor:1", vendor_id=None, data={})
            wanted = healthy * told
            while len(came := [call for call in list(receiver.calls) if "works" in call.path]) < wanted:
                assert time.monotonic() < began + 300
                time.sleep(0.1)
            return sorted(call.at - began for call in came)[int(wanted * 0.99) - 1]
        finally:
            released.set()
            workers.kill()


@pytest.mark.timed
def test_endpoints_that_hang_delay_no_others(
    cast: Cast, tmp_path: Path, full: bool, figure: Callable[[str], None], *args: str
) -> None:
    healthy, hanging, told = (45, 5, 200) if full else (12, 3, 10)
    alone = slowest(tmp_path, healthy, 0, told, *args)
    beside = slowest(tmp_path, healthy, hanging, told, *args)
    figure(f"{told} messages to {healthy} endpoints: p99 {alone:.1f} s, beside {hanging} that hang {beside:.1f} s")
    assert beside <= 2 * alone + 0.5  # half a round of the worker


@pytest.mark.timed
def test_control_where_all_share_their_threads_they_do(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="<="):
        test_endpoints_that_hang_delay_no_others(cast, tmp_path, False, print, "together")
