"""Lists, reports, exports and statements are read from a standby, and never miss what was written before."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.core import replica
from ordersite.core.replica import REPLICA, from_replica, reading_alias, with_replica
from ordersite.databases import CONNECT_SECONDS
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart, place
from tests.promises.crowd import beside
from tests.tracking.live import free_port
from tests.web.standby import Cluster
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db]
Api = Callable[..., APIClient]
POSITION = "SELECT pg_current_wal_flush_lsn()"


@pytest.fixture(scope="module")
def clusters(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Cluster, Cluster]]:
    """A primary with the cast, and its standby."""
    with ExitStack() as stack, django_db_blocker.unblock():
        primary = Cluster()
        stack.callback(primary.remove)
        primary.take_tests_database()
        standby = Cluster(of=primary)
        stack.callback(standby.remove)
        yield primary, standby


@pytest.fixture
def standby(clusters: tuple[Cluster, Cluster]) -> Iterator[Cluster]:
    yield clusters[1]
    clusters[1].ask("SELECT pg_wal_replay_resume()")


def serve_by(alias: str, cluster: Cluster, name: str) -> Any:
    """A connection as a serving process has it, to a server of the test's own."""
    own = connections["default"].copy(alias)
    at = {"HOST": "127.0.0.1", "PORT": cluster.port, "NAME": name, "PASSWORD": "", "CONN_MAX_AGE": None}
    own.settings_dict |= at

    def ensure_connection() -> None:
        """Django's own, which its tests forbid for a database that was not there at their begin."""
        if own.connection is None:
            with own.wrap_database_errors:
                own.connect()

    vars(own)["ensure_connection"] = ensure_connection
    return own


@pytest.fixture
def replicated(
    clusters: tuple[Cluster, Cluster], cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[replica.ReplicaWatch]:
    """This process, with both; what it knows of the replica. Waits for it as long as it takes, unless it is paused."""
    usual, (primary, standby) = connections["default"], clusters
    name = primary.copy()
    own = {"default": serve_by("default", primary, name), REPLICA: serve_by(REPLICA, standby, name)}
    connections.settings[REPLICA] = own[REPLICA].settings_dict
    for alias, one in own.items():
        connections[alias] = one
    settings.DATABASE_ROUTERS = ["ordersite.core.replica.ReplicaRouter"]
    watch = replica.ReplicaWatch()
    monkeypatch.setattr(replica, "watch", watch)
    monkeypatch.setattr(replica, "WAIT", 60.0)
    standby.wait_until(f"SELECT count(*) = 1 FROM pg_database WHERE datname = '{name}'")
    yield watch
    for one in own.values():
        one.close()
    connections["default"] = usual
    del connections[REPLICA], connections.settings[REPLICA]


@pytest.fixture
def paused(standby: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standby shows nothing new from here on."""
    monkeypatch.setattr(replica, "WAIT", 0.0)
    standby.ask("SELECT pg_wal_replay_pause()")
    standby.wait_until("SELECT pg_get_wal_replay_pause_state() = 'paused'")


class Asked:
    """Which statements went to which of the two while it was open."""

    def __enter__(self) -> "Asked":
        self.stack = ExitStack()
        self.captured = {
            alias: self.stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in ("default", REPLICA)
        }
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def orders_read(self) -> dict[str, bool]:
        return {
            alias: any('FROM "orders_order"' in query["sql"] for query in captured.captured_queries)
            for alias, captured in self.captured.items()
        }


FROM_REPLICA, FROM_PRIMARY = {"default": False, REPLICA: True}, {"default": True, REPLICA: False}


def listed(client: APIClient) -> list[int]:
    answer = client.get(ORDERS)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def place_one(client: APIClient, cast: Cast) -> int:
    return int(place(client, cart(cast))["orders"][0]["id"])


def test_a_list_is_read_from_the_replica(cast: Cast, api: Api, replicated: replica.ReplicaWatch) -> None:
    client = api(cast.customer)
    order = place_one(client, cast)
    with Asked() as asked:
        assert listed(client) == [order]
    assert asked.orders_read() == FROM_REPLICA
    assert sum(POSITION in query["sql"] for query in asked.captured["default"].captured_queries) == 1
    with Asked() as asked:
        assert client.get(f"{ORDERS}/{order}").status_code == 200
    assert asked.orders_read() == FROM_PRIMARY


def test_who_reads_what_was_just_written_is_answered_by_the_primary(
    cast: Cast,
    api: Api,
    replicated: replica.ReplicaWatch,
    standby: Cluster,
    paused: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer, owner = api(cast.customer), api(cast.owner)
    order = place_one(customer, cast)
    with Asked() as asked:
        assert listed(customer) == [order]
    assert asked.orders_read() == FROM_PRIMARY
    # Nor does anybody else miss it, who was told of it.
    answer = owner.get(f"{ORDERS}?mode=dashboard&vendor={cast.vendor.pk}")
    assert [row["id"] for row in answer.json()["results"]] == [order]
    # For a while it is not even asked how far it is.
    with Asked() as asked:
        listed(customer)
    assert asked.captured[REPLICA].captured_queries == []
    standby.ask("SELECT pg_wal_replay_resume()")
    monkeypatch.setattr(replica, "WAIT", 60.0)
    replicated.rests_until = 0.0
    with Asked() as asked:
        assert listed(customer) == [order]
    assert asked.orders_read() == FROM_REPLICA


def test_control_unasked_it_misses_what_was_just_written(
    cast: Cast, api: Api, replicated: replica.ReplicaWatch, paused: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica.ReplicaWatch, "is_current", lambda self: True)
    client = api(cast.customer)
    place_one(client, cast)
    assert listed(client) == []


def test_a_dead_replica_is_left_alone_and_taken_again(
    cast: Cast, api: Api, replicated: replica.ReplicaWatch, standby: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    client = api(cast.customer)
    order = place_one(client, cast)
    assert listed(client) == [order]
    standby.stop()
    with caplog.at_level(logging.WARNING, "ordersite.core.replica"):
        assert [listed(client) for _ in range(3)] == [[order]] * 3
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith("the replica is left alone for 15.0 s: ")
    standby.start()
    replicated.rests_until = 0.0
    with Asked() as asked:
        assert listed(client) == [order]
    assert asked.orders_read() == FROM_REPLICA
    assert caplog.messages[-1] == "the replica answers again"


def test_it_dies_within_a_read(
    cast: Cast, api: Api, replicated: replica.ReplicaWatch, standby: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api(cast.customer)
    order = place_one(client, cast)
    is_current = replica.ReplicaWatch.is_current

    def then_dies(self: replica.ReplicaWatch) -> bool:
        found = is_current(self)
        standby.stop()
        return found

    monkeypatch.setattr(replica.ReplicaWatch, "is_current", then_dies)
    try:
        assert listed(client) == [order]
        assert replicated.has_failed
    finally:
        standby.start()


def test_it_dies_before_a_file_is_sent(
    cast: Cast,
    api: Api,
    replicated: replica.ReplicaWatch,
    standby: Cluster,
    office: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file is read while it is sent, which is after the view has answered."""
    order = place_one(api(cast.customer), cast)
    is_current = replica.ReplicaWatch.is_current

    def then_dies(self: replica.ReplicaWatch) -> bool:
        found = is_current(self)
        if found:
            standby.stop()
        return found

    monkeypatch.setattr(replica.ReplicaWatch, "is_current", then_dies)
    try:
        answer = office.get("/admin/orders/order/export/csv/")
        assert answer.status_code == 200
        heading, *rows = b"".join(answer).decode().splitlines()
        assert [row.split(",")[0] for row in rows] == [str(order)]
        assert replicated.has_failed
    finally:
        standby.start()


def test_replay_ends_a_long_read(
    cast: Cast, replicated: replica.ReplicaWatch, clusters: tuple[Cluster, Cluster], caplog: pytest.LogCaptureFixture
) -> None:
    """The primary's vacuum takes rows away that a statement of the standby still sees."""
    primary, standby = clusters
    name = str(connections["default"].settings_dict["NAME"])
    standby.ask("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    standby.ask("SELECT pg_reload_conf()")
    read: list[str] = []

    @from_replica
    def take_long() -> int:
        read.append(reading_alias())
        with connections[reading_alias()].cursor() as cursor:
            seconds = 60 if reading_alias() == REPLICA else 0
            cursor.execute("SELECT count(*) FROM vendors_vendor, pg_sleep(%s)", [seconds])
            return int(cursor.fetchone()[0])

    def end_it() -> None:
        standby.wait_until("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        with psycopg.connect(primary.url(name), autocommit=True) as own:
            own.execute("UPDATE vendors_vendor SET name = name")
            own.execute("VACUUM vendors_vendor")

    try:
        ended = beside(end_it)
        with caplog.at_level(logging.WARNING, "ordersite.core.replica"):
            assert take_long() == Vendor.objects.count()
        ended.result(60)
    finally:
        standby.ask("ALTER SYSTEM RESET max_standby_streaming_delay")
        standby.ask("SELECT pg_reload_conf()")
    assert read == [REPLICA, "default"]
    assert caplog.messages == [
        "the replica is left alone for 15.0 s: canceling statement due to conflict with recovery"
    ]


def test_one_that_is_promoted_or_says_nothing_is_not_read(
    cast: Cast,
    api: Api,
    replicated: replica.ReplicaWatch,
    clusters: tuple[Cluster, Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = api(cast.customer)
    order = place_one(client, cast)
    monkeypatch.setattr(replica, "WAIT", 0.0)
    usual, name = connections[REPLICA], str(connections["default"].settings_dict["NAME"])
    promoted = Cluster(of=clusters[0])
    try:
        promoted.ask("SELECT pg_promote()")
        promoted.wait_until("SELECT NOT pg_is_in_recovery()")
        connections[REPLICA] = serve_by(REPLICA, promoted, name)
        with Asked() as asked:
            assert listed(client) == [order]
        assert asked.orders_read() == FROM_PRIMARY
        connections[REPLICA].close()
        with socket.create_server(("127.0.0.1", port := free_port())):
            silent = serve_by(REPLICA, promoted, name)
            silent.settings_dict |= {"PORT": port, "OPTIONS": {"connect_timeout": CONNECT_SECONDS}}
            connections[REPLICA] = silent
            replicated.rests_until = 0.0
            assert listed(client) == [order]
        assert replicated.has_failed
    finally:
        connections[REPLICA] = usual
        promoted.remove()


def test_what_writes_or_locks_reads_the_primary(cast: Cast, replicated: replica.ReplicaWatch) -> None:
    read: list[str] = []

    @from_replica
    def locks() -> None:
        read.append(reading_alias())
        with transaction.atomic():
            assert Vendor.objects.get(pk=cast.vendor.pk)._state.db == "default"
        read.append(reading_alias())
        with transaction.atomic():
            Vendor.objects.select_for_update().get(pk=cast.vendor.pk)
        read.append(reading_alias())

    @from_replica
    def writes() -> None:
        vendor = Vendor.objects.get(pk=cast.vendor.pk)
        assert vendor._state.db == REPLICA
        vendor.save(update_fields=["name"])
        read.append(reading_alias())

    locks()
    writes()
    assert read == [REPLICA, REPLICA, "default", "default"]
    assert reading_alias() == "default"
    with transaction.atomic():
        with_replica(lambda: read.append(reading_alias()))
    assert read[-1] == "default"


def test_statements_exports_and_lists_of_the_back_office(
    cast: Cast, api: Api, replicated: replica.ReplicaWatch, office: Client
) -> None:
    order = place_one(api(cast.customer), cast)
    day = timezone.now().date()
    statement = f"/api/v1/vendors/{cast.vendor.pk}/statement?from={day}&to={day}"
    for client, path, table in (
        (api(cast.owner), statement, "orders_entry"),
        (office, "/admin/orders/order/export/csv/", "orders_order"),
        (office, "/admin/orders/order/", "orders_order"),
    ):
        with Asked() as asked:
            answer = client.get(path)
            assert answer.status_code == 200, path
            body = b"".join(answer) if answer.streaming else answer.content
        assert path == statement or str(order).encode() in body
        where = [
            alias
            for alias, captured in asked.captured.items()
            if any(f'FROM "{table}"' in query["sql"] for query in captured.captured_queries)
        ]
        assert where == [REPLICA], path
    assert connection.alias == "default"
    assert Order.objects.count() == 1
