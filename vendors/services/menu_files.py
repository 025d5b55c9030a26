"""Menus as files, CSV and XLSX: written as they are read back, and kept between an upload and its confirmation."""

import csv
import io
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook  # type: ignore[import-untyped]

from ordersite.accounts.callers import Caller, lacks
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.numbers import read_whole
from ordersite.core.spreadsheets import Spreadsheet, formulate
from ordersite.core.unprinted import has_unprinted, one_line
from vendors.models import MenuUpload, Vendor
from vendors.services.menu_plans import MenuPlan, RowFault, Ways, apply_rows, check_may_arrange, plan_rows
from vendors.services.menu_rows import (
    COLUMNS,
    HEADINGS,
    KINDS,
    OWN,
    PICTURE,
    CellError,
    MenuRow,
    StandingMenu,
    read_cell,
    rows_of_menu,
    write_value,
)

MOST_BYTES = 5_000_000
# Of a workbook, which is packed.
MOST_UNPACKED = 60_000_000
MOST_ROWS = 10_000
MOST_COLUMNS = 100
KEPT_FOR = timedelta(hours=1)
# What a file must say of each row.
NEEDED = ("kind", "name")
DELIMITERS = ";,\t"
PACKED = b"PK\x03\x04"
# How a workbook writes a character that XML has not, or a text that looks like that.
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# A line of the file and its cells.
Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class MenuFile:
    """The rows that a file holds, and what is wrong with others."""

    rows: Sequence[MenuRow]
    faults: Sequence[RowFault]


# --- written --------------------------------------------------------------------------------------------------------


def menu_table(vendor: Vendor) -> Spreadsheet:
    """The whole menu. All cells are texts: an amount is what it says, digit by digit."""
    menu = StandingMenu(vendor)

    def cells() -> Iterator[list[str]]:
        for row in rows_of_menu(menu):
            own = {"kind": row.kind, "id": str(row.id), "parent": row.parent, "name": row.name}
            values = {
                heading: write_value(HEADINGS[heading], row.kind, value, vendor.currency)
                for heading, value in row.values.items()
            }
            yield [{**own, **values}.get(one.heading, "") for one in COLUMNS]

    return Spreadsheet(title="Menu", columns=[one.heading for one in COLUMNS], numbers=frozenset(), rows=cells())


# --- read -----------------------------------------------------------------------------------------------------------


def read_menu_file(content: bytes, currency: str) -> MenuFile:
    """The rows of a file; raises Invalid for one that is no table of a menu."""
    if len(content) > MOST_BYTES:
        raise Invalid(FaultCode.TOO_LARGE_MENU_FILE, Field.FILE, most=MOST_BYTES // 1_000_000)
    lines = workbook_lines(content) if content.startswith(PACKED) else csv_file_lines(content)
    found = [(number, cells) for number, cells in lines if any(cells)]
    if len(found) < 2:
        raise Invalid(FaultCode.EMPTY_MENU_FILE, Field.FILE)
    if len(found) > MOST_ROWS + 1:
        raise Invalid(FaultCode.TOO_MANY_MENU_ROWS, Field.FILE, most=MOST_ROWS)
    headings = read_headings(found[0][1])
    rows, faults = [], []
    for number, cells in found[1:]:
        row, wrong = read_menu_row(number, dict(zip(headings, cells, strict=False)), currency)
        if any(cells[len(headings) :]):
            wrong.append(
                RowFault(number, "", Fault(FaultCode.ROW_TOO_MANY_COLUMNS, columns=len(cells), width=len(headings)))
            )
        faults += wrong
        if row is not None:
            rows.append(row)
    return MenuFile(rows, faults)


def csv_file_lines(content: bytes) -> Iterator[Line]:
    """Lines with their numbers; columns are divided by what stands most often in the first of them."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(FaultCode.ENCODING_OF_MENU, Field.FILE, line=line) from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_ROWS + 2:
                raise Invalid(FaultCode.TOO_MANY_MENU_ROWS, Field.FILE, most=MOST_ROWS)
            yield number, [formulate(cell).strip() for cell in cells]
    except csv.Error as error:
        raise Invalid(FaultCode.UNREADABLE_CSV, Field.FILE, line=reader.line_num) from error


def workbook_lines(content: bytes) -> Iterator[Line]:
    """The rows of a workbook's first sheet. What unpacks to too much is refused before it is unpacked."""
    unreadable = Invalid(FaultCode.UNREADABLE_WORKBOOK, Field.FILE)
    try:
        # A part that holds more than it says is cut off, and refused, by what unpacks it.
        unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise unreadable from error
    if unpacked > MOST_UNPACKED:
        raise Invalid(FaultCode.TOO_LARGE_UNPACKED, Field.FILE, most=MOST_UNPACKED // 1_000_000)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True)
        lines = [(number, texts) for number, cells in enumerate(rows, start=1) if any(texts := row_texts(cells))]
    except (
        *(zipfile.BadZipFile, ParseError, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError),
        *(EOFError, NotImplementedError, OverflowError, RecursionError),
    ) as error:
        raise unreadable from error
    yield from lines


def row_texts(cells: Sequence[Any]) -> list[str]:
    """A row's cells as texts, without the empty ones behind the last."""
    texts = [cell_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def cell_text(value: Any) -> str:
    """A cell of a workbook as a text: a number by its shortest digits, which are those that were typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value)).strip()


def read_headings(cells: Sequence[str]) -> list[str]:
    """The columns that a file has; raises Invalid for one that is unknown, there twice or lacking."""
    found = [one_line(cell.lower().replace("_", " ")) for cell in cells]
    while found and not found[-1]:
        found.pop()
    if len(found) > MOST_COLUMNS:
        raise Invalid(FaultCode.TOO_MANY_MENU_COLUMNS, Field.FILE, most=MOST_COLUMNS)
    if missing := [name for name in NEEDED if name not in found]:
        raise Invalid(FaultCode.MISSING_HEADINGS, Field.FILE, names=", ".join(missing))
    for name in found:
        if name not in HEADINGS or name == PICTURE.heading:
            raise Invalid(FaultCode.UNKNOWN_HEADING, Field.FILE, name=name[:80])
        if found.count(name) > 1:
            raise Invalid(FaultCode.REPEATED_HEADING, Field.FILE, name=name)
    return found


def read_menu_row(line: int, cells: Mapping[str, str], currency: str) -> tuple[MenuRow | None, list[RowFault]]:
    """A row by the headings of its cells, and what is wrong with it; None where it is not even clear what it is."""
    kind = cells.get("kind", "").lower()
    if kind not in KINDS:
        return None, [RowFault(line, "kind", Fault(FaultCode.ROW_UNKNOWN_KIND, kinds=", ".join(KINDS)))]
    row, faults = MenuRow(line, kind, cells.get("name", ""), parent=cells.get("parent", "")), []
    for heading, text in cells.items():
        one = HEADINGS[heading]
        if text and kind not in one.kinds:
            faults.append(RowFault(line, heading, Fault(FaultCode.ROW_NOT_OF_KIND, kind=kind)))
        elif has_unprinted(text):
            faults.append(RowFault(line, heading, Fault(FaultCode.ROW_UNPRINTABLE)))
        elif heading == "id" and text:
            row.id = read_whole(text.removesuffix(".0"))
            if row.id is None:
                faults.append(RowFault(line, heading, Fault(FaultCode.ROW_UNKNOWN_ID, kind=kind)))
        elif heading == "name" or (kind in one.kinds and heading not in OWN):
            try:
                value = read_cell(one, kind, text, currency) if text else None
            except CellError as error:
                faults.append(RowFault(line, heading, Fault(FaultCode.ROW_CELL, message=str(error))))
            else:
                row.values[heading] = value
    if row.values.pop("name", None) is None and not any(one.heading == "name" for one in faults):
        faults.append(RowFault(line, "name", Fault(FaultCode.ROW_EMPTY)))
    return (None if faults else row), faults


# --- kept until it is confirmed -------------------------------------------------------------------------------------


def keep_menu_upload(*, vendor: Vendor, caller: Caller, content: bytes, ways: Ways, now: datetime) -> MenuUpload:
    """Keeps a file until it is imported or KEPT_FOR is over; what was kept before by the same person goes.

    Must run in a transaction. Raises Forbidden, and Invalid for a file that is no table of a menu.
    """
    check_may_arrange(caller, vendor)
    if caller.user is None:
        raise lacks(Right.CHANGE_VENDORS)
    read_menu_file(content, vendor.currency)
    MenuUpload.objects.filter(created_at__lte=now - KEPT_FOR).delete()
    MenuUpload.objects.filter(user=caller.user, vendor=vendor).delete()
    return MenuUpload.objects.create(
        user=caller.user,
        vendor=vendor,
        content=content,
        takes_off=ways.takes_off,
        sets_stock=ways.sets_stock,
        created_at=now,
    )


def find_menu_upload(
    *, vendor: Vendor, caller: Caller, upload_id: uuid.UUID, now: datetime, lock: bool = False
) -> MenuUpload:
    """An upload of one's own; raises NotFound where it was imported, or is older than KEPT_FOR."""
    uploads = MenuUpload.objects.filter(user=caller.user, vendor=vendor, created_at__gt=now - KEPT_FOR)
    upload = (uploads.select_for_update() if lock else uploads).filter(pk=upload_id).first()
    if upload is None:
        raise NotFound(FaultCode.NOT_FOUND_MENU_UPLOAD)
    return upload


def ways_of(upload: MenuUpload) -> Ways:
    return Ways(takes_off=upload.takes_off, sets_stock=upload.sets_stock)


def plan_upload(vendor: Vendor, upload: MenuUpload) -> MenuPlan:
    """What importing an upload would do. Reads only."""
    file = read_menu_file(bytes(upload.content), vendor.currency)
    plan = plan_rows(vendor, file.rows, ways_of(upload))
    plan.faults = sorted([*file.faults, *plan.faults], key=lambda one: one.line)
    return plan


def import_menu_upload(*, vendor: Vendor, caller: Caller, upload_id: uuid.UUID, shown: str, now: datetime) -> MenuPlan:
    """Imports an upload, which is then gone: once, and as it was shown. Must run in a transaction.

    Raises Forbidden, NotFound, and Stale where the menu, and so what would become of it, is not what was shown.
    """
    upload = find_menu_upload(vendor=vendor, caller=caller, upload_id=upload_id, now=now, lock=True)
    file = read_menu_file(bytes(upload.content), vendor.currency)
    if file.faults:
        raise Invalid(FaultCode.FAULTY_MENU_ROWS, Field.FILE)
    plan = apply_rows(vendor=vendor, caller=caller, rows=file.rows, ways=ways_of(upload), shown=shown)
    upload.delete()
    return plan
