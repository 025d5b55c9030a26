"""An order's invoice and credit notes as a page to print and as PDF, its receipt as PDF; for whom they concern."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_http_methods, require_safe

from orders.models import IssuedDocument
from orders.pages.following import follower_of
from orders.reading.documents import tell_document
from orders.reading.paper_sheets import METHOD_WORDS, receipt_sheet
from orders.reading.selectors import read_order
from orders.services.money.documents import BuyingCompany, documents_of, issue_invoice, refuse_strangers
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound, Refusal
from ordersite.core.money import with_currency, with_percent
from ordersite.core.sheets import Block, Facts, Sheet, SideBySide, Table, TableColumn, Texts
from ordersite.core.unprinted import one_line
from ordersite.web.pages import page_view, show_page
from ordersite.web.pdf import pdf_response
from ordersite.web.problems import as_problem
from vendors.menu import PIECE

TITLES = {"invoice": _("Invoice"), "credit_note": _("Credit note")}
SUM_WORDS = {
    "subtotal": _("Subtotal"),
    "discount": _("Discount"),
    "delivery_fee": _("Delivery"),
    "service_fee": _("Service fee"),
    "tax_added": _("Tax"),
    "driver_tip": _("Driver's tip"),
}
MOST_COMPANY, MOST_VAT_NUMBER = 160, 30  # characters


@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_invoice(request: HttpRequest, order_id: int) -> HttpResponse:
    """What was issued for the order; posted to, it has the invoice issued. 404 for whoever may not see it."""
    caller, company = follower_of(request), company_of(request)
    try:
        if request.method == "POST":
            with transaction.atomic():
                issue_invoice(order_id=order_id, caller=caller, company=company)
            return HttpResponseRedirect(request.path)
        documents = documents_of(order_id=order_id, caller=caller)
    except NotFound as refused:
        if refused.fault.code == FaultCode.NOT_FOUND_INVOICE:
            return show_page(request, "pages/invoice.html", {"documents": []})
        return show_no_order(request)
    except Refusal as refused:
        problem = as_problem(refused)
        told = {"documents": [], "problem": problem.as_json()["detail"], "company": company}
        return show_page(request, "pages/invoice.html", told, status=problem.status)
    shown = {"documents": [worded_document(one) for one in documents], "pdf": request.path + ".pdf"}
    return show_page(request, "pages/invoice.html", shown)


@page_view
@require_safe
def send_invoice(request: HttpRequest, order_id: int) -> HttpResponse:
    """The same as PDF, each document on a sheet of its own; 404 where nothing was issued, too."""
    try:
        documents = documents_of(order_id=order_id, caller=follower_of(request))
    except NotFound:
        return show_no_order(request)
    told = [worded_document(one) for one in documents]
    return pdf_response([sheet_of(one) for one in told], f"invoice-{told[0]['number']}")


@page_view
@require_safe
def send_receipt(request: HttpRequest, order_id: int) -> HttpResponse:
    """What was bought, what it cost and how it was paid, as PDF, for those who may read the invoice."""
    try:
        access = read_order(follower_of(request), order_id)
        refuse_strangers(access)
    except NotFound:
        return show_no_order(request)
    return pdf_response([receipt_sheet(access)], f"receipt-{order_id}")


def show_no_order(request: HttpRequest) -> HttpResponse:
    text = {"title": gettext("There is no such order"), "text": gettext("Sign in as who ordered it.")}
    return show_page(request, "pages/unfollowed.html", text, status=404)


def company_of(request: HttpRequest) -> BuyingCompany:
    """What was typed, as one line each."""
    return BuyingCompany(
        company=one_line(request.POST.get("company", "")[:MOST_COMPANY]),
        vat_number=one_line(request.POST.get("vat_number", "")[:MOST_VAT_NUMBER]),
    )


def sheet_of(told: dict[str, Any]) -> Sheet:
    """A worded document as it is drawn: what the page shows, in its order."""
    facts = [
        (gettext("Issued"), told["issued"]),
        (gettext("Delivered or collected"), told["completed"]),
        (gettext("Order"), str(told["order"])),
        (gettext("Payment"), told["method"]),
    ]
    if told["invoice"]:
        facts.append((gettext("For invoice"), told["invoice"]))

    def party(heading: str, names: list[str], row: dict[str, str], last: str = "") -> Texts:
        number = f"{gettext('VAT number')} {row['vat_number']}" if row["vat_number"] else ""
        return Texts(heading=heading, lines=[*names, row["address"], number, last])

    seller, buyer = told["seller"], told["buyer"]
    parties = [
        party(gettext("Seller"), [seller["name"]], seller, told["vendor"]),
        party(gettext("Buyer"), [buyer["company"], buyer["name"]], buyer),
    ]
    blocks: list[Block] = [Facts(rows=facts), SideBySide(parts=parties)]
    if told["lines"]:
        columns = [
            TableColumn(heading=gettext("What"), part=4),
            TableColumn(heading=gettext("Tax"), is_number=True),
            TableColumn(heading=gettext("Amount"), part=2, is_number=True),
        ]
        rows = [
            (f"{line['quantity']} {line['name']}\n{line['options']}".strip(), line["rate"], line["total"])
            for line in told["lines"]
        ]
        blocks.append(Table(columns=columns, rows=rows))
    sums = [(row["word"], row["amount"]) for row in told["sums"]]
    blocks.append(Facts(rows=[*sums, (gettext("Total"), told["total"])], last_is_total=True))
    headings = (gettext("Rate"), gettext("Without tax"), gettext("Tax"), gettext("With tax"))
    rates = [TableColumn(heading=heading, is_number=bool(number)) for number, heading in enumerate(headings)]
    taxes = [(row["rate"], row["net"], row["tax"], row["gross"]) for row in told["taxes"]]
    blocks.append(Table(caption=gettext("Tax by rate"), columns=rates, rows=taxes))
    return Sheet(title=f"{told['title']} {told['number']}", blocks=blocks)


def worded_document(document: IssuedDocument) -> dict[str, Any]:
    """The document in its reader's words, its days by the vendor's clock; a credit note's amounts are below zero."""
    told = tell_document(document)
    currency, zone = told["currency"], ZoneInfo(told["time_zone"])
    sign = -1 if document.kind == IssuedDocument.Kind.CREDIT_NOTE else 1

    def day(text: str) -> str:
        at = parse_datetime(text)
        return date_format(at.astimezone(zone), "DATE_FORMAT") if at else ""

    def amount(minor: int) -> str:
        return with_currency(sign * minor, currency)

    return {
        **told,
        "title": gettext(TITLES[document.kind]),
        "issued": date_format(document.issued_at.astimezone(zone), "DATE_FORMAT"),
        "completed": day(told["completed_at"]),
        "method": gettext(METHOD_WORDS[told["payment_method"]]),
        "lines": [
            {
                "name": line["name"],
                "options": ", ".join(line["options"]),
                "quantity": f"{line['quantity']} ×" if line["unit"] == PIECE else f"{line['quantity']} {line['unit']}",
                "rate": with_percent(line["tax_rate"]),
                "total": amount(line["total"]),
            }
            for line in told["lines"]
        ],
        "sums": [
            {
                "word": gettext(SUM_WORDS[row["kind"]]),
                "amount": amount(-row["amount"] if row["kind"] == "discount" else row["amount"]),
            }
            for row in told["sums"]
        ],
        "taxes": [
            {
                "rate": with_percent(row["rate"]),
                "net": amount(row["net"]),
                "tax": amount(row["tax"]),
                "gross": amount(row["gross"]),
            }
            for row in told["taxes"]
        ],
        "total": amount(told["total"]),
    }
