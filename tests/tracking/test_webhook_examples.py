"""The receivers of docs/webhooks.md, run: they take what the worker really sends, once, and refuse all else."""

import http.client
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orders.models import WebhookDelivery, WebhookEndpoint
from orders.services.outgoing import deliveries
from tests.cast import Cast
from tests.orders.shopping import cart, place_order
from tests.tracking.live import ROOT, free_port
from tests.tracking.receiver import receiving
from tracking.webhooks.delivering import call_endpoint

HOOKS, EXAMPLES = "/api/v1/webhooks", ROOT / "docs/examples"
COMMANDS = {
    "python": [sys.executable, str(EXAMPLES / "webhook_receiver.py")],
    "javascript": ["node", str(EXAMPLES / "webhook_receiver.mjs")],
}


@contextmanager
def running(language: str, port: int, secret: str) -> Iterator["subprocess.Popen[str]"]:
    command = COMMANDS[language]
    if not shutil.which(command[0]):
        pytest.skip("Node is not installed")
    with subprocess.Popen([*command, str(port), secret], stdout=subprocess.PIPE, text=True) as process:
        try:
            until = time.monotonic() + 30
            while not answers(port):
                assert time.monotonic() < until
                assert process.poll() is None
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        post(port, {}, "{}")
    except OSError:
        return False
    return True


def post(port: int, headers: dict[str, str], body: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/", body.encode(), headers)
    return connection.getresponse().status


def send_again(client: Any, row: WebhookEndpoint) -> WebhookDelivery:
    told = WebhookDelivery.objects.latest("pk")
    client.post(f"{HOOKS}/{row.pk}/deliveries/{told.pk}/redeliver")
    assert call_endpoint(row.pk, 50) == 1
    told.refresh_from_db()
    return told


@pytest.mark.parametrize("language", COMMANDS)
def test_a_receiver_takes_what_is_sent_and_refuses_all_else(cast: Cast, api: Any, language: str) -> None:
    client, port = api(cast.customer), free_port()
    added = client.post(HOOKS, {"url": f"http://127.0.0.1:{port}/", "types": ["order.placed"]}).json()
    row = WebhookEndpoint.objects.get(pk=added["id"])
    order = place_order(client, cart(cast))
    deliveries.pass_on()
    with running(language, port, added["secret"]) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("refused:")  # what asked whether it is there
        assert call_endpoint(row.pk, 50) == 1
        assert WebhookDelivery.objects.get().answered == 204
        name, _, data = process.stdout.readline().partition(" ")
        assert (name, json.loads(data)["order"]) == ("order.placed", order.pk)
        # After a rotation both secrets sign; the same message is not told twice.
        client.post(f"{HOOKS}/{row.pk}/secret")
        assert send_again(client, row).answered == 204
        # What was caught on the way: changed, kept for later, or signed by somebody else.
        with receiving() as caught:
            client.patch(f"{HOOKS}/{row.pk}", {"url": caught.url})
            send_again(client, row)
        (one,) = caught.calls
        headers = {name: one.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        new_id = headers | {"webhook-id": "msg_other"}
        old = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 400)}
        newest_only = headers | {"webhook-signature": headers["webhook-signature"].split(" ")[0]}
        for wrong, body in (
            (headers, one.body.replace("order", "ordre")),
            (new_id, one.body),
            (old, one.body),
            (newest_only, one.body),
            ({}, one.body),
        ):
            assert post(port, wrong, body) == 401
            assert process.stdout.readline().startswith("refused:")
        assert post(port, headers, one.body) == 204


def test_the_page_shows_what_is_run() -> None:
    """The functions in docs/webhooks.md are those of the receivers."""
    page = (ROOT / "docs/webhooks.md").read_text()
    for language, name in (("python", "webhook_receiver.py"), ("javascript", "webhook_receiver.mjs")):
        text = (EXAMPLES / name).read_text()
        start = text.index("def verify" if language == "python" else "export function verify")
        assert text[start:].partition("\n\n\n" if language == "python" else "\n\n")[0] in page, Path(name)
