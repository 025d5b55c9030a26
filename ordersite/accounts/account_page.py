"""The page of one's own account: the second step at signing in, and what lets one in, each with what ends it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ordersite.accounts.logins import API_TOKEN, SESSION, SIGN_IN, Login, end_login, end_logins, logins_of
from ordersite.accounts.models import User
from ordersite.accounts.pages import told_fault
from ordersite.accounts.password_tries import try_password
from ordersite.accounts.second_step import (
    begin_second_step,
    confirm_second_step,
    make_recovery_codes,
    remove_second_step,
    resume_second_step,
)
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid, NotFound, Refusal
from ordersite.core.fields import Field
from ordersite.web.pages import page_view, show_page
from ordersite.web.problems import as_problem
from ordersite.web.throttling import client_address

Shown = dict[str, Any]


def check_own_password(request: HttpRequest, user: User) -> None:
    """Raises Invalid for a wrong password, and Throttled: the tries count as at signing in."""
    password = request.POST.get("password", "")
    if not try_password(user.email, client_address(request), partial(user.check_password, password)):
        raise Invalid(FaultCode.WRONG_PASSWORD, Field.PASSWORD, keeps_writes=True)


def begin(request: HttpRequest, user: User) -> Shown:
    check_own_password(request, user)
    return {"enrolment": begin_second_step(user)}


def confirm_setup(request: HttpRequest, user: User) -> Shown:
    """Sets it up; whoever else is signed in with the password alone is signed out."""
    codes = confirm_second_step(user, request.POST.get("code", "")[:40])
    end_logins(user, but_session=request.session.session_key)
    return {"recovery_codes": codes}


def renew_codes(request: HttpRequest, user: User) -> Shown:
    check_own_password(request, user)
    return {"recovery_codes": make_recovery_codes(user)} if user.second_step_at else {}


def remove_step(request: HttpRequest, user: User) -> Shown:
    check_own_password(request, user)
    remove_second_step([user])
    return {}


def end_one(request: HttpRequest, user: User) -> Shown:
    try:
        end_login(user, request.POST.get("kind", ""), request.POST.get("id", ""))
    except NotFound:  # has ended meanwhile
        return {}
    return {}


def end_others(request: HttpRequest, user: User) -> Shown:
    end_logins(user, but_session=request.session.session_key)
    return {}


ACTS: dict[str, Callable[[HttpRequest, User], Shown]] = {
    "begin": begin,
    "confirm": confirm_setup,
    "renew_codes": renew_codes,
    "take_off": remove_step,
    "end_one": end_one,
    "end_others": end_others,
}


@sensitive_post_parameters("password", "code")
@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_account(request: HttpRequest) -> HttpResponse:
    """Shows the page; what was pressed on it is done first."""
    user = request.user
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is None:
        return show_state(request, user)
    try:
        shown = act(request, user)
    except Refusal as refused:
        problem = as_problem(refused)
        shown = {"fault": told_fault(problem), "fault_at": request.POST["act"]}
        if act is confirm_setup:
            shown["enrolment"] = resume_second_step(user)
        return show_state(request, user, shown, status=problem.status, headers=problem.headers)
    return show_state(request, user, shown) if shown else HttpResponseRedirect(reverse("account"))


def step_in_words(user: User) -> str:
    """That a second step is set up, and what is left of the recovery codes."""
    left = user.recovery_codes.filter(used_at=None).count()
    text = ngettext(
        "It is set up: after your password a code of your app is asked for. %(left)d recovery code is left.",
        "It is set up: after your password a code of your app is asked for. %(left)d recovery codes are left.",
        left,
    )
    return text % {"left": left}


def described(login: Login) -> dict[str, Any]:
    """A login with its name and its times in words."""
    times = [gettext("Since %(time)s") % {"time": date_format(login.created_at, "DATETIME_FORMAT")}]
    if login.used_at:
        times.append(gettext("last used %(time)s") % {"time": date_format(login.used_at, "DATETIME_FORMAT")})
    return {"login": login, "name": login.device or gettext("Unknown device"), "times": " · ".join(times)}


def show_state(
    request: HttpRequest, user: User, shown: Shown | None = None, status: int = 200, headers: Any = None
) -> HttpResponse:
    titles = {
        SESSION: gettext("Browsers"),
        SIGN_IN: gettext("Apps"),
        API_TOKEN: gettext("API tokens"),
    }
    logins = logins_of(user, request.session.session_key)
    groups = [(title, [described(one) for one in logins if one.kind == kind]) for kind, title in titles.items()]
    context = {
        "person": user,
        "groups": [(title, rows) for title, rows in groups if rows],
        "lacks_step": user.is_staff and not user.may_use_rights,
        "step": step_in_words(user) if user.second_step_at else "",
        **(shown or {}),
    }
    told = {name: value for name, value in (headers or {}).items() if name == "Retry-After"}
    # 401 is for clients of the API: browsers show the page by any status.
    return show_page(request, "pages/account.html", context, status=400 if status == 401 else status, headers=told)
