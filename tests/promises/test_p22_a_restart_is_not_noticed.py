"""Promise 22: a restart is not noticed: both servers are replaced one after the other under traffic, and a migration
runs in between, there and back, while the version before serves: no call fails.

The migration does what CONTRIBUTING.md allows. Sockets that are closed with 1012 and resume are in promise 7's test.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from orders.models import Order
from ordersite.core.online_migrations import AddIndexOnline, VacuumOften
from tests.cast import make_cast
from tests.orders.shopping import cart
from tests.promises.test_p07_with_pages_running import Repeating, Site
from tests.tracking.live import Server, serving
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
# As deploy/ordersite-http@.service runs it, but for the second process of each.
HTTP = ("-m", "granian", "--interface", "wsgi", "--blocking-threads", "1", "ordersite.wsgi:application")
PATIENCE = 120.0  # seconds that the traffic has to come so far
NEXT: dict[bool, list[Any]] = {
    True: [
        migrations.AddField("order", "toy", models.IntegerField(db_default=0)),
        migrations.AddField("line", "toy", models.CharField(max_length=20, null=True)),
        migrations.CreateModel("toy", [("id", models.AutoField(primary_key=True))]),
    ],
    False: [AddIndexOnline("order", models.Index(fields=["toy"], name="order_toy")), VacuumOften("order")],
}
# A column that must have a value, and none from the database: the version before inserts rows without it.
CARELESS = [migrations.AddField("order", "toy", models.IntegerField(default=0))]


@contextmanager
def migrated(*steps: tuple[bool, list[Any]]) -> Iterator[None]:
    """The next version's migrations, each atomic or not; taken back at the end."""
    state, done = MigrationLoader(None).project_state(), []
    try:
        for atomic, operations in steps:
            migration = migrations.Migration("toy", "orders")
            migration.atomic, migration.operations = atomic, operations
            before = state.clone()
            with connection.schema_editor(atomic=atomic) as editor:
                state = migration.apply(state, editor)
            done.append((migration, before))
        yield
    finally:
        for migration, before in reversed(done):
            with connection.schema_editor(atomic=migration.atomic) as editor:
                migration.unapply(before, editor)


class Balanced(Site):
    """As a balancer does, a call that finds a server's door shut goes to the next one."""

    def call(self, user: Any, method: str, path: str, body: Any = None) -> Any:
        try:
            return super().call(user, method, path, body)
        except ConnectionRefusedError:
            self.statuses.remove(0)
            return super().call(user, method, path, body)


def test_no_call_fails(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    Vendor.objects.filter(pk=cast.vendor.pk).update(accept_minutes=10, auto_accept=False)
    between = 100 if full else 15
    placed: list[int] = []

    with ExitStack() as stack:

        def new_server() -> Server:
            folder = tmp_path / str(time.monotonic_ns())
            folder.mkdir()
            return stack.enter_context(serving(folder, command=HTTP, THROTTLE_CALLER="0", THROTTLE_ANONYMOUS="0"))

        old = [new_server(), new_server()]
        site = Balanced([one.port for one in old])

        def order() -> None:
            pk = site.call(cast.customer, "POST", "/orders", cart(cast))["orders"][0]["id"]
            placed.append(pk)
            site.call(cast.owner, "POST", f"/orders/{pk}/transitions", {"transition": "accept"})
            site.call(cast.customer, "GET", f"/orders/{pk}?expand=items,events")
            site.call(cast.owner, "GET", "/orders?mode=dashboard")

        def wait_for_more() -> None:
            wanted, until = len(placed) + between, time.monotonic() + PATIENCE
            while len(placed) < wanted:
                assert [one.faults for one in players] == [[]] * 3
                assert time.monotonic() < until
                time.sleep(0.05)

        players = [Repeating(order, pause=0.02) for _ in range(3)]
        for one in players:
            one.start()
        try:
            wait_for_more()
            with migrated(*NEXT.items()):
                for number, before in enumerate(old):
                    after = new_server()
                    site.ports = [*site.ports[:number], after.port, *site.ports[number + 1 :]]
                    assert before.stop() == 0
                    wait_for_more()
            wait_for_more()
        finally:
            for one in players:
                one.is_over.set()
            for one in players:
                one.join(60)
        assert [one.faults for one in players] == [[]] * 3
    assert set(site.statuses) == {200, 201}
    rows = Order.objects.filter(pk__in=placed).values_list("status", "events__number")
    assert sorted(rows) == sorted((7, number) for _ in placed for number in (1, 2))
    figure(f"{len(site.statuses):,} calls while both servers were replaced and migrated beneath, 0 failed")


def test_control_a_careless_migration_is_noticed(tmp_path: Path) -> None:
    cast = make_cast()
    site = Site([])
    with serving(tmp_path, command=HTTP) as server:
        site.ports.append(server.port)
        site.call(cast.customer, "POST", "/orders", cart(cast))
        with migrated((True, CARELESS)):
            site.call(cast.customer, "POST", "/orders", cart(cast))
        site.call(cast.customer, "POST", "/orders", cart(cast))
    assert site.statuses == [201, 500, 201]
