"""What a process keeps between calls does not grow with the orders that it has seen."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.services.placing import terms
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart, place
from tests.orders.shopping import place_order as placed

OURS = ("orders", "ordersite", "tracking", "vendors")
STEPS = ("accept", "mark_ready", "collect")


def sizes() -> dict[str, int]:
    """How much each thing at the top of our modules holds, by its name: containers, caches, and what objects hold."""
    found: dict[str, int] = {}
    for module in list(sys.modules.values()):
        if module.__name__.partition(".")[0] in OURS:
            for name, value in list(vars(module).items()):
                for at, size in sizes_of(value):
                    found[f"{module.__name__}.{name}{at}"] = size
    return found


def sizes_of(value: Any) -> Iterator[tuple[str, int]]:
    if hasattr(value, "cache_info"):
        if value.cache_parameters()["maxsize"] is None:  # the others are bounded
            yield "()", value.cache_info().currsize
    elif isinstance(value, dict | list | set):
        yield "", len(value)
    elif type(value).__module__.partition(".")[0] in OURS:
        fields = getattr(value, "__dict__", {})
        yield from ((f".{name}", len(held)) for name, held in fields.items() if isinstance(held, dict | list | set))


@pytest.mark.django_db
def test_orders_leave_nothing_behind(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, owner, anybody = api(cast.customer), api(cast.owner), api()
    board = f"/api/v1/vendors/{cast.vendor.pk}/board"

    def live() -> int:
        order = placed(customer, cart(cast)).pk
        path = f"{ORDERS}/{order}"
        for name in STEPS:
            assert owner.post(f"{path}/transitions", {"transition": name}).status_code == 200
            assert owner.get(f"{board}?orders={order}").status_code == 200
        assert customer.get(path).status_code == 200
        return order

    def follow() -> None:
        code = place(customer, cart(cast))["purchase"]["tracking_code"]
        assert anybody.post("/api/v1/track", {"code": code}).status_code == 200

    live()  # what is kept once for all is kept from then on
    follow()
    before = sizes()
    live()
    follow()
    assert {name: size for name, size in sizes().items() if size != before.get(name)} == {}
    # The control: one entry more is seen.
    monkeypatch.setitem(terms.held, (cast.vendor.pk, "another"), 1)
    grown = {name for name, size in sizes().items() if size != before.get(name)}
    assert grown == {"orders.services.placing.terms.held"}
