"""Promise 11: a position that is not kept any more is told, on the socket and on the call that waits."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orders.models import FeedEntry
from orders.services.record.epochs import current_epoch
from tests.cast import make_cast
from tests.tracking.live import happen, jwt, make_order, serving, since, told

pytestmark = pytest.mark.django_db(transaction=True)


def test_reset_and_never_a_silent_gap(tmp_path: Path, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    order = make_order(cast.vendor, cast.customer_row)
    last, kept = 20, 12
    for _ in range(last):
        happen(order)
    FeedEntry.objects.filter(position__lte=kept).delete()
    token, resets = jwt(cast.owner), 0
    with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
        for read in range(last + 4):
            rest = list(range(read + 1, last + 1))
            is_told = read < kept or read > last
            expected = [("reset", last)] if is_told else [("note", position) for position in rest]
            with server.connect(f"/ws/vendors/{cast.vendor.pk}?{since(read)}", token=token) as socket:
                heard = [told(socket, 30) for _ in expected]
            status, body = server.get(f"/api/v1/vendors/{cast.vendor.pk}/events?{since(read)}", token=token)
            answer = json.loads(body)
            assert status == 200
            for found in (heard, answer["events"]):
                assert [(entry["kind"], entry["position"]) for entry in found] == expected
            assert answer["position"] == last
            resets += is_told
        # Pruned while a reader is on its way: it goes on after a reset, with what comes then.
        with server.connect(f"/ws/vendors/{cast.vendor.pk}?{since(3)}", token=token) as socket:
            assert told(socket, 30) == {"position": last, "kind": "reset", "epoch": current_epoch()}
            happen(order)
            assert told(socket, 30)["position"] == last + 1
    figure(f"{resets} of {resets} positions that are not there were told, {last - kept + 1} others read on")
