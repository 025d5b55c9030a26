"""Links of the back-office: a row that a page names leads to its page only for who may open that."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import site
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString


def may_open(request: HttpRequest, model: type[Model]) -> bool:
    """Whether who asks may open the pages of a model's rows."""
    return site.is_registered(model) and site.get_model_admin(model).has_view_permission(request)


def link_to(request: HttpRequest, row: Model, text: object = "") -> SafeString:
    """A row's name, or another text: a link where who asks may open its page."""
    text = text or row
    if not may_open(request, type(row)):
        return conditional_escape(str(text))
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, text)


class NameAlone:
    """A read-only field of a form that names another row, and does not lead there."""

    def __init__(self, model: type[Model], name: str) -> None:
        self.__name__ = name
        self.short_description = model._meta.get_field(name).verbose_name  # type: ignore[union-attr]

    def __call__(self, row: Model) -> str:
        other = getattr(row, self.__name__)
        return "" if other is None else str(other)

    def __str__(self) -> str:
        return self.__name__


def without_closed_links(request: HttpRequest, shown: Any, model: type[Model], names: Iterable[str]) -> None:
    """Has a form, or the rows below one, show the closed ones among its read-only names without a link."""
    closed: dict[str, NameAlone] = {}
    for name in names:
        try:
            field: Any = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.many_to_one or (field.one_to_one and field.concrete):
            other = field.related_model
            if site.is_registered(other) and not may_open(request, other):
                closed[name] = NameAlone(model, name)
    if not closed:
        return

    def replaced(fields: Iterable[Any]) -> list[Any]:
        return [replaced(one) if isinstance(one, list | tuple) else closed.get(str(one), one) for one in fields]

    shown.fieldsets = [(title, {**part, "fields": replaced(part["fields"])}) for title, part in shown.fieldsets]
    shown.readonly_fields = [*shown.readonly_fields, *closed.values()]


def close_links(request: HttpRequest, context: dict[str, Any], model: type[Model]) -> None:
    """Of a change page, before it is rendered: its own form, and those of the rows below it."""
    own = context["adminform"]
    without_closed_links(request, own, model, [name for name in own.readonly_fields if isinstance(name, str)])
    for rows in context["inline_admin_formsets"]:
        names = rows.readonly_fields if rows.has_change_permission else flatten_fieldsets(rows.fieldsets)
        without_closed_links(request, rows, rows.opts.model, [name for name in names if isinstance(name, str)])
