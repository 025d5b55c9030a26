"""The worker: what is kept for a time goes, a failure of one kind of work does not stop another."""

import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from orders.models import Counter, CustomerPosition, DriverOffer, DriverPosition, FeedEntry, OrderEvent
from ordersite.accounts.models import SignIn
from ordersite.core.models import Attempt, IdempotencyKey
from ordersite.web.data_folder import is_held
from tests.cast import Cast
from tests.tracking.live import ROOT, Server, environment, happen, make_order
from tracking import retention
from tracking.worker import WORK, Repeater, Work, run_worker

# Seconds after which a process hangs, on the busiest of machines.
LONGEST_WAIT = 300


def test_old_idempotency_keys_and_attempts_go(db: None) -> None:
    now = timezone.now()
    for hours in (25, 23):
        IdempotencyKey.objects.create(scope=f"{hours}", fingerprint="", created_at=now - timedelta(hours=hours))
        Attempt.objects.create(key=f"{hours}", expires_at=now + timedelta(hours=24 - hours))
    assert (retention.prune_idempotency_keys(), retention.prune_attempts()) == (1, 1)
    assert IdempotencyKey.objects.get().scope == "23"
    assert Attempt.objects.get().key == "23"


def test_old_feed_entries_go_and_positions_go_on(cast: Cast) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(4):
        happen(order)
    old = timezone.now() - timedelta(days=8)
    # The clock of the second entry's writer went ahead: what is left must have no gap all the same.
    FeedEntry.objects.filter(position__in=(1, 3)).update(created_at=old)
    assert retention.prune_feed() == 2
    assert list(FeedEntry.objects.values_list("position", flat=True)) == [4]
    assert OrderEvent.objects.count() == 4
    FeedEntry.objects.update(created_at=old)
    assert (retention.prune_feed(), FeedEntry.objects.count()) == (1, 0)
    assert Counter.objects.get(name=f"stream:vendor:{cast.vendor.pk}").value == 4
    happen(order)
    assert FeedEntry.objects.get().position == 5


def test_sign_ins_whose_refresh_token_has_expired_go(cast: Cast) -> None:
    now = timezone.now()
    for seconds in (-1, 60):
        SignIn.objects.create(user=cast.owner, refresh_id=f"{seconds}", expires_at=now + timedelta(seconds=seconds))
    assert retention.prune_sign_ins() == 1
    assert SignIn.objects.get().refresh_id == "60"


def test_positions_and_ended_offers_go_after_their_days(cast: Cast, settings: Any) -> None:
    settings.KEEP_POSITIONS, settings.KEEP_DRIVER_OFFERS = timedelta(days=3), timedelta(days=9)
    now, order = timezone.now(), make_order(cast.vendor, cast.customer_row)
    kept = make_order(cast.vendor, cast.customer_row)
    where = {"lat": 50.85, "lng": 4.35, "accuracy": 5.0, "at": now}
    for days, driver, whose in ((4, cast.driver_row, order), (2, cast.courier_row, kept)):
        DriverPosition.objects.create(driver=driver, received_at=now - timedelta(days=days), **where)
        CustomerPosition.objects.create(order=whose, received_at=now - timedelta(days=days), **where)
    for number, days in enumerate((10, 8, None)):
        ended = {"answered_at": now - timedelta(days=days), "outcome": "declined"} if days else {}
        offered = {"offered_at": now, "answer_by": now, **ended}
        DriverOffer.objects.create(order=order, round=number, driver=cast.driver_row, **offered)
    assert (retention.prune_driver_positions(), retention.prune_customer_positions()) == (1, 1)
    assert (DriverPosition.objects.get().driver, CustomerPosition.objects.get().order_id) == (cast.courier_row, kept.pk)
    assert retention.prune_driver_offers() == 1
    assert list(DriverOffer.objects.values_list("round", flat=True)) == [1, 2]


def test_more_than_a_batch_goes_at_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.worker.connection.close", lambda: None)
    past = timezone.now() - timedelta(hours=1)
    Attempt.objects.bulk_create(Attempt(key=f"{number}", expires_at=past) for number in range(2500))
    Repeater(Work("attempts", retention.prune_attempts, batch=retention.BATCH)).do(threading.Event())
    assert Attempt.objects.count() == 0


def test_a_failure_rests_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    stop = threading.Event()

    def fails() -> int:
        done.append("fails")
        raise OperationalError("the database is down")

    def breaks() -> int:
        done.append("breaks")
        raise ValueError("a bug")

    def works() -> int:
        done.append("works")
        if done.count("works") == 2:
            stop.set()
        return 0

    monkeypatch.setattr(
        "tracking.worker.WORK", (Work("a", fails, every=0.01), Work("b", breaks), Work("c", works, every=0))
    )
    monkeypatch.setattr("tracking.worker.ROUND", 0.001)
    # Time stands still, so that whoever rests still does so when a busy machine comes to the second round.
    monkeypatch.setattr("tracking.worker.time", SimpleNamespace(monotonic=lambda: 100.0))
    monkeypatch.setattr("tracking.worker.connection.close", lambda: None)
    run_worker(stop)
    assert done == ["fails", "breaks", "works", "works"]


def test_rests_grow_and_have_an_end() -> None:
    repeater = Repeater(Work("a", lambda: 0))
    assert [repeater.failed() for _ in range(6)] == [2, 4, 8, 16, 30, 30]


def test_every_kind_of_work_is_there(db: None) -> None:
    assert [work.name for work in WORK] == [
        "timers of orders",
        "unseen orders",
        "vendors that answer nothing",
        "online payments",
        "mark of the feed",
        "mails",
        "webhooks",
        "what is in stock again",
        "idempotency keys",
        "attempts",
        "feed entries",
        "what was told outside",
        "sign-ins",
        "positions of drivers",
        "positions of customers",
        "offers to drivers",
        "unconfirmed accounts",
        "photos that no row knows",
        "files of codes",
        "times of stages",
        "proof of the ledger",
    ]
    assert [work.run() for work in WORK] == [0] * len(WORK)


@pytest.mark.slow
def test_the_command_works_and_leaves_when_it_is_told(transactional_db: None, tmp_path: Path) -> None:
    Attempt.objects.create(key="old", expires_at=timezone.now() - timedelta(hours=1))
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment(tmp_path), stderr=subprocess.PIPE
    )
    try:
        until = time.monotonic() + LONGEST_WAIT
        while Attempt.objects.exists():
            # However long it takes to begin on a busy machine: it must not have left.
            assert worker.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        assert is_held(tmp_path)  # `make fresh` beside it is refused
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(LONGEST_WAIT) == 0
        assert not is_held(tmp_path)
        assert worker.stderr is not None
        assert worker.stderr.read() == b""
    finally:
        worker.kill()
        worker.communicate()


@pytest.mark.slow
def test_a_busy_port_is_told_with_the_remedy(server: Server, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(server.port)],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=LONGEST_WAIT,
        check=False,
    )
    assert second.returncode == 1
    named = re.fullmatch(
        f"Port {server.port} is in use: stop what uses it, or choose ([0-9]+), which is free.", second.stderr.strip()
    )
    assert named
    assert int(named[1]) != server.port
    assert second.stdout == ""
