"""Business days that vendors have closed: which, by whom, and what was counted; nobody changes them."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from orders.admin import display
from orders.admin.filters import VendorChoiceFilter
from orders.admin.read_only import ReadOnlyAdmin
from orders.models import DayReport
from ordersite.backoffice.moments import moment_column
from vendors.admin.scoping import ScopedAdmin


@admin.register(DayReport)
class DayReportAdmin(ScopedAdmin, ReadOnlyAdmin):
    """The newest first; what stands in one its own page shows."""

    list_display = ["vendor", "number", "day", "closed", "cash_expected", "cash_counted", "cash_difference", "page"]
    list_display_links = ["number"]
    list_select_related = ["vendor"]
    list_filter = [VendorChoiceFilter]
    ordering = ["-until", "-id"]
    fields = readonly_fields = list_display
    closed: Any = moment_column("until", lambda report: report.vendor.zone, "closed")

    @admin.display(description="cash expected")
    def cash_expected(self, report: DayReport) -> str:
        return display.money(report.expected, report.currency)

    @admin.display(description="counted")
    def cash_counted(self, report: DayReport) -> str:
        return display.money(report.counted, report.currency)

    @admin.display(description="difference")
    def cash_difference(self, report: DayReport) -> str:
        return display.money(report.difference, report.currency)

    @admin.display(description="page")
    def page(self, report: DayReport) -> str:
        return format_html(
            '<a href="{}">Open<span class="visually-hidden"> {} of {}</span></a>',
            reverse("day_report", args=[report.vendor_id, report.number]),
            report.number,
            report.vendor,
        )
