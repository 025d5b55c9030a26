"""The papers of one order that the desk prints, by the browser or as PDF."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from orders.kinds import package_of
from orders.reading.order_view import view_order
from orders.reading.paper_sheets import SHEETS
from orders.reading.selectors import read_order
from orders.reading.tickets import draw_copy, ordered_rows
from orders.services.record.access import OrderAccess
from ordersite.accounts.callers import Caller
from ordersite.core.faults import NotFound
from ordersite.core.languages import speaking
from ordersite.core.money import with_currency
from ordersite.web.pdf import pdf_response
from vendors.payment_methods import find_method


def ticket(access: OrderAccess) -> dict[str, Any]:
    return {"paper": draw_copy(access)}


def delivery_note(access: OrderAccess) -> dict[str, Any]:
    """What goes to whom, without prices but for what is to be collected."""
    view = view_order(access, "items")
    owed = view.owed if find_method(access.order.payment_method).is_on_handover else 0
    return {
        "package": package_of(access.order),
        "rows": list(ordered_rows(view)),
        "collect": with_currency(owed, view.currency) if owed else "",
    }


# By the last part of their address: what they show, and their template.
PAPERS: Mapping[str, tuple[Callable[[OrderAccess], dict[str, Any]], str]] = {
    "ticket": (ticket, "pages/desk_ticket.html"),
    "delivery-note": (delivery_note, "pages/delivery_note.html"),
}


def show_paper(request: HttpRequest, caller: Caller, order_id: int, paper: str) -> HttpResponse:
    """A page to print, in the vendor's language. Raises Http404 for no such paper, or order."""
    if paper not in PAPERS:
        raise Http404
    draw, template = PAPERS[paper]
    access = order_of_paper(caller, order_id)
    with speaking(access.order.vendor.language):
        return render(request, template, {**draw(access), "order": access.order, "now": access.now})


def send_paper(caller: Caller, order_id: int, paper: str) -> HttpResponse:
    """A paper as PDF, in the vendor's language. Raises Http404 for no such paper, or order."""
    if paper not in SHEETS:
        raise Http404
    draw, size = SHEETS[paper]
    access = order_of_paper(caller, order_id)
    with speaking(access.order.vendor.language):
        return pdf_response([draw(access)], f"{paper}-{order_id}", size)


def order_of_paper(caller: Caller, order_id: int) -> OrderAccess:
    try:
        return read_order(caller, order_id)
    except NotFound as error:
        raise Http404 from error
