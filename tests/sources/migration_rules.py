"""What a migration must not do while the version before serves: hold a lock for long, or take away what that one uses.

First what is new is added, in a release; once no process of the version before runs, what is old is taken away in the
next one (expand, then contract).
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models
from django.db.migrations.operations import special
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED
from django.db.models.expressions import Func
from django.db.models.functions import Now

from ordersite.core.online_migrations import ONLINE

# They write nothing to the database.
OF_PYTHON_ALONE = (migrations.AlterModelOptions, migrations.AlterModelManagers)
USED = "the version before still uses it: in this release nothing uses it any more, in the next it goes"


def faults_of(migration: migrations.Migration, state: ProjectState, new: set[tuple[str, str]]) -> Iterator[str]:
    """Why this migration must not run beside the version before; brings `state` to what stands after it.

    `new` are the tables that the version before does not know, by app and name; this one's are added.
    """
    app = migration.app_label
    for operation in migration.operations:
        for one in database_operations(operation):
            if isinstance(one, migrations.CreateModel):
                new.add((app, one.name_lower))
            elif (app, table_of(one)) not in new and (fault := fault_of(one, migration, state)):
                yield f"{one.describe()}: {fault}"
        operation.state_forwards(app, state)


def database_operations(operation: Operation) -> list[Operation]:
    if isinstance(operation, special.SeparateDatabaseAndState):
        return [one for inner in operation.database_operations for one in database_operations(inner)]
    return [operation]


def table_of(operation: Any) -> str:
    return str(getattr(operation, "model_name", None) or getattr(operation, "name", None) or "").lower()


def fault_of(operation: Operation, migration: migrations.Migration, state: ProjectState) -> str | None:  # noqa: PLR0911
    match operation:
        case _ if isinstance(operation, (*ONLINE, *OF_PYTHON_ALONE)):
            return None
        case migrations.AddField():
            return fault_of_column(operation.field)
        case migrations.AlterField():
            model = state.models[migration.app_label, operation.model_name_lower]
            return fault_of_change(model.fields[operation.name], operation.field)
        case migrations.AddIndex() | migrations.RemoveIndex() | migrations.AddConstraint():
            return f"nobody writes meanwhile: {type(operation).__name__}Online"
        case migrations.RemoveConstraint():
            model = state.models[migration.app_label, operation.model_name_lower]
            is_check = isinstance(model.get_constraint_by_name(operation.name), models.CheckConstraint)
            return None if is_check else USED
        case migrations.RunPython():
            if migration.atomic:
                return "all rows that it writes are locked to its end: `atomic = False`, and batches"
            return None if operation.reversible else "there is no way back: `reverse_code`"
        case (
            migrations.RemoveField()
            | migrations.RenameField()
            | migrations.DeleteModel()
            | migrations.RenameModel()
            | migrations.AlterModelTable()
        ):
            return USED
        case _:
            return "nobody has looked whether it locks rows or breaks the version before: `runs_beside_because`"


def fault_of_column(field: Any) -> str | None:
    """Of a column that is added to a table that stands."""
    if field.many_to_many:
        return None
    default = getattr(field, "db_default", NOT_PROVIDED)
    if isinstance(default, Func) and not isinstance(default, Now):
        return "the table is written anew: a `db_default` that is the same for all rows, or `null=True`"
    if getattr(field, "generated", False):
        return "the table is written anew"
    if not field.null and default is NOT_PROVIDED:
        return "the version before inserts rows without it: `db_default`, or `null=True`"
    if field.unique or field.db_index:
        return "nobody writes while its index is built: AddIndexOnline or AddUniqueOnline in a migration of its own"
    if field.remote_field and field.db_constraint:
        return "nobody writes while its rows are looked up: `db_constraint=False`"
    return None


def fault_of_change(old: Any, new: Any) -> str | None:
    """Of a column that stands."""
    before, after = told_to_the_database(old), told_to_the_database(new)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if before.get("null") and not after.get("null"):
        return "all rows are read while nobody writes, and the version before may leave it empty"
    if "max_length" in changed and (after.get("max_length") or 0) > before["max_length"]:
        changed.discard("max_length")
    if beyond := changed - {"null", "default", "db_default"}:
        return f"the table may be written anew, or the version before be refused ({', '.join(sorted(beyond))})"
    return None


def told_to_the_database(field: Any) -> dict[str, Any]:
    _, path, _, options = field.deconstruct()
    kept = {name: value for name, value in options.items() if name not in field.non_db_attrs}
    return {"type": path, **kept}
