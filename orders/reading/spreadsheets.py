"""Tables for a spreadsheet as answers, sent while they are written."""

from typing import IO, Any

from django.http.response import HttpResponseBase

from orders.reading.streams import BlockResponse, OpenFileResponse
from ordersite.core.replica import read_on
from ordersite.core.spreadsheets import MARK, Spreadsheet, csv_lines


def csv_response(table: Spreadsheet, name: str, mark: str = MARK) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return BlockResponse(read_on(csv_lines(table, mark)), content_type="text/csv; charset=utf-8", headers=headers)


def workbook_response(file: IO[bytes], name: str) -> HttpResponseBase:
    """A workbook that was written; it is closed once it is sent."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer: Any = OpenFileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=kind)
    return answer
