"""Which changes of an order stand is read again from its events."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from orders.models import Order
from orders.services.moving.timers import run_due
from tests.cast import Cast
from tests.orders.moving.test_transitions import move
from tests.orders.rows import make_order
from tests.orders.walking import REASON, Api


def test_what_stands_is_found_again(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    driven = make_order(cast, 0, driver=cast.driver_row)
    for user, body in ((cast.owner, {"to": 7}), (cast.driver, {"to": 8}), (cast.owner, {"to": 4})):
        assert move(api, user, driven, **body).status_code == 200
    undone = make_order(cast, 0)
    for step in ({"to": 7}, {"to": 4}, {"transition": "undo_ready"}, {"to": 22}):
        assert move(api, cast.owner, undone, **step, **REASON).status_code == 200
    placed = make_order(cast, 0)
    standing = dict(Order.objects.values_list("pk", "standing_changes"))
    assert standing == {
        driven.pk: "accept@vendor accept_by_driver@driver mark_ready@vendor",
        undone.pk: "look_for_driver@vendor",
        placed.pk: "",
    }
    Order.objects.update(standing_changes="")
    migration = import_module("orders.migrations.0016_fill_standing_changes")
    with django_assert_max_num_queries(8):
        migration.fill(apps, None)
    assert dict(Order.objects.values_list("pk", "standing_changes")) == standing


# The changes of an order, by whom, and what stands of a stopped search.
SEARCHES: dict[str, tuple[str, str]] = {
    "never begun": ("accept", ""),
    "under way": ("accept look_for_driver", ""),
    "stopped": ("accept look_for_driver stop_search", "stop_search@vendor"),
    "stopped, then ready": ("accept look_for_driver stop_search mark_ready", "stop_search@vendor"),
    "stopped twice": ("accept look_for_driver stop_search look_for_driver stop_search", "stop_search@vendor"),
    "begun again": ("accept look_for_driver stop_search look_for_driver", ""),
}


@pytest.mark.parametrize("case", SEARCHES)
def test_a_search_that_was_stopped_before_the_mark_is_not_begun_by_itself(cast: Cast, api: Api, case: str) -> None:
    names, stop = SEARCHES[case]
    order = make_order(cast, 0)
    for name in names.split():
        assert move(api, cast.owner, order, transition=name, **REASON).status_code == 200
    standing = Order.objects.get(pk=order.pk).standing_changes
    assert ("stop_search" in standing) == bool(stop)
    # As the version before had left it, and with its timer.
    before = " ".join(mark for mark in standing.split() if not mark.startswith("stop_search"))
    Order.objects.filter(pk=order.pk).update(standing_changes=before, due_at=timezone.now())
    cast.vendor.auto_search = True
    cast.vendor.save()
    status = Order.objects.get(pk=order.pk).status
    for _ in range(2):
        import_module("orders.migrations.0027_fill_stopped_searches").fill(apps, None)
        assert Order.objects.get(pk=order.pk).standing_changes == standing
    assert run_due() == (1 if case == "never begun" else 0)
    assert Order.objects.get(pk=order.pk).status == (22 if case == "never begun" else status)
