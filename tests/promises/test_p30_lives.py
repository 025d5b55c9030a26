"""Promise 30: random lives of orders; an oracle with arithmetic of its own checks each step."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from orders.services.money import ledger, repayments
from tests.cast import Cast
from tests.controls.loose_cents import repay_cash_twice, return_a_cent_less
from tests.orders.online import running_provider
from tests.promises.lives import Failed, Life
from tests.promises.lives_world import Clock, World
from vendors.services import menus

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SEED = int(os.environ.get("P30_SEED", 30))
ONE = os.environ.get("P30_LIFE")
STEPS = 25


@pytest.fixture
def world(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    with running_provider(settings) as provider:
        provider.refund_takes = None
        yield World(cast, provider, clock)


def live(world: World, numbers: range, steps: int = STEPS) -> Counter[str]:
    """Lives these lives; what was done in them."""
    done: Counter[str] = Counter()
    for number in numbers:
        menus.held.clear()
        life = Life(world, SEED, number)
        life.run(steps)
        done += life.done
    return done


def test_random_lives(world: World, full: bool, figure: Callable[[str], None]) -> None:
    """P30_SEED and P30_LIFE in the environment replay one life."""
    numbers = range(int(ONE), int(ONE) + 1) if ONE else range(300 if full else 25)
    done = live(world, numbers)
    figure(f"{len(numbers)} lives of {STEPS} steps, {sum(done.values()):,} acts granted, every cent where it must be")


def first_that_differs(world: World, what: str) -> str:
    """The end of the first life, of forty, in which the oracle finds this (a pattern); "" where none is found."""
    for number in range(40):
        try:
            live(world, range(number, number + 1))
        except Failed as failed:
            *_, last = str(failed).splitlines()
            if re.search(what, last):
                return last
    return ""


def test_control_a_refund_that_loses_a_cent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "return_to_wallet", return_a_cent_less)
    assert first_that_differs(world, r"payment \d+ told")


def test_control_cash_that_goes_back_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repayments, "repay_share", repay_cash_twice)
    assert first_that_differs(world, "accounts told")
