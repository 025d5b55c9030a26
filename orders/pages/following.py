"""The tracking page: an order followed by its code; its customer, by sign-in or guest token, may also act there."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_POST, require_safe

from orders.kinds import rules_of
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Order, ProblemReport
from orders.pages.words import PROBLEMS, worded
from orders.reading.following import count_try, followed_together
from orders.reading.paper_sheets import METHOD_WORDS
from orders.reading.reason_words import WHY
from orders.visibility import actors_for
from ordersite.accounts.callers import Caller, caller_of_guest, caller_of_user
from ordersite.accounts.models import User
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Refusal
from ordersite.web.pages import page_view, show_page
from ordersite.web.problems import as_problem
from ordersite.web.response_headers import page_policy
from ordersite.web.throttling import client_address
from vendors.payment_methods import METHOD_NAMES

# As its customer is told where the order stands.
STANDINGS = {
    "pending": _("Waiting for the vendor to accept it"),
    "completed": _("Completed"),
    "rejected": _("Cancelled"),
    "driver_in_business": _("The driver is at the vendor"),
    "preparation_completed": _("Ready"),
    "rejected_by_business": _("The vendor could not take it"),
    "canceled_by_driver": _("Its driver could not go on: another one is needed"),
    "accepted_by_business": _("Being prepared"),
    "accepted_by_driver": _("A driver will fetch it"),
    "pick_up_completed_by_driver": _("The driver has it"),
    "pick_up_failed_by_driver": _("The driver could not pick it up"),
    "delivery_completed_by_driver": _("Delivered"),
    "delivery_failed_by_driver": _("It could not be delivered"),
    "preorder": _("Ordered for later"),
    "order_not_ready": _("It takes a little longer: the driver waits for it"),
    "pickup_completed_by_customer": _("Collected"),
    "canceled_by_customer": _("You cancelled it"),
    "not_picked_by_customer": _("Nobody collected it"),
    "driver_almost_arrived_to_business": _("The driver is about to fetch it"),
    "driver_almost_arrived_to_customer": _("The driver is almost there"),
    "customer_almost_arrived_to_business": _("You are almost there"),
    "customer_arrived_to_business": _("The vendor knows that you are here"),
    "looking_for_driver": _("Looking for a driver"),
    "driver_on_way": _("On its way to you"),
    "driver_waiting_for_order": _("The driver waits for it"),
    "accepted_by_driver_company": _("A delivery company will fetch it"),
}
# The steps of an order by the milestone that ends each; "placed" stands from the beginning.
STEPS = {
    "placed": _("Ordered"),
    "accepted": _("Accepted"),
    "prepared": _("Ready"),
    "picked_up": _("On its way"),
    "delivered": _("Received"),
    "closed": _("Done"),
}
LAST = {Fulfilment.EAT_IN: "closed", Fulfilment.DIGITAL: "closed"}
HEADERS = {"Referrer-Policy": "no-referrer"}  # the address holds the code
GUEST_TOKEN_MOST = 200  # characters


def steps_of(order: Order) -> list[str]:
    """The steps that an order goes through: no driver's on one that its customer collects."""
    rules, fulfilment = rules_of(order), Fulfilment(order.fulfilment)
    if rules.is_issued:
        return ["placed", "closed"]
    making = [] if rules.skips_preparing else ["prepared"]
    driving = ["picked_up"] if fulfilment == Fulfilment.DELIVERY else []
    return ["placed", "accepted", *making, *driving, LAST.get(fulfilment, "delivered")]


def usual_minutes(order: Order) -> int | None:
    """How long its vendor usually takes for what is prepared at once, once it has accepted it; None for all else."""
    rules = rules_of(order)
    if rules.is_issued or rules.skips_preparing or order.deliver_at is not None:
        return None
    return round(order.vendor.lead(timezone.now()).total_seconds() / 60)


def follower_of(request: HttpRequest) -> Caller:
    """Who looks at a page: by the session, else by the guest token that the browser keeps."""
    token = request.COOKIES.get(settings.ORDER_TOKEN_COOKIE_NAME, "")[:GUEST_TOKEN_MOST]
    if isinstance(request.user, User):
        return caller_of_user(request.user, order_token=token)
    return caller_of_guest(token)


def find_followed(request: HttpRequest, code: str) -> Sequence[Order]:
    """The orders that a code shows, none for one that is unknown or has lapsed; raises a 429 after too many tries."""
    count_try(client_address(request))
    return followed_together(code, timezone.now())


def show_unfollowed(request: HttpRequest) -> HttpResponse:
    """What leads to no order, or to none that is shown any more."""
    text = {
        "title": gettext("There is no such order"),
        "text": gettext("The link is wrong, or its order was done some days ago. Look at the link again."),
    }
    return show_page(request, "pages/unfollowed.html", text, status=404, headers=HEADERS)


@page_view
@require_safe
def show_followed(request: HttpRequest, code: str) -> HttpResponse:
    """The page of a code; its script fills it by the API."""
    try:
        orders = find_followed(request, code)
    except Refusal as refused:
        problem = as_problem(refused)
        text = {"title": gettext("Too many tries"), "text": gettext("Wait a minute, then load the page again.")}
        return show_page(
            request, "pages/unfollowed.html", text, status=problem.status, headers={**problem.headers, **HEADERS}
        )
    if not orders:
        return show_unfollowed(request)
    caller = follower_of(request)
    own = [Actor.CUSTOMER in actors_for(caller, order) for order in orders]
    data = {
        "code": code,
        "time_zone": orders[0].vendor.time_zone,
        # Empty: the map is a plain grid, and no other host is asked.
        "tiles": {"url": settings.MAP_TILES_URL, "attribution": settings.MAP_ATTRIBUTION},
        "orders": [
            {"id": order.pk if is_own else None, "steps": steps_of(order), "usual_minutes": usual_minutes(order)}
            for order, is_own in zip(orders, own, strict=True)
        ],
        "words": {
            "standings": worded([status.slug for status in Status], STANDINGS),
            "steps": worded(STEPS, STEPS),
            "reasons": worded(WHY, WHY),
            "methods": worded(METHOD_NAMES, METHOD_WORDS),
            "problems": worded(ProblemReport.Reason.values, PROBLEMS),
        },
    }
    headers = {**HEADERS, "Content-Security-Policy": page_policy(has_map=True)}
    completed = [one.pk for one, is_own in zip(orders, own, strict=True) if is_own and one.status == Status.COMPLETED]
    shown = {"known": all(own), "code": code, "completed": completed}
    return show_page(request, "pages/following.html", shown, data=data, headers=headers)


@page_view
@require_POST
def keep_guest_token(request: HttpRequest, code: str) -> HttpResponse:
    """Keeps the guest token of the code's purchase in a cookie that no script reads; 404 where it is another's."""
    token = request.POST.get("guest_token", "").strip()[:GUEST_TOKEN_MOST]
    try:
        orders = find_followed(request, code)
    except Refusal as refused:
        problem = as_problem(refused)
        return JsonResponse(problem.as_json(), status=problem.status, headers={**problem.headers, **HEADERS})
    guest = caller_of_guest(token)
    if not token or not any(Actor.CUSTOMER in actors_for(guest, order) for order in orders):
        return JsonResponse({"code": FaultCode.NOT_FOUND}, status=404, headers=HEADERS)
    response = HttpResponse(status=204, headers=HEADERS)
    response.set_cookie(
        settings.ORDER_TOKEN_COOKIE_NAME,
        token,
        max_age=settings.TRACKING_LAPSES,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # so that the link in a mail shows it its own order at once; calls ask for CSRF
    )
    return response
