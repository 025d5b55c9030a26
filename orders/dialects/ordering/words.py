"""Ordering's words for ours: numbers of statuses, delivery types and payment methods, names of fields, refusals."""

import re
from collections.abc import Mapping
from typing import Any

from orders.dialects.base import NOT_YOURS, Dialect
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

# Where ours stands in an error, what they call it; the rest is named alike.
FIELDS = {
    "payment_method": "paymethod_id",
    "saved_payment_method": "pay_data",
    "vendor": "business_id",
    "deliver_at": "delivery_datetime",
    "driver": "driver_id",
    "offer": "offer_id",
    "delivery_zone": "delivery_zone_id",
    "address": "location.address",
    "address_notes": "location.address_notes",
    "items": "products",
    "custom": "products",
    "guest": "customer",
    "to": "status",
    "reason_code": "reason",
}
IN_A_PRODUCT = {"product": "id", "without": "ingredients"}
# Our names as they stand in sentences: what must be sent is named as the client knows it.
NAMES = {
    "deliver_at": "delivery_datetime",
    "payment_method": "paymethod_id",
    "send a text, or the id of a saved one": "send it with the location",
    "or none for as soon as possible": "or the time that it is for as soon as possible",
    "send items": "send products",
    "`to`": "`status`",
    "`custom`": "products without an id",
    "`guest`": "`customer`",
    "`customer`": "`customer_id`",
}
NAMED = re.compile("|".join(map(re.escape, NAMES)))


def dotted(pointer: str) -> str:
    """The field's path: "/products/0/id" → "products.0.id", "?where" → "where"."""
    return pointer.lstrip("?/").removeprefix("header:").replace("/", ".")


def field_of(pointer: str, code: str) -> str:
    """Their name of the field that a pointer of ours leads to: "/items/0/product" → "products.0.id"."""
    if pointer == "/customer" and code in ("unknown", "forbidden"):
        return "customer_id"  # ours is an id; theirs of this name is a guest
    if not pointer.startswith("/"):
        return pointer.lstrip("?").removeprefix("header:")
    first, *rest = pointer.strip("/").split("/")
    if first in ("items", "custom"):
        rest = [IN_A_PRODUCT.get(part, part) for part in rest]
    return ".".join([FIELDS.get(first, first), *rest])


def sentence_of(detail: str) -> str:
    """A sentence of ours in their names."""
    return NAMED.sub(lambda found: NAMES[found.group()], detail)


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"error": true, "result": ["…"]}: a sentence a fault, with the field's name before it."""

    def said(detail: str) -> str:
        if problem.code == "transition_not_permitted":
            return NOT_YOURS
        return detail if problem.is_worded else sentence_of(detail)

    def named(row: Mapping[str, Any]) -> str:
        return dotted(row["pointer"]) if problem.is_worded else field_of(row["pointer"], row["code"])

    told = [
        f"{named(row)}: {said(row['detail'])}" if row["pointer"] else said(row["detail"]) for row in problem.errors
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
