"""Promise 7: what happens after a socket was accepted is told to it, however many come at once, and soon."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ordersite.accounts.models import User
from tests.cast import Cast, make_cast
from tests.tracking.live import Server, happen, jwt, make_order, serving, since
from tests.tracking.returning import come_back
from vendors.models import Member

pytestmark = [pytest.mark.django_db(transaction=True)]
SOCKETS = 20


def heard_of_what_follows(server: Server, cast: Cast) -> list[list[tuple[str, int]]]:
    """Sockets that connect at once; an order changes as soon as the last one is accepted. What each was told."""
    order = make_order(cast.vendor, cast.customer_row)
    path, token = f"/ws/vendors/{cast.vendor.pk}", jwt(cast.owner)
    together, accepted = threading.Barrier(SOCKETS), threading.Barrier(SOCKETS + 1)
    heard: list[list[tuple[str, int]]] = [[] for _ in range(SOCKETS)]

    def read(number: int) -> None:
        together.wait(10)
        with server.connect(path, token=token, open_timeout=30) as client:
            accepted.wait(30)
            try:
                while len(heard[number]) < 2:
                    message = json.loads(client.recv(5))
                    heard[number].append((message["kind"], message["position"]))
            except TimeoutError:
                return

    threads = [threading.Thread(target=read, args=(number,)) for number in range(SOCKETS)]
    for thread in threads:
        thread.start()
    accepted.wait(30)
    happen(order)
    for thread in threads:
        thread.join(40)
    return heard


def test_twenty_sockets_at_once_miss_nothing(tmp_path: Path, figure: Callable[[str], None]) -> None:
    cast = make_cast()
    with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
        heard = heard_of_what_follows(server, cast)
    assert heard == [[("hello", 0), ("note", 1)]] * SOCKETS
    figure(f"{SOCKETS} sockets at once: each was told what happened right after it was accepted")


def test_control_accepted_first_they_miss_it(tmp_path: Path) -> None:
    cast = make_cast()
    with serving(
        tmp_path, "--no-worker", command=("-m", "tests.controls.serve_accepting_first"), REDIS_URL=""
    ) as server:
        heard = heard_of_what_follows(server, cast)
    assert [("hello", 1)] in heard, "where the stream stands was read too late, and what happened before is not told"


@pytest.mark.timed
def test_tablets_that_come_back_at_once(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    """Each signed in by itself, with events that it missed; as many others have gone when they would be answered."""
    cast = make_cast()
    tablets = 600 if full else 200
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(10):
        happen(order)
    users = User.objects.bulk_create(User(email=f"t{n}@example.org", name="T", password="!") for n in range(tablets))
    Member.objects.bulk_create(Member(user=user, merchant=cast.merchant, all_vendors=True) for user in users)
    tokens = [jwt(user) for user in users]
    path = f"/ws/vendors/{cast.vendor.pk}?{since(7)}"
    with serving(tmp_path, "--no-worker", REDIS_URL="") as server:
        took = come_back(server.port, path, tokens, dead=tablets, until=b'"position":10,"order"')
        began = time.monotonic()
        assert server.get("/healthz")[0] == 200
        healthy = time.monotonic() - began
    assert len(took) == tablets
    assert max(took) < 5
    assert healthy < 1
    figure(f"{tablets} tablets at once, behind {tablets} that had gone: all had what they missed in {max(took):.1f} s")
