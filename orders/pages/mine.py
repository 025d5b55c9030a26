"""A customer's orders: the frame of a list that its script fills by the API, and the way from one to its page."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.lifecycle.table import Status
from orders.pages.following import STANDINGS, show_unfollowed
from orders.pages.words import worded
from orders.reading.following import followable
from ordersite.accounts.callers import related
from ordersite.accounts.models import User
from ordersite.web.pages import page_view, show_page


@page_view
@require_safe
def show_orders(request: HttpRequest) -> HttpResponse:
    """The orders of who is signed in, as a customer."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    customer = related(request.user, "customer")
    data = {
        "customer": customer.pk if customer else None,
        "words": {"standings": worded([status.slug for status in Status], STANDINGS)},
    }
    return show_page(request, "pages/orders.html", data=data)


@page_view
@require_safe
def follow_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Leads a customer to the page of its order; 404 for another's, and for one that is shown no longer."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    order = followable(timezone.now()).filter(pk=order_id, customer__user=request.user).first()
    return redirect("followed", code=order.tracking_code) if order else show_unfollowed(request)
