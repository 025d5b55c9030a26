"""Lists of the back-office: filtered by what they offer and nothing else, counted and searched at a bounded cost."""

import re
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.filters import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ordersite.backoffice.histories import audit_of, change_in_words, model_in_words
from ordersite.backoffice.links import close_links
from ordersite.core.replica import with_replica

# What the filters of Django's lists add to a field's name.
SUFFIXES = ("", "exact", "isnull", "in", "gte", "lt")
MOST_TERM = 100  # characters of what is searched for
MOST_WORDS = 6
PHONE = re.compile(r"[+]?[0-9]{6,15}")
# How telephone numbers are written for people; a zero in brackets is not dialled from abroad.
BETWEEN = re.compile(r"\(0\)|[\s()./-]")


def bare_phone(term: str) -> str:
    """What looks like a telephone number, without what stands between its digits; empty for anything else."""
    bare = BETWEEN.sub("", term)
    return bare if PHONE.fullmatch(bare) else ""


class CappedPaginator(Paginator):
    """Counts up to a limit: to count a million rows costs more than anybody gains who does not page through them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: settings.MAX_LIST_DEPTH].count())


def rendered(response: HttpResponse) -> HttpResponse:
    """The answer with what its template reads."""
    return response.render() if isinstance(response, TemplateResponse) else response


class BoundedListAdmin(admin.ModelAdmin):
    """The base of every model's pages.

    Django lets an address filter by any column of the model (`?token_hash__startswith=a`), shown or not, with any
    lookup: so hidden columns were read letter by letter, and expressions ran for minutes.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A page names rows whose pages its reader may not open, without leading there."""
        close_links(request, context, self.model)
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's own; a replica may answer where nothing is to be done."""
        show = super().changelist_view
        if request.method == "POST":
            return show(request, extra_context)
        return with_replica(lambda: rendered(show(request, extra_context)))

    object_history_template = "admin/compared/object_history.html"

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's own, with what was changed by whatever door, and of the rows that this page shows."""
        page = super().history_view(request, object_id, extra_context)
        shown = page.context_data if isinstance(page, TemplateResponse) else None
        if shown is not None:
            currency = str(getattr(shown["object"], "currency", ""))
            shown["changes"] = [
                (row, model_in_words(row.model) if row.parent_id else "", *change_in_words(row, currency))
                for row in audit_of(self.model, unquote(object_id))
            ]
        return page

    def get_ordering(self, request: HttpRequest) -> list[Any] | tuple[Any, ...]:
        """Never none: a chooser's pages need one, and Django gives one to lists alone."""
        return super().get_ordering(request) or tuple(self.opts.ordering or ("pk",))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether a list may be filtered so: by what `list_filter` names; a name that means nothing is Django's."""
        offered = self.list_filter if request is None else self.get_list_filter(request)
        names = [self.date_hierarchy] if self.date_hierarchy else []
        for one in offered:
            if isinstance(one, type) and issubclass(one, SimpleListFilter):
                if lookup == one.parameter_name:
                    return True
            else:
                names.append(str(one[0] if isinstance(one, list | tuple) else one))
        if any(lookup in self.lookups_of(name) for name in names):
            return True
        first = lookup.split(LOOKUP_SEP)[0]
        if first in self.known_names(request):
            return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[arg-type]  # None is taken too

    def lookups_of(self, name: str) -> set[str]:
        """What a filter by this field may ask for; of a relation its key."""
        found = self.opts.get_field(name.split(LOOKUP_SEP)[0])
        keys = [name]
        related: Any = found.related_model
        if related is not None:
            keys.append(f"{name}{LOOKUP_SEP}{related._meta.pk.name}")
        ends = [*SUFFIXES, "year", "month", "day"] if name == self.date_hierarchy else SUFFIXES
        return {f"{key}{LOOKUP_SEP}{end}" if end else key for key in keys for end in ends}

    def known_names(self, request: HttpRequest | None) -> set[str]:
        """All that a lookup of this model may begin with: fields, relations back to it, annotations."""
        names = {"pk"}
        for field in self.opts.get_fields(include_hidden=True):
            names |= {field.name, getattr(field, "attname", field.name)}
            if hasattr(field, "related_query_name") and callable(field.related_query_name):
                names.add(field.related_query_name())
        if request is not None:
            names |= set(self.get_queryset(request).query.annotations)
        return names

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Django's own, of a bounded number of words: each is looked for in each column.

        What looks like a telephone number is looked for besides by its digits, without the zeros or the + before them.
        """
        words = search_term[:MOST_TERM].split()[:MOST_WORDS]
        found, repeats = super().get_search_results(request, queryset, " ".join(words))
        phone = bare_phone(search_term[:MOST_TERM]).lstrip("+0")
        if phone and "phone" in self.get_search_fields(request):
            found |= queryset.filter(phone__contains=phone)
        return found, repeats
