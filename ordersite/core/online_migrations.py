"""Operations that do not keep others waiting on PostgreSQL; on SQLite they are Django's own.

Migrations after those of RUN_BESIDE_SINCE run while the version before serves (CONTRIBUTING.md), which
tests/sources/test_migrations_run_beside.py holds. One that cannot says why: `stops_site_because`, an attribute of its
class, which `manage.py upgrade_plan` tells. One that can though it does not look so says that: `runs_beside_because`.

One that builds indexes by these operations has `atomic = False`, and does nothing else: where one build fails, all of
the migration is run again from its beginning.
"""

from typing import Any

from django.db import migrations, transaction

# By app, the last migration that was written to run while all processes are stopped.
RUN_BESIDE_SINCE = {
    "accounts": "0020_take_over_sessions",
    "orders": "0080_hidden_guide",
    "vendors": "0026_indexes_of_the_search",
    "web": "0005_audit_search",
}


def recorded(graph: Any) -> set[tuple[str, str]]:
    """The migrations of RUN_BESIDE_SINCE, and all before them."""
    return {key for one in RUN_BESIDE_SINCE.items() for key in graph.forwards_plan(one)}


class AddIndexOnline(migrations.AddIndex):
    """Builds the index CONCURRENTLY: SHARE UPDATE EXCLUSIVE, so rows are read and written meanwhile.

    One that an earlier run left half built is built anew.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}")
        schema_editor.add_index(model, self.index, **concurrently(schema_editor))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        schema_editor.remove_index(model, self.index, **concurrently(schema_editor))


class AddConstraintOnline(migrations.AddConstraint):
    """Adds a check NOT VALID (ACCESS EXCLUSIVE, no row is read), then validates it (SHARE UPDATE EXCLUSIVE)."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = schema_editor.quote_name(model._meta.db_table), schema_editor.quote_name(self.constraint.name)
        schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


class AddUniqueOnline(migrations.AddConstraint):
    """Builds the index of a unique constraint CONCURRENTLY, then makes it the constraint (ACCESS EXCLUSIVE, no row)."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        add_unique(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.constraint)


class RemoveUniqueOnline(migrations.RemoveConstraint):
    """Drops a unique constraint (ACCESS EXCLUSIVE, no row); backwards it is built as AddUniqueOnline does."""

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        constraint = to_state.models[app_label, self.model_name_lower].get_constraint_by_name(self.name)
        add_unique(schema_editor, to_state.apps.get_model(app_label, self.model_name), constraint)


def add_unique(schema_editor: Any, model: Any, constraint: Any) -> None:
    """Adds a plain unique constraint without blocking readers or writers; one left half built is made anew."""
    quote = schema_editor.quote_name
    table, name = quote(model._meta.db_table), quote(constraint.name)
    columns = ", ".join(quote(model._meta.get_field(field).column) for field in constraint.fields)
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    schema_editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})")
    schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def concurrently(schema_editor: Any) -> dict[str, bool]:
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}


class RemoveIndexOnline(migrations.RemoveIndex):
    """Drops the index CONCURRENTLY; backwards it is built so."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        schema_editor.remove_index(model, index, **concurrently(schema_editor))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.name)}")
        schema_editor.add_index(model, index, **concurrently(schema_editor))


class RemoveKeyIndexOnline(migrations.AlterField):
    """Takes a foreign key's own index away CONCURRENTLY (db_index=False); backwards it is built so.

    Django's own operation drops the constraint too and makes it anew, which reads all rows while nobody may write.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            with transaction.atomic(schema_editor.connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        name, _, _ = own_index(schema_editor, model, self.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            with transaction.atomic(schema_editor.connection.alias):
                super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        name, table, column = own_index(schema_editor, model, self.name)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({column})")


class RemoveKeyConstraintOnline(migrations.AlterField):
    """Drops a foreign key's constraint (ACCESS EXCLUSIVE, no row); backwards it is added NOT VALID, then validated."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with transaction.atomic(schema_editor.connection.alias):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            self.database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        added = schema_editor._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
        schema_editor.execute(f"{added} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {added.parts['table']} VALIDATE CONSTRAINT {added.parts['name']}")


class RemovePatternIndex(migrations.operations.base.Operation):
    """Drops the second index that Django gives a text on PostgreSQL which is unique or has one, CONCURRENTLY.

    That one serves LIKE 'a%' where the database's collation is not C. Nobody asks so for a hash or a key, and each row
    pays for it: 11 of the 123 µs of CPU that an order's INSERT takes, 9 of those of a change of it. SQLite has none.
    """

    atomic = False
    reduces_to_sql = False

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name, self.field_name = model_name, field_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            model = to_state.apps.get_model(app_label, self.model_name)
            name, _, _ = own_index(schema_editor, model, self.field_name, suffix="_like")
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            model = from_state.apps.get_model(app_label, self.model_name)
            name, table, column = own_index(schema_editor, model, self.field_name, suffix="_like")
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({column} varchar_pattern_ops)")

    def describe(self) -> str:
        return f"Drops the index of {self.model_name}.{self.field_name} for LIKE"


def own_index(schema_editor: Any, model: Any, field_name: str, *, suffix: str = "") -> tuple[str, str, str]:
    """The index that Django makes for a field itself, by its name, its table and its column, as SQL quotes them."""
    table, column = model._meta.db_table, model._meta.get_field(field_name).column
    name, quote = schema_editor._create_index_name(table, [column], suffix=suffix), schema_editor.quote_name
    return quote(name), quote(table), quote(column)


class VacuumOften(migrations.operations.base.Operation):
    """Has PostgreSQL vacuum a table of which as many rows go as come, after a hundredth of its rows instead of a fifth.

    What prunes it passes the dead rows before the oldest ones each time (SHARE UPDATE EXCLUSIVE, no row is read).
    """

    reduces_to_sql = False
    reversible = True
    NAMES = ("autovacuum_vacuum_scale_factor", "toast.autovacuum_vacuum_scale_factor")

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.alter(schema_editor, to_state.apps.get_model(app_label, self.model_name), "SET", " = 0.01")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.alter(schema_editor, from_state.apps.get_model(app_label, self.model_name), "RESET", "")

    def alter(self, schema_editor: Any, model: Any, verb: str, value: str) -> None:
        if schema_editor.connection.vendor == "postgresql":
            wanted = ", ".join(f"{name}{value}" for name in self.NAMES)
            schema_editor.execute(f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} {verb} ({wanted})")

    def describe(self) -> str:
        return f"Vacuums {self.model_name} more often"


ONLINE = (
    AddIndexOnline,
    AddConstraintOnline,
    AddUniqueOnline,
    RemoveIndexOnline,
    RemoveUniqueOnline,
    RemoveKeyConstraintOnline,
    RemoveKeyIndexOnline,
    RemovePatternIndex,
    VacuumOften,
)
