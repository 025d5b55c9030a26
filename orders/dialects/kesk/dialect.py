"""Kesk's envelope for what is refused, in its own field names; and the dialect itself."""

from collections.abc import Mapping
from typing import Any

from orders.dialects.base import NOT_YOURS, Dialect, dotted_path
from orders.dialects.kesk.meanings import MEANINGS
from orders.dialects.kesk.refusals import WORDING
from orders.dialects.kesk.webhooks import FORMAT
from orders.dialects.kesk.words import ASKED, READS, allowed_words
from ordersite.web.problems import Problem

TITLE = "Kesk OrdersApi"
PHOTOS_AS_FILES = "Photos can be sent as files of a form (multipart/form-data), of up to 5 MB each."
# Why a status is refused, where our sentence speaks of the twenty-six.
STATUS_REFUSED = {
    "transition_not_allowed": "The order cannot change to this status now.",
    "transition_not_permitted": NOT_YOURS,
}


def refusal(problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
    """{"success": false, "error": {code, message, details}}; a refused change of status tells the allowed words."""
    faults = [(dotted_path(str(row["pointer"])), str(row["detail"])) for row in problem.errors]
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
    webhooks=FORMAT,
)
