"""Which changes of an order stand is read again from its events."""

from importlib import import_module
from typing import Any

from django.apps import apps

from orders.models import Order
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.test_transitions import move
from tests.orders.walking import REASON, Api


def test_what_stands_is_found_again(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    driven = make_order(cast, 0, driver=cast.driver_row)
    for user, body in ((cast.owner, {"to": 7}), (cast.driver, {"to": 8}), (cast.owner, {"to": 4})):
        assert move(api, user, driven, **body).status_code == 200
    undone = make_order(cast, 0)
    for body in ({"to": 7}, {"to": 4}, {"transition": "undo_ready"}, {"to": 22}):
        assert move(api, cast.owner, undone, **body, **REASON).status_code == 200
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
