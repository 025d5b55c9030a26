"""The shop's name, its words for statuses and fields, and how it says that something is wrong."""

from collections.abc import Mapping
from typing import Any

from orders.dialects.base import NOT_YOURS, STATUS_CODES, Dialect
from orders.dialects.shop.refusals import WORDING
from orders.lifecycle.table import Actor, Status
from orders.models import PaymentStatus, StatusLabel
from orders.reading.order_view import OrderView
from orders.services.moving.goals import Goal
from orders.services.moving.labels import Labels
from ordersite.web.problems import Problem

# Also the reason of a change that asks for one: this API has no field for it.
TITLE = "Shop"
# What an order reads as whose status has no label; the labels are the instance's own.
STATUS_NAMES: dict[Status, str] = {status: status.label for status in Status}
OPEN: frozenset[str] = frozenset()
DONE, CANCELED = frozenset({"done"}), frozenset({"canceled"})
# The flags that follow from the status alone; sent and delivered follow from what has happened (services.moving.goals).
FLAGS: dict[Status, frozenset[str]] = {
    Status.PENDING: OPEN,
    Status.COMPLETED: DONE,
    Status.REJECTED: CANCELED,
    Status.DRIVER_IN_BUSINESS: OPEN,
    Status.PREPARATION_COMPLETED: OPEN,
    Status.REJECTED_BY_BUSINESS: CANCELED,
    Status.CANCELED_BY_DRIVER: OPEN,
    Status.ACCEPTED_BY_BUSINESS: OPEN,
    Status.ACCEPTED_BY_DRIVER: OPEN,
    Status.PICK_UP_COMPLETED_BY_DRIVER: OPEN,
    Status.PICK_UP_FAILED_BY_DRIVER: OPEN,
    Status.DELIVERY_COMPLETED_BY_DRIVER: OPEN,
    Status.DELIVERY_FAILED_BY_DRIVER: OPEN,
    Status.PREORDER: OPEN,
    Status.ORDER_NOT_READY: OPEN,
    Status.PICKUP_COMPLETED_BY_CUSTOMER: OPEN,
    Status.CANCELED_BY_CUSTOMER: CANCELED,
    Status.NOT_PICKED_BY_CUSTOMER: OPEN,
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: OPEN,
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: OPEN,
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: OPEN,
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: OPEN,
    Status.LOOKING_FOR_DRIVER: OPEN,
    Status.DRIVER_ON_WAY: OPEN,
    Status.DRIVER_WAITING_FOR_ORDER: OPEN,
    Status.ACCEPTED_BY_DRIVER_COMPANY: OPEN,
}
PAID = {
    PaymentStatus.UNPAID: False,
    PaymentStatus.AUTHORISED: True,
    PaymentStatus.PAID: True,
    PaymentStatus.PARTLY_REFUNDED: True,
    PaymentStatus.REFUNDED: False,
    PaymentStatus.FAILED: False,
    PaymentStatus.PROOF_PENDING: False,
}
# What cancelling means by who asks.
CANCELS = {
    Actor.STAFF: Status.REJECTED,
    Actor.VENDOR: Status.REJECTED_BY_BUSINESS,
    Actor.CUSTOMER: Status.CANCELED_BY_CUSTOMER,
}


def flags_of(order: OrderView) -> dict[str, bool]:
    """What of paid, done, canceled, sent and delivered stands."""
    of_status = FLAGS[Status(order.status)]
    return {
        "paid": PAID[PaymentStatus(order.payment_status)],
        "done": "done" in of_status,
        "canceled": "canceled" in of_status,
        "sent": order.has_reached(Goal.SENT),
        "delivered": order.has_reached(Goal.DELIVERED),
    }


def path_of(pointer: str) -> str:
    """ "/items/0/productId" → "items[0].productId", "?page" → "page"."""
    path = ""
    for part in pointer.removeprefix("header:").lstrip("?/").split("/"):
        path += f"[{part}]" if part.isdecimal() else f".{part}"
    return path.lstrip(".")


def statuses_allowed(problem: Problem, labels: Labels) -> list[StatusLabel]:
    """What the order may be set to now, in the order of the list of statuses."""
    allowed = {one["to"]["code"] for one in problem.extra["allowed_transitions"] if not one["by_name"]}
    return [label for label in labels.rows if label.core_status in allowed]


def refusal(problem: Problem, labels: Labels | None = None) -> tuple[int, Any, Mapping[str, str]]:
    """{"error": {"code", "message", "fields"}}; with labels, where a change is not allowed, the statuses that are."""

    def said(text: str) -> str:
        return NOT_YOURS if problem.code == "transition_not_permitted" else text

    told = [(path_of(error["pointer"]), said(error["detail"])) for error in problem.errors]
    error: dict[str, Any] = {
        "code": problem.code,
        # The problem's own sentence may begin with the pointer of its first fault.
        "message": told[0][1] if told else said(problem.detail),
        "fields": [{"field": field, "message": message} for field, message in told if field],
    }
    if labels is not None:
        allowed = statuses_allowed(problem, labels)
        error["allowedStatuses"] = [label.pk for label in allowed]
        if problem.code in STATUS_CODES:
            may = ", ".join(f"{label.pk} ({label.name})" for label in allowed)
            error["message"] += f" You may set statusId to {may}." if may else " You may set no other status now."
    return problem.status, {"error": error}, problem.headers


ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "description": "What is wrong.",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string", "description": "The kind of fault; stable."},
                "message": {"type": "string", "description": "What is wrong, and what to do."},
                "fields": {
                    "type": "array",
                    "description": "The fields that are wrong, such as `items[0].productId`; may be empty.",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": {
                                "type": "string",
                                "description": "The field's path in the body, or the parameter.",
                            },
                            "message": {"type": "string", "description": "What is wrong with it."},
                        },
                    },
                },
                "allowedStatuses": {
                    "type": "array",
                    "description": "The statuses that the order can change to now: ids of the list of statuses.",
                    "items": {"type": "integer"},
                },
            },
        }
    },
}
DIALECT = Dialect(
    name="shop",
    title=TITLE,
    description="Orders of a shop: their items, statuses, history, tracking numbers, and the flags of their state. "
    "Amounts are decimal texts in the order's currency. A body is JSON, or a form as PHP writes one: "
    "`items[0][productId]=4&items[0][quantity]=2`. A refusal names the fields that are wrong.",
    views="orders.dialects.shop.views",
    refusal=refusal,
    error_schema=ERROR_SCHEMA,
    wording=WORDING,
    words={"status name": STATUS_NAMES, "flags": FLAGS},
    meanings={"id": "The id of the order.", "itemId": "The id of an item of the order."},
)
