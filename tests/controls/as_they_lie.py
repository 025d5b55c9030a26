"""What writes many rows without an order of its own: two of it wait for each other in a circle."""

from typing import Any

from django.db.models import QuerySet


def update_as_they_lie(rows: "QuerySet[Any]", **values: Any) -> int:
    """In the place of orders.services.record.unseen_entries.update_in_order."""
    return rows.update(**values)
