"""Ids of related rows that are read as one column of a statement, so that they cost no statement of their own."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Field, Func, QuerySet, Subquery
from django.db.models.sql.compiler import SQLCompiler


class IdSet(Field):
    """A set of ids as a query's output: a list in PostgreSQL, text in SQLite, nothing where there is none."""

    def from_db_value(self, value: Iterable[int] | str | None, *args: Any) -> frozenset[int]:
        if not value:
            return frozenset()
        return frozenset(map(int, value.split(",") if isinstance(value, str) else value))


class Gathered(Func):
    """All values of a column. A plain function to Django, so that it adds no GROUP BY."""

    function = "array_agg"
    output_field = IdSet()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, function="group_concat", **context)


def gather_ids(rows: QuerySet[Any], column: str) -> Subquery:
    """The ids in one column of the rows, which may refer to the outer query, as one frozenset."""
    return Subquery(rows.order_by().values(gathered=Gathered(column)), output_field=IdSet())
