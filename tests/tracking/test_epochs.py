"""Epochs: a backup that was brought back is told to every reader, and nothing is passed over in silence."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from rest_framework.test import APIClient

from orders.models import Counter, FeedEntry, FeedEpoch, Order, OrderEvent
from orders.services.record.epochs import begin_epoch, current_epoch, epochs_so_far, feed_standing
from tests.cast import Cast
from tests.promises.crowd import together
from tests.promises.redis_of_our_own import own_redis
from tests.tracking.live import ROOT, Server, environment, happen, jwt, make_order, serving, since, told
from tracking.feed import marks
from tracking.feed.marks import FILE, keep_mark

CODE = "a-code-of-this-test"
Api = Callable[..., APIClient]


@pytest.fixture
def data_dir(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR, settings.REDIS_URL = tmp_path, ""
    return tmp_path


class Shelf:
    """In the place of Redis."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def run(self, command: str, key: str, *values: str) -> bytes | None:
        if command == "SET":
            self.kept[key] = values[0].encode()
        return self.kept.get(key)


def bring_back(order: Order, position: int) -> None:
    """The database as a backup would have it: without what came after the position."""
    FeedEntry.objects.filter(position__gt=position).delete()
    OrderEvent.objects.filter(order=order, number__gt=position).delete()
    Order.objects.filter(pk=order.pk).update(version=position)
    Counter.objects.filter(name=f"stream:vendor:{order.vendor_id}").update(value=position)


def hello(server: Server, path: str, token: str) -> dict[str, Any]:
    with server.connect(path, token=token) as client:
        first: dict[str, Any] = json.loads(client.recv(4))
    return first


def test_the_first_question_begins_the_first_epoch(db: None) -> None:
    FeedEpoch.objects.all().delete()
    first = current_epoch()
    assert (current_epoch(), epochs_so_far(), FeedEpoch.objects.get().number) == (first, [first], 1)
    second = begin_epoch()
    assert second != first
    assert (current_epoch(), epochs_so_far()) == (second, [first, second])
    # Who wants to end an epoch that has ended is told what holds.
    assert (begin_epoch(after=first), epochs_so_far()) == (second, [first, second])
    assert begin_epoch(after=second) not in (first, second)


def test_the_command(db: None) -> None:
    before, out = current_epoch(), StringIO()
    call_command("begin_epoch", stdout=out)
    assert current_epoch() != before
    assert current_epoch() in out.getvalue()


def test_the_first_frame_tells_epoch_and_position(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row, code=CODE, driver=live_cast.driver_row)
    for _ in range(3):
        happen(order)
    epoch = current_epoch()
    for path, token, position in (
        (f"/ws/vendors/{live_cast.vendor.pk}", jwt(live_cast.owner), 3),
        (f"/ws/vendors/{live_cast.vendor.pk}?since=0", jwt(live_cast.owner), 3),
        (f"/ws/vendors/{live_cast.vendor.pk}?{since(1)}", jwt(live_cast.owner), 3),
        (f"/ws/vendors/{live_cast.vendor.pk}?since=1&epoch=other", jwt(live_cast.owner), 3),
        ("/ws/drivers/me", jwt(live_cast.driver), 3),
        ("/ws/companies/me", jwt(live_cast.dispatcher), 0),
        (f"/ws/orders/{CODE}", "", 3),
    ):
        assert hello(server, path, token) == {"kind": "hello", "epoch": epoch, "position": position}, path


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("since=0", ["note", "note", "note"]),
        ("since=0&epoch={}", ["note", "note", "note"]),
        ("since=2&epoch={}", ["note"]),
        ("since=3&epoch={}", []),
        ("epoch={}", []),
        ("since=2", ["reset"]),
        ("since=3", ["reset"]),
        ("since=2&epoch=", ["reset"]),
        ("since=2&epoch=0000000000000000", ["reset"]),
        ("since=3&epoch=x", ["reset"]),
        ("since=0&epoch=x", ["reset"]),
        ("epoch=x", ["reset"]),
    ],
)
def test_a_position_counts_in_its_epoch_only(
    server: Server, live_cast: Cast, api: Api, query: str, kinds: list[str]
) -> None:
    """At the socket and at the call alike."""
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(3):
        happen(order)
    epoch = current_epoch()
    asked = query.format(epoch)
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}?{asked}", token=jwt(live_cast.owner)) as client:
        heard = [told(client) for _ in kinds]
        happen(order)
        assert told(client)["position"] == 4
    assert [message["kind"] for message in heard] == kinds
    if kinds == ["reset"]:
        assert heard == [{"kind": "reset", "position": 3, "epoch": epoch}]
    answer = api(live_cast.owner).get(f"/api/v1/vendors/{live_cast.vendor.pk}/events?{asked}").data
    # The call is made one event later.
    if kinds == ["reset"]:
        assert answer["events"] == [{"kind": "reset", "position": 4, "epoch": epoch}]
    elif "since" in asked:
        assert [event["kind"] for event in answer["events"]] == [*kinds, "note"]
    else:
        assert answer["events"] == []
    assert (answer["position"], answer["epoch"]) == (4, epoch)


def test_the_dashboard_tells_it_beside_the_position(cast: Cast, api: Api) -> None:
    happen(make_order(cast.vendor, cast.customer_row))
    path = f"/api/v1/orders?mode=dashboard&vendor={cast.vendor.pk}"
    for user in (cast.owner, cast.staff):
        answer = api(user).get(path)
        assert (answer["Feed-Position"], answer["Feed-Epoch"]) == ("1", current_epoch())
    begin_epoch()
    assert api(cast.owner).get(path)["Feed-Epoch"] == current_epoch()
    assert "Feed-Epoch" not in api(cast.owner).get("/api/v1/orders?mode=dashboard")


def test_who_reads_is_told_of_a_new_epoch(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    for _ in range(8):
        happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    with (
        server.connect(f"{path}?since=0", token=jwt(live_cast.owner)) as busy,
        server.connect(f"/ws/orders/{CODE}") as follower,
        server.connect(f"/ws/vendors/{live_cast.other_vendor.pk}", token=jwt(live_cast.staff)) as quiet,
    ):
        assert [told(busy)["position"] for _ in range(8)] == list(range(1, 9))
        # At once: who looks between the two is told of the positions that are gone with the epoch that was.
        with transaction.atomic():
            bring_back(order, 2)
            epoch = begin_epoch()
        assert told(busy, 20) == {"kind": "reset", "position": 2, "epoch": epoch}
        assert told(follower, 20) == {"kind": "reset", "position": 2, "epoch": epoch}
        assert told(quiet, 20) == {"kind": "reset", "position": 0, "epoch": epoch}
        happen(order)
        assert [told(one)["position"] for one in (busy, follower)] == [3, 3]


def test_after_a_restore_nothing_is_passed_over(server: Server, live_cast: Cast) -> None:
    """A reader had read ten; two came back, and eight others have taken their positions before it returned."""
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(10):
        happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    was = hello(server, path, jwt(live_cast.owner))
    bring_back(order, 2)
    call_command("begin_epoch", stdout=StringIO())
    for _ in range(9):
        happen(order)
    query = f"since={was['position']}&epoch={was['epoch']}"
    with server.connect(f"{path}?{query}", token=jwt(live_cast.owner)) as client:
        assert told(client) == {"kind": "reset", "position": 11, "epoch": current_epoch()}
    # And those that only read on, too.
    with server.connect(f"{path}?since=0", token=jwt(live_cast.owner)) as client:
        assert [told(client)["position"] for _ in range(11)] == list(range(1, 12))


def test_a_mark_that_is_ahead_begins_an_epoch(cast: Cast, data_dir: Path) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(5):
        happen(order)
    first = current_epoch()
    assert keep_mark() == 0
    assert json.loads((data_dir / FILE).read_text()) == {
        "site": first,
        "epoch": first,
        "positions": 5,
        "event": feed_standing().event,
    }
    happen(order)
    keep_mark()
    keep_mark()
    assert current_epoch() == first
    bring_back(order, 5)
    keep_mark()
    second = current_epoch()
    assert epochs_so_far() == [first, second]
    keep_mark()
    assert current_epoch() == second
    # A backup of before the second one: its epoch is not known any more, though positions have gone on.
    FeedEpoch.objects.filter(epoch=second).delete()
    for _ in range(9):
        happen(order)
    keep_mark()
    assert current_epoch() not in (first, second)


def test_redis_knows_it_where_the_directory_does_not(
    cast: Cast, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "breaker", Shelf())
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(5):
        happen(order)
    keep_mark()
    first = current_epoch()
    (data_dir / FILE).unlink()
    bring_back(order, 4)
    keep_mark()
    assert current_epoch() != first


def test_a_mark_that_says_nothing(cast: Cast, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another site, of an epoch that has ended, damaged, behind: the epoch stays."""
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(5):
        happen(order)
    first, second = current_epoch(), begin_epoch()
    ahead = {"site": first, "epoch": second, "positions": 10**6, "event": 10**6}
    for text in (
        json.dumps(ahead | {"site": "another", "epoch": "another"}),
        json.dumps(ahead | {"epoch": first}),
        json.dumps(ahead | {"positions": 5, "event": 1}),
        json.dumps(ahead | {"positions": "6"}),
        json.dumps([ahead]),
        "null",
        "{",
        "",
        "\x00",
    ):
        (data_dir / FILE).write_text(text)
        keep_mark()
        assert current_epoch() == second, text
    (data_dir / FILE).write_text(json.dumps(ahead))
    keep_mark()
    assert current_epoch() != second
    # A directory that cannot be written does not stop the work.
    monkeypatch.setattr("tracking.feed.marks.settings.DATA_DIR", data_dir / "missing")
    assert keep_mark() == 0


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_starting_begins_one_where_the_database_is_behind(
    live_cast: Cast, tmp_path: Path, data_dir: Path, command: str
) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(5):
        happen(order)
    keep_mark()
    first = current_epoch()
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    if command == "serve":
        for _ in range(2):  # an ordinary restart keeps it, and so does a standby that lacks nothing
            with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
                assert hello(server, path, jwt(live_cast.owner))["epoch"] == first
        bring_back(order, 3)
        with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
            assert hello(server, path, jwt(live_cast.owner))["epoch"] != first
    else:
        bring_back(order, 3)
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment(tmp_path, REDIS_URL="")
        )
        try:
            until = time.monotonic() + 60
            while current_epoch() == first and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            worker.terminate()
            worker.wait(60)
    assert len(epochs_so_far()) == 2


def test_a_promoted_standby_that_has_everything_keeps_the_epoch(cast: Cast, data_dir: Path) -> None:
    """It may even have more than was marked."""
    order = make_order(cast.vendor, cast.customer_row)
    happen(order)
    keep_mark()
    first = current_epoch()
    for _ in range(3):
        happen(order)
    keep_mark()
    assert epochs_so_far() == [first]


@pytest.mark.redis
def test_starting_asks_redis_too(live_cast: Cast, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(5):
        happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    with own_redis(tmp_path, settings) as redis:
        keep_mark()
        first = current_epoch()
        for lost, is_new in ((0, False), (1, True)):
            (tmp_path / FILE).unlink()
            bring_back(order, 5 - lost)
            with serving(tmp_path, "--no-worker", REDIS_URL=redis.url) as server:
                assert (hello(server, path, jwt(live_cast.owner))["epoch"] != first) is is_new
    assert len(epochs_so_far()) == 2


def begin_together(count: int, after: str | None) -> set[str]:
    """What so many threads were answered that began an epoch at once."""
    return set(together([partial(begin_epoch, after=after)] * count))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_who_find_it_out_begin_one() -> None:
    for number in range(2, 8):
        before = current_epoch()
        assert begin_together(8, before) == {current_epoch()} != {before}
        assert len(epochs_so_far()) == number
