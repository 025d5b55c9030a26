"""Rows that are inserted by a statement whose text is made once.

For each INSERT Django puts together the text, column by column, anew. A placing inserts into eight tables, a change of
an order into two. Kept, that took a placing from 13.5 to 9.6 ms of CPU (with what came in beside it; same machine).
"""

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    DateField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
    TimeField,
)

# What is more is rare: Django's own bulk_create divides it as the database needs. Every SQLite takes as many.
MOST_VALUES = 999
# What these fields send as it is.
SENT_AS_IT_IS: "dict[type[Field[Any, Any]], type]" = {CharField: str, TextField: str, BooleanField: bool}


class InsertedColumn(NamedTuple):
    """How a column's values are sent: those of the class `plain` as they are, or as whole numbers of the kind `whole`.

    A placing writes some 260 values, and Django takes each through four to seven calls to find that.
    """

    field: "Field[Any, Any]"
    plain: type | None
    whole: str = ""

    def sent(self, value: Any, own: BaseDatabaseWrapper) -> Any:
        """A value as the database takes it."""
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
def columns_of(model: type[Model], without: tuple[str, ...] = ()) -> tuple[InsertedColumn, ...]:
    """The columns that an INSERT gives: all but the id, which the database gives, and those of these attributes."""
    fields = (field for field in model._meta.concrete_fields if not isinstance(field, AutoField))
    return tuple(inserted_column(field) for field in fields if field.attname not in without)


@cache
def insert_sql(vendor: str, model: type[Model], count: int, given: tuple[tuple[str, str], ...] = ()) -> str:
    """INSERT of so many rows with all of the model's columns, which returns their ids.

    `given` are attributes whose value is an SQL expression, and is not sent.
    """
    columns, expressions = columns_of(model), dict(given)
    names = ", ".join(quoted(column.field) for column in columns)
    row = f"({', '.join(expressions.get(column.field.attname, '%s') for column in columns)})"
    table, rows = connections[DEFAULT_DB_ALIAS].ops.quote_name(model._meta.db_table), ", ".join([row] * count)
    return f"INSERT INTO {table} ({names}) VALUES {rows} RETURNING {quoted(model._meta.pk)}"  # noqa: S608


def quoted(field: "Field[Any, Any]") -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(field.column))


def sets_itself(field: "Field[Any, Any]") -> bool:
    """Whether a field makes or moves its value as its row is saved; of times those that are said to."""
    if isinstance(field, DateField | TimeField):
        return field.auto_now or field.auto_now_add
    return type(field).pre_save is not Field.pre_save


@cache
def reader_of(model: type[Model], without: tuple[str, ...] = ()) -> "Callable[[Model], tuple[Any, ...]]":
    """What reads a row's values of columns_of at once, after those that set themselves, such as auto_now, were set.

    A row that is made has them all beside each other: by their descriptors, which look there too and read what is
    missing, an order's took 25 µs in the place of 3.
    """
    fields = [column.field for column in columns_of(model, without)]
    read = itemgetter(*(field.attname for field in fields))
    of_themselves = [field for field in fields if sets_itself(field)]

    def read_all(row: Model) -> tuple[Any, ...]:
        for field in of_themselves:
            field.pre_save(row, add=True)
        return tuple(read(vars(row)))

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
        note_stored(rows, [pk for (pk,) in cursor.fetchall()])


def sent_values(rows: Sequence[Model], own: BaseDatabaseWrapper, without: tuple[str, ...] = ()) -> list[Any]:
    """What an INSERT of rows of one model sends, row by row."""
    columns, read = columns_of(type(rows[0]), without), reader_of(type(rows[0]), without)
    return [
        # Most are sent as they are: to ask for that here, without a call for each, takes half of the time.
        value if value is None or (type(value) is column.plain and not column.whole) else column.sent(value, own)
        for row in rows
        for column, value in zip(columns, read(row), strict=True)
    ]


def note_stored(rows: Sequence[Model], ids: Sequence[Any]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


# --- rows of several models -----------------------------------------------------------------------------------------

# The foreign keys of a group that point to a row which is inserted with it, each with the number of that row's group.
Pointers = tuple[tuple[str, int], ...]


# A foreign key whose row had no id when it was set: the row that has it, its attribute, the row that it points to.
Link = tuple[Model, str, Model]


class Group(NamedTuple):
    """Rows of one model that one statement writes with other groups, and how they point to rows of those."""

    rows: Sequence[Model]
    links: Sequence[Link]
    pointers: Pointers

    @property
    def values(self) -> int:
        return len(self.rows) * len(columns_of(type(self.rows[0])))


def insert_together(*groups: Sequence[Model]) -> None:
    """Inserts new rows of several models, each group of one model, and gives them their ids.

    Rows may point to rows of earlier groups, which have no ids yet. On PostgreSQL it is one statement where what is
    pointed to stands alone in its group, as the order of most placings does; else as few as can say to which row of
    several another points: a row of a group of several is stored before it is pointed to.

    What a placing writes are two statements so in the place of eight, and an event goes with its entries in the feeds.
    The first four of the six saved took a placing from 10.8 to 9.9 ms of CPU, a change of an order from 8.2 to 7.7; the
    other two, with what is read beside each other in reader_of, a placing from 8.3 to 7.6 (busy machine, in turns).
    """
    own = connections[DEFAULT_DB_ALIAS]
    batch: list[Group] = []
    for rows in filter(None, groups):
        links = unstored_links(rows)
        pointers = pointers_to(batch, rows, links)
        if pointers is not None:
            group = Group(rows, links, pointers)
            if not batch or (own.vendor == "postgresql" and sum(one.values for one in [*batch, group]) <= MOST_VALUES):
                batch.append(group)
                continue
        insert_batch(batch, own)
        point_to_stored(links)
        batch = [Group(rows, (), ())]
    insert_batch(batch, own)


def insert_batch(batch: Sequence[Group], own: BaseDatabaseWrapper) -> None:
    """Inserts groups by one statement."""
    if len(batch) < 2:
        for group in batch:
            insert_rows(group.rows)
        return
    sent: list[Any] = []
    for rows, _, pointers in batch:
        sent += sent_values(rows, own, tuple(name for name, _ in pointers))
    with own.cursor() as cursor:
        cursor.execute(
            insert_together_sql(tuple((type(one.rows[0]), len(one.rows), one.pointers) for one in batch)), sent
        )
        ids = cursor.fetchone()
    for group, found in zip(batch, ids, strict=True):
        point_to_stored(group.links)
        note_stored(group.rows, found)


def unstored_links(rows: Sequence[Model]) -> list[Link]:
    """Those of rows of one model; what is stored by now is pointed to."""
    relations = relations_of(type(rows[0]))
    links = [
        (row, attname, target)
        for row in rows
        for attname, name in relations
        if vars(row)[attname] is None and (target := row._state.fields_cache.get(name)) is not None
    ]
    point_to_stored(links)
    return [link for link in links if link[2].pk is None]


def pointers_to(batch: Sequence[Group], rows: Sequence[Model], links: Sequence[Link]) -> Pointers | None:
    """How each of these rows points to rows of a batch; None where one statement cannot say to which."""
    alone = {id(group.rows[0]): number for number, group in enumerate(batch) if len(group.rows) == 1}
    pointers = {(attname, alone.get(id(target), -1)) for _, attname, target in links}
    # Each row has all of them, to a row that stands alone.
    if len(links) != len(rows) * len(pointers) or any(number < 0 for _, number in pointers):
        return None
    return tuple(sorted(pointers))


@cache
def relations_of(model: type[Model]) -> tuple[tuple[str, str], ...]:
    """The attributes of a model's foreign keys: the id, and the row."""
    fields = (column.field for column in columns_of(model))
    return tuple((field.attname, field.name) for field in fields if isinstance(field, ForeignKey))


def point_to_stored(links: Sequence[Link]) -> None:
    """Sets the ids of what was pointed to, and is stored by now."""
    for row, attname, target in links:
        # Set as an attribute, an id that differs from the one before has the row be read anew.
        vars(row)[attname] = target.pk


@cache
def insert_together_sql(shapes: tuple[tuple[type[Model], int, Pointers], ...]) -> str:
    """PostgreSQL's statement that inserts groups, each of so many rows, and gives the ids of each as an array."""
    inserts, ids = [], []
    for number, (model, count, pointers) in enumerate(shapes):
        given = tuple((attname, f"(SELECT id FROM group{target})") for attname, target in pointers)  # noqa: S608
        inserts.append(f"group{number} (id) AS ({insert_sql('postgresql', model, count, given)})")
        ids.append(f"ARRAY(SELECT id FROM group{number})")  # noqa: S608
    return f"WITH {', '.join(inserts)} SELECT {', '.join(ids)}"
