"""Change forms of the back-office that compare with what they showed.

A form carries, hidden, a short digest of each value that it showed. When it is saved the rows are locked, and each
field is compared three ways: what was shown, what was typed, what the row has now. Only what the person changed is
written. What others changed meanwhile stays; where both changed the same field, the form says so and keeps what was
typed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, OperationalError, models, transaction
from django.forms.models import InlineForeignKeyField
from django.forms.utils import pretty_name
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst

from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import GuardedChoices
from ordersite.backoffice.selections import COLLISION, VersionedAdmin
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.digests import digest_of, plain

SHOWN = "_shown"
# In a request's META: the database has refused what it writes.
REFUSED = "ordersite.is_refused"
STALE = "This page was sent without the values that it had shown: open it again, make your changes and save."
CONFLICT = "Changed meanwhile: now {now}. Save again to put what you typed in its place."
ROW_GONE = "This row was deleted meanwhile: tick “Delete” to go on without it, or open the page again."
ROW_ADDED = "Somebody added this meanwhile: {row}. Open the page again to change it."
# Rows of one kind that a page takes or shows at once beside those that stand; each costs some 6 ms.
MOST_NEW_ROWS = 20
TOO_MANY_ROWS = "Add at most {most} rows at a time: save these, then add the others."
ROW_CHANGED = "{row} was changed meanwhile: check it again before you delete it."

Digests = Mapping[str, str]


def digest_value(field: forms.Field, value: Any) -> str:
    """What stands for a field's value; for an uploaded file what stands for nothing that is kept."""
    if isinstance(value, UploadedFile):
        return "upload"
    if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        value = sorted(str(plain(one)) for one in value or ())
    return digest_of(plain(value))


def value_in_words(field: Any, value: Any, row: models.Model, name: str) -> str:
    """A row's value as its form would show it."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        text = ", ".join(field.label_from_instance(one) for one in value or ())
    elif isinstance(field, forms.ModelChoiceField):
        one = getattr(row, name)
        text = field.label_from_instance(one) if one else ""
    elif isinstance(field, forms.MultipleChoiceField):
        text = ", ".join(str(one) for one in value or ())
    elif isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        text = str(dict(choices).get(value, value)) if value is not None else ""
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, datetime):
        text = write_moment(value, getattr(field, "zone", UTC), "Y-m-d H:i:s")
    else:
        text = str(plain(field.prepare_value(value)))
    unit = getattr(field.widget, "unit", "")
    return f"{text} {unit}".strip() if text else "empty"


def row_key(row: models.Model) -> str:
    """How a row is named among what a page showed."""
    return f"{row._meta.label_lower}:{row.pk}"


def shown_in(request: HttpRequest) -> dict[str, Digests]:
    """What the page that is sent had shown: digests by field, by row; empty for a page that does not say."""
    try:
        given = json.loads(request.POST.get(SHOWN, ""))
    except (ValueError, RecursionError):
        return {}
    given = given if isinstance(given, dict) else {}
    return {key: digests for key, digests in given.items() if isinstance(digests, dict)}


class ComparingForm(TypedForm, forms.ModelForm):
    """A form of a standing row that writes what was changed in it. Of a new row it is a plain form."""

    # What the page showed, by row; set on the class that is made for one request.
    shown: Mapping[str, Digests] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.compares = self.is_bound and not self.instance._state.adding
        self.was: Digests = self.shown.get(row_key(self.instance), {})
        # Names of fields: what the person changed, what somebody else changed, and where that was said.
        self.changes: list[str] = []
        self.foreign: list[str] = []
        self.told: set[str] = set()

    def compared(self) -> dict[str, forms.Field]:
        """The fields that show a column or a relation of the row itself."""
        columns = {one.name: one for one in (*self.instance._meta.fields, *self.instance._meta.many_to_many)}
        return {
            name: field
            for name, field in self.fields.items()
            if name in columns
            and not (columns[name].primary_key or field.disabled or isinstance(field, InlineForeignKeyField))
        }

    def digest_now(self, name: str) -> str:
        field = self.fields[name]
        return digest_value(field, self.get_initial_for_field(field, name))

    def digests(self) -> dict[str, str]:
        """What the page shows now. What is shown again unsaved, and not told to be otherwise, was shown before."""
        return {
            name: self.was[name] if self.is_bound and name in self.was and name not in self.told else now
            for name, now in ((name, self.digest_now(name)) for name in self.compared())
        }

    def clean(self) -> dict[str, Any]:
        if self.compares:
            self.compare()
        return super().clean() or self.cleaned_data

    def compare(self) -> None:
        """Finds what was changed by whom; takes over what others changed, and refuses what both did."""
        if not self.was and self.compared():
            self.add_error(None, STALE)
        for name, field in self.compared().items():
            self.keep_unoffered(name, field)
            was, now = self.was.get(name), self.digest_now(name)
            typed = digest_value(field, self.cleaned_data[name]) if name in self.cleaned_data else None
            if was != now:
                self.foreign.append(name)
            if typed == now:
                continue
            if typed == was:
                self.cleaned_data[name] = self.value_now(name)
                continue
            self.changes.append(name)
            if was != now:
                self.told.add(name)
                value = self.get_initial_for_field(field, name)
                self.add_error(name, CONFLICT.format(now=value_in_words(field, value, self.instance, name)))

    def keep_unoffered(self, name: str, field: forms.Field) -> None:
        """Of several rows those stay chosen that this form does not offer to who uses it."""
        if isinstance(field, forms.ModelMultipleChoiceField) and name in self.cleaned_data:
            now = self.value_now(name)
            rows: Any = field.queryset
            offered = set(rows.filter(pk__in=[one.pk for one in now]))
            self.cleaned_data[name] = [*self.cleaned_data[name], *(one for one in now if one not in offered)]

    def value_now(self, name: str) -> Any:
        """The row's value, as cleaning a form gives it."""
        many = self.instance._meta.get_field(name).many_to_many
        return list(getattr(self.instance, name).all()) if many else getattr(self.instance, name)

    @property
    def changed_data(self) -> list[str]:
        """The names of the fields that the person changed, whatever others did meanwhile."""
        if not self.compares:
            return super().changed_data
        return self.changes if self.errors is not None else []

    def save(self, commit: bool = True) -> Any:
        if not (commit and self.compares):
            return super().save(commit)
        super().save(commit=False)
        save_changes(self)
        self.save_m2m()
        return self.instance


class RefusedForm(forms.ModelForm):
    """What the database refused: it is shown again, and not saved."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.add_error(None, COLLISION)
        return cleaned


def save_changes(form: ComparingForm) -> None:
    """Writes the columns that were changed in this form."""
    columns = {field.name for field in form.instance._meta.concrete_fields}
    if changed := [name for name in form.changed_data if name in columns]:
        form.instance.save(update_fields=changed)


class ComparingFormSet(forms.BaseInlineFormSet):
    """Rows of a ComparingForm: one that is gone, was added, or was changed before it is deleted, is told.

    The number of rows is what the sender says: of those that do not stand yet no more than `most_new_rows` are made.
    """

    most_rows: ClassVar[int]
    most_new_rows: ClassVar[int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_messages: dict[str, Any]
        self.error_messages["too_many_forms"] = TOO_MANY_ROWS.format(most=self.most_new_rows)
        self.absolute_max = len(self.get_queryset()) + self.most_new_rows
        self.max_num = min(self.most_rows, self.absolute_max)

    def add_fields(self, form: Any, index: int | None) -> None:
        """The columns' heads label nothing: each field says itself what it is."""
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget: Any = getattr(field.widget, "widget", field.widget)  # within what adds links to it
            if not isinstance(widget, forms.RadioSelect):  # whose choices have labels of their own
                label = capfirst(field.label or pretty_name(name))
                widget.attrs["aria-label"] = label if index is None else f"{label}, row {index + 1}"

    def clean(self) -> None:
        super().clean()
        standing: Any = self.get_queryset()
        initial: list[Any] = self.initial_forms
        for form in initial:
            gone, deletes = form.instance._state.adding, self._should_delete_form(form)
            if gone and not deletes:
                raise ValidationError(ROW_GONE)
            if deletes and not gone and form.foreign:
                form.told.update(form.foreign)
                raise ValidationError(ROW_CHANGED.format(row=form.instance))
        if self.fk.unique and standing and any(form.has_changed() for form in self.extra_forms):
            raise ValidationError(ROW_ADDED.format(row=standing[0]))

    def _should_delete_form(self, form: Any) -> bool:
        return bool(self.can_delete and super()._should_delete_form(form))  # type: ignore[misc]


@cache
def comparing(base: type[Any], mixin: type[Any]) -> type[Any]:
    """The class with the mixin before it, unless it is there."""
    return base if issubclass(base, mixin) else type(base.__name__, (mixin, base), {})


class ComparingInline(GuardedChoices, admin.TabularInline):
    """Rows below a ComparingAdmin's form."""

    most_new_rows: ClassVar[int] = MOST_NEW_ROWS

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.form = comparing(self.form, ComparingForm)
        self.formset = comparing(self.formset, ComparingFormSet)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.shown = shown_in(request)
        formset.most_rows, formset.most_new_rows = formset.max_num, self.most_new_rows
        return formset


class ComparingAdmin(GuardedChoices, VersionedAdmin):
    """An admin whose change form compares with what it showed."""

    change_form_template = "admin/compared/change_form.html"

    class Media:
        css: ClassVar[Any] = {"all": ["admin-forms.css"]}

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.form = comparing(self.form, ComparingForm)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.shown = shown_in(request)
        return comparing(form, RefusedForm) if request.META.get(REFUSED) else form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Django's own; what was typed is shown again where the database refuses it."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, OperationalError) as error:
            if request.method != "POST":
                raise
            self.tell_collision(request, error)
        request.META[REFUSED] = True
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, OperationalError):
            return HttpResponseRedirect(request.get_full_path())

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; locked where it is to be written, so that what is compared is what is written over."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST" or not transaction.get_connection().in_atomic_block:
            return found
        locked = self.model._base_manager.select_for_update(no_key=True).filter(pk=found.pk)
        return super().get_object(request, object_id, from_field) if locked.values_list("pk").first() else None

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        found: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "POST":
            found["queryset"] = found["queryset"].select_for_update(of=("self",), no_key=True)
        return found

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shown = [context["adminform"].form]
        for rows in context["inline_admin_formsets"]:
            shown += rows.formset.forms
        standing = [form for form in shown if isinstance(form, ComparingForm) and not form.instance._state.adding]
        context["shown"] = json.dumps({row_key(form.instance): form.digests() for form in standing})
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            save_changes(form)
        else:
            super().save_model(request, obj, form, change)
