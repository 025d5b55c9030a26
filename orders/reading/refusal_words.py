"""Refusals of the services in the words of the back-office: a status by its name there, and nothing of calls."""

from typing import Any

from orders.lifecycle.table import Status
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Refusal
from ordersite.core.wording import NATIVE, Wording


def in_quotes(value: Any) -> str | None:
    return f"“{value.label}”" if isinstance(value, Status) else None


OFFICE = Wording(
    names=NATIVE.names,
    shown=in_quotes,
    sentences={FaultCode.TRANSITION_NOT_ALLOWED: "It is {now} now, and cannot become {target} from there."},
)


def refusal_in_words(refusal: Refusal) -> str:
    """A refusal as one sentence: that of its first field, where it is about fields."""
    rows = OFFICE.rows(refusal)
    return str(rows[0]["detail"]) if rows else OFFICE.detail(refusal)
