"""The vendor board: which vendor, and the frame that its script fills by the API and the live feed."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from orders.pages.words import board_words
from orders.reading.board import MOST_HANDED_OVER
from ordersite.accounts.authentication import caller_of_page
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.web.pages import page_view, show_page
from vendors.models import Vendor
from vendors.permissions import manages_devices, member_vendors, serves, works_at_vendor
from vendors.services.people import may_see_people

# Vendors that one may choose from; who acts for more searches for one in the back-office.
MOST_VENDORS = 200


def boards_of(caller: Caller) -> list[Vendor]:
    """The vendors whose board the caller may open, by name."""
    return list(open_to(caller).filter(is_active=True).order_by("name", "pk")[:MOST_VENDORS])


def open_to(caller: Caller) -> QuerySet[Vendor]:
    """The vendors whose orders the caller may see: all for staff, else where it works; a paired device's own."""
    return Vendor.objects.all() if caller.may_everywhere(Right.VIEW_ORDERS) else member_vendors(caller)


def lead_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in; a browser that was paired, and is no more, to where it is paired anew."""
    if settings.DEVICE_COOKIE_NAME in request.COOKIES:
        return HttpResponseRedirect(reverse("pair"))
    return redirect_to_login(request.get_full_path(), reverse("sign_in"))


@page_view
@require_safe
def choose_vendor(request: HttpRequest) -> HttpResponse:
    """The vendors to choose from; the only one's board at once."""
    caller = caller_of_page(request)
    if not caller.is_known:
        return lead_in(request)
    vendors = boards_of(caller)
    if len(vendors) == 1:
        return HttpResponseRedirect(reverse("board", args=[vendors[0].pk]))
    shown = {"vendors": vendors, "drives": caller.driver is not None}
    return show_page(request, "pages/boards.html", shown, status=200 if vendors else 403)


@page_view
@require_safe
def show_board(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """One vendor's board."""
    caller = caller_of_page(request)
    if not caller.is_known:
        return lead_in(request)
    vendor = open_to(caller).filter(pk=vendor_id).first()
    if vendor is None:
        refused = {
            "title": gettext("This board is not yours"),
            "text": gettext("Ask the vendor to add you, or choose another board."),
        }
        return show_page(request, "pages/refused.html", refused, status=404)
    data = {
        "vendor": {"id": vendor.pk, "name": vendor.name, "currency": vendor.currency},
        "time_zone": vendor.time_zone,
        # Staff who look at a board are not its kitchen: what they are shown, nobody there has seen.
        "tells_seen": works_at_vendor(caller, vendor),
        "most_handed_over": MOST_HANDED_OVER,
        # A tablet prints what the kitchen needs; receipts and invoices are for people.
        "reads_invoices": caller.device_id is None,
        "words": board_words(),
    }
    shown = {
        "vendor": vendor,
        "manages": manages_devices(caller, vendor),
        "sees_money": caller.device_id is None and serves(caller, Right.VIEW_ACCOUNTS, vendor.pk),
        "owns": may_see_people(caller, vendor),
    }
    return show_page(request, "pages/board.html", shown, data=data)
