"""Statements whose SQL Django makes once; each run brings only its values.

Putting together the SQL of a query with many joins and subqueries takes Django several times as long as running it and
making the objects. A statement that runs in most requests, always in one of a few forms, is worth keeping:
reading one order with its parties and what the caller is to it took 17.3 ms of CPU so, and 2.2 ms kept (same
machine, same minute).
"""

from collections.abc import Callable, Collection
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, IntegerField, Model, QuerySet, Value
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from ordersite.core.replica import reading_alias

Row = TypeVar("Row")


class Given(Value):
    """Stands in a query for a value, mostly an id, that each run of the statement gives by its name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(None, output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """The value as the database takes it; raises EmptyResultSet for a number that its column cannot hold."""
        if not isinstance(self.output_field, IntegerField):
            return self.output_field.get_db_prep_value(value, connection)
        least, most = connection.ops.integer_field_range(self.output_field.get_internal_type())
        if not least <= value <= most:
            raise EmptyResultSet
        return value


@dataclass(frozen=True, slots=True)
class Made:
    """A statement in one of its forms; `reads` makes its rows: objects, or tuples where it is a values_list()."""

    reads: Any
    query: Query
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]

    def params_of(self, values: dict[str, Any], own: BaseDatabaseWrapper) -> tuple[Any, ...]:
        """What one run sends; raises EmptyResultSet where a value is none that a row could have."""
        return tuple(one.prepare(values[one.name], own) if isinstance(one, Given) else one for one in self.params)


class Prepared(Generic[Row]):
    """A query in a few forms: `build(form)` makes it, with a `Given` for each value that changes from run to run.

    The SQL of a form is kept per kind of database for the life of the process, so whatever else it depends on must be
    part of the form.
    """

    def __init__(self, build: "Callable[[Any], QuerySet[Any, Row]]") -> None:
        self.build = build
        self.made: dict[tuple[str, Any], Made] = {}

    def rows(self, form: Any, **values: Any) -> list[Row]:
        """The rows of one run; `values` holds one for each `Given` of the form."""
        own = connections[reading_alias()]
        made = self.made_for(form, own)
        if made.query.select_for_update and not own.in_atomic_block:
            raise TransactionManagementError("Rows are locked in a transaction only.")
        try:
            params = made.params_of(values, own)
        except EmptyResultSet:
            return []
        compiler, query = copy(made.compiler), copy(made.query)
        compiler.connection = own
        vars(compiler)["as_sql"] = lambda *args, **kwargs: (made.sql, params)
        vars(query)["get_compiler"] = lambda *args, **kwargs: compiler
        return list(made.reads(QuerySet(query.model, query)))

    def count(self, form: Any, **values: Any) -> int:
        """How many rows one run would give."""
        own = connections[reading_alias()]
        made = self.made_for(form, own)
        try:
            params = made.params_of(values, own)
        except EmptyResultSet:
            return 0
        with own.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({made.sql}) counted", params)  # noqa: S608  Django's own text
            return int(cursor.fetchone()[0])

    def made_for(self, form: Any, own: BaseDatabaseWrapper) -> Made:
        return self.made.get((own.vendor, form)) or self.make(own, form)

    def make(self, own: BaseDatabaseWrapper, form: Any) -> Made:
        """Compiles the statement, and looks up once how each of its columns is converted."""
        rows = self.build(form)
        query = rows.query
        compiler = query.get_compiler(connection=own)
        sql, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        converters, has_composite = compiler.get_converters(columns), compiler.has_composite_fields(columns)
        vars(compiler)["get_converters"] = lambda columns: converters
        vars(compiler)["has_composite_fields"] = lambda columns: has_composite
        self.made[own.vendor, form] = made = Made(rows._iterable_class, query, compiler, sql, tuple(params))
        return made


def given_ids(model: type[Model], count: int) -> Any:
    """A list of what stands in a query for so many ids of the model; such a statement's form is the count."""
    return [Given(f"id{number}", model._meta.pk) for number in range(count)]


def rows_by_ids(statement: Prepared[Row], ids: Collection[int]) -> list[Row]:
    """The rows of a statement of `given_ids`. The last id is given again up to a power of two: its forms are few."""
    if not ids:
        return []
    last, count = [*ids][-1], 2 ** (len(ids) - 1).bit_length()
    given = [*ids, *[last] * (count - len(ids))]
    return statement.rows(count, **{f"id{number}": pk for number, pk in enumerate(given)})
