"""Pages of the back-office that show amounts, rates and moments in words, with their unit, where nobody changes them.

What can be changed has the fields of ordersite.core.amount_columns and ordersite.backoffice.moments. No page has
numbers of minor units, and none a vendor's moments by another clock than the vendor's.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from ordersite.backoffice.comparing import ComparingAdmin, ComparingInline
from ordersite.backoffice.moments import MISSING_VALUE, write_moment, zone_of
from ordersite.core.amount_columns import NumberColumn


def shower(column: "NumberColumn | models.DateTimeField[Any, Any]") -> Callable[[Any], str]:
    """A column of a page, or a read-only field, that shows the value in words."""

    @admin.display(description=str(column.verbose_name), ordering=column.name)
    def show(row: Any) -> str:
        if isinstance(column, NumberColumn):
            return column.shown(row) or MISSING_VALUE
        at = getattr(row, column.attname)
        return write_moment(at, zone_of(row)) if at else MISSING_VALUE

    return show


class ShowsAmounts:
    """What the two below share: a function, such as `price_in_words`, beside each such column of the model."""

    opts: Any
    model: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        kinds = (NumberColumn, models.DateTimeField)
        columns = [column for column in self.model._meta.concrete_fields if isinstance(column, kinds)]
        self.in_words = {column.name: f"{column.name}_in_words" for column in columns}
        for column in columns:
            setattr(self, self.in_words[column.name], shower(column))

    def worded(self, names: Iterable[str]) -> list[str]:
        """The names of fields or list columns, those of amounts and rates replaced by their words."""
        return [self.in_words.get(name, name) for name in names]


class AmountsAdmin(ShowsAmounts, ComparingAdmin):
    """An admin whose lists, and whose pages for who may not change them, show amounts, rates and moments in words.

    Who makes a field read-only names it as `worded` does.
    """

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        names: list[Any] = list(super().get_list_display(request))
        return [name if name in self.list_editable else self.in_words.get(name, name) for name in names]

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        readonly = set(self.get_readonly_fields(request, obj))
        if obj is not None and not self.has_change_permission(request, obj):
            readonly |= set(self.in_words.values())
        worded = {name: words for name, words in self.in_words.items() if words in readonly}
        return reworded(fieldsets, worded)

    def get_inline_formsets(self, *args: Any, **kwargs: Any) -> list[Any]:
        found: list[Any] = super().get_inline_formsets(*args, **kwargs)
        for rows in found:
            if not rows.has_change_permission:
                rows.fieldsets = reworded(rows.fieldsets, getattr(rows.opts, "in_words", {}))
        return found


class AmountsInline(ShowsAmounts, ComparingInline):
    """Rows with amounts within an AmountsAdmin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not without changing: what is there would be shown in words, and a new row without its amounts."""
        return super().has_add_permission(request, obj) and self.has_change_permission(request, obj)


def reworded(fieldsets: Any, worded: Mapping[str, str]) -> Any:
    """The fieldsets with other names for some fields."""
    return [
        (title, {**options, "fields": [worded.get(name, name) for name in options["fields"]]})
        for title, options in fieldsets
    ]
