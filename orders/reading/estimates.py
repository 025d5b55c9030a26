"""When an open order is expected: what was learnt is held in each process for a while, and read by one statement."""

import time
from datetime import datetime
from typing import Any

from orders.estimates import Pace, Range, StageTimes
from orders.models import LearntTimes, Order
from orders.services.moving.learning import SITE_NAME, cell_of, current_stage, vendor_name

HELD_FOR = 30.0  # seconds
MOST_ROWS = 1000
# What was read of LearntTimes by name, and when (time.monotonic). Threads share it: each step is one operation.
held_rows: dict[str, tuple[float, dict[str, Any]]] = {}


def estimate_of(order: Order, now: datetime) -> Range | None:
    """The range that the order's reader is told at its present stage; None where nothing can be."""
    standing = current_stage(order)
    if standing is None:
        return None
    stage, begun = standing
    site, vendor = read_learnt(SITE_NAME, vendor_name(order.vendor_id))
    cell = cell_of(order, stage)
    pace = Pace.read(vendor[cell]) if cell in vendor else None
    return StageTimes.read(site.get(cell)).expect(pace, stage=stage, begun=begun, now=now)


def read_learnt(*names: str) -> list[dict[str, Any]]:
    """What is known under each of these names; one statement where one was not read lately."""
    now = time.monotonic()
    read = {name: row for name in names if (row := held_rows.get(name)) and now - row[0] < HELD_FOR}
    if missing := [name for name in names if name not in read]:
        found = dict(LearntTimes.objects.filter(name__in=missing).values_list("name", "times"))
        read |= {name: (now, found.get(name, {})) for name in missing}
        held_rows.update(read)
        for name in list(held_rows)[: len(held_rows) - MOST_ROWS]:
            held_rows.pop(name, None)
    return [read[name][1] for name in names]
