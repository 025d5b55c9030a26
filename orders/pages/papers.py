"""The papers of an order that its vendor's people print from the board, as PDF in the vendor's language."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from orders.lifecycle.table import Actor
from orders.pages.invoices import show_no_order
from orders.reading.paper_sheets import SHEETS
from orders.reading.selectors import read_order
from ordersite.accounts.authentication import caller_of_page
from ordersite.core.faults import NotFound
from ordersite.core.languages import speaking
from ordersite.web.pages import page_view
from ordersite.web.pdf import pdf_response

# Who reads what the kitchen and the counter do; the receipt, and the invoice, are the customer's too (pages.invoices).
HOUSE = frozenset({Actor.VENDOR, Actor.STAFF})


@page_view
@require_safe
def send_board_paper(request: HttpRequest, order_id: int, paper: str) -> HttpResponse:
    """A ticket (a copy) or a delivery note; 404 for whoever is neither of its vendor, a tablet of it too, nor staff."""
    try:
        access = read_order(caller_of_page(request), order_id)
    except NotFound:
        return show_no_order(request)
    if not access.readers & HOUSE:
        return show_no_order(request)
    draw, size = SHEETS[paper]
    with speaking(access.order.vendor.language):
        return pdf_response([draw(access)], f"{paper}-{order_id}", size)
