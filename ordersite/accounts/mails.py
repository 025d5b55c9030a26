"""Mails as rows: a change writes one in its own transaction, and the worker sends it (tracking.mails).

So no call waits for a mail server. What a mail says is looked up when it is sent: a call does the same whether an
account exists or not.
"""

import json
from collections.abc import Iterable
from urllib.parse import quote

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from ordersite.accounts.mail_kinds import DECLINABLE, known_declinable
from ordersite.accounts.models import DeclinedMail, Mail, User
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Conflict

# Mails in an hour that one network address has sent: of a kind to a recipient, and of all kinds.
PAIR_MAILS, ADDRESS_MAILS = 5, 30
# Of a kind to a recipient by all addresses: more than one address can use up.
RECIPIENT_MAILS = 15


def queue_mail(kind: str, recipient: str, *, about: str = "", **data: object) -> None:
    """Has a mail of one of mail_kinds.KINDS sent after the transaction; `data` is what its writer needs, as JSON."""
    Mail.objects.create(kind=kind, recipient=recipient, about=about, data=data)


def count_mail(kind: str, recipient: str, address: str) -> None:
    """Counts a mail that somebody at a network address ("" for staff's doors) has sent to a recipient.

    Raises Throttled where there were too many of the kind. Staff's are counted apart from strangers'.
    """
    recipient = recipient.lower()
    if not address:
        count_attempt(f"mail-staff-{kind}", recipient, limit=PAIR_MAILS, window=HOUR)
        return
    count_attempt(f"mail-pair-{kind}", f"{address} {recipient}", limit=PAIR_MAILS, window=HOUR)
    count_attempt("mail-address", address, limit=ADDRESS_MAILS, window=HOUR)
    count_attempt(f"mail-{kind}", recipient, limit=RECIPIENT_MAILS, window=HOUR)


def resend_mail(mail_id: int) -> bool:
    """Has a mail sent again, by the same Message-ID; False for one that waits to be sent, or is gone."""
    rows = Mail.objects.filter(pk=mail_id, due_at__isnull=True)
    now = timezone.now()
    return bool(rows.update(state=Mail.State.WAITING, error="", tries=0, due_at=now, asked_at=now))


# --- switched off ---------------------------------------------------------------------------------------------------


def declined_kinds(email: str) -> list[str]:
    """The kinds of mails that an address does not want."""
    rows = DeclinedMail.objects.filter(email=email.lower())
    return known_declinable(rows.values_list("kind", flat=True))


def is_declined(kind: str, email: str) -> bool:
    """Whether an address does not want mails of a kind."""
    return kind in DECLINABLE and DeclinedMail.objects.filter(email=email.lower(), kind=kind).exists()


def leave_out_declined(mails: QuerySet[Mail]) -> QuerySet[Mail]:
    """Those of the mails whose readers want such, all of kinds that can be switched off."""
    unwanted = DeclinedMail.objects.filter(email=Lower(OuterRef("recipient")), kind=OuterRef("kind"))
    return mails.filter(~Exists(unwanted))


def decline_mails(email: str, kinds: Iterable[str]) -> list[str]:
    """Has an address get no mails of these kinds, and those of all others; the kinds, in the order of the table."""
    email, declined = email.lower(), known_declinable(kinds)
    with transaction.atomic():
        DeclinedMail.objects.filter(~Q(kind__in=declined), email=email).delete()
        rows = [DeclinedMail(email=email, kind=kind) for kind in declined]
        DeclinedMail.objects.bulk_create(rows, ignore_conflicts=True)
    return declined


def decline_mails_of(user: User, kinds: Iterable[str]) -> list[str]:
    """The same for a user's own address; raises Conflict while it has not shown that the address is its own."""
    if not user.is_confirmed:
        raise Conflict(FaultCode.EMAIL_NOT_CONFIRMED)
    return decline_mails(user.email, kinds)


def decline_one(email: str, kind: str) -> None:
    """Has an address get no mails of one kind that can be switched off."""
    for name in known_declinable([kind]):
        DeclinedMail.objects.get_or_create(email=email.lower(), kind=name)


# --- the link that switches them off --------------------------------------------------------------------------------


def choices_link(email: str, kind: str) -> str:
    """The page of an address's mails, which names the kind of the mail that it stands in.

    Nobody can make one but the site, and it does not show the address. It does not lapse.
    """
    token = encrypt(json.dumps([email.lower(), kind]))
    return f"{settings.SITE_URL}/mails/{quote(token)}"


def read_choices_token(token: str) -> tuple[str, str] | None:
    """The address and the kind of a link's token; None for one that the site has not made."""
    try:
        email, kind = json.loads(decrypt(token))
    except (InvalidToken, ValueError, TypeError):
        return None
    # An invitation's is sealed alike, and has numbers.
    return (email, kind) if isinstance(email, str) and isinstance(kind, str) else None
