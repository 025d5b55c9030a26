"""What was changed of one row, as its page's "History" shows it; and what models and columns are called there."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q

from ordersite.backoffice.moments import write_moment
from ordersite.core.amount_columns import NumberColumn, RateColumn
from ordersite.core.audit import FOREIGN, Audited
from ordersite.core.models import AuditRow
from ordersite.core.money import with_currency, with_percent

MOST_CHANGES = 200  # the newest
# A line of what was added or deleted.
COLUMN = re.compile(r"^(\w+): (.*)$", re.MULTILINE)
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
YES_OR_NO = {"True": "yes", "False": "no"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def audit_of(model: type[Model], key: str) -> Sequence[AuditRow]:
    """Of the row, and of those that its page shows with it, the newest first; one statement."""
    label = model._meta.label_lower
    of_row = Q(model=label, object_id=key) | Q(parent_model=label, parent_id=key)
    return list(AuditRow.objects.filter(of_row)[:MOST_CHANGES])


def recorded_models() -> Iterator[type[Model]]:
    return (model for model in apps.get_models() if issubclass(model, Audited) or model in FOREIGN)


@cache
def model_in_words(label: str) -> str:
    """What a model is called; its label where it is no more."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:
        return label


@cache
def audited_column(label: str, name: str) -> Any:
    """The column of a model; None where either is no more."""
    try:
        return apps.get_model(label)._meta.get_field(name)
    except (LookupError, FieldDoesNotExist):
        return None


def field_in_words(label: str, name: str) -> str:
    """What a column of a model is called on pages; its name where it is no more."""
    return str(getattr(audited_column(label, name), "verbose_name", name))


def columns_called(words: str) -> set[str]:
    """The columns that are called so on pages."""
    fields = (field for model in recorded_models() for field in (*model._meta.fields, *model._meta.many_to_many))
    return {field.name for field in fields if str(field.verbose_name).lower() == words.lower()}


def moment_in_words(text: str) -> str:
    """A moment as pages write it; what a person typed in its shape, and no calendar has, as it is."""
    try:
        return write_moment(datetime.fromisoformat(text))
    except ValueError:
        return text


def held_in_words(label: str, name: str, text: str, currency: str) -> str:
    """What a column held: rates in percent, amounts in this currency; where it is not known their number tells what."""
    column = audited_column(label, name)
    if not NUMBER.fullmatch(text) or not isinstance(column, NumberColumn):
        return text
    if isinstance(column, RateColumn):
        return with_percent(int(text))
    return with_currency(int(text), currency) if currency else f"{text} minor units"


def text_in_words(row: AuditRow, text: str, currency: str) -> str:
    """What is kept of a change, its moments by UTC, the columns of a row that came or went by what they are called."""
    text = MOMENT.sub(lambda found: moment_in_words(found[0]), text)
    if row.act == AuditRow.Act.CHANGED:
        return YES_OR_NO.get(text) or held_in_words(row.model, row.field, text, currency)

    def told(found: re.Match[str]) -> str:
        name, value = found.groups()
        return f"{field_in_words(row.model, name)}: {held_in_words(row.model, name, value, currency)}"

    return COLUMN.sub(told, text)


def change_in_words(row: AuditRow, currency: str = "") -> tuple[str, str, str]:
    """What was changed, and what it was and is; `currency` is that of the row's amounts, where it is at hand."""
    what = field_in_words(row.model, row.field) if row.field else row.get_act_display()
    return what, text_in_words(row, row.old, currency), text_in_words(row, row.new, currency)
