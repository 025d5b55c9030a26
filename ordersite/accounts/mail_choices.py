"""The page that a link in a mail leads to: which mails its address gets. It needs no sign-in: guests have mails too."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ordersite.accounts.mail_kinds import DECLINABLE, KINDS
from ordersite.accounts.mails import decline_mails, decline_one, declined_kinds, read_choices_token
from ordersite.web.pages import page_view, show_page

# The address of the page lets whoever has it switch mails off.
HEADERS = {"Referrer-Policy": "no-referrer"}


@csrf_exempt  # the token is what lets somebody in; mailbox providers post without a page before it
@page_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_mail_choices(request: HttpRequest, token: str) -> HttpResponse:
    """Shows what the address gets, and changes it. Looking at it changes nothing: programs follow links too.

    A mailbox provider's one click (RFC 8058) posts `List-Unsubscribe=One-Click`, and ends the kind of the mail.
    """
    found = read_choices_token(token)
    if found is None:
        text = {
            "title": gettext("There is no such page"),
            "text": gettext("The link is wrong. Open it from the mail once more."),
        }
        return show_page(request, "pages/unfollowed.html", text, status=404, headers=HEADERS)
    email, kind = found
    offered = kinds_beside(kind)
    if request.method == "POST":
        if request.POST.get("List-Unsubscribe") != "One-Click":
            keep_choices(email, offered, request.POST.getlist("wanted"))
            return HttpResponseRedirect(f"{request.path}?saved", headers=HEADERS)
        decline_one(email, kind)
    declined = declined_kinds(email)
    shown = {
        "kinds": [
            {"name": name, "title": gettext(KINDS[name].title), "is_wanted": name not in declined} for name in offered
        ],
        "is_saved": "saved" in request.GET or request.method == "POST",
    }
    return show_page(request, "pages/mail_choices.html", shown, headers=HEADERS)


def kinds_beside(kind: str) -> list[str]:
    """The kinds that can be switched off and go to the same people as this one."""
    of = KINDS.get(kind)
    return [name for name in DECLINABLE if of is None or KINDS[name].is_for_business == of.is_for_business]


def keep_choices(email: str, offered: list[str], wanted: list[str]) -> None:
    """Has an address get those that are wanted of the kinds that were offered; other kinds stay as they are."""
    others = [name for name in declined_kinds(email) if name not in offered]
    decline_mails(email, [*others, *(name for name in offered if name not in wanted)])
