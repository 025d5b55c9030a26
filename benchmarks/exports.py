"""What a vendor's statement costs as a file, beside what must be done at least: the same query, written bare.

    DATABASE_URL=postgres://… python -m benchmarks.exports --lines 1000,100000

Ours and the bare one take turns; each figure is the median of the rounds, each ratio that of the rounds' own pairs.
"""

import argparse
import csv
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import django

from benchmarks.own_site import own_site

if TYPE_CHECKING:
    from vendors.models import Vendor

COPY = (
    "INSERT INTO orders_posting (kind, order_id, actor, text, created_at) SELECT kind, order_id, actor, text, "
    "created_at - n * interval '1 minute' FROM orders_posting, generate_series(1, %s) n WHERE id = %s",
    "INSERT INTO orders_entry (posting_id, account_id, amount) SELECT p.id, e.account_id, e.amount FROM orders_posting "
    "p, orders_entry e WHERE e.posting_id = %s AND p.kind = 'settlement' AND p.id > %s",
)


def copy_posting(posting_id: int, count: int) -> None:
    """So many settlements like this one, the newest of all, each a minute before the other."""
    from django.db import connection  # noqa: PLC0415  needs the settings

    with connection.cursor() as cursor:
        cursor.execute(COPY[0], [count, posting_id])
        cursor.execute(COPY[1], [posting_id, posting_id])
        cursor.execute("ANALYZE orders_posting, orders_entry")


def write_bare_csv(rows: Iterator[Any], file: Any) -> None:
    csv.writer(file).writerows(rows)


def write_bare_workbook(rows: Iterator[Any], file: Any) -> None:
    from xlsxwriter import Workbook  # noqa: PLC0415

    book = Workbook(file, {"constant_memory": True, "remove_timezone": True})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(at, column, value)
            else:
                sheet.write_string(at, column, str(value))
    book.close()


def subjects(vendor: "Vendor", first: date, last: date) -> dict[str, tuple[Callable[[], None], Callable[[], None]]]:
    """By file: how we write it, and the same rows of the database written bare."""
    from orders.reading.statements import rows_of_postings, statement_lines, statement_table  # noqa: PLC0415
    from orders.services.money.payouts import Purse  # noqa: PLC0415
    from ordersite.core.spreadsheets import write_workbook  # noqa: PLC0415

    purse = Purse(currency=vendor.currency, vendor_id=vendor.pk)

    def rows() -> Iterator[Any]:
        return rows_of_postings(vendor, purse, first, last).iterator(chunk_size=1000)

    def our_csv() -> None:
        with TemporaryFile("w", encoding="utf-8", newline="") as file:
            file.writelines(statement_lines(vendor=vendor, purse=purse, first=first, last=last))

    def bare_csv() -> None:
        with TemporaryFile("w", encoding="utf-8", newline="") as file:
            write_bare_csv(rows(), file)

    def our_workbook() -> None:
        write_workbook(statement_table(vendor=vendor, purse=purse, first=first, last=last)).close()

    def bare_workbook() -> None:
        with TemporaryFile() as file:
            write_bare_workbook(rows(), file)

    return {"CSV": (our_csv, bare_csv), "XLSX": (our_workbook, bare_workbook)}


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """Seconds, and seconds of this process's CPU."""
    begun, worked = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - begun, time.process_time() - worked


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("--lines", default="1000,100000")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        parser.error("name a PostgreSQL in DATABASE_URL")
    with own_site("exports"):
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415  needs the apps
        from django.utils import timezone  # noqa: PLC0415

        from tests.cast import make_cast  # noqa: PLC0415
        from tests.orders.money import settled  # noqa: PLC0415
        from tests.orders.shopping import fill_wallet  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        cast = make_cast()
        fill_wallet(cast.customer_row, 1500)
        posting = settled(cast).postings.get(kind="settlement")
        print("| file | lines | s | of own CPU | bare, s | of own CPU | ours ÷ bare | by CPU |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        there, today = 1, timezone.localdate()
        for lines in sorted(int(text) for text in options.lines.split(",")):
            copy_posting(posting.pk, lines - there)
            there = lines
            # A minute apart from the moment of the run: all of them, and no longer than a statement may be.
            first = today - timedelta(days=365)
            for name, pair in subjects(cast.vendor, first, today).items():
                rounds = [(timed(pair[0]), timed(pair[1])) for _ in range(options.rounds)]
                ours, bare = ([statistics.median(one[who][at] for one in rounds) for at in (0, 1)] for who in (0, 1))
                ratios = [statistics.median(one[0][at] / one[1][at] for one in rounds) for at in (0, 1)]
                figures = " | ".join(f"{figure:.2f}" for figure in (*ours, *bare, *ratios))
                print(f"| {name} | {lines:,} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
