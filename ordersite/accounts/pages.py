"""Signing in to the pages, and out, by the session as for the back-office; and the language that they are read in."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from ordersite.accounts.authentication import may_sign_in
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import User
from ordersite.accounts.second_step import SecondStepAsked, prove_second_step
from ordersite.accounts.services import choose_language
from ordersite.core.faults import Refusal
from ordersite.web.pages import own_path, page_view, show_page
from ordersite.web.problems import as_problem

# In a session: who has shown the password and not the second step yet; and for how long (seconds) that holds.
PENDING = "_pending_sign_in"
PENDING_LASTS = 600
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600  # seconds


class SignInView(LoginView):
    """The form, and where it leads on to: only to paths of ours."""

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        return own_path(self.request.POST.get("next", self.request.GET.get("next", "")))

    def get_default_redirect_url(self) -> str:
        return first_page_of(self.request.user)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        wrong = gettext("The e-mail or the password is wrong. Check both, and try again.")
        form = context["form"]
        fault = wrong if form.is_bound and not form.is_valid() else ""
        return show_form(
            self.request, email=form.data.get("username", ""), fault=fault, goes_on=self.get_redirect_url()
        )


def first_page_of(user: Any) -> str:
    """Where somebody works: at a vendor on its board, a driver or dispatcher on its page, staff in the back-office.

    A customer comes to its orders.
    """
    caller = caller_of_user(user)
    if caller.merchant_ids or caller.vendor_ids:
        return reverse("boards")
    if caller.driver:
        return reverse("drive")
    if caller.dispatched_ids:
        return reverse("dispatch")
    return reverse("admin:index") if user.is_staff else reverse("my_orders")


def show_form(request: HttpRequest, *, email: str, fault: str, goes_on: str, status: int = 200) -> HttpResponse:
    shown = {"email": email[:254], "fault": fault, "next": goes_on}
    return show_page(request, "pages/sign_in.html", shown, status=status)


def too_soon(seconds: int) -> str:
    """What is told after too many tries."""
    minutes = max(1, -(-seconds // 60))
    text = ngettext(
        "Too many tries. Wait %(minutes)d minute, then try again.",
        "Too many tries. Wait %(minutes)d minutes, then try again.",
        minutes,
    )
    return text % {"minutes": minutes}


def told_fault(problem: Any) -> str:
    """What a page tells of a refusal; after too many tries in minutes."""
    wait = problem.headers.get("Retry-After", "")
    return too_soon(int(wait)) if problem.status == 429 and wait.isdecimal() else str(problem.detail)


@sensitive_post_parameters("password")
@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_sign_in(request: HttpRequest) -> HttpResponse:
    """Signs in, with the tries counted as at every other door."""
    try:
        response: Any = SignInView.as_view()(request)
        return response
    except SecondStepAsked as asked:
        return ask_for_code(request, asked.user, own_path(request.POST.get("next", "")))
    except Refusal as refused:
        problem = as_problem(refused)
        goes_on = own_path(request.POST.get("next", ""))
        email = request.POST.get("username", "")
        answer = show_form(request, email=email, fault=told_fault(problem), goes_on=goes_on, status=problem.status)
        for name, value in problem.headers.items():
            answer[name] = value
        return answer


def ask_for_code(request: HttpRequest, user: User, goes_on: str) -> HttpResponse:
    """Leads somebody who has shown the password on to the page of the second step; nobody is signed in yet."""
    request.session[PENDING] = [user.pk, user.get_session_auth_hash(), int(timezone.now().timestamp()), goes_on]
    return HttpResponseRedirect(reverse("sign_in_code"))


def pending_sign_in(request: HttpRequest) -> tuple[User, str] | None:
    """Who has shown the password in this browser a while ago, and where it wants to go on to."""
    pk, proof, at, goes_on = request.session.get(PENDING, (0, "", 0, ""))
    user = User.objects.filter(pk=pk).first() if timezone.now().timestamp() - at < PENDING_LASTS else None
    if user is None or not may_sign_in(user) or not constant_time_compare(proof, user.get_session_auth_hash()):
        return None
    return user, own_path(goes_on)


def code_asked(user: User) -> str:
    text = gettext("Type the code that your app shows for %(email)s, or one of your recovery codes.")
    return text % {"email": user.email}


@sensitive_post_parameters("code")
@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_second_step(request: HttpRequest) -> HttpResponse:
    """The second step of signing in to the pages and the back-office."""
    pending = pending_sign_in(request)
    if pending is None:
        return HttpResponseRedirect(reverse("sign_in"))
    user, goes_on = pending
    if request.method != "POST":
        return show_page(request, "pages/sign_in_code.html", {"asked": code_asked(user)})
    try:
        prove_second_step(user, request.POST.get("code", "")[:40])
    except Refusal as refused:
        problem = as_problem(refused)
        shown = {"asked": code_asked(user), "fault": told_fault(problem)}
        wait = {name: value for name, value in problem.headers.items() if name == "Retry-After"}
        status = 200 if problem.status == 401 else problem.status
        return show_page(request, "pages/sign_in_code.html", shown, status=status, headers=wait)
    del request.session[PENDING]
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponseRedirect(goes_on or first_page_of(user))


sign_out = LogoutView.as_view(next_page="/sign-in")


@require_POST
def change_language(request: HttpRequest) -> HttpResponse:
    """Keeps the language that was chosen on a page, in the browser and with the account, and goes back there."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(own_path(request.POST.get("next", "")) or "/")
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            choose_language(request.user, chosen)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=LANGUAGE_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response
