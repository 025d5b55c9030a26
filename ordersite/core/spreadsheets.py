"""Tables for a spreadsheet, CSV or XLSX, written while they are read: no memory grows with their number of rows."""

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

# Rows of one sheet beside its heading: what is more goes on in a further sheet.
MOST_IN_SHEET = 1_048_575
# Where spreadsheets read the beginning of a formula, also those of wide letters. A cell begins at the text's start, and
# for a program that splits lines at another delimiter, or at each end of a line, within the text; blanks and quotes
# before it are left out by some. What is marked as a text already is marked once more, so that it can be read back.
BEGINS = r"""'*[\t\r\n]"""
FORMULATES = r"""'*(?:[^\S\t\r\n]|")*[=+\-@＝＋－＠]"""
FORMULA = re.compile(rf"""^(?={BEGINS})|(^|[;|\t\r\n])(?={FORMULATES})""")
MARKED = re.compile(rf"""^'(?={BEGINS})|(^|[;|\t\r\n])'(?={FORMULATES})""")
# By this mark Excel knows that a file is UTF-8.
MARK = "\ufeff"
# Most texts have nothing that could begin a cell, which is found sooner than where to write.
SUSPECT = re.compile(r"""^[\s"'=+\-@＝＋－＠]|[;|\t\r\n]""")
Value = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreadsheet:
    """A table: the names of its columns, which of them are numbers (amounts as decimal texts), and its rows."""

    title: str
    columns: Sequence[str]
    numbers: frozenset[str]
    rows: Iterator[Sequence[Value]]


class Echo:
    """A file that gives back what is written: the csv module then yields line by line."""

    def write(self, line: str) -> str:
        return line


def unformulate(text: str) -> str:
    """A text that no spreadsheet takes for a formula, whichever delimiter it splits at."""
    return FORMULA.sub(r"\1'", text) if SUSPECT.search(text) else text


def formulate(text: str) -> str:
    """The text that `unformulate` was given, of what it made."""
    return MARKED.sub(r"\1", text)


def csv_lines(table: Spreadsheet, mark: str = MARK) -> Iterator[str]:
    """Line by line; no text is one that a spreadsheet takes for a formula, numbers stay as they are."""
    write = csv.writer(Echo()).writerow
    is_text = [name not in table.numbers for name in table.columns]
    yield mark + str(write(table.columns))
    for row in table.rows:
        values = zip(row, is_text, strict=True)
        yield str(write([unformulate(value) if text and isinstance(value, str) else value for value, text in values]))


def add_sheet(book: Workbook, table: Spreadsheet) -> Worksheet:
    """The table's first sheet, or a further one, named by its number; each has the heading."""
    number = len(book.worksheets()) + 1
    sheet = book.add_worksheet(table.title if number == 1 else f"{table.title} {number}")
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 1)
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, bold)
    return sheet


def write_workbook(table: Spreadsheet) -> IO[bytes]:
    """A file that is gone once it is closed. Texts are written as texts: none becomes a formula or a link."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    book = Workbook(file, {"constant_memory": True})
    sheet = add_sheet(book, table)
    is_number = [name in table.numbers for name in table.columns]
    for place, row in enumerate(table.rows):
        if place and place % MOST_IN_SHEET == 0:
            sheet = add_sheet(book, table)
        at = place % MOST_IN_SHEET + 1
        for column, value in enumerate(row):
            if value in ("", None):
                continue
            if is_number[column]:
                sheet.write_number(at, column, float(value))
            else:
                sheet.write_string(at, column, str(value))
    book.close()
    file.seek(0)
    return file
