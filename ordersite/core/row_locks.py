"""Many rows written by one statement, locked in one order."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet


def update_in_order(rows: "QuerySet[Any]", **values: Any) -> int:
    """Updates the rows, which are locked by id first; how many. One statement.

    An UPDATE alone locks rows as it comes upon them, which differs with how they lie in the table: of two that write
    the same rows each could hold what the other one waits for.
    """
    locked = rows.order_by("pk").select_for_update(no_key=True).values("pk")
    with transaction.atomic(savepoint=False):
        return rows.model._default_manager.filter(pk__in=locked).update(**values)
