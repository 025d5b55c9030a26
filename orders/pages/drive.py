"""The pages of drivers and of their dispatchers: frames that scripts fill by the API and the live feed."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Status
from orders.pages.words import CHANGES, STATUSES, change_names, worded
from orders.reading.reason_words import WHY
from ordersite.accounts.callers import caller_of_user, related
from ordersite.accounts.models import User
from ordersite.web.pages import page_view, show_page
from vendors.models import Company

# What a driver's buttons do, as a driver says it.
DRIVER_CHANGES = {
    **CHANGES,
    "accept_by_driver": _("Take it"),
    "cancel_by_driver": _("I cannot go on"),
    "deliver": _("Delivered"),
    "depart": _("I am on my way"),
    "driver_arrive": _("I am at the pick-up"),
    "driver_nearing_business": _("I am near the pick-up"),
    "driver_nearing_customer": _("I am near the customer"),
    "driver_wait": _("I wait for it"),
    "fail_delivery": _("I could not deliver it"),
    "fail_pickup": _("I could not pick it up"),
    "pick_up": _("Picked up"),
    "report_not_ready": _("It is not ready"),
    "retry_delivery": _("I try it again"),
    "undo_delivery": _("Not delivered after all"),
    "undo_pick_up": _("Not picked up after all"),
}
# The same as a dispatcher says it.
DISPATCHER_CHANGES = {
    **CHANGES,
    "accept_by_company": _("Take it"),
    "accept_by_driver": _("Accept for the driver"),
    "driver_arrive": _("Driver is at the pick-up"),
    "look_for_driver": _("Give it back"),
    "pick_up": _("Picked up"),
}
# How an order stands, as its driver sees it.
DRIVER_STATUSES = {
    **STATUSES,
    "driver_in_business": _("You are at the pick-up"),
    "preparation_completed": _("Ready to be picked up"),
    "canceled_by_driver": _("You have given it back"),
    "accepted_by_business": _("It is being prepared"),
    "accepted_by_driver": _("You have taken it"),
    "pick_up_completed_by_driver": _("You have it with you"),
    "pick_up_failed_by_driver": _("You could not pick it up"),
    "delivery_failed_by_driver": _("You could not deliver it"),
    "order_not_ready": _("It is not ready yet"),
    "rejected_by_business": _("Refused by the vendor"),
    "driver_almost_arrived_to_business": _("You are near the pick-up"),
    "driver_almost_arrived_to_customer": _("You are near the customer"),
    "looking_for_driver": _("Looking for a driver"),
    "driver_on_way": _("You are on your way to the customer"),
    "driver_waiting_for_order": _("You wait for it"),
    "accepted_by_driver_company": _("Your company has taken it"),
}
DRIVER_WHY = {"closed": _("The vendor is closed"), "driver_unavailable": _("I cannot go on")}
# What drivers report, the likely ones first; the page offers the others behind them.
DRIVER_REASONS = (
    "customer_absent",
    "wrong_address",
    "customer_refused",
    "not_ready",
    "wrong_order",
    "damaged",
    "vehicle_problem",
    "accident",
    "driver_unavailable",
    "takes_too_long",
    "closed",
    "other",
)


@page_view
@require_safe
def show_drive(request: HttpRequest) -> HttpResponse:
    """The page of the signed-in driver."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    driver = related(request.user, "driver")
    if driver is not None and driver.left_at is not None:
        driver = None
    if driver is None and caller_of_user(request.user).dispatched_ids:
        return redirect("dispatch")
    if driver is None:
        refused = {
            "title": gettext("This page is for drivers"),
            "text": gettext("You are no driver here yet. Ask the vendor or the company that you drive for."),
        }
        return show_page(request, "pages/refused.html", refused, status=403)
    data = {
        "driver": {"id": driver.pk, "name": driver.name},
        **words_of(changes=DRIVER_CHANGES, statuses=DRIVER_STATUSES, why={**WHY, **DRIVER_WHY}),
    }
    return show_page(request, "pages/drive.html", {"driver": driver}, data=data)


@page_view
@require_safe
def show_dispatch(request: HttpRequest) -> HttpResponse:
    """The page of who dispatches for delivery companies."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    companies = list(Company.objects.filter(dispatchers__user=request.user).order_by("name", "pk").values("id", "name"))
    if not companies:
        refused = {
            "title": gettext("This page is for dispatchers"),
            "text": gettext("You dispatch for no delivery company here yet. Ask the site to add you to one."),
        }
        return show_page(request, "pages/refused.html", refused, status=403)
    data = {"companies": companies, **words_of(changes=DISPATCHER_CHANGES, statuses=STATUSES, why=WHY)}
    names = ", ".join(company["name"] for company in companies)
    return show_page(request, "pages/dispatch.html", {"companies": names}, data=data)


def words_of(*, changes: Mapping[str, str], statuses: Mapping[str, str], why: Mapping[str, str]) -> dict[str, Any]:
    """The words of a page of deliveries."""
    reasons = worded(REASONS, why)
    return {
        "words": {
            "changes": worded(change_names(), changes),
            "statuses": worded([status.slug for status in Status], statuses),
            "reasons": {code: reasons[code] for code in DRIVER_REASONS},
        },
        "reasons_with_text": [code for code, reason in REASONS.items() if reason.needs_text],
    }
