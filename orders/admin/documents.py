"""Invoices and credit notes: listed, searched by number, exported for whoever keeps the books."""

import re
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html

from orders.admin import display
from orders.admin.file_pages import ListFiles
from orders.admin.filters import ChoiceOfRows, SelectFilter
from orders.admin.purchases import order_link
from orders.admin.read_only import ReadOnlyAdmin
from orders.models import IssuedDocument
from orders.reading.documents import documents_as_table
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.spreadsheets import Spreadsheet
from vendors.admin.scoping import own_vendors
from vendors.models import Merchant

CALLED = re.compile(r"([0-9]{4})-([0-9]{1,9})")
FIRST_YEAR = 2026
# How far ahead of UTC clocks are where a year begins first.
FURTHEST_AHEAD = timedelta(hours=14)


class SellerFilter(ChoiceOfRows):
    """The merchants of the vendors that who asks acts for."""

    title = parameter_name = column = "seller"

    def rows(self, request: HttpRequest) -> QuerySet[Merchant]:
        return Merchant.objects.filter(pk__in=own_vendors(request).order_by().values("merchant")).order_by("name", "pk")


class DocumentKindFilter(SelectFilter):
    title = parameter_name = column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label.capitalize()) for value, label in IssuedDocument.Kind.choices]


class YearFilter(SelectFilter):
    """The year by which it is numbered, by its vendor's clock: the newest first, once it has begun somewhere."""

    title = parameter_name = column = "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = (timezone.now() + FURTHEST_AHEAD).year
        return [(str(year), str(year)) for year in range(newest, FIRST_YEAR - 1, -1)]


@admin.register(IssuedDocument)
class DocumentAdmin(ListFiles, ReadOnlyAdmin):
    """What was issued; nobody changes it."""

    export_kind = "documents"
    vendor_path = "order__vendor"
    list_display = ["called", "kind", "seller", "issued", "link", "amount", "page"]
    list_select_related = ["seller", "order__vendor"]
    list_filter = [DocumentKindFilter, SellerFilter, YearFilter]
    ordering = ["-issued_at", "-id"]
    search_fields = ["number"]
    search_help_text = "A number such as 2026-000012, or an order's id"
    fields = readonly_fields = ["called", "kind", "seller", "issued", "link", "amount", "page"]
    change_list_template = "admin/orders/issueddocument/change_list.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[IssuedDocument], search_term: str
    ) -> tuple[QuerySet[IssuedDocument], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if found := CALLED.fullmatch(term):
            return queryset.filter(year=int(found[1]), number=row_id(found[2].lstrip("0")) or 0), False
        return queryset.filter(order=row_id(term.removeprefix("#")) or 0), False

    def get_urls(self) -> list[URLPattern]:
        return [*self.list_urls(), *super().get_urls()]

    @staticmethod
    def table_of(rows: QuerySet[IssuedDocument]) -> Spreadsheet:
        return documents_as_table(rows)

    @admin.display(description="number")
    def called(self, document: IssuedDocument) -> str:
        return document.called

    @admin.display(description="issued")
    def issued(self, document: IssuedDocument) -> str:
        return write_moment(document.issued_at, document.order.vendor.zone)

    @admin.display(description="order")
    def link(self, document: IssuedDocument) -> str:
        return order_link(document.order_id)

    @admin.display(description="total")
    def amount(self, document: IssuedDocument) -> str:
        sign = -1 if document.kind == IssuedDocument.Kind.CREDIT_NOTE else 1
        return display.money(sign * document.total, document.currency)

    @admin.display(description="page")
    def page(self, document: IssuedDocument) -> str:
        return format_html(
            '<a href="{}">Open<span class="visually-hidden"> {}</span></a> <a href="{}">PDF</a>',
            reverse("invoice", args=[document.order_id]),
            document.called,
            reverse("invoice_pdf", args=[document.order_id]),
        )
