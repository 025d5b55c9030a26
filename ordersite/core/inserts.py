"""Rows that are inserted by a statement whose text is made once.

For each INSERT Django puts together the text, column by column, anew. A placing inserts into eight tables, a change of
an order into two. Kept, that took a placing from 13.5 to 9.6 ms of CPU (with what came in beside it; same machine).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, BooleanField, CharField, Field, Model, TextField

# What is more is rare: Django's own bulk_create divides it as the database needs. Every SQLite takes as many.
MOST_VALUES = 999
# What these fields send as it is. A placing writes some 240 values; Django takes each through four calls to find that:
# an order's row takes 0.57 of the time so.
SENT_AS_IT_IS: "dict[type[Field[Any, Any]], type]" = {CharField: str, TextField: str, BooleanField: bool}


@cache
def columns_of(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    """The columns that an INSERT gives: all but the id, which the database gives."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))


@cache
def insert_sql(vendor: str, model: type[Model], count: int) -> str:
    """INSERT of so many rows with all of the model's columns, which returns their ids."""
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    meta, columns = model._meta, columns_of(model)
    names = ", ".join(quote(str(field.column)) for field in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    rows = ", ".join([row] * count)
    return f"INSERT INTO {quote(meta.db_table)} ({names}) VALUES {rows} RETURNING {quote(str(meta.pk.column))}"  # noqa: S608


def sent_value(field: "Field[Any, Any]", row: Model, own: BaseDatabaseWrapper) -> Any:
    """A column's value as the database takes it."""
    value = field.pre_save(row, add=True)
    if value is None or type(value) is SENT_AS_IT_IS.get(type(field)):
        return value
    return field.get_db_prep_save(value, connection=own)


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
    values = [sent_value(field, row, own) for row in rows for field in columns]
    with own.cursor() as cursor:
        cursor.execute(insert_sql(own.vendor, model, len(rows)), values)
        ids = [pk for (pk,) in cursor.fetchall()]
    for row, pk in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
