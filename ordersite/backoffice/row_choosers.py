"""Fields of the back-office that choose rows: an id that no row can have is no choice, and breaks nothing."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from ordersite.backoffice.moments import DateAndTime, RowMomentField
from ordersite.backoffice.typed_fields import ShallowJSONField
from ordersite.core.numbers import read_whole


def row_id(text: str) -> int | None:
    """The id that a text names, or None for one that no row can have."""
    return read_whole(text)


class Guarded:
    """A widget that finds its rows while one types: what no row can have is shown as nothing chosen."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if row_id(str(one))], attr)  # type: ignore[misc]


class Chooser(Guarded, AutocompleteSelect):
    pass


class ManyChooser(Guarded, AutocompleteSelectMultiple):
    """Each that is chosen is taken off by itself; what takes off all of them would stand in their list as none."""

    def build_attrs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {**super().build_attrs(*args, **kwargs), "data-allow-clear": "false"}


class ManyField(forms.ModelMultipleChoiceField):
    """Rows among those on offer."""

    def clean(self, value: Any) -> Any:
        wrong = next((one for one in value or () if isinstance(one, str) and not row_id(one)), None)
        if wrong is not None:
            raise ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": wrong[:40]})
        return super().clean(value)


class GuardedChoices(BaseModelAdmin):
    """An admin, or rows within one, whose references are chosen by the above, and whose JSON is typed with a bound."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.JSONField):
            kwargs.setdefault("form_class", ShallowJSONField)
        if isinstance(db_field, models.DateTimeField):
            kwargs = {**kwargs, "form_class": RowMomentField, "widget": DateAndTime}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Chooser(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ManyChooser(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **{"form_class": ManyField, **kwargs})
