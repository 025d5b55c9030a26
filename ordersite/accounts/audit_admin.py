"""The page on which it is searched who changed what of the set-up data."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ordersite.accounts.models import User
from ordersite.accounts.scoping import EverywhereAdmin
from ordersite.backoffice.histories import change_in_words, columns_called, model_in_words, recorded_models
from ordersite.backoffice.lists import MOST_TERM
from ordersite.backoffice.selections import VersionedAdmin
from ordersite.core.models import AuditRow
from ordersite.core.words import has_words


class ModelFilter(admin.SimpleListFilter):
    """By what was changed, from the models that are recorded: the rows themselves are not asked."""

    title = "what"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = [model._meta.label_lower for model in recorded_models()]
        return sorted(((label, model_in_words(label)) for label in labels), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditRow]) -> QuerySet[AuditRow]:
        return queryset.filter(model=self.value()) if self.value() else queryset


COLUMNS = ("at", "who", "act", "what", "object_id", "object_name", "changed", "before", "after")


@admin.register(AuditRow)
class AuditRowAdmin(EverywhereAdmin, VersionedAdmin):
    """Read alone: by person ("user:3", the name or the e-mail), object (its id or name), field and time."""

    list_display = ["at", "who", "act", "what", "object_name", "changed", "was", "now"]
    list_filter = [ModelFilter, "act", "at"]
    # What is searched by stands in get_search_results.
    search_fields = ["actor_name"]
    search_help_text = "A person's name, e-mail or key (user:3), an object's id or name, or a field."
    fields = [*COLUMNS]
    readonly_fields = [*COLUMNS]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditRow], search_term: str
    ) -> tuple[QuerySet[AuditRow], bool]:
        """What is the whole term, or names by the words that it begins: each by an index of its own."""
        term = search_term.strip().strip('"')[:MOST_TERM]
        if not term:
            return queryset, False
        found = Q(actor=term) | Q(object_id=term) | Q(field__in={term.lower(), *columns_called(term)})
        if "@" in term:
            found |= Q(actor__in=[user.caller_key for user in User.objects.filter(email=term.lower())])
        for column in ("actor_name", "object_name"):
            found |= has_words(column, term) or Q()
        return queryset.filter(found), False

    @admin.display(description="who", ordering="actor")
    def who(self, row: AuditRow) -> str:
        return f"{row.actor_name} ({row.actor})" if row.actor_name else row.actor

    @admin.display(description="what", ordering="model")
    def what(self, row: AuditRow) -> str:
        return model_in_words(row.model)

    @admin.display(description="field", ordering="field")
    def changed(self, row: AuditRow) -> str:
        return change_in_words(row)[0] if row.field else ""

    @admin.display(description="old")
    def before(self, row: AuditRow) -> str:
        return change_in_words(row)[1]

    @admin.display(description="new")
    def after(self, row: AuditRow) -> str:
        return change_in_words(row)[2]

    @admin.display(description="old")
    def was(self, row: AuditRow) -> str:
        return shorten(change_in_words(row)[1])

    @admin.display(description="new")
    def now(self, row: AuditRow) -> str:
        return shorten(change_in_words(row)[2])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def shorten(text: str) -> str:
    text = text.replace("\n", "; ")
    return text if len(text) <= 80 else f"{text[:80]}…"
