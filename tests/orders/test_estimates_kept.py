"""Estimates keep what they promise: past orders replayed forward, as benchmarks.estimates does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from benchmarks.estimates import PastOrder, Score, draw, past_order, replay_forward
from orders.estimates import PROMISED, Stage

WARM_UP = 1000
DELIVERY = (Stage.PLACED, Stage.ACCEPTED, Stage.READY, Stage.PICKED_UP, Stage.NEAR)


@pytest.fixture(scope="module")
def past() -> list[PastOrder]:
    orders = [order for order in draw(8000, seed=1) if order]
    return sorted(orders, key=lambda order: order.stages[0][1])


def kept(scores: dict[tuple[str, Stage, str], Score], stage: Stage, who: str = "ours") -> float:
    score = scores["delivery", stage, who].kept
    assert len(score) > 5000
    return sum(score) / len(score)


def test_four_of_five_keep_it_at_every_stage(past: list[PastOrder]) -> None:
    scores = replay_forward(past, WARM_UP)
    assert {stage: kept(scores, stage) for stage in DELIVERY} == {
        stage: pytest.approx(PROMISED, abs=0.02) for stage in DELIVERY
    }


def slower(orders: Sequence[PastOrder], since: datetime, factor: float) -> list[PastOrder]:
    """The same with all that is placed later taking so much longer at every stage."""
    return [
        replace(
            order,
            stages=tuple(
                (stage, order.stages[0][1] + (at - order.stages[0][1]) * factor) for stage, at in order.stages
            ),
            end=order.stages[0][1] + (order.end - order.stages[0][1]) * factor,
        )
        if order.stages[0][1] > since
        else order
        for order in orders
    ]


def test_also_where_everything_becomes_slower(past: list[PastOrder]) -> None:
    """From the middle on all takes half as long again: percentiles of the past fail, the estimates do not."""
    scores = replay_forward(slower(past, past[4000].stages[0][1], 1.5), WARM_UP)
    assert kept(scores, Stage.PLACED) == pytest.approx(PROMISED, abs=0.02)
    assert kept(scores, Stage.PLACED, "plain") < PROMISED - 0.05


def test_an_order_that_did_not_end_or_whose_times_go_back_is_left_out() -> None:
    noon = datetime.fromisoformat("2026-01-14T12:00:00Z")
    later = noon.replace(hour=13)
    assert past_order("1", [noon, noon, None, None, None, None]) is None
    assert past_order("1", [noon, later, later, noon, noon, noon]) is None
    collected = past_order("1", [noon, noon, later, None, None, later])
    assert collected == PastOrder("1", "collection", ((Stage.PLACED, noon), (Stage.ACCEPTED, noon)), later)
