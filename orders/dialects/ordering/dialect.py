"""Ordering's envelope for what is refused; and the dialect itself."""

from collections.abc import Mapping
from typing import Any

from orders.dialects.base import NOT_YOURS, Dialect, dotted_path
from orders.dialects.ordering.meanings import MEANINGS
from orders.dialects.ordering.refusals import WORDING
from orders.dialects.ordering.webhooks import FORMAT
from orders.dialects.ordering.words import GROUP_WORDS, STATUS_NUMBERS
from orders.lifecycle.table import Status
from ordersite.web.problems import Problem


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
    webhooks=FORMAT,
)
