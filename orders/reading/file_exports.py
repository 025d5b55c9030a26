"""The tables that are exported by the worker, by their kind: pages of the back-office register those of their lists."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import IO, Any

from orders.models import Account, FileExport
from orders.reading.statements import statement_table
from orders.services.bulk.file_exports import Told
from orders.services.money.payouts import purse_of
from ordersite.core.spreadsheets import Spreadsheet, write_workbook

STATEMENT = "statement"
MakeTable = Callable[[FileExport], Spreadsheet]


def table_of_statement(export: FileExport) -> Spreadsheet:
    """A vendor's statement, by one of its accounts and two days."""
    account = Account.objects.select_related("vendor").get(pk=export.given["account"])
    assert account.vendor is not None, "statements are vendors'"
    first, last = (date.fromisoformat(export.given[name]) for name in ("first", "last"))
    return statement_table(vendor=account.vendor, purse=purse_of(account), first=first, last=last)


EXPORTED: dict[str, MakeTable] = {STATEMENT: table_of_statement}


def register_export(kind: str, make_table: MakeTable) -> None:
    """What files of this kind hold. The pages of the back-office are loaded in every process, the worker's too."""
    EXPORTED[kind] = make_table


def write_export(export: FileExport, told: Told[Any]) -> IO[bytes]:
    """The table as a workbook, in a file that is gone once it is closed."""
    table = EXPORTED[export.kind](export)
    return write_workbook(replace(table, rows=told(table.rows)))
