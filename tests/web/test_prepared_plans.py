"""What serving processes prepare on PostgreSQL outlives a migration that changes what a statement returns."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from psycopg import _queries
from rest_framework.response import Response

from ordersite.core.postgresql import PreparingCursor
from ordersite.web.idempotency import run_unsafe

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

READ = "SELECT word FROM plans WHERE number = %s"
SERVING = {"server_side_binding": True, "cursor_factory": PreparingCursor, "prepare_threshold": 2}


@pytest.fixture
def migrating() -> Iterator[psycopg.Connection[Any]]:
    """Another process's connection, and a table."""
    with psycopg.connect(conninfo(), autocommit=True) as other:
        other.execute("CREATE TABLE plans (number int, word varchar(5))")
        other.execute("INSERT INTO plans VALUES (1, 'one')")
        yield other
        other.execute("DROP TABLE plans")


def conninfo() -> str:
    params = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port")
    return psycopg.conninfo.make_conninfo(**{name: params[name] for name in wanted if params.get(name)})


@pytest.fixture
def serving(migrating: object) -> Iterator[None]:
    """The connection as serving processes have it."""
    usual = connections["default"]
    own = usual.copy()
    own.settings_dict["OPTIONS"] = {**own.settings_dict["OPTIONS"], **SERVING}
    connections["default"] = own
    yield
    own.close()
    connections["default"] = usual


def read() -> str:
    with connection.cursor() as cursor:
        cursor.execute(READ, [1])
        return str(cursor.fetchone()[0])


def is_prepared() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT word%%'")
        return bool(cursor.fetchone()[0])


def test_a_statement_is_prepared_when_it_comes_a_third_time(serving: None) -> None:
    assert [(read(), is_prepared()) for _ in range(4)] == [("one", False), ("one", False), ("one", True), ("one", True)]


def test_between_transactions_it_is_run_again(serving: None, migrating: Any) -> None:
    assert [read() for _ in range(3)] == ["one"] * 3
    assert is_prepared()
    migrating.execute("ALTER TABLE plans ALTER word TYPE text")
    assert read() == "one"
    assert not is_prepared()


def test_an_unsafe_call_begins_anew(serving: None, migrating: Any) -> None:
    assert [read() for _ in range(3)] == ["one"] * 3
    assert is_prepared()
    begun = []

    def call() -> Response:
        begun.append(1)
        return Response(read())

    migrating.execute("ALTER TABLE plans ALTER word TYPE text")
    assert run_unsafe(call).data == "one"
    assert len(begun) == 2


def test_what_postgresql_never_supports_is_raised(serving: None) -> None:
    with pytest.raises(Exception, match="FOR UPDATE is not allowed with aggregate functions"), connection.cursor() as c:
        c.execute("SELECT count(*) FROM plans FOR UPDATE")


@pytest.mark.parametrize(("count", "is_kept"), [(2, True), (500, True), (1_000, False)])
def test_a_statement_of_many_values_is_split_once(serving: None, count: int, is_kept: bool) -> None:
    """psycopg keeps what it makes of a text, here up to as many values as an INSERT of ours has."""
    statement = f"SELECT {count} FROM (VALUES ({'), ('.join(['%s'] * count)})) AS given"
    before = _queries._query2pg.cache_info().hits
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute(statement, [1] * count)
            assert cursor.fetchone() == (count,)
    assert (_queries._query2pg.cache_info().hits - before >= 2) == is_kept


def test_a_transaction_that_hangs_lets_go_of_what_it_has_locked(
    serving: None, migrating: psycopg.Connection[Any]
) -> None:
    """As one whose process was stopped, or whose host is gone; here after 0.2 s."""

    def hang() -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 200")
            cursor.execute("UPDATE plans SET word = 'never'")
            migrating.execute("SET lock_timeout = '60s'")
            migrating.execute("UPDATE plans SET word = 'other'")
            cursor.execute(READ, [1])
        return Response()

    # Which a door answers by 503, as for any session that was lost.
    with pytest.raises(OperationalError):
        run_unsafe(hang)
    assert read() == "other"
