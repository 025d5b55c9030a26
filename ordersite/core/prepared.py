"""Statements whose SQL Django makes once; each run brings only its values.

Putting together the SQL of a query with many joins and subqueries takes Django several times as long as running it and
making the objects. A statement that runs in most requests, always in one of a few forms, is worth keeping:
reading one order with its parties and what the caller is to it took 17.3 ms of CPU so, and 2.2 ms kept (same
machine, same minute).
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, QuerySet, Value
from django.db.models.query import ModelIterable
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row", bound=Model)


class Given(Value):
    """Stands in a query for a whole number, an id, that each run of the statement gives by its name."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(None, output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """The value as the database takes it; raises EmptyResultSet for a number that its column cannot hold."""
        least, most = connection.ops.integer_field_range(self.output_field.get_internal_type())
        if not least <= value <= most:
            raise EmptyResultSet
        return value


@dataclass(frozen=True, slots=True)
class Made:
    """A statement in one of its forms."""

    query: Query
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]


class Prepared(Generic[Row]):
    """A query in a few forms: `build(form)` makes it, with a `Given` for each value that changes from run to run.

    The SQL of a form is kept per kind of database for the life of the process, so whatever else it depends on must be
    part of the form.
    """

    def __init__(self, build: Callable[[Any], QuerySet[Row]]) -> None:
        self.build = build
        self.made: dict[tuple[str, Any], Made] = {}

    def rows(self, form: Any, **values: Any) -> list[Row]:
        """The rows of one run; `values` holds one for each `Given` of the form."""
        own = connections[DEFAULT_DB_ALIAS]
        made = self.made.get((own.vendor, form)) or self.make(own, form)
        if made.query.select_for_update and not own.in_atomic_block:
            raise TransactionManagementError("Rows are locked in a transaction only.")
        try:
            params = tuple(one.prepare(values[one.name], own) if isinstance(one, Given) else one for one in made.params)
        except EmptyResultSet:
            return []
        compiler, query = copy(made.compiler), copy(made.query)
        compiler.connection = own
        vars(compiler)["as_sql"] = lambda *args, **kwargs: (made.sql, params)
        vars(query)["get_compiler"] = lambda *args, **kwargs: compiler
        return list(ModelIterable(QuerySet(query.model, query)))

    def make(self, own: BaseDatabaseWrapper, form: Any) -> Made:
        """Compiles the statement, and looks up once how each of its columns is converted."""
        query = self.build(form).query
        compiler = query.get_compiler(connection=own)
        sql, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        converters, has_composite = compiler.get_converters(columns), compiler.has_composite_fields(columns)
        vars(compiler)["get_converters"] = lambda columns: converters
        vars(compiler)["has_composite_fields"] = lambda columns: has_composite
        self.made[own.vendor, form] = made = Made(query, compiler, sql, tuple(params))
        return made
