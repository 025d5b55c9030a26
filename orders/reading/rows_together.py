"""Rows of several small tables by one statement, where a page shows many kinds of which there are few each."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Field, JSONField, Model, QuerySet, Value
from django.db.models.functions import JSONObject


def read_together(asked: Mapping[str, QuerySet[Any]]) -> dict[str, list[Any]]:
    """The rows of each queryset, by its name and key; no related rows, and of no table wider than 50 columns."""
    if not asked:
        return {}
    parts: list[Any] = [
        rows.order_by()
        .annotate(
            asked_as=Value(name), columns=JSONObject(**{one.attname: one.attname for one in json_columns(rows.model)})
        )
        .values_list("asked_as", "columns")
        for name, rows in asked.items()
    ]
    found: dict[str, list[Any]] = {name: [] for name in asked}
    for name, columns in parts[0].union(*parts[1:], all=True):
        found[name].append(row_from_json(asked[name].model, columns))
    return {name: sorted(rows, key=lambda row: row.pk) for name, rows in found.items()}


def json_columns(model: type[Model]) -> "list[Field[Any, Any]]":
    return list(model._meta.concrete_fields)


def row_from_json(model: type[Model], columns: Mapping[str, Any]) -> Model:
    """A row of its columns as the database writes them in JSON."""
    names = [one.attname for one in json_columns(model)]
    return model.from_db(None, names, [value_from_json(one, columns[one.attname]) for one in json_columns(model)])


def value_from_json(field: "Field[Any, Any]", told: Any) -> Any:
    if told is None:
        return None
    if isinstance(field, JSONField):
        return json.loads(told) if isinstance(told, str) else told  # SQLite tells JSON within JSON as a text
    value = field.to_python(told)
    # SQLite keeps moments in UTC, without saying so.
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
