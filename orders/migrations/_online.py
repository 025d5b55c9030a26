"""Operations that do not keep others waiting on PostgreSQL; on SQLite they are Django's own.

A migration that uses them has `atomic = False`.
"""

from django.db import migrations


class AddIndexOnline(migrations.AddIndex):
    """Builds the index CONCURRENTLY: SHARE UPDATE EXCLUSIVE, so rows are read and written meanwhile."""

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.add_index(model, self.index, **concurrently(schema_editor))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        schema_editor.remove_index(model, self.index, **concurrently(schema_editor))


class AddConstraintOnline(migrations.AddConstraint):
    """Adds a check NOT VALID (ACCESS EXCLUSIVE, no row is read), then validates it (SHARE UPDATE EXCLUSIVE)."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = schema_editor.quote_name(model._meta.db_table), schema_editor.quote_name(self.constraint.name)
        schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def concurrently(schema_editor):
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
