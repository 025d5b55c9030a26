"""The end of a vendor's business day: as it stands, closed by a form, kept as it was, to print and as PDF."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_http_methods, require_safe

from orders.models import DayReport
from orders.reading.paper_sheets import METHOD_WORDS
from orders.services.money.day_reports import (
    OpenDay,
    close_day,
    may_close,
    read_open_day,
    vendor_of_days,
)
from ordersite.accounts.authentication import caller_of_page
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound, Refusal
from ordersite.core.money import MoneyError, read_typed, with_currency, with_percent
from ordersite.core.sheets import Block, Facts, Sheet, Table, TableColumn
from ordersite.web.pages import page_view, show_page
from ordersite.web.pdf import pdf_response
from ordersite.web.problems import as_problem
from vendors.models import Vendor

NEWEST = 30
MOST_TYPED = 40  # characters
PROBLEMS = {
    FaultCode.DAY_CHANGED: _(
        "The figures have changed since they were shown: look at them once more, then close the day."
    ),
    FaultCode.FORBIDDEN_DAY: _("Only the vendor's people, and staff who take cash in, can close its day."),
}
COUNTED = _("Write how much cash was counted, such as 120.50; 0 for none.")


@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_day(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """The day as it stands, with the newest reports; posted to, it is closed with what was counted."""
    caller = caller_of_page(request)
    if not caller.is_known:
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    try:
        vendor = vendor_of_days(vendor_id, caller)
    except NotFound:
        return show_no_day(request)
    if request.method != "POST":
        return show_standing(request, vendor, caller)
    typed = request.POST.get("counted", "")[:MOST_TYPED]
    try:
        counted = read_counted(typed, vendor.currency)
    except MoneyError:
        return show_standing(request, vendor, caller, problem=gettext(COUNTED), typed=typed, status=400)
    try:
        with transaction.atomic():
            report = close_day(vendor_id=vendor.pk, caller=caller, counted=counted, shown=request.POST.get("shown", ""))
    except Refusal as refused:
        if refused.fault.code == FaultCode.DAY_CLOSED:
            return HttpResponseRedirect(request.path)
        problem = as_problem(refused)
        told = PROBLEMS.get(refused.fault.code)
        text = gettext(told) if told else problem.as_json()["detail"]
        return show_standing(request, vendor, caller, problem=text, typed=typed, status=problem.status)
    return HttpResponseRedirect(reverse("day_report", args=[vendor.pk, report.number]))


def read_counted(typed: str, currency: str) -> int:
    """What was typed in minor units; below zero where more cash was given back than came in. Raises MoneyError."""
    amount = typed.strip()
    return -read_typed(amount[1:], currency) if amount.startswith(("-", "\u2212")) else read_typed(amount, currency)


def show_standing(
    request: HttpRequest, vendor: Vendor, caller: Caller, *, problem: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    open_day = read_open_day(vendor, timezone.now())
    reports = DayReport.objects.filter(vendor=vendor).order_by("-number").defer("content")[:NEWEST]
    shown = {
        "vendor": vendor,
        "report": worded_open_day(open_day) if open_day else None,
        "shown": open_day.shown if open_day else "",
        "may_close": may_close(caller, vendor),
        "problem": problem,
        "typed": typed,
        "reports": [
            {
                "number": report.number,
                "day": date_format(report.day, "DATE_FORMAT"),
                "difference": with_currency(report.difference, report.currency),
            }
            for report in reports
        ],
    }
    return show_page(request, "pages/day.html", shown, status=status)


def kept_report(request: HttpRequest, vendor_id: int, number: int) -> DayReport | None:
    """The report, for who may see the vendor's money; None for others."""
    try:
        vendor = vendor_of_days(vendor_id, caller_of_page(request))
    except NotFound:
        return None
    return DayReport.objects.filter(vendor=vendor, number=number).first()


@page_view
@require_safe
def show_report(request: HttpRequest, vendor_id: int, number: int) -> HttpResponse:
    """A report as it was closed."""
    report = kept_report(request, vendor_id, number)
    if report is None:
        return show_no_day(request)
    shown = {"vendor_id": vendor_id, "report": worded_report(report), "pdf": f"{request.path}.pdf"}
    return show_page(request, "pages/day_report.html", shown)


@page_view
@require_safe
def send_report(request: HttpRequest, vendor_id: int, number: int) -> HttpResponse:
    """The same as PDF."""
    report = kept_report(request, vendor_id, number)
    if report is None:
        return show_no_day(request)
    return pdf_response([sheet_of_day(worded_report(report))], f"day-{report.day}-{report.number}")


def show_no_day(request: HttpRequest) -> HttpResponse:
    refused = {
        "title": gettext("This day is not yours to see"),
        "text": gettext("Ask an owner or manager of the vendor."),
    }
    return show_page(request, "pages/refused.html", refused, status=404)


# --- in words -------------------------------------------------------------------------------------------------------


def worded_open_day(open_day: OpenDay) -> dict[str, Any]:
    """The day as it stands, in the reader's words."""
    vendor, figures = open_day.vendor, open_day.figures
    return {
        **worded_content(figures.as_content(), vendor.currency),
        "title": gettext("End of day"),
        "vendor": vendor.name,
        "day": date_format(open_day.day, "DATE_FORMAT"),
        "since": moment_text(open_day.since, vendor.zone),
        "until": moment_text(open_day.until, vendor.zone),
        "expected": with_currency(figures.expected, vendor.currency),
        "is_below_zero": figures.expected < 0,
        "currency": vendor.currency,
        "still_open": [order.called for order in open_day.still_open],
    }


def worded_report(report: DayReport) -> dict[str, Any]:
    """A report as it was closed, in the reader's words."""
    zone = ZoneInfo(report.content["time_zone"])
    return {
        **worded_content(report.content, report.currency),
        "title": f"{gettext('End of day')} {report.number}",
        "vendor": report.content["vendor"],
        "day": date_format(report.day, "DATE_FORMAT"),
        "since": moment_text(report.since, zone),
        "until": moment_text(report.until, zone),
        "expected": with_currency(report.expected, report.currency),
        "counted": with_currency(report.counted, report.currency),
        "difference": with_currency(report.difference, report.currency),
        "still_open": [called for _, called in report.content["still_open"]],
    }


def moment_text(at: Any, zone: Any) -> str:
    return date_format(at.astimezone(zone), "DATETIME_FORMAT")


def worded_content(content: dict[str, Any], currency: str) -> dict[str, Any]:
    """Its tables as texts; what was given back is below zero."""

    def amount(minor: int) -> str:
        return with_currency(minor, currency)

    def rates(rows: list[dict[str, int]], sign: int) -> list[tuple[str, ...]]:
        return [
            (
                with_percent(row["rate"]),
                *(amount(sign * minor) for minor in (row["gross"] - row["tax"], row["tax"], row["gross"])),
            )
            for row in rows
        ]

    methods = content["methods"]
    received, refunded = (sum(row[name] for row in methods) for name in ("received", "refunded"))
    rows = [
        (
            capfirst(gettext(METHOD_WORDS.get(row["method"], row["method"]))),
            amount(row["received"]),
            amount(-row["refunded"]),
        )
        + (amount(row["received"] - row["refunded"]),)
        for row in methods
    ]
    if rows:
        rows.append((gettext("Total"), amount(received), amount(-refunded), amount(received - refunded)))
    sold, back = (sum(row["gross"] for row in content[name]) for name in ("sales", "refunds"))
    return {
        "methods": rows,
        "sales": rates(content["sales"], 1),
        "refunds": rates(content["refunds"], -1),
        "facts": [
            (gettext("Orders"), str(content["orders"])),
            (gettext("Sold"), amount(sold)),
            (gettext("Of that tips"), amount(content["tips"])),
            (gettext("Of sales given back"), amount(-back)),
            (gettext("Cancelled orders"), f"{content['cancelled']} ({amount(content['cancelled_total'])})"),
        ],
    }


METHOD_HEADINGS = (_("Method"), _("Received"), _("Given back"), _("Together"))
RATE_HEADINGS = (_("Rate"), _("Without tax"), _("Tax"), _("With tax"))


def sheet_of_day(told: dict[str, Any]) -> Sheet:
    """A worded report as it is drawn: what the page shows, in its order."""
    blocks: list[Block] = [
        Facts(
            rows=[
                (gettext("Vendor"), told["vendor"]),
                (gettext("Day"), told["day"]),
                (gettext("From"), told["since"]),
                (gettext("Until"), told["until"]),
                *told["facts"],
            ]
        )
    ]
    for caption, headings, rows in (
        (gettext("By method of payment"), METHOD_HEADINGS, told["methods"]),
        (gettext("Sales by rate of tax"), RATE_HEADINGS, told["sales"]),
        (gettext("Given back by rate of tax"), RATE_HEADINGS, told["refunds"]),
    ):
        if rows:
            columns = [TableColumn(heading=gettext(word), is_number=bool(at)) for at, word in enumerate(headings)]
            blocks.append(Table(caption=caption, columns=columns, rows=rows))
    cash = [
        (gettext("Cash that came in"), told["expected"]),
        (gettext("Counted"), told["counted"]),
        (gettext("Difference"), told["difference"]),
    ]
    blocks.append(Facts(rows=cash, last_is_total=True))
    if told["still_open"]:
        blocks.append(Facts(rows=[(gettext("Still open"), ", ".join(told["still_open"]))]))
    return Sheet(title=f"{told['title']}, {told['vendor']}", blocks=blocks)
