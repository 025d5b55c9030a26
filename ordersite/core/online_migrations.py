"""Operations that do not keep others waiting on PostgreSQL; on SQLite they are Django's own.

A migration that uses them has `atomic = False`, and each that builds an index stands in a migration of its own: where
the build fails it is run again from its beginning.
"""

from typing import Any

from django.db import migrations


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
