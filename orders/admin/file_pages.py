"""Files that the worker makes, in the back-office: asked for, told how far they are, and fetched by who asked."""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from orders.models import FileExport
from orders.reading.file_exports import register_export, write_export
from orders.reading.spreadsheets import csv_response, workbook_response
from orders.services.bulk.file_exports import MOST_TRIES, ask_for_file, claim_file, find_file, make_file, open_file
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.moments import write_moment
from ordersite.core.replica import from_replica
from ordersite.core.spreadsheets import Spreadsheet
from vendors.admin.scoping import ScopedAdmin, own_vendors

# Rows that a request writes by itself; longer files are the worker's. Beyond the other they are not counted beforehand.
AT_ONCE, MOST_COUNTED = 1_000, 100_000


class FilePages(ScopedAdmin):
    """The two pages of a file of one kind. Who asked sees it, as long as it may still read what is in it."""

    export_kind: ClassVar[str]

    def may_export(self, request: HttpRequest) -> bool:
        """Whether who asks may have files of these rows at all."""
        return self.has_view_permission(request)

    def may_fetch(self, request: HttpRequest, export: FileExport) -> bool:
        """Whether who asked for it may still read what is in it."""
        raise NotImplementedError

    def told_of_file(self, export: FileExport) -> dict[str, str]:
        """The page's `title`, and where it leads back to: `back`, and `back_words`."""
        raise NotImplementedError

    def file_urls(self) -> list[URLPattern]:
        named = f"{self.opts.app_label}_{self.opts.model_name}_file"
        pages = {"": ("", self.file_view), "_fetch": ("fetch/", self.file_fetch_view)}
        return [
            path(f"files/<uuid:export_id>/{rest}", self.admin_site.admin_view(require_GET(view)), name=f"{named}{end}")
            for end, (rest, view) in pages.items()
        ]

    def file_page(self, export: FileExport, end: str = "") -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_file{end}", args=[export.pk])

    def lead_to_file(
        self, request: HttpRequest, *, given: Mapping[str, Any], name: str, total: int
    ) -> HttpResponseRedirect:
        """Has a file made of about so many rows, a short one at once, and leads to its page."""
        user_id = request.user.pk or 0
        export = ask_for_file(user_id=user_id, kind=self.export_kind, given=given, name=name, total=total)
        if export.total <= AT_ONCE and (claimed := claim_file(export.pk)) is not None:
            make_file(claimed, write_export)
        return HttpResponseRedirect(self.file_page(export))

    def own_file(self, request: HttpRequest, export_id: uuid.UUID) -> FileExport | None:
        """One's own export of this kind; raises PermissionDenied for who sees none of its rows."""
        if not self.may_export(request):
            raise PermissionDenied
        export = find_file(export_id, request.user.pk or 0)
        is_ones = export is not None and export.kind == self.export_kind and self.may_fetch(request, export)
        return export if is_ones else None

    def file_view(self, request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
        """How far a file is, and where it is fetched."""
        export = self.own_file(request, export_id)
        if export is None:
            return self.missing_file(request)
        context = {
            **self.admin_site.each_context(request),
            **self.told_of_file(export),
            "opts": self.opts,
            "media": self.media,
            "subtitle": None,
            "export": export,
            "most_tries": MOST_TRIES,
            "fetch": self.file_page(export, "_fetch"),
            "until": write_moment(export.created_at + settings.KEEP_EXPORTS),
        }
        return TemplateResponse(request, "admin/orders/file.html", context)

    def file_fetch_view(self, request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
        """The file itself."""
        export = self.own_file(request, export_id)
        file = open_file(export) if export and export.is_made else None
        return workbook_response(file, export.name) if export and file else self.missing_file(request)

    def missing_file(self, request: HttpRequest) -> HttpResponse:
        messages.warning(request, "There is no such file any more: ask for it again.")
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))


class ListFiles(FilePages):
    """A list as a file, exactly what it lists: as CSV at once, as XLSX by the worker.

    A file is asked for by the list's address, and by the vendors of who asks: the worker lists again, for the same
    person, and leaves out what was not theirs then. It is fetched by who still acts for all of those vendors.
    """

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        register_export(cls.export_kind, partial(table_of_list, cls))

    @staticmethod
    def table_of(rows: QuerySet[Any]) -> Spreadsheet:
        raise NotImplementedError

    def list_urls(self) -> list[URLPattern]:
        named = f"{self.opts.app_label}_{self.opts.model_name}_export"
        views = {"csv": require_GET(self.export_csv), "xlsx": require_POST(self.export_xlsx)}
        return [
            *(
                path(f"export/{shape}/", self.admin_site.admin_view(view), name=f"{named}_{shape}")
                for shape, view in views.items()
            ),
            *self.file_urls(),
        ]

    def list_name(self) -> str:
        return f"{self.export_kind}-{timezone.now():%Y-%m-%d-%H%M}"

    def rows_listed(self, request: HttpRequest) -> QuerySet[Any] | None:
        """All that the list's address lists; None where it asks for what there is not."""
        if not self.may_export(request):
            raise PermissionDenied
        try:
            rows: QuerySet[Any] = self.get_changelist_instance(request).queryset
        except (IncorrectLookupParameters, ValueError, OverflowError, DataError):
            return None
        return rows

    def refuse_list(self, request: HttpRequest) -> HttpResponse:
        messages.error(request, "There is no such filter: nothing was exported.")
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    @from_replica
    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        rows = self.rows_listed(request)
        return self.refuse_list(request) if rows is None else self.csv_of(rows)

    def csv_of(self, rows: QuerySet[Any]) -> HttpResponseBase:
        return csv_response(self.table_of(rows), self.list_name())

    def export_xlsx(self, request: HttpRequest) -> HttpResponse:
        rows = self.rows_listed(request)
        return self.refuse_list(request) if rows is None else self.lead_to_list(request, rows)

    def lead_to_list(self, request: HttpRequest, rows: QuerySet[Any], ids: list[int] | None = None) -> HttpResponse:
        """Has the list of the request's address made, or of its rows those with these ids."""
        vendors = None if acts_everywhere(request) else sorted(own_vendors(request).values_list("pk", flat=True))
        return self.lead_to_file(
            request,
            given={"query": request.GET.urlencode(), "ids": ids, "vendors": vendors},
            name=self.list_name(),
            total=rows.order_by()[:MOST_COUNTED].count(),
        )

    def may_fetch(self, request: HttpRequest, export: FileExport) -> bool:
        vendors = export.given["vendors"]
        if vendors is None:
            return acts_everywhere(request)
        return own_vendors(request).filter(pk__in=vendors).count() == len(vendors)

    def told_of_file(self, export: FileExport) -> dict[str, str]:
        back = f"{reverse(f'admin:{self.opts.app_label}_{self.opts.model_name}_changelist')}?{export.given['query']}"
        title = f"{self.opts.verbose_name_plural} as XLSX"
        return {"title": title[0].upper() + title[1:], "back": back.rstrip("?"), "back_words": "Back to the list"}


def table_of_list(pages: type[ListFiles], export: FileExport) -> Spreadsheet:
    """The table of a list that was asked for, as it is now."""
    page: Any = next(one for one in admin.site._registry.values() if type(one) is pages)
    request: Any = HttpRequest()
    request.method, request.user, request.GET = "GET", export.user, QueryDict(export.given["query"])
    request.path = request.path_info = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    rows = page.get_changelist_instance(request).queryset
    if export.given["ids"] is not None:
        rows = rows.filter(pk__in=export.given["ids"])
    if export.given["vendors"] is not None:
        rows = rows.filter(**{f"{page.vendor_path}__in": export.given["vendors"]})
    table: Spreadsheet = page.table_of(rows)
    return table
