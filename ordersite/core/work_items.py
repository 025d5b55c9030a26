"""For each thing that is done, such as a piece of work, one line in the log and one count among the metrics.

A line has ids, and never a name, an address, a token, a query string or a body. They are written where LOG_REQUESTS
says so, by a logger of their own that leaves none out.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ordersite.core.context import noted_orders, request_id
from ordersite.core.metrics import OUTSIDE_CALLS, WORK_ITEMS
from ordersite.core.tracing import traced

LINES = "ordersite.lines"
lines = logging.getLogger(LINES)
OK, FAILED, REFUSED = "ok", "failed", "refused"


@dataclass(slots=True)
class DoneItem:
    """What came of something: ok, failed, or a word of its kind's own. None where it was left to another worker."""

    outcome: str | None = OK


def are_lines_written() -> bool:
    return lines.isEnabledFor(logging.INFO)


def write_line(what: str, seconds: float, **fields: Any) -> None:
    """Writes that something was done: `what` is request, work or socket. Fields that are None are left out."""
    told = {name: value for name, value in fields.items() if value is not None}
    lines.info(what, extra={"fields": told | {"ms": round(seconds * 1000, 1)}})


def told_orders(order: int | None = None) -> str | None:
    """The orders that were changed here, besides the one that it was about, as a line names them; None for none."""
    numbers = {*noted_orders.get(), *([order] if order else [])}
    return ",".join(map(str, sorted(numbers))) or None


@contextmanager
def work_item(kind: str, *, order: int | None = None, traceparent: str = "") -> Iterator[DoneItem]:
    """Does one thing of the worker's under an id and a trace of its own, counts it and writes its line.

    `traceparent`: the trace that it goes on with. What raises has failed.
    """
    item, began = DoneItem(), time.perf_counter()
    token, noted = request_id.set(uuid.uuid4().hex), noted_orders.set([])
    try:
        with traced(traceparent):
            try:
                yield item
            except BaseException:
                item.outcome = FAILED
                raise
            finally:
                seconds = time.perf_counter() - began
                if item.outcome is not None:
                    WORK_ITEMS.labels(kind, item.outcome).observe(seconds)
                    if are_lines_written():
                        write_line("work", seconds, kind=kind, outcome=item.outcome, order=told_orders(order))
    finally:
        request_id.reset(token)
        noted_orders.reset(noted)


@contextmanager
def outside_call(
    service: str, *, is_refusal: Callable[[BaseException], bool] = lambda error: False
) -> Iterator[DoneItem]:
    """Calls another's server, and counts what came of it.

    What raises has failed, unless `is_refusal` says that the other side is well and takes this one thing not.
    """
    item, began = DoneItem(), time.perf_counter()
    try:
        yield item
    except BaseException as error:
        item.outcome = REFUSED if is_refusal(error) else FAILED
        raise
    finally:
        OUTSIDE_CALLS.labels(service, item.outcome).observe(time.perf_counter() - began)
