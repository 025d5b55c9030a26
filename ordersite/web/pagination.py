"""Lists: pages of at most 100 with a count, or a cursor whose cost does not grow."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.query import ModelIterable
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.core.numbers import read_whole
from ordersite.web.problems import BadRequest, NotFoundProblem

PER_PAGE = 15
MOST = 100
FAR = 500  # rows that a page may skip as they are
NARROW = "narrow the list by its filters."


def whole_number(request: Request, name: str, default: int, most: int) -> int:
    """A query parameter from 1 to `most`; raises BadRequest that says so."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = read_whole(text)
    if number is None or not 1 <= number <= most:
        raise BadRequest(f"?{name}", "invalid", f"Send a whole number from 1 to {most}.")
    return number


def link(request: Request, **changes: str) -> str:
    params = request.query_params.copy()
    for name, value in changes.items():
        params[name] = value
    return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")


def order_by(request: Request, allowed: Mapping[str, tuple[str, ...]], default: str) -> tuple[str, ...]:
    """The columns for `ordering`, a name of `allowed` with a "-" before it for descending."""
    given = request.query_params.get("ordering", default)
    name = given.removeprefix("-")
    if name not in allowed:
        raise BadRequest(
            "?ordering", "invalid", f"Send one of {', '.join(sorted(allowed))}, with a - in front for descending order."
        )
    if not given.startswith("-"):
        return allowed[name]
    return tuple(f"-{column}" for column in allowed[name])


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows a list has, counted up to MAX_LIST_DEPTH."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A list that is asked for so often that its count and its first page are statements that are kept.

    `query` makes the rows for whatever else is asked of them.
    """

    count: Callable[[int], int]  # how many there are, up to a number
    first: Callable[[tuple[str, ...], int], list[Any]]  # in an order, up to a number
    query: Callable[[], QuerySet[Any]]


def count_rows(rows: QuerySet[Any] | KeptRows) -> Counted:
    """Counts no further than pages reach: to count a million rows costs more than anybody gains."""
    most = settings.MAX_LIST_DEPTH
    found = rows.count(most + 1) if isinstance(rows, KeptRows) else rows.order_by()[: most + 1].count()
    return Counted(min(found, most), found <= most)


def read_page(rows: QuerySet[Any], counted: Counted, start: int, size: int, *, remedy: str) -> list[Any]:
    """The rows from `start` on; none past the end, which is known from the count.

    Of a page far down the ids are read first, from an index: what is skipped is never joined. Raises BadRequest with
    the remedy for a page beyond what is counted.
    """
    if start >= counted.count:
        if not counted.is_exact:
            raise BadRequest("?page", "too_deep", f"Pages end after {counted.count} results: {remedy}")
        return []
    if start < FAR or not issubclass(rows._iterable_class, ModelIterable):
        return list(rows[start : start + size])
    plain = rows.select_related(None).prefetch_related(None)
    return list(rows.filter(pk__in=list(plain.values_list("pk", flat=True)[start : start + size])))


def paginate(
    request: Request,
    rows: QuerySet[Any] | KeptRows,
    render: Callable[[Any], Any],
    *,
    orderings: Mapping[str, tuple[str, ...]],
    default: str,
    cursor_column: str = "",
) -> Response:
    """The answer of a list: count, next, previous, results. A page past the end is 404, but for the first.

    A count that is not exact has the header Count-Exact: false; pages beyond it are 400 with the remedy.
    """
    per_page = whole_number(request, "per_page", PER_PAGE, MOST)
    if cursor_column and "cursor" in request.query_params:
        return by_cursor(request, rows, render, per_page, cursor_column)
    columns = order_by(request, orderings, default)
    page = whole_number(request, "page", 1, 10**9)
    counted = count_rows(rows)
    count, start = counted.count, (page - 1) * per_page
    if isinstance(rows, KeptRows) and page == 1 and per_page == PER_PAGE:
        found = rows.first(columns, per_page)
    else:
        remedy = f"read on with cursor, or {NARROW}" if cursor_column else NARROW
        ordered = query_of(rows).order_by(*columns)
        found = read_page(ordered, counted, start, per_page, remedy=remedy)
    if page > 1 and not found:
        raise NotFoundProblem(f"There is no page {page}: the last one is {max(1, -(-count // per_page))}.")
    results = [render(row) for row in found]
    return Response(
        {
            "count": count,
            "next": link(request, page=str(page + 1)) if start + per_page < count else None,
            "previous": link(request, page=str(page - 1)) if page > 1 else None,
            "results": results,
        },
        headers=None if counted.is_exact else {"Count-Exact": "false"},
    )


def query_of(rows: QuerySet[Any] | KeptRows) -> QuerySet[Any]:
    return rows.query() if isinstance(rows, KeptRows) else rows


def by_cursor(
    request: Request, rows: QuerySet[Any] | KeptRows, render: Callable[[Any], Any], per_page: int, column: str
) -> Response:
    given, newest = request.query_params["cursor"], (f"-{column}", "-pk")
    if isinstance(rows, KeptRows) and not given and per_page == PER_PAGE:
        found = rows.first(newest, per_page + 1)
    else:
        queried = query_of(rows)
        if given:
            at, pk = read_cursor(given)
            queried = queried.filter(Q(**{f"{column}__lte": at}) & (Q(**{f"{column}__lt": at}) | Q(pk__lt=pk)))
        found = list(queried.order_by(*newest)[: per_page + 1])
    shown = found[:per_page]
    following = (
        link(request, cursor=write_cursor(getattr(shown[-1], column), shown[-1].pk)) if found[per_page:] else None
    )
    return Response({"count": None, "next": following, "previous": None, "results": [render(row) for row in shown]})


def write_cursor(at: datetime, pk: int) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{pk}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, pk = text.split("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not 0 < int(pk) < 2**63:
            raise ValueError(cursor)
        return moment.astimezone(UTC), int(pk)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise BadRequest("?cursor", "invalid", "Send the cursor from a `next` link, or leave it empty.") from error
