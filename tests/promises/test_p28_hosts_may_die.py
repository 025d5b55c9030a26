"""Promise 28: A web, socket or worker host, Redis or the primary dies, or a clock is off: nothing acknowledged is lost.

On a lab of twelve hosts (tests/lab) under steady load; besides, no event is lost or doubled for a reader, each deadline
is met once, and the ledger proves itself. Figures: how many seconds until every call was answered as before.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from orders.models import FeedEntry
from tests.cast import PASSWORD, Cast
from tests.lab.hosts import Host, wait_for
from tests.lab.load import Load
from tests.lab.site import HTTP, REDIS, SITE, Lab
from tests.orders.shopping import cart
from tests.promises.conftest import FULL
from tests.tracking.live import ROOT, jwt
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.django_db(transaction=True)]
Figure = Callable[[str], None]
CUSTOMERS, READERS, MORE = (8, 200, 60) if FULL else (3, 20, 8)


@pytest.fixture
def lab(cast: Cast) -> Iterator[Lab]:
    """A site on its hosts, with the cast."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(auto_accept=False, accept_minutes=60, unseen_seconds=None)
    # By a hash that the site itself reads; it makes a longer one of it, which ends older tokens: nobody's of the load.
    cast.staff.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt-of-the-lab", iterations=1000)
    cast.staff.save(update_fields=["password"])
    with tempfile.TemporaryDirectory(prefix=f"lab{os.getpid()}-") as directory:
        lab = Lab(Path(directory))
        try:
            lab.start()
            yield lab
        finally:
            print(lab.log())  # shown where the test fails
            lab.close()


def load_of(lab: Lab, cast: Cast) -> Load:
    return Load(
        lab.balancer.address,
        vendor=cast.vendor.pk,
        body=cart(cast),
        customer_token=jwt(cast.customer),
        vendor_token=jwt(cast.owner),
    )


class Trial:
    """Faults one after the other under one load, each with what must hold after it."""

    def __init__(self, lab: Lab, load: Load, figure: Figure) -> None:
        self.lab, self.load, self.figure = lab, load, figure

    def go_on(self, more: int = MORE) -> None:
        """Until so many more orders were carried to their end."""
        done = len(self.load.collected)
        wait_for("orders go on", lambda: self.load.faults or len(self.load.collected) >= done + more)
        assert self.load.faults == []

    def make(self, name: str, fault: Callable[[], None], mend: Callable[[], None]) -> None:
        began = time.monotonic()
        fault()
        self.go_on()
        seconds = self.load.normal_again_after(began)
        mend()
        self.go_on()
        self.check()
        self.figure(f"{name}: as before after {seconds:.1f} s, {len(self.load.acknowledged)} orders, none lost")

    def check(self) -> None:
        """Whatever was acknowledged so far is there, and told to every reader, once."""
        acknowledged, collected = list(self.load.acknowledged), list(self.load.collected)
        kept = {str(uuid) for (uuid,) in self.ask("SELECT uuid FROM orders_purchase")}
        assert set(acknowledged) - kept == set()
        handed_over = "SELECT order_id, count(*) FROM orders_orderevent WHERE transition = 'collect' GROUP BY 1"
        counted = dict(self.ask(handed_over))
        assert {order: counted.get(order) for order in collected} == dict.fromkeys(collected, 1)
        assert len(kept) == len({*kept, *acknowledged})
        last = self.position()
        wait_for("readers come along", lambda: all(one.position >= last for one in self.load.readers))
        assert [fault for reader in self.load.readers for fault in reader.faults] == []

    def position(self) -> int:
        stream = f"vendor:{self.load.vendor}"
        rows = self.ask(f"SELECT max(position) FROM {FeedEntry._meta.db_table} WHERE stream = %s", stream)
        return int(rows[0][0])

    def ask(self, query: str, *given: Any) -> list[Any]:
        return self.lab.ask(self.lab.primary, query, *given)

    def let_deadlines_come(self) -> list[int]:
        """Of the orders that nobody has answered: all at once, and in the past."""
        left = list(self.load.left)
        long_ago = "now() - interval '2 hours'"
        self.ask(
            f"UPDATE orders_order SET due_at = {long_ago}, visible_at = {long_ago}, status_changed_at = {long_ago} "
            "WHERE id = ANY(%s) AND status = 0",
            left,
        )
        return left

    def wait_for_deadlines(self, orders: list[int]) -> None:
        waiting = "SELECT count(*) FROM orders_order WHERE id = ANY(%s) AND status = 0"
        wait_for("deadlines are met", lambda: self.ask(waiting, orders) == [(0,)])
        once = (
            "SELECT order_id, count(*) FROM orders_orderevent WHERE role = 'system' AND order_id = ANY(%s) GROUP BY 1"
        )
        assert dict(self.ask(once, orders)) == dict.fromkeys(orders, 1)


def check_ledger(lab: Lab) -> None:
    command = [sys.executable, "manage.py", "check_ledger"]
    env = lab.environment(lab.balancer) | {"DATABASE_URL": lab.direct_url, "DATABASE_POOLER": ""}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_host_dies_under_load(lab: Lab, cast: Cast, figure: Figure) -> None:
    load = load_of(lab, cast)
    load.start(customers=CUSTOMERS, readers=READERS)
    trial = Trial(lab, load, figure)
    figure(lab.network.told)
    try:
        trial.go_on()
        web, sockets, worker = lab.web[0], lab.sockets[0], lab.workers[0]
        trial.make("a web host cut off", web.cut, web.join)

        def revive_sockets() -> None:
            sockets.boot()
            lab.start_sockets(sockets)

        trial.make("a socket host killed", sockets.kill, revive_sockets)

        def kill_worker() -> None:
            nonlocal due
            due = trial.let_deadlines_come()
            worker.kill()

        def revive_worker() -> None:
            trial.wait_for_deadlines(due)
            worker.boot()
            lab.start_worker(worker)

        due: list[int] = []
        trial.make("a worker killed within its work", kill_worker, revive_worker)
        assert due != []

        def fail_over_redis() -> None:
            lab.redis[0].kill()
            subprocess.run(
                ["redis-cli", "-h", lab.redis[1].address, "-p", str(REDIS), "replicaof", "no", "one"],
                check=True,
                capture_output=True,
            )

        trial.make("Redis failed over", fail_over_redis, lambda: None)

        def set_clock_off() -> None:
            for host, start in ((lab.web[1], lab.start_web), (lab.workers[1], lab.start_worker)):
                host.kill()
                host.boot()
                start(host, DJANGO_SETTINGS_MODULE="tests.lab.fast_clock")
            wait_for("the host whose clock is off answers", lambda: lab.web[1].is_open(8001))

        def check_clock() -> None:
            due = trial.let_deadlines_come()
            trial.wait_for_deadlines(due)
            let_in_everywhere(lab, cast.staff.email)

        trial.make("the clocks of a web and a worker host 5 minutes off", set_clock_off, check_clock)

        def kill_primary() -> None:
            lab.primary.kill()
            lab.promote()

        trial.make("the primary killed, its standby promoted", kill_primary, lambda: None)
        load.end_placing()
        trial.check()
    finally:
        load.stop()
    assert load.faults == []
    check_ledger(lab)


def let_in_everywhere(lab: Lab, email: str) -> None:
    """A token that a host with a fast clock has issued is good at the others at once."""
    for giving, reading in ((lab.web[1], lab.web[0]), (lab.web[0], lab.web[1])):
        tokens = call_host(giving, "POST", "/auth/token", {"email": email, "password": PASSWORD})
        call_host(reading, "GET", "/me", token=tokens["access"])


def call_host(host: Host, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """What a web host itself answers, which must be 200."""
    headers = {"Host": SITE, "X-Forwarded-Proto": "https", "Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection(host.address, HTTP, timeout=60)
    connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    return answer


def test_control_an_asynchronous_standby_loses_what_was_acknowledged(lab: Lab, cast: Cast) -> None:
    """What saves the orders is that the standby has each commit before it is acknowledged."""
    lab.ask(lab.primary, "ALTER SYSTEM RESET synchronous_standby_names")
    lab.ask(lab.primary, "SELECT pg_reload_conf()")
    state = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'async'"
    wait_for("the standby is asynchronous", lambda: lab.ask(lab.primary, state))
    load = load_of(lab, cast)
    lab.standby.cut()
    load.start(customers=2, readers=0)
    try:
        wait_for("orders are acknowledged", lambda: load.faults or len(load.acknowledged) >= 3)
        assert load.faults == []
        lab.primary.kill()
        lab.standby.join()
        acknowledged = set(load.acknowledged)
        lab.promote()
        wait_for("the standby takes over", lambda: lab.ask(lab.primary, "SELECT pg_is_in_recovery()") == [(False,)])
        kept = {str(uuid) for (uuid,) in lab.ask(lab.primary, "SELECT uuid FROM orders_purchase")}
    finally:
        load.stop()
    assert acknowledged - kept != set()
