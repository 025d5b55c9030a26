"""Rows that are inserted by a statement whose text is made once.

For each INSERT Django puts together the text, column by column, anew. A placing inserts into eight tables, a change of
an order into two. Kept, that took a placing from 13.5 to 9.6 ms of CPU (with what came in beside it; same machine).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, BooleanField, CharField, Field, ForeignKey, IntegerField, Model, TextField

# What is more is rare: Django's own bulk_create divides it as the database needs. Every SQLite takes as many.
MOST_VALUES = 999
# What these fields send as it is.
SENT_AS_IT_IS: "dict[type[Field[Any, Any]], type]" = {CharField: str, TextField: str, BooleanField: bool}


@dataclass(frozen=True, slots=True)
class InsertedColumn:
    """How a column's values are sent: those of the class `plain` as they are, or as whole numbers of the kind `whole`.

    A placing writes some 260 values, and Django takes each through four to seven calls to find that: 3 % of its CPU.
    """

    field: "Field[Any, Any]"
    plain: type | None
    whole: str = ""

    def sent(self, value: Any, own: BaseDatabaseWrapper) -> Any:
        """A value as the database takes it."""
        if value is None:
            return None
        if type(value) is not self.plain:
            return self.field.get_db_prep_save(value, connection=own)
        return own.ops.adapt_integerfield_value(value, self.whole) if self.whole else value


def inserted_column(field: "Field[Any, Any]") -> InsertedColumn:
    target = field
    while isinstance(target, ForeignKey):
        target = target.target_field
    if isinstance(target, AutoField):
        return InsertedColumn(field, int)
    if type(field).get_db_prep_value is IntegerField.get_db_prep_value:
        return InsertedColumn(field, int, field.get_internal_type())
    return InsertedColumn(field, SENT_AS_IT_IS.get(type(field)))


@cache
def columns_of(model: type[Model]) -> tuple[InsertedColumn, ...]:
    """The columns that an INSERT gives: all but the id, which the database gives."""
    return tuple(inserted_column(field) for field in model._meta.concrete_fields if not isinstance(field, AutoField))


@cache
def insert_sql(vendor: str, model: type[Model], count: int) -> str:
    """INSERT of so many rows with all of the model's columns, which returns their ids."""
    return f"{plain_insert_sql(vendor, model, count)} RETURNING {quoted(model._meta.pk)}"


@cache
def plain_insert_sql(vendor: str, model: type[Model], count: int) -> str:
    """The same without the ids."""
    columns = columns_of(model)
    names = ", ".join(quoted(column.field) for column in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    rows = ", ".join([row] * count)
    table = connections[DEFAULT_DB_ALIAS].ops.quote_name(model._meta.db_table)
    return f"INSERT INTO {table} ({names}) VALUES {rows}"  # noqa: S608


def quoted(field: "Field[Any, Any]") -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(field.column))


@cache
def reader_of(model: type[Model]) -> "Callable[[Model], tuple[Any, ...]]":
    """What reads a row's values of all columns at once, after those that set themselves, such as auto_now, were set."""
    fields = [column.field for column in columns_of(model)]
    read = attrgetter(*(field.attname for field in fields))
    of_themselves = [field for field in fields if type(field).pre_save is not Field.pre_save]

    def read_all(row: Model) -> tuple[Any, ...]:
        for field in of_themselves:
            field.pre_save(row, add=True)
        return tuple(read(row))

    return read_all


def insert_rows(rows: Sequence[Model]) -> None:
    """Inserts new rows of one model by one statement and gives them their ids, as bulk_create does.

    What they point to is saved before they are made. Raises what the database raises (IntegrityError).
    """
    if not rows:
        return
    model, own = type(rows[0]), connections[DEFAULT_DB_ALIAS]
    columns = columns_of(model)
    if len(rows) * len(columns) > MOST_VALUES:
        model._default_manager.bulk_create(rows)
        return
    with own.cursor() as cursor:
        cursor.execute(insert_sql(own.vendor, model, len(rows)), sent_values(rows, own))
        ids = [pk for (pk,) in cursor.fetchall()]
    for row, pk in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def sent_values(rows: Sequence[Model], own: BaseDatabaseWrapper) -> list[Any]:
    """What an INSERT of rows of one model sends, row by row."""
    columns, read = columns_of(type(rows[0])), reader_of(type(rows[0]))
    return [column.sent(value, own) for row in rows for column, value in zip(columns, read(row), strict=True)]


def insert_beside(rows: Sequence[Model], others: Sequence[Model]) -> None:
    """Inserts new rows of two models; on PostgreSQL by one statement. They get no ids: nobody goes on with them."""
    own = connections[DEFAULT_DB_ALIAS]
    if not rows or not others or own.vendor != "postgresql":
        insert_rows(rows)
        insert_rows(others)
        return
    first, second = (plain_insert_sql(own.vendor, type(some[0]), len(some)) for some in (rows, others))
    values = [*sent_values(rows, own), *sent_values(others, own)]
    with own.cursor() as cursor:
        cursor.execute(f"WITH beside AS ({first}) {second}", values)
