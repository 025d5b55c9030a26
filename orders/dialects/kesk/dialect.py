"""Kesk's envelope for what is refused, in its own field names; and the dialect itself."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orders.dialects.base import NOT_YOURS, Dialect
from orders.dialects.kesk.meanings import MEANINGS
from orders.dialects.kesk.refusals import WORDING
from orders.dialects.kesk.words import ASKED, READS, allowed_words
from ordersite.web.problems import Problem

TITLE = "Kesk OrdersApi"
# Of a package's measures: our unit, how many digits smaller it is, and theirs.
UNITS = {"weight": ("g", 3, "kg"), **dict.fromkeys(("width", "length", "height"), ("mm", 1, "cm"))}
# Where our services point to → Kesk's field; the first that matches, from the beginning of what is left of a pointer.
FIELDS = [
    (re.compile(pattern), field)
    for pattern, field in (
        (r"/package/pickup(/.*)?$", "pickup_address"),
        (r"/package/dropoff(/.*)?$", "dropoff_address"),
        (r"/package(/package_type)?$", "package_type_id"),
        (r"/package/(?P<rest>.+)$", ""),
        (r"/service(/service)?$", "service_id"),
        (r"/service/at$", "scheduled_at"),
        (r"/service/place$", "delivery_address_id"),
        (r"/(address|location|delivery_type|delivery_zone)(/.*)?$", "delivery_address_id"),
        (r"/deliver_at$", "scheduled_at"),
        (r"/vendor$", "vendor_id"),
        (r"/driver$", "driver_id"),
        (r"/offer$", "coupon_code"),
        (r"/subtotal$", "sub_total"),
        (r"/tax_added$", "tax"),
        (r"/saved_payment_method$", "saved_payment_method_id"),
        (r"/(guest|customer)$", ""),
        (r"/comment$", "notes"),
    )
]
# The parts of an item and of a list's entry.
SEGMENTS = {"product": "product_id", "option": "option_id", "extra": "extra_id", "comment": "notes"}
# Our sentences that speak of fields which Kesk's clients do not have, by the fault's field and code.
SENTENCES = {
    (
        "delivery_address_id",
        "not_offered",
    ): "The vendor does not offer this way: send a delivery_address_id for delivery, or none to collect the order.",
    (
        "delivery_address_id",
        "outside_delivery_zone",
    ): "The vendor does not deliver to this address: choose another, or leave delivery_address_id out to collect "
    "the order.",
    ("", "required"): "Only a person can order here: sign in as one.",
}
PHOTOS_AS_FILES = "Photos can be sent as files of a form (multipart/form-data), of up to 5 MB each."
# Why a status is refused, where our sentence speaks of the twenty-six.
STATUS_REFUSED = {
    "transition_not_allowed": "The order cannot change to this status now.",
    "transition_not_permitted": NOT_YOURS,
}
# What to do instead of what our sentence says after its colon, by the end of our pointer and the code.
POINT = 'send {"address": "…", "lat": 50.85, "lng": 4.35}, or a saved address that has a point.'
REMEDIES = [
    ("/service/place", "not_offered", "with delivery_address_id it is the customer's place, without one the vendor's."),
    ("/package/pickup/location", "required", POINT),
    ("/package/dropoff/location", "required", POINT),
]


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"success": false, "error": {code, message, details}}; a refused change of status tells the allowed words."""
    if problem.is_worded:
        faults = [(dotted(str(row["pointer"])), str(row["detail"])) for row in problem.errors]
    else:
        faults = [(field_of(row), sentence_of(row)) for row in problem.errors]
    code = "invalid_request" if problem.code == "invalid" else problem.code
    message = problem.detail
    if faults:
        field, sentence = faults[0]
        message = f"{field}: {sentence}" if field else sentence
    message = STATUS_REFUSED.get(problem.code, message)
    if problem.code == "too_large":
        message = f"{message} {PHOTOS_AS_FILES}"
    details = [{"field": field, "message": sentence} for field, sentence in faults if field]
    error: dict[str, Any] = {"code": code, "message": message, "details": details}
    if "allowed_transitions" in problem.extra:
        error["allowed_statuses"] = allowed_words(problem.extra)
        told = ", ".join(error["allowed_statuses"]) or "none"
        details.append({"field": "status", "message": f"Allowed now: {told}."})
    return problem.status, {"success": False, "error": error}, problem.headers


def dotted(pointer: str) -> str:
    """The field's path: "/data/0/items/1/product_id" → "data.0.items.1.product_id", "?page" → "page"."""
    return pointer.lstrip("?/").removeprefix("header:").replace("/", ".")


def field_of(row: Mapping[str, Any]) -> str:
    """Kesk's name of the field in which a fault is, such as "data.0.items.1.product_id"; "" for none of its own."""
    pointer = str(row["pointer"])
    if pointer.startswith("?"):
        return pointer[1:]
    if pointer.startswith("header:"):
        return pointer.removeprefix("header:")
    part = re.match(r"/data/\d+(?=/)", pointer)
    start = part.end() if part else 0
    named = [pointer[:start].strip("/").replace("/", ".")] if start else []
    for pattern, field in FIELDS:
        match = pattern.match(pointer, start)
        if match:
            rest = match.groupdict().get("rest") or field
            return ".".join(name for name in (*named, rest) if name)
    return ".".join([*named, *(SEGMENTS.get(name, name) for name in pointer[start:].strip("/").split("/"))])


def sentence_of(row: Mapping[str, Any]) -> str:
    """What is wrong, in words that a client of Kesk's understands."""
    field = field_of(row)
    if field == "" and row["pointer"] == "":
        return str(row["detail"])
    if "most" in row and (unit := UNITS.get(str(row["pointer"]).rpartition("/package/")[2])):
        ours, digits, theirs = unit
        most = Decimal(row["most"]).scaleb(-digits).normalize()
        return str(row["detail"]).replace(f" {row['most']} {ours}", f" {most:f} {theirs}")
    if row["code"] == "amount_mismatch":
        return str(row["detail"]).replace("ask for a new quote", "ask /v1/order/summary again")
    for end, code, remedy in REMEDIES:
        if row["code"] == code and str(row["pointer"]).endswith(end):
            return f"{str(row['detail']).partition(': ')[0]}: {remedy}"
    sentence = SENTENCES.get((field.split(".")[-1], row["code"]), str(row["detail"]))
    return sentence.replace("deliver_at", "scheduled_at")


ERROR_SCHEMA = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"type": "boolean", "enum": [False], "description": "Always false."},
        "error": {
            "type": "object",
            "description": "What is wrong.",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string", "description": "The kind of fault; stable."},
                "message": {"type": "string", "description": "What is wrong, and what to do."},
                "details": {
                    "type": "array",
                    "description": "The fields that are wrong; may be empty.",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": {"type": "string", "description": "The field, such as `items.0.product_id`."},
                            "message": {"type": "string", "description": "What is wrong with it."},
                        },
                    },
                },
                "allowed_statuses": {
                    "type": "array",
                    "description": "Where a status was refused: those that you may set now.",
                    "items": {"type": "string"},
                },
            },
        },
    },
}
DESCRIPTION = """\
Orders of products, packages and services, of one vendor or several. Amounts are numbers in the order's currency, which
stands beside them; times are ISO 8601 in UTC. Payment methods (`payment_gateway_method_id`): 1 cash, 2 wallet,
3 transfer, 4 mollie, 5 fake; a photo that proves the payment makes it a transfer.
"""
DIALECT = Dialect(
    name="kesk",
    title=TITLE,
    description=DESCRIPTION,
    views="orders.dialects.kesk.views",
    refusal=refusal,
    error_schema=ERROR_SCHEMA,
    words={"order status": READS, "changes of status": ASKED},
    meanings=MEANINGS,
    wording=WORDING,
)
