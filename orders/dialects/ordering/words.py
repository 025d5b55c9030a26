"""Ordering's words for ours: numbers of statuses, delivery types and payment methods, names of fields, refusals."""

from collections.abc import Mapping
from typing import Any

from orders.dialects.base import NOT_YOURS, Dialect, dotted_path
from orders.dialects.ordering.meanings import MEANINGS
from orders.dialects.ordering.refusals import WORDING
from orders.lifecycle.table import Fulfilment, Status
from ordersite.web.problems import Problem

# Theirs are ours, which were taken from them. Written out all the same, as for every dialect.
STATUS_NUMBERS: dict[Status, int] = {status: status.value for status in Status}
# Their groups of statuses; a driver's giving up and failing count as cancelled there.
GROUP_WORDS: dict[Status, str] = {
    Status.PENDING: "pending",
    Status.COMPLETED: "completed",
    Status.REJECTED: "cancelled",
    Status.DRIVER_IN_BUSINESS: "in progress",
    Status.PREPARATION_COMPLETED: "in progress",
    Status.REJECTED_BY_BUSINESS: "cancelled",
    Status.CANCELED_BY_DRIVER: "cancelled",
    Status.ACCEPTED_BY_BUSINESS: "in progress",
    Status.ACCEPTED_BY_DRIVER: "in progress",
    Status.PICK_UP_COMPLETED_BY_DRIVER: "in progress",
    Status.PICK_UP_FAILED_BY_DRIVER: "cancelled",
    Status.DELIVERY_COMPLETED_BY_DRIVER: "completed",
    Status.DELIVERY_FAILED_BY_DRIVER: "cancelled",
    Status.PREORDER: "pending",
    Status.ORDER_NOT_READY: "in progress",
    Status.PICKUP_COMPLETED_BY_CUSTOMER: "completed",
    Status.CANCELED_BY_CUSTOMER: "cancelled",
    Status.NOT_PICKED_BY_CUSTOMER: "cancelled",
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: "in progress",
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: "in progress",
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: "in progress",
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: "in progress",
    Status.LOOKING_FOR_DRIVER: "in progress",
    Status.DRIVER_ON_WAY: "in progress",
    Status.DRIVER_WAITING_FOR_ORDER: "in progress",
    Status.ACCEPTED_BY_DRIVER_COMPANY: "in progress",
}
GROUPS = ("pending", "in progress", "completed", "cancelled")
# Codes are fetched, in their words; a package is our delivery already.
DELIVERY_TYPES: dict[Fulfilment, int] = {
    Fulfilment.DELIVERY: 1,
    Fulfilment.PICKUP: 2,
    Fulfilment.EAT_IN: 3,
    Fulfilment.CURBSIDE: 4,
    Fulfilment.DRIVE_THRU: 5,
    Fulfilment.DIGITAL: 2,
}
PAYMETHODS: dict[str, int] = {"cash": 1, "wallet": 2, "transfer": 3, "mollie": 4, "fake": 5}
PAYMETHOD_NAMES = {number: name for name, number in PAYMETHODS.items()}


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"error": true, "result": ["…"]}: a sentence a fault, with the field's name before it."""

    def said(detail: str) -> str:
        return NOT_YOURS if problem.code == "transition_not_permitted" else detail

    told = [
        f"{dotted_path(row['pointer'])}: {said(row['detail'])}" if row["pointer"] else said(row["detail"])
        for row in problem.errors
    ] or [said(problem.detail)]
    allowed = problem.extra.get("allowed_transitions")
    if allowed is not None:
        by_number = [one["to"] for one in allowed if not one["by_name"]]
        may = ", ".join(f"{to['code']} ({to['name']})" for to in by_number)
        told.append(f"You may set the status to {may}." if may else "You may set no other status now.")
    return problem.status, {"error": True, "result": told}, problem.headers


ERROR_SCHEMA = {
    "type": "object",
    "required": ["error", "result"],
    "properties": {
        "error": {"type": "boolean", "enum": [True]},
        "result": {"type": "array", "items": {"type": "string"}},
    },
}
DIALECT = Dialect(
    name="ordering",
    title="Ordering",
    description=(
        "Orders of businesses, with the statuses 0–25 and the delivery types 1–5. Levels: 0 staff, 2 who works at a "
        "business, 3 customers, 4 drivers. paymethod_id: 1 cash, 2 wallet, 3 transfer, 4 mollie, 5 fake. Status: "
        + ", ".join(f"{status.value} {status.slug.replace('_', ' ')}" for status in Status)
        + ". A POST or PUT may be a form too (products[0][id]=4, or products as a text of JSON). Where a generated "
        "client has no parameter `params`, a name that some generators keep for themselves, it reads whole orders."
    ),
    views="orders.dialects.ordering.views",
    refusal=refusal,
    error_schema=ERROR_SCHEMA,
    words={"status": STATUS_NUMBERS, "group": GROUP_WORDS},
    meanings=MEANINGS,
    wording=WORDING,
)
