"""What time an order's customer was promised, and of what: when it is ready, or at the customer's door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from orders.lifecycle.table import Fulfilment
from orders.models import Order, OrderEvent


class Promise(NamedTuple):
    """A time, None where none was told; `is_there`: at the customer's door, else when it is ready."""

    at: datetime | None
    is_there: bool


def standing_promise(order: Order) -> Promise:
    """What is promised as the order stands.

    Minutes of preparing, and the vendor's usual time, say when it is ready, which is not yet with its customer. Minutes
    until delivery, and a time that was asked for, are those at the door of a delivery.
    """
    at = order.estimated_at or order.deliver_at
    is_there = order.delivered_in is not None or at == order.deliver_at
    return Promise(at, is_there and order.fulfilment == Fulfilment.DELIVERY)


def told_minutes(event: OrderEvent) -> Mapping[str, Any]:
    """The minutes that accepting, or a change of the promise, told by the names of their fields; empty without any."""
    told = event.data.get("new", event.data)
    return {name: told[name] for name in ("prepared_in", "delivered_in") if told.get(name)}


def promise_of(order: Order, event: OrderEvent) -> Promise:
    """What an event promised by its minutes; without any what stands."""
    minutes = told_minutes(event)
    if not minutes:
        return standing_promise(order)
    told = event.created_at + timedelta(minutes=minutes.get("delivered_in") or minutes["prepared_in"])
    at = max(told, order.deliver_at or told)
    is_there = "delivered_in" in minutes or at == order.deliver_at
    return Promise(at, is_there and order.fulfilment == Fulfilment.DELIVERY)
