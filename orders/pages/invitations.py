"""Where whoever was invited to work somewhere accepts: with a new account, or signed in with the one there is."""

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ordersite.accounts.models import User
from ordersite.accounts.pages import first_page_of, told_fault
from ordersite.core.faults import Refusal
from ordersite.core.unprinted import one_line
from ordersite.web.pages import page_view, show_page
from ordersite.web.problems import as_problem
from ordersite.web.throttling import client_address
from vendors.letters import asked_in_words
from vendors.models import Invitation
from vendors.services import people


@sensitive_post_parameters("password")
@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Opened it changes nothing: mail scanners open links too."""
    try:
        row = people.open_invitation(token, client_address(request))
    except Refusal as refused:
        problem = as_problem(refused)
        shown = {"title": gettext("This invitation is over"), "text": told_fault(problem)}
        return show_page(request, "pages/refused.html", shown, status=problem.status)
    if request.method != "POST":
        return show_offer(request, row)
    try:
        user = accept_as(request, token, row)
    except Refusal as refused:
        problem = as_problem(refused)
        return show_offer(request, row, fault=told_fault(problem), status=problem.status)
    if user is None:
        return show_offer(request, row)
    return HttpResponseRedirect(first_page_of(User.objects.get(pk=user.pk)))


def accept_as(request: HttpRequest, token: str, row: Invitation) -> User | None:
    """Accepts as who is signed in, else with a new account; None for who has one and must sign in first."""
    if isinstance(request.user, User):
        with transaction.atomic():
            people.accept_invitation(token, request.user)
        return request.user
    if people.account_of(row) is not None:
        return None
    typed = {
        "name": one_line(request.POST.get("name", ""))[:120],
        "phone": one_line(request.POST.get("phone", ""))[:20],
    }
    with transaction.atomic():
        user = people.accept_as_new(token, **typed, password=request.POST.get("password", "")[:256])
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    return user


def show_offer(request: HttpRequest, row: Invitation, *, fault: str = "", status: int = 200) -> HttpResponse:
    me = request.user if isinstance(request.user, User) else None
    shown = {
        "asked": asked_in_words(row),
        "email": row.email,
        "is_me": me is not None and me.email == row.email,
        "is_other": me is not None and me.email != row.email,
        "has_account": people.account_of(row) is not None,
        "sign_in": f"{reverse('sign_in')}?{urlencode({'next': request.path})}",
        "fault": fault,
        "typed": request.POST,
    }
    return show_page(request, "pages/invitation.html", shown, status=status)
