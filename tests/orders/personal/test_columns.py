"""Every column that may hold personal data is classified, in one place."""

from collections import Counter

from django.apps import apps
from django.db import models

from orders.services.personal.columns import KEPT, TABLES, scrub_json

# What a person may have written, or where one was.
FREE = models.CharField | models.TextField | models.JSONField | models.FileField | models.FloatField


def free_columns() -> set[str]:
    """Of every table: "Order.comment"; without those that take only what a list offers."""
    return {
        f"{model.__name__}.{column.attname}"
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if isinstance(column, FREE) and not column.choices
    }


def test_every_column_is_erased_or_kept_for_a_reason() -> None:
    erased = {f"{table.model.__name__}.{name}" for table in TABLES for name in table.erased_columns}
    kept = Counter(name for names in KEPT.values() for name in names)
    assert [name for name, count in kept.items() if count > 1] == []
    assert free_columns() - erased - kept.keys() == set(), "Say in services.personal.columns what becomes of these."
    assert kept.keys() - free_columns() == set()
    assert kept.keys() & erased == set()


def test_no_two_models_have_one_name() -> None:
    """A name in the table means one column."""
    names = Counter(model.__name__ for model in apps.get_models() if not model._meta.auto_created)
    assert [name for name, count in names.items() if count > 1] == []


def test_json_keeps_its_shape_and_no_text() -> None:
    event = {
        "old": {"comment": "Door 4", "deliver_at": "2030-01-01T10:00:00Z", "location": {"lat": 50.8, "lng": 4.3}},
        "new": {"driver": 7, "forced": True, "items": ["1 × Pizza: for Jan"]},
        "refund": {"amount": {"amount": "1.50", "currency": "EUR"}, "state": "done"},
    }
    assert scrub_json(event) == {
        "old": {"comment": "", "deliver_at": "2030-01-01T10:00:00Z", "location": {"lat": None, "lng": None}},
        "new": {"driver": 7, "forced": True, "items": [""]},
        "refund": {"amount": {"amount": "1.50", "currency": "EUR"}, "state": "done"},
    }
