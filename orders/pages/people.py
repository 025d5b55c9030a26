"""Who works at a vendor or for a driver company: seen, invited by mail and taken off, by its owners and by staff."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.models import User
from ordersite.accounts.pages import told_fault
from ordersite.core.faults import Refusal
from ordersite.core.numbers import read_whole
from ordersite.web.pages import page_view, show_page
from ordersite.web.problems import as_problem
from vendors.models import Invitation, Member
from vendors.services import people
from vendors.services.people import Kind, Workplace

EMAIL_LENGTH = 254  # of the column


class MistypedEmail(Exception):
    """What was typed is no e-mail address."""


def press_invite(caller: Caller, place: Workplace, given: Any) -> str:
    email = given.get("email", "").strip().lower()
    if len(email) > EMAIL_LENGTH:
        raise MistypedEmail
    try:
        validate_email(email)
    except ValidationError as error:
        raise MistypedEmail from error
    people.invite_person(caller, place, kind=given.get("kind", ""), email=email, here_only=given.get("where") == "here")
    return gettext("The invitation is on its way. Its link works once, for 7 days.")


def press_send_again(caller: Caller, place: Workplace, given: Any) -> str:
    people.send_again(caller, place, pressed_id(given))
    return gettext("The invitation is on its way. Its link works once, for 7 days.")


def press_withdraw(caller: Caller, place: Workplace, given: Any) -> str:
    people.withdraw_invitation(caller, place, pressed_id(given))
    return gettext("The invitation is withdrawn.")


def press_take_off_member(caller: Caller, place: Workplace, given: Any) -> str:
    people.dismiss_member(caller, place, pressed_id(given), with_devices="devices" in given)
    return gettext("Taken off. Nothing works any more that they had here.")


def press_take_off_driver(caller: Caller, place: Workplace, given: Any) -> str:
    people.dismiss_driver(caller, place, pressed_id(given))
    return gettext("Taken off. Nothing works any more that they had here.")


def press_take_off_dispatcher(caller: Caller, place: Workplace, given: Any) -> str:
    people.dismiss_dispatcher(caller, place, pressed_id(given))
    return gettext("Taken off. Nothing works any more that they had here.")


ACTS: dict[str, Callable[[Caller, Workplace, Any], str]] = {
    "invite": press_invite,
    "send_again": press_send_again,
    "withdraw": press_withdraw,
    "take_off_member": press_take_off_member,
    "take_off_driver": press_take_off_driver,
    "take_off_dispatcher": press_take_off_dispatcher,
}


def pressed_id(given: Any) -> int:
    """The id that a button names; one of nothing where it names none."""
    return read_whole(given.get("id", "")) or 0


def role_in_words(kind: str) -> str:
    return {
        Kind.OWNER: gettext("Owner"),
        Kind.MANAGER: gettext("Manager"),
        Kind.STAFF: gettext("Staff"),
        Kind.COURIER: gettext("Courier"),
        Kind.DRIVER: gettext("Driver"),
        Kind.DISPATCHER: gettext("Dispatcher"),
    }[Kind(kind)]


@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_vendor_people(request: HttpRequest, vendor_id: int) -> HttpResponse:
    """The people of a vendor, with those of all its merchant's vendors."""
    return show_people(request, vendor_id=vendor_id)


@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_company_people(request: HttpRequest, company_id: int) -> HttpResponse:
    """The drivers and dispatchers of a driver company."""
    return show_people(request, company_id=company_id)


def show_people(request: HttpRequest, **where: int) -> HttpResponse:
    """The page; what was pressed on it is done first."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("sign_in"))
    caller = caller_of_user(request.user)
    try:
        place = people.find_workplace(caller, **where)
    except Refusal:
        refused = {
            "title": gettext("These people are not yours to manage"),
            "text": gettext("Ask an owner of the vendor."),
        }
        return show_page(request, "pages/refused.html", refused, status=404)
    act = ACTS.get(request.POST.get("act", "")) if request.method == "POST" else None
    if act is None:
        return show_place(request, caller, place)
    try:
        with transaction.atomic():
            done = act(caller, place, request.POST)
    except MistypedEmail:
        return show_place(request, caller, place, fault=gettext("This is no e-mail address: check it."), status=400)
    except Refusal as refused:
        problem = as_problem(refused)
        return show_place(request, caller, place, fault=told_fault(problem), status=problem.status)
    messages.success(request, done)
    return HttpResponseRedirect(request.path)


def show_place(
    request: HttpRequest, caller: Caller, place: Workplace, *, fault: str = "", status: int = 200
) -> HttpResponse:
    found = people.people_of(place)
    may = {kind for kind in place.kinds if people.may_change(caller, place, kind)}
    working = [
        *(working_row(one.user, one.role, "take_off_member", one.pk, may, member_where(one)) for one in found.members),
        *(
            working_row(one.user, Kind.COURIER if place.vendor else Kind.DRIVER, "take_off_driver", one.pk, may)
            for one in found.drivers
        ),
        *(working_row(one.user, Kind.DISPATCHER, "take_off_dispatcher", one.pk, may) for one in found.dispatchers),
    ]
    shown = {
        "place": place,
        "working": working,
        "invited": [invited_row(row, may) for row in found.invitations],
        "kinds": [(kind.value, role_in_words(kind)) for kind in place.kinds if kind in may],
        "fault": fault,
        # What may do least is chosen at first: an owner is nobody by oversight.
        "typed": request.POST if fault else {"kind": Kind.STAFF.value},
    }
    return show_page(request, "pages/people.html", shown, status=status)


def member_where(member: Member) -> str:
    return gettext("at all vendors") if member.all_vendors else gettext("at this vendor")


def working_row(user: User, kind: str, act: str, pk: int, may: set[Kind], where: str = "") -> dict[str, Any]:
    return {
        "name": user.name or user.shown_email,
        "email": user.shown_email,
        "role": ", ".join(part for part in (role_in_words(kind), where) if part),
        "act": act,
        "id": pk,
        "may": Kind(kind) in may,
    }


def invited_row(row: Invitation, may: set[Kind]) -> dict[str, Any]:
    until = date_format(row.expires_at, "DATETIME_FORMAT")
    told = gettext("until %(time)s") if row.expires_at > timezone.now() else gettext("ended %(time)s")
    return {
        "email": row.email,
        "role": role_in_words(row.kind),
        "until": told % {"time": until},
        "id": row.pk,
        "may": Kind(row.kind) in may,
    }
