"""Promise 31 by the five foreign APIs: who may not read orders reads none, who may not move them moves none."""

from collections.abc import Callable

import pytest
from django.db import transaction

from ordersite.accounts.callers import Caller
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from tests.cast import Cast, in_roles, make_clerk
from tests.promises.everybody import World, make_world
from tests.promises.test_p16_dialects import NAMES, UNSEEN, address_of, operations, private, send, state_of
from tests.promises.test_p31_one_right_every_door import client_of


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def try_calls(world: World, name: str, person: User, *, reads: bool) -> int:
    """Every call of a dialect about each of two orders; none changes anything, and without `reads` none tells any."""
    calls = 0
    for method, path in operations(name):
        about_one = "{" in path or path.endswith("retrieve-order")
        for whose in ("claras", "stijns"):
            url = address_of(path, world.orders[whose])
            before = state_of(world)
            with transaction.atomic():
                answer = send(client_of(person), method, url, world)
                if about_one:
                    assert reads or answer.status_code in UNSEEN, f"{method} {url}: {answer.status_code}"
                    assert state_of(world) == before, f"{method} {url} changed something"
                transaction.set_rollback(True)
            text = answer.content.decode(errors="replace")
            told = [mark for one in world.orders for mark in private(world, one) if mark in text]
            assert reads or not told, f"{method} {url} shows {told}"
            calls += 1
    return calls


@pytest.mark.parametrize("name", NAMES)
def test_no_dialect_asks_for_less(world: World, name: str, figure: Callable[[str], None]) -> None:
    calls = try_calls(world, name, make_clerk(name="Bare Clerk"), reads=False)
    calls += try_calls(world, name, in_roles(make_clerk(name="Cat Alogue"), "catalogue"), reads=False)
    mover = make_clerk(*(right for right in Right if right != Right.ACT_EVERYWHERE), name="No Where")
    calls += try_calls(world, name, mover, reads=False)
    reader = make_clerk(Right.ACT_EVERYWHERE, Right.VIEW_ORDERS, name="Ree Der")
    calls += try_calls(world, name, reader, reads=True)
    figure(f"{name}: {calls} calls without the right, nothing told or changed")


def test_control_without_the_question_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Caller, "may", lambda self, right: self.user is not None and self.user.is_staff)
    with pytest.raises(AssertionError):
        test_no_dialect_asks_for_less(world, "kesk", print)
