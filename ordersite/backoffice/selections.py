"""Bulk actions and deletions of the back-office do what was shown.

Each row of a list carries the version that it was shown in, and so does each page that asks before something is done. A
row that changed since is left out, and named.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.db.models import PROTECT, RESTRICT, Exists, Model, OuterRef, QuerySet
from django.db.models.deletion import get_candidate_relations_to_delete
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ordersite.backoffice.lists import BoundedListAdmin
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.digests import digest_of, plain
from ordersite.web.middleware import NOT_A_NUMBER

log = logging.getLogger(__name__)
# Hidden fields: the rows that were shown ("12:version" each), and the digest of what goes with those to be deleted.
ROWS = "_rows"
COUNTED = "_counted"
# So many rows at a time: a page names each of them, and all are one request.
MOST = 200
NAMED = 20
KEPT = "{row} is kept: it has {others}. {instead}"
LEFT_OUT = "{row} has changed since the list was shown, so it was left out. Check it, then choose it again."
COLLISION = "Somebody else saved this at the same moment, so nothing of yours was saved. Check it and save again."
GONE = "{count} of those that you chose are no longer in this list: they were left out."
TOO_MANY = "At most {most} {rows} at a time: narrow the list first. Nothing was done."
DELETE_AGAIN = (
    "It has changed since it was shown, or more would be deleted with it. Nothing was deleted: check it again."
)


def kept_by(model: type[Model], keys: Sequence[Any]) -> dict[Any, list[str]]:
    """Of the rows with these keys, those that other rows keep from being deleted: each with what such rows are called.

    One statement, which looks only whether there is any: of an old row there may be as many as its table has.
    """
    relations: Iterable[Any] = get_candidate_relations_to_delete(model._meta)
    keeping = [one for one in relations if one.on_delete in (PROTECT, RESTRICT)]
    there = {
        f"is_kept_{at}": Exists(one.related_model._base_manager.filter(**{one.field.name: OuterRef("pk")}))
        for at, one in enumerate(keeping)
    }
    words = [str(one.related_model._meta.verbose_name_plural) for one in keeping]
    rows = model._base_manager.filter(pk__in=keys).values_list("pk", *there.values()) if keeping else []
    found = {key: [word for word, is_kept in zip(words, flags, strict=True) if is_kept] for key, *flags in rows}
    return {key: list(dict.fromkeys(others)) for key, others in found.items() if others}


def versions_shown(request: HttpRequest) -> dict[str, str]:
    """The versions of rows as the page that is sent had shown them, by key."""
    return {key: version for key, _, version in (row.partition(":") for row in request.POST.getlist(ROWS))}


def chosen_action(request: HttpRequest) -> str:
    """The action whose button was pushed; there may be several on a page."""
    try:
        return request.POST.getlist("action")[int(request.POST.get("index", 0))]
    except (ValueError, IndexError):
        return ""


class VersionedAdmin(BoundedListAdmin):
    """An admin whose actions and deletions carry the versions that were shown."""

    delete_confirmation_template = "admin/compared/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/compared/delete_selected_confirmation.html"
    # Columns that change by themselves: a version does not tell of them.
    volatile: ClassVar[Sequence[str]] = ()
    # Whether the chosen rows are held while an action writes them; else its service compares the versions.
    holds_rows: ClassVar[bool] = True
    # What to do with a row that others keep from being deleted.
    kept_instead: ClassVar[str] = ""

    def version_of(self, row: Any) -> str:
        """What changes with each change of the row."""
        columns = [column for column in row._meta.concrete_fields if column.name not in self.volatile]
        return digest_of({column.name: plain(column.value_from_object(row)) for column in columns})

    def row_shown(self, row: Any) -> str:
        return f"{row.pk}:{self.version_of(row)}"

    def row_in_words(self, row: Any) -> str:
        return str(row)

    def action_checkbox(self, obj: Model) -> SafeString:
        hidden = format_html('<input type="hidden" name="{}" value="{}">', ROWS, self.row_shown(obj))
        return super().action_checkbox(obj) + hidden

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's own; a filter or a selection that no column can hold leads back instead of breaking."""
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError, DataError) as error:
            if request.method != "POST" and not request.GET:
                raise
            # A value that no column holds is not worth a line; any other may be a fault of ours.
            if type(error) is ValueError and NOT_A_NUMBER not in str(error):
                log.warning("%s: no filter or selection", request.path, exc_info=True)
            messages.error(request, "There is no such filter or selection: the whole list is shown.")
        except (IntegrityError, OperationalError) as error:
            if request.method != "POST":
                raise
            self.tell_collision(request, error)
        return HttpResponseRedirect(request.path)

    def tell_collision(self, request: HttpRequest, error: Exception) -> None:
        """Of two who write at once one may be refused by the database itself: everything of it is taken back."""
        log.warning("%s: refused by the database: %s", request.path, error)
        messages.error(request, COLLISION)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        name = chosen_action(request)
        if name not in self.get_actions(request):
            return super().response_action(request, queryset)
        if forms.BooleanField(required=False).to_python(request.POST.get("select_across", "")):
            return self.show_chosen(request, queryset, name)
        if not self.holds_rows:
            return self.act(request, queryset, name)
        with transaction.atomic():
            return self.act(request, queryset, name)

    def show_chosen(self, request: HttpRequest, queryset: QuerySet[Any], name: str) -> HttpResponse | None:
        """The page that names every row of a list before an action does something to all of them."""
        rows = list(queryset[: MOST + 1])
        if self.are_too_many(request, rows):
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": dict(self.get_action_choices(request))[name],
            "subtitle": None,
            "action": name,
            "checkbox": ACTION_CHECKBOX_NAME,
            "chosen": [(row.pk, self.row_in_words(row)) for row in rows],
            "rows": [self.row_shown(row) for row in rows],
        }
        return TemplateResponse(request, "admin/compared/chosen.html", context)

    def are_too_many(self, request: HttpRequest, rows: Sequence[object]) -> bool:
        if len(rows) <= MOST:
            return False
        messages.error(request, TOO_MANY.format(most=MOST, rows=self.opts.verbose_name_plural))
        return True

    def act(self, request: HttpRequest, queryset: QuerySet[Any], name: str) -> HttpResponse | None:
        """The action, with the chosen rows that are as they were shown."""
        rows = self.rows_as_shown(request, queryset)
        if not rows:
            return None
        given: Any = request.POST.copy()
        given.setlist(ACTION_CHECKBOX_NAME, [str(row.pk) for row in rows])
        counted = ""
        if name == "delete_selected":
            counted = self.count_deleted(request, queryset.filter(pk__in=[row.pk for row in rows]))
            if "post" in given and given.get(COUNTED) != counted:
                messages.warning(request, DELETE_AGAIN)
                del given["post"]
        request.POST = given
        response = super().response_action(request, queryset)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            # Shown once more as it was shown, so that what happens while somebody thinks is found too.
            response.context_data |= {"rows": [self.row_shown(row) for row in rows], "counted": counted}
        return response

    def rows_as_shown(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The chosen rows, held; those that changed since they were shown are named and left out."""
        keys = {key for key in map(row_id, request.POST.getlist(ACTION_CHECKBOX_NAME)) if key is not None}
        if self.are_too_many(request, sorted(keys)):
            return []
        if self.holds_rows:
            self.hold(keys)
        shown = versions_shown(request)
        found = list(queryset.filter(pk__in=keys))
        same = [row for row in found if shown.get(str(row.pk)) == self.version_of(row)]
        others = [row for row in found if row not in same]
        for row in others[:NAMED]:
            messages.warning(request, LEFT_OUT.format(row=self.row_in_words(row)))
        if missing := len(keys) - len(found) + len(others[NAMED:]):
            messages.warning(request, GONE.format(count=missing))
        return same

    def hold(self, keys: set[int]) -> None:
        """Nobody changes these rows, or adds one that refers to them, until the transaction ends."""
        rows = self.model._base_manager.filter(pk__in=keys).select_for_update().order_by("pk")
        list(rows.values_list("pk", flat=True))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Django's own; of what is kept by others neither these nor what else hangs on it is looked for."""
        rows = list(objs)
        kept = kept_by(self.model, [row.pk for row in rows])
        if not kept:
            return super().get_deleted_objects(rows, request)
        told = [
            KEPT.format(row=row, others=", ".join(kept[row.pk]), instead=self.kept_instead).strip()
            for row in rows
            if row.pk in kept
        ]
        return [str(row) for row in rows], {self.opts.verbose_name_plural: len(rows)}, set(), told

    def count_deleted(self, request: HttpRequest, rows: Any) -> str:
        """A digest of how many rows of which kinds would be deleted with these."""
        _, counts, _, _ = self.get_deleted_objects(rows, request)
        return digest_of({str(name): count for name, count in dict(counts).items()})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's own; what was shown is what is deleted."""
        if request.method != "POST":
            return super().delete_view(request, object_id, extra_context)
        try:
            return self.delete_as_shown(request, object_id, extra_context)
        except (IntegrityError, OperationalError) as error:
            self.tell_collision(request, error)
            return HttpResponseRedirect(request.get_full_path())

    def delete_as_shown(self, request: HttpRequest, object_id: str, extra_context: Any) -> HttpResponse:
        with transaction.atomic():
            row = self.get_object(request, unquote(object_id))
            if row is not None and self.has_delete_permission(request, row):
                self.hold({row.pk})
                row = self.get_object(request, unquote(object_id))
                if row is not None and self.is_not_as_shown(request, row):
                    messages.warning(request, DELETE_AGAIN)
                    return HttpResponseRedirect(request.get_full_path())
            return super().delete_view(request, object_id, extra_context)

    def is_not_as_shown(self, request: HttpRequest, row: Any) -> bool:
        shown = versions_shown(request).get(str(row.pk)), request.POST.get(COUNTED)
        return shown != (self.version_of(row), self.count_deleted(request, [row]))

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        row = context["object"]
        counted = digest_of({str(name): count for name, count in context["model_count"]})
        return super().render_delete_form(request, {**context, "rows": [self.row_shown(row)], "counted": counted})
