"""What each session of PostgreSQL is asked for, by the environment and the kind of process."""

from pathlib import Path
from typing import Any

import pytest

from ordersite.databases import read_databases
from ordersite.environment import Environment

URL = "postgres://site:secret@10.0.0.5:5432/site"


def read(monkeypatch: pytest.MonkeyPatch, process: str, **given: str) -> dict[str, dict[str, Any]]:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_databases(Environment(), process, Path())


@pytest.mark.parametrize("process", ["asgi", "wsgi", "worker"])
def test_what_serves_is_bounded_and_notices_a_dead_host(process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(monkeypatch, process, DATABASE_URL=URL)["default"]["OPTIONS"]
    for bound in ("lock_timeout=3000", "statement_timeout=15000", "idle_in_transaction_session_timeout=30000"):
        assert f"-c {bound}" in options["options"]
    assert (options["connect_timeout"], options["tcp_user_timeout"], options["keepalives_idle"]) == (10, 10_000, 5)


def test_commands_take_as_long_as_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    options = read(monkeypatch, "command", DATABASE_URL=URL)["default"]["OPTIONS"]
    assert options["options"] == "-c join_collapse_limit=4 -c from_collapse_limit=4"
    assert options["tcp_user_timeout"] == 10_000


def test_a_replica_is_given_up_sooner_and_the_address_itself_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, "wsgi", DATABASE_URL=f"{URL}?connect_timeout=4", DATABASE_REPLICA_URL=URL)
    assert [found[name]["OPTIONS"]["connect_timeout"] for name in ("default", "replica")] == [4, 2]
    assert found["replica"]["OPTIONS"]["keepalives_count"] == 3


def test_a_poolers_sessions_are_bounded_by_the_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"DATABASE_URL": URL, "DATABASE_POOLER": "transaction", "DATABASE_DIRECT_URL": URL}
    options = read(monkeypatch, "wsgi", **given)["default"]["OPTIONS"]
    assert "options" not in options
    assert options["prepare_threshold"] is None
