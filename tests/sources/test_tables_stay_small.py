"""docs/decisions/tables-that-stay-small.md says of every table why it does not grow without end, or that it shall."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tracking.worker import WORK

PAGE = Path(__file__).parent.parent.parent / "docs/decisions/tables-that-stay-small.md"
PRUNED, BOUNDED, KEPT = "Pruned by the worker", "Bounded by what they belong to", "Kept for ever"
# Read whole each hour: a row a driver, some a vendor, and what somebody set up by hand.
READ_WHOLE = {
    "orders_counter",
    "orders_driverposition",
    "orders_webhookendpoint",
    "vendors_device",
    "vendors_invitation",
}
MODELS = {model.__name__ for model in apps.get_models(include_auto_created=True) if model._meta.managed}


def rows(heading: str) -> list[list[str]]:
    """The cells of each row of the table below a heading."""
    _, _, text = PAGE.read_text().partition(f"## {heading}\n")
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def test_every_table_stands_in_one_row() -> None:
    told = Counter(name for heading in (PRUNED, BOUNDED, KEPT) for cells in rows(heading) for name in named(cells[0]))
    assert set(told) == MODELS
    assert max(told.values()) == 1


def test_what_is_pruned_names_its_work_and_its_setting() -> None:
    works = [cells[1] for cells in rows(PRUNED)]
    assert sorted(works) == sorted(work.name for work in WORK if work.prunes)
    missing = [name for cells in rows(PRUNED) for name in named(cells[2]) if not hasattr(settings, name)]
    assert missing == []


@pytest.mark.postgres
def test_what_is_pruned_is_found_by_an_index(db: None) -> None:
    """Where nothing is due too: else each round reads a table of millions to find nothing."""
    with CaptureQueriesContext(connection) as queries:
        for work in WORK:
            if work.prunes:
                work.run()
    asked = [row["sql"] for row in queries.captured_queries if row["sql"].startswith("SELECT")]
    assert len(asked) > 10
    read_whole = set()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            read_whole |= set(re.findall(r"Seq Scan on (\w+)", "\n".join(line for (line,) in cursor.fetchall())))
    assert read_whole <= READ_WHOLE
