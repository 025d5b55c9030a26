"""What mails about working somewhere say."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from ordersite.accounts.letters import Letter, LetterLink, MailWriter, make_letter
from ordersite.accounts.models import Mail, User
from vendors.models import Invitation
from vendors.services.people import invitation_link, standing_invitation

Kind = Invitation.Kind
# By what somebody is invited as.
ASKED = {
    Kind.OWNER: _("You are invited to %(place)s as an owner."),
    Kind.MANAGER: _("You are invited to %(place)s as a manager."),
    Kind.STAFF: _("You are invited to work at %(place)s."),
    Kind.COURIER: _("You are invited to drive for %(place)s."),
    Kind.DRIVER: _("You are invited to drive for %(place)s."),
    Kind.DISPATCHER: _("You are invited to dispatch for %(place)s."),
}


def place_in_words(row: Invitation) -> str:
    return str(row.vendor or row.merchant or row.company)


def asked_in_words(row: Invitation) -> str:
    """What the invited person is asked, in the language that is active."""
    return gettext(ASKED[Kind(row.kind)]) % {"place": place_in_words(row)}


def find_invited(mail: Mail) -> tuple[Sequence[str], Mapping[str, str]] | None:
    """Nothing for one that was used, withdrawn or sent once more since, or whose link would be over."""
    row = standing_invitation(mail.data["invitation"], mail.data["sending"])
    if row is None:
        return None
    reader = User.objects.filter(email=mail.recipient).first()
    wishes = [reader.language if reader else "", row.vendor.language if row.vendor else ""]
    return wishes, {"kind": row.kind, "place": place_in_words(row), "url": invitation_link(row)}


def compose_invitation(told: Mapping[str, str]) -> Letter:
    return make_letter(
        gettext("Invitation to %(place)s") % told,
        gettext(ASKED[Kind(told["kind"])]) % told,
        LetterLink(gettext("Open this link within 7 days to accept:"), told["url"]),
        gettext("If you do not know why you get this, you need not do anything."),
    )


def sample_of_invitation() -> Mapping[str, str]:
    return {"kind": Kind.MANAGER, "place": "Burger Bar", "url": f"{settings.SITE_URL}/invitations/…"}


VENDOR_WRITERS: dict[str, MailWriter] = {
    "invitation": MailWriter(find_invited, compose_invitation, sample_of_invitation),
}
