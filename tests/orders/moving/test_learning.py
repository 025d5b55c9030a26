"""The worker learns from orders that end what their stages take, and the order's readers are told a range."""

from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.estimates import Pace, Stage, StageTimes, scaled
from orders.lifecycle.table import DRIVER_LEFT, FAILURE, SUCCESS, Fulfilment, Status
from orders.models import LearntTimes, Order, OrderEvent
from orders.reading.estimates import held_rows
from orders.services.moving.learning import learn_times
from ordersite.core.crypto import decrypt
from tests.cast import Cast
from tests.orders.rows import CODE, make_order
from tests.orders.walking import Api
from tests.promises.crowd import beside


def minutes_ago(**stood: int) -> dict[str, Any]:
    now = timezone.now()
    return {f"{name}_at": now - timedelta(minutes=minutes) for name, minutes in stood.items()}


def on_way(cast: Cast, **fields: Any) -> Order:
    """An order whose driver has come near: placed 40 minutes ago, and so on."""
    stood = minutes_ago(
        placed=41, visible=40, accepted=38, prepared=20, driver_accepted=30, picked_up=15, status_changed=2
    )
    order = make_order(cast, Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER, driver=cast.driver_row, **stood, **fields)
    OrderEvent.objects.create(
        order=order,
        number=2,
        kind="status",
        to_status=19,
        actor="x",
        role="geofence",
        created_at=order.status_changed_at,
    )
    Order.objects.filter(pk=order.pk).update(version=2)
    return order


def move(api: Api, user: Any, order: Order, name: str, **more: Any) -> None:
    answer = api(user).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": name, **more})
    assert answer.status_code == 200, answer.json()


def learn_all() -> None:
    while learn_times():
        pass
    held_rows.clear()


def minutes_learnt(name: str) -> dict[str, float]:
    times = LearntTimes.objects.get(name=name).times
    paces = {cell: kept.get("pace", kept) for cell, kept in times.items()}
    assert {pace["weight"] for pace in paces.values()} == {1}
    return {cell: pace["mean"] for cell, pace in paces.items()}


def about(minutes: float) -> Any:
    return pytest.approx(scaled(minutes * 60), abs=0.05)


def test_a_delivery_teaches_every_stage_once(cast: Cast, api: Api) -> None:
    order = on_way(cast)
    learn_all()
    assert LearntTimes.objects.get().times == {}
    move(api, cast.driver, order, "deliver")
    learn_all()
    expected = {"placed": 40, "accepted": 38, "ready": 20, "picked_up": 15, "near": 2}
    for name in ("site", f"vendor:{cast.vendor.pk}"):
        assert minutes_learnt(name) == {
            f"regular delivery {stage}": about(minutes) for stage, minutes in expected.items()
        }
    seen = LearntTimes.objects.get(name="site").last_event
    assert seen == OrderEvent.objects.latest("pk").pk
    assert learn_times() == 0


def test_a_time_that_was_asked_for_is_a_stage_of_its_own(cast: Cast, api: Api) -> None:
    order = on_way(cast, **minutes_ago(deliver=5))
    move(api, cast.driver, order, "deliver")
    learn_all()
    assert minutes_learnt("site") == {
        "regular delivery scheduled": about(5),
        "regular delivery picked_up": about(15),
        "regular delivery near": about(2),
    }


def test_what_is_collected_teaches_when_it_was_ready(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, Fulfilment.PICKUP, **minutes_ago(visible=12, accepted=10))
    move(api, cast.owner, order, "mark_ready")
    move(api, cast.owner, order, "collect", code=CODE)
    learn_all()
    assert minutes_learnt("site") == {"regular collection placed": about(12), "regular collection accepted": about(10)}


def test_what_was_taken_back_or_forgotten_teaches_nothing(cast: Cast, api: Api) -> None:
    undone = on_way(cast)
    move(api, cast.driver, undone, "deliver")
    move(api, cast.driver, undone, "undo_delivery", reason_code="mistake")
    forgotten = make_order(cast, 7, Fulfilment.PICKUP, **minutes_ago(visible=30 * 60, accepted=30 * 60))
    move(api, cast.owner, forgotten, "mark_ready")
    learn_all()
    assert LearntTimes.objects.get(name="site").times == {}


# --- what is told -------------------------------------------------------------------------------------------------


def known(cast: Cast, *cells: str) -> StageTimes:
    """Of each of these cells the site knows 100 orders, of about 20 minutes."""
    times, random, at = StageTimes(), Random(1), timezone.now().timestamp() - 86_400
    for _ in range(100):
        times.learn(Pace(), 1200 * random.lognormvariate(0, 0.2), at)
    LearntTimes.objects.create(name="site", times={cell: asdict(times) for cell in cells})
    return times


def detail(api: Api, cast: Cast, order: Order) -> Any:
    return api(cast.owner).get(f"/api/v1/orders/{order.pk}").json()["estimate"]


def test_the_detail_and_the_code_tell_the_range(cast: Cast, api: Api) -> None:
    times = known(cast, "regular delivery accepted")
    order = make_order(cast, 7, **minutes_ago(visible=5, accepted=4))
    range_ = times.expect(None, stage=Stage.ACCEPTED, begun=order.accepted_at, now=timezone.now())
    assert range_
    assert range_.until
    by_code = api().post("/api/v1/track", {"code": decrypt(order.tracking_sealed)}).json()["estimate"]
    for told in (detail(api, cast, order), by_code):
        assert set(told) == {"from", "to", "stage"}
        assert told["stage"] == "accepted"
        for side, expected in (("from", range_.since), ("to", range_.until)):
            assert datetime.fromisoformat(told[side]) == pytest.approx(expected, abs=timedelta(seconds=5))
    assert (
        order.accepted_at + timedelta(minutes=12)
        < range_.since
        < range_.until
        < order.accepted_at + timedelta(minutes=30)
    )


def test_the_vendor_s_own_orders_count(cast: Cast, api: Api) -> None:
    times = known(cast, "regular delivery accepted")
    slow = Pace()
    for number in range(100):
        slow.add(scaled(3600), timezone.now().timestamp() - 86_400 + number)
    LearntTimes.objects.create(name=f"vendor:{cast.vendor.pk}", times={"regular delivery accepted": asdict(slow)})
    order = make_order(cast, 7, **minutes_ago(visible=5, accepted=4))
    site = times.expect(None, stage=Stage.ACCEPTED, begun=order.accepted_at, now=timezone.now())
    assert site
    assert datetime.fromisoformat(detail(api, cast, order)["from"]) > site.since + timedelta(minutes=10)


def test_an_order_that_takes_longer_than_any_has_no_end(cast: Cast, api: Api) -> None:
    known(cast, "regular delivery accepted")
    order = make_order(cast, 7, **minutes_ago(visible=300, accepted=300))
    told = detail(api, cast, order)
    assert (told["to"], told["stage"]) == (None, "accepted")
    assert datetime.fromisoformat(told["from"]) == pytest.approx(timezone.now(), abs=timedelta(seconds=30))


ALL = [f"regular {way} {stage}" for way in ("delivery", "collection") for stage in Stage]


@pytest.mark.parametrize(
    ("status", "fulfilment", "stood", "stage"),
    [
        (0, 1, "", "placed"),
        (7, 1, "accepted", "accepted"),
        (22, 1, "accepted search_started", "accepted"),
        (4, 1, "accepted prepared", "ready"),
        (9, 1, "accepted prepared driver_accepted picked_up", "picked_up"),
        (23, 1, "accepted prepared driver_accepted picked_up", "picked_up"),
        (19, 1, "accepted prepared driver_accepted picked_up", "near"),
        (0, 2, "", "placed"),
        (7, 3, "accepted", "accepted"),
        # Ready, it waits for its customer.
        (4, 2, "accepted prepared", None),
        (4, 3, "accepted prepared", None),
        *((status, 1, "accepted prepared picked_up", None) for status in sorted(SUCCESS | FAILURE | DRIVER_LEFT)),
    ],
)
def test_the_stage_by_status(cast: Cast, api: Api, status: int, fulfilment: int, stood: str, stage: str | None) -> None:
    known(cast, *ALL)
    order = make_order(cast, status, Fulfilment(fulfilment), stood=stood)
    told = detail(api, cast, order)
    assert (told and told["stage"]) == stage


@pytest.mark.parametrize(
    "fields",
    [{"visible_at": None}, {"kind": "service"}, {"kind": "digital"}],
)
def test_nothing_is_told_of_what_waits_to_be_paid_or_has_its_own_time(cast: Cast, api: Api, fields: Any) -> None:
    known(cast, *ALL, *(f"{kind} delivery accepted" for kind in ("service", "digital")))
    order = make_order(cast, 7, stood="accepted", **fields)
    answer = api(cast.customer).post("/api/v1/track", {"code": decrypt(order.tracking_sealed)})
    assert (answer.status_code, answer.json()["estimate"]) == (200, None)


def test_a_time_that_was_asked_for_is_what_is_told_by(cast: Cast, api: Api) -> None:
    known(cast, *ALL)
    order = make_order(cast, 13, deliver_at=timezone.now() + timedelta(days=1))
    told = detail(api, cast, order)
    assert told["stage"] == "scheduled"
    assert datetime.fromisoformat(told["from"]) > order.deliver_at


def test_what_was_learnt_is_read_seldom(cast: Cast, api: Api) -> None:
    known(cast, *ALL)
    order = make_order(cast, 7, stood="accepted")
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            assert detail(api, cast, order)
        counts.append(sum("learnttimes" in query["sql"] for query in asked.captured_queries))
    assert counts == [1, 0, 0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_worker_learns_at_a_time(cast: Cast, api: Api) -> None:
    move(api, cast.driver, on_way(cast), "deliver")
    LearntTimes.objects.create(name="site")
    with transaction.atomic():
        LearntTimes.objects.select_for_update().get(name="site")
        assert beside(learn_times).result(60) == 0
    assert LearntTimes.objects.get(name="site").last_event == 0
    learn_all()
    assert set(minutes_learnt("site")) == set(minutes_learnt(f"vendor:{cast.vendor.pk}"))
