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
from django.contrib.admin.models import LogEntry
from django.db import OperationalError
from django.utils import timezone

from orders.models import Counter, CustomerPosition, DriverOffer, DriverPosition, FeedEntry, OrderEvent
from ordersite.accounts.models import SignIn
from ordersite.core.models import Attempt, IdempotencyKey
from ordersite.web.data_folder import is_held
from tests.cast import Cast
from tests.tracking.live import ROOT, Server, environment, happen, make_order
from tracking import retention
from tracking.worker import WORK, Repeater, Work, run_batch, run_worker

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
    # The clocks of the first two entries' writers went ahead: what is left must have no gap all the same.
    FeedEntry.objects.filter(position=3).update(created_at=old)
    assert retention.prune_feed() == 1
    assert list(FeedEntry.objects.values_list("position", flat=True)) == [4]
    assert OrderEvent.objects.count() == 4
    FeedEntry.objects.update(created_at=old)
    assert (retention.prune_feed(), FeedEntry.objects.count()) == (1, 0)
    assert Counter.objects.get(name=f"stream:vendor:{cast.vendor.pk}").value == 4
    happen(order)
    assert FeedEntry.objects.get().position == 5


def test_what_lies_between_old_feed_entries_goes_with_them(cast: Cast) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(4):
        happen(order)
    FeedEntry.objects.filter(position__in=(1, 3)).update(created_at=timezone.now() - timedelta(days=8))
    assert retention.prune_feed() == 2
    assert list(FeedEntry.objects.values_list("position", flat=True)) == [4]


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


def test_counters_of_past_days_go_and_those_of_streams_stay(db: None) -> None:
    today = timezone.now().date()
    for days in (32, 28):
        Counter.objects.create(name=f"number:5:delivery:{today - timedelta(days=days)}", value=9)
    Counter.objects.create(name="stream:vendor:5", value=7)
    assert retention.prune_number_counters() == 1
    assert list(Counter.objects.order_by("name").values_list("name", flat=True)) == [
        f"number:5:delivery:{today - timedelta(days=28)}",
        "stream:vendor:5",
    ]


def test_old_entries_of_the_back_office_go(cast: Cast, settings: Any) -> None:
    settings.KEEP_AUDIT = timedelta(days=9)
    for days in (10, 8):
        at = timezone.now() - timedelta(days=days)
        LogEntry.objects.create(user=cast.staff, object_repr=f"{days}", action_flag=2, action_time=at)
    assert (retention.prune_admin_log(), retention.prune_admin_log()) == (1, 0)
    assert LogEntry.objects.get().object_repr == "8"


@pytest.mark.postgres
@pytest.mark.parametrize("askew", [timedelta(days=400), -timedelta(minutes=11)])
def test_by_a_wrong_clock_nothing_goes(db: None, monkeypatch: pytest.MonkeyPatch, askew: timedelta) -> None:
    now = timezone.now
    for minutes in (0, 3):
        IdempotencyKey.objects.create(scope=f"{minutes}", created_at=now() - timedelta(hours=24, minutes=minutes - 4))
    monkeypatch.setattr("django.utils.timezone.now", lambda: now() + askew)
    for work in WORK:
        if work.prunes:
            with pytest.raises(retention.ClockAskew, match=f"{askew.total_seconds():.0f} s ahead"):
                run_batch(work)
    assert IdempotencyKey.objects.count() == 2
    # A few minutes are allowed.
    monkeypatch.setattr("django.utils.timezone.now", lambda: now() + timedelta(minutes=2))
    [keys] = [work for work in WORK if work.name == "idempotency keys"]
    assert (run_batch(keys), IdempotencyKey.objects.get().scope) == (1, "0")


def test_a_backlog_of_old_rows_does_not_hold_up_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "refuse_wrong_clock", lambda: None)
    monkeypatch.setattr("tracking.worker.connection.close", lambda: None)
    stop, done, pruned = threading.Event(), threading.Event(), threading.Event()

    def prune() -> int:
        """A full batch each time, until deadlines have had their turn meanwhile."""
        pruned.set()
        return 0 if done.wait(LONGEST_WAIT) else 1

    def deadlines() -> int:
        if pruned.wait(LONGEST_WAIT):
            done.set()
            stop.set()
        return 0

    monkeypatch.setattr("tracking.worker.WORK", (Work("old", prune, batch=1, prunes=True), Work("due", deadlines)))
    run_worker(stop)
    assert done.is_set()


def test_what_prunes_gives_way_after_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is old of one kind, the next kind has its turn too, and then this one again."""
    monkeypatch.setattr(retention, "refuse_wrong_clock", lambda: None)
    monkeypatch.setattr("tracking.worker.connection.close", lambda: None)
    stop, done = threading.Event(), list[str]()
    monkeypatch.setattr("tracking.worker.TURN", -1.0)
    monkeypatch.setattr("tracking.worker.ROUND", 0.001)

    def endless() -> int:
        done.append("endless")
        return 1

    def other() -> int:
        done.append("other")
        if done.count("other") == 2:
            stop.set()
        return 0

    works = (Work("a", endless, batch=1, prunes=True), Work("b", other, every=0, prunes=True))
    monkeypatch.setattr("tracking.worker.WORK", works)
    run_worker(stop)
    assert done[:4] == ["endless", "other", "endless", "other"]


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
        "bulk changes",
        "files",
        "mark of the feed",
        "mails",
        "webhooks",
        "what is in stock again",
        "idempotency keys",
        "attempts",
        "feed entries",
        "what was told outside",
        "mails of the past",
        "old bulk changes",
        "files that were fetched",
        "sign-ins",
        "browser sessions",
        "old invitations",
        "changes of the set-up data",
        "entries of the back-office",
        "numbers of past days",
        "positions of drivers",
        "positions of customers",
        "offers to drivers",
        "photos of proofs",
        "files of rows that are gone",
        "contacts of guests",
        "unconfirmed accounts",
        "histories of closed orders",
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
