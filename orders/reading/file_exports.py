"""The tables that are exported by the worker, by their kind."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import IO, Any

from orders.models import Account
from orders.reading.statements import statement_table
from orders.services.bulk.file_exports import Told
from orders.services.money.payouts import purse_of
from ordersite.core.spreadsheets import Spreadsheet, write_workbook

STATEMENT = "statement"


def table_of_statement(given: Mapping[str, Any]) -> Spreadsheet:
    """A vendor's statement, by one of its accounts and two days."""
    account = Account.objects.select_related("vendor").get(pk=given["account"])
    assert account.vendor is not None, "statements are vendors'"
    first, last = (date.fromisoformat(given[name]) for name in ("first", "last"))
    return statement_table(vendor=account.vendor, purse=purse_of(account), first=first, last=last)


EXPORTED: dict[str, Callable[[Mapping[str, Any]], Spreadsheet]] = {STATEMENT: table_of_statement}


def write_export(kind: str, given: Mapping[str, Any], told: Told[Any]) -> IO[bytes]:
    """The table as a workbook, in a file that is gone once it is closed."""
    table = EXPORTED[kind](given)
    return write_workbook(replace(table, rows=told(table.rows)))
