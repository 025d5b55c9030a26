"""Pairing a tablet with its vendor's board, and the page on which the vendor's owner and managers keep its devices."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import User
from ordersite.core.context import absolute
from ordersite.web.pages import page_view, show_page
from vendors.models import Vendor
from vendors.permissions import manages_devices


@page_view
@require_safe
def show_pairing(request: HttpRequest) -> HttpResponse:
    """The form for a code; its script pairs the browser by the API."""
    return show_page(request, "pages/pair.html")


@page_view
@require_safe
def show_devices(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """One vendor's devices; its script reads and changes them by the API."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    vendor = Vendor.objects.filter(pk=vendor_id).first()
    if vendor is None or not manages_devices(caller_of_user(request.user), vendor):
        refused = {
            "title": gettext("These devices are not yours to manage"),
            "text": gettext("Ask an owner or manager of the vendor."),
        }
        return show_page(request, "pages/refused.html", refused, status=404)
    data = {
        "vendor": {"id": vendor.pk, "name": vendor.name},
        "time_zone": vendor.time_zone,
        "printer_url": absolute.get()(reverse("cloudprnt")),
        "pairing_url": absolute.get()(reverse("pair")),
    }
    return show_page(request, "pages/devices.html", {"vendor": vendor}, data=data)
