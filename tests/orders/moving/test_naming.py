"""A driver is named: who may be, and what happens where it does not answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import FeedEntry, Order, OrderEvent
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.dialects.kesk.calling import url as kesk_url
from tests.dialects.ordering.asking import one as ordering_url
from tests.orders.moving.test_transitions import move
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed
from tests.orders.walking import REASON, Api
from vendors.models import Driver, Vendor


def accepted(cast: Cast, status: int = 7, stood: str = "") -> Order:
    return make_order(cast, status, stood=stood, accepted_at=timezone.now() - timedelta(hours=1))


def name(api: Api, user: Any, order: Order, driver: Driver | None) -> Any:
    return api(user).patch(f"{ORDERS}/{order.pk}", {"driver": driver.pk if driver else None})


def wait(order: Order, seconds: float) -> int:
    """Lets the time go by since the driver was named; how many orders the timers changed."""
    order.refresh_from_db()
    assert order.named_at
    passed = timedelta(seconds=seconds)
    Order.objects.filter(pk=order.pk).update(named_at=order.named_at - passed)
    if order.due_at:
        Order.objects.filter(pk=order.pk).update(due_at=order.due_at - passed)
    return run_due()


@pytest.mark.parametrize("off", ["off duty", "switched off"])
def test_who_does_not_work_cannot_be_named(cast: Cast, api: Api, off: str) -> None:
    order = accepted(cast)
    if off == "off duty":
        Driver.objects.filter(pk=cast.driver_row.pk).update(on_duty=False)
    else:
        cast.driver.is_active = False
        cast.driver.save()
    with assert_nothing_changed(order):
        for user in (cast.owner, cast.staff):
            answer = name(api, user, order, cast.driver_row)
            assert (answer.status_code, answer.data["errors"][0]) == (
                400,
                {
                    "pointer": "/driver",
                    "code": "off_duty",
                    "detail": "This driver is off duty or deactivated: choose another.",
                },
            )
        kesk = api(cast.owner).put(kesk_url(order), {"driver_id": cast.driver_row.pk})
        assert (kesk.status_code, kesk.json()["error"]["details"][0]["field"]) == (400, "driver_id")
        ordering = api(cast.owner).put(ordering_url(order.pk), {"driver_id": cast.driver.pk})
        assert ordering.status_code == 400
        assert ordering.json()["result"] == ["driver_id: This driver is off duty or deactivated: choose another."]
    assert name(api, cast.owner, order, cast.other_driver_row).status_code == 200


@pytest.mark.parametrize("seconds", [45, 120])
def test_who_does_not_answer_is_named_no_more(cast: Cast, api: Api, seconds: int) -> None:
    """The order goes on as if nobody were named: the search stands, with its deadline, for all who could take it."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(search_minutes=10, driver_answer_seconds=seconds)
    order = accepted(cast, 22, "search_started")
    assert order.search_started_at
    deadline = order.search_started_at + timedelta(minutes=10)
    named = name(api, cast.owner, order, cast.driver_row)
    told = named.data["driver"]
    assert (named.status_code, told["id"], told["name"]) == (200, cast.driver_row.pk, "")
    order.refresh_from_db()
    assert order.named_at
    assert order.due_at == order.named_at + timedelta(seconds=seconds)
    assert api(cast.other_driver).get(f"{ORDERS}/{order.pk}").status_code == 404
    assert wait(order, seconds - 5) == 0
    assert wait(order, 6) == 1
    order.refresh_from_db()
    assert (order.status, order.driver_id, order.named_at, order.due_at) == (22, None, None, deadline)
    event = order.events.latest("number")
    told = (event.number, event.kind, event.role, event.reason_code, event.data)
    data = {"old": {"driver": cast.driver_row.pk}, "new": {"driver": None}}
    assert told == (3, "driver", "system", "no_answer", data)
    streams = FeedEntry.objects.filter(event=event).values_list("stream", flat=True)
    assert sorted(streams) == [f"driver:{cast.driver_row.pk}", f"vendor:{cast.vendor.pk}"]
    assert run_due() == 0
    assert api(cast.other_driver).get(f"{ORDERS}/{order.pk}").status_code == 200
    assert move(api, cast.other_driver, order, to=8).data["driver"]["name"] == "Otto Driver"


def test_the_search_begins_by_itself_once_nobody_is_named(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(auto_search=True)
    order = accepted(cast)
    assert name(api, cast.owner, order, cast.courier_row).status_code == 200
    assert run_due() == 0
    assert wait(order, 46) == 1
    assert run_due() == 1
    order.refresh_from_db()
    assert order.status == 22
    assert list(order.events.values_list("transition", "role")) == [
        ("", "system"),
        ("", "vendor"),
        ("", "system"),
        ("look_for_driver", "system"),
    ]


def test_the_time_runs_from_when_the_driver_can_answer(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    assert name(api, cast.owner, order, cast.driver_row).status_code == 200
    assert wait(order, 3600) == 0
    assert move(api, cast.owner, order, to=7).status_code == 200
    assert wait(order, 3600) == 0
    order.refresh_from_db()
    assert order.accepted_at
    assert order.due_at is not None
    Order.objects.filter(pk=order.pk).update(accepted_at=order.accepted_at - timedelta(seconds=46))
    # The kitchen's progress begins nothing anew.
    assert move(api, cast.owner, order, to=4).status_code == 200
    assert run_due() == 1
    assert Order.objects.get(pk=order.pk).driver_id is None


def test_who_has_answered_stays(cast: Cast, api: Api) -> None:
    order = accepted(cast)
    assert name(api, cast.owner, order, cast.driver_row).status_code == 200
    assert move(api, cast.driver, order, to=8).status_code == 200
    order.refresh_from_db()
    assert (order.named_at, order.due_at, order.driver_id) == (None, None, cast.driver_row.pk)
    # It failed to pick up: somebody decides, and until another is looked for it is its order.
    assert move(api, cast.driver, order, to=10, **REASON).status_code == 200
    order.refresh_from_db()
    assert (order.named_at, order.driver_id) == (None, cast.driver_row.pk)
    assert order.due_at == order.status_changed_at + timedelta(minutes=5)


def test_another_who_is_named_has_the_whole_time_and_nobody_none(cast: Cast, api: Api) -> None:
    order = accepted(cast)
    assert name(api, cast.owner, order, cast.driver_row).status_code == 200
    assert wait(order, 40) == 0
    assert name(api, cast.owner, order, cast.driver_row).data["version"] == 2
    assert name(api, cast.owner, order, cast.other_driver_row).status_code == 200
    assert wait(order, 40) == 0
    assert name(api, cast.owner, order, None).status_code == 200
    order.refresh_from_db()
    assert (order.named_at, order.due_at) == (None, None)
    assert OrderEvent.objects.filter(order=order, role="system", kind="driver").count() == 0


def test_a_named_driver_is_not_asked_for_ever_by_the_admin_either(cast: Cast, api: Api) -> None:
    """Staff's page names through the same service."""
    order = accepted(cast)
    client = api(cast.staff)
    client.force_login(cast.staff)
    path = f"/admin/orders/order/{order.pk}/driver/"
    Driver.objects.filter(pk=cast.driver_row.pk).update(on_duty=False)
    with assert_nothing_changed(order):
        client.post(path, {"version": order.version, "driver": cast.driver_row.pk}, format="multipart")
    Driver.objects.filter(pk=cast.driver_row.pk).update(on_duty=True)
    before = timezone.now()
    client.post(path, {"version": order.version, "driver": cast.driver_row.pk}, format="multipart")
    order.refresh_from_db()
    assert order.driver_id == cast.driver_row.pk
    assert order.named_at
    assert order.named_at >= before
