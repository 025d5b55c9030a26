"""E-mails: a call writes a row in its own transaction, and the worker sends it. So no call waits for a mail server.

What a mail says about an account is looked up when it is sent: a call does the same whether the account exists or not.
"""

import json
import logging
import smtplib
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from ordersite.accounts.authentication import may_sign_in
from ordersite.accounts.models import Mail, User
from ordersite.accounts.tokens import confirmation_tokens
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.languages import speaking
from ordersite.core.unprinted import one_line

logger = logging.getLogger(__name__)

BATCH = 20
# Mails in an hour that one network address has sent: of a kind to a recipient, and of all kinds.
PAIR_MAILS, ADDRESS_MAILS = 5, 30
# Of a kind to a recipient by all addresses: more than one address can use up.
RECIPIENT_MAILS = 15
# Renewed before each mail. A worker that ends while it sends one has it sent by another after the lease, maybe twice.
LEASE = timedelta(minutes=5)
FIRST_REST, LONGEST_REST, GIVE_UP = timedelta(seconds=30), timedelta(hours=1), timedelta(hours=24)

Letter = tuple[str, str]  # subject and text


def queue_mail(kind: str, recipient: str, **parameters: str) -> None:
    """Has a mail of one of WRITERS' kinds sent after the transaction; its parameters are kept encrypted till then."""
    Mail.objects.create(kind=kind, recipient=recipient, sealed=encrypt(json.dumps(parameters)))


def paragraphs(*texts: str) -> str:
    return "\n\n".join(texts) + "\n"


def write_text(recipient: str, subject: str, text: str) -> Letter:
    return subject, text


def write_password_reset(recipient: str) -> Letter | None:
    """The link that sets a new password; nothing where nobody may sign in with this e-mail."""
    user = User.objects.filter(email=recipient).first()
    if user is None or not may_sign_in(user):
        return None
    link = settings.PASSWORD_RESET_URL.format(uid=uid_of(user), token=default_token_generator.make_token(user))
    with speaking(user.language):
        return gettext("Set a new password"), paragraphs(gettext("Open this link to set a new password:"), link)


def write_registration(recipient: str, user: str) -> Letter | None:
    """The link that confirms the e-mail, or word to its owner that somebody else registered with it."""
    owner = User.objects.filter(email=recipient).first()
    if owner is not None:
        with speaking(owner.language):
            text = paragraphs(
                gettext("Somebody tried to register with this e-mail address, which already has an account."),
                gettext("If it was you, sign in with your password or set a new one."),
                gettext("If it was not you, you need not do anything: nothing has changed."),
            )
            return gettext("You have an account already"), text
    registered = User.objects.filter(pk=user, unconfirmed_email=recipient).first()
    if registered is None or not may_sign_in(registered):
        return None
    token = confirmation_tokens.make_token(registered)
    link = settings.REGISTER_CONFIRM_URL.format(uid=uid_of(registered), token=token)
    with speaking(registered.language):
        text = paragraphs(
            gettext("Open this link and type the password that you registered with, to confirm your e-mail address:"),
            link,
            gettext("If you did not register, you need not do anything."),
        )
        return gettext("Confirm your e-mail address"), text


WRITERS: dict[str, Callable[..., Letter | None]] = {
    "text": write_text,
    "password_reset": write_password_reset,
    "registration": write_registration,
}


def uid_of(user: User) -> str:
    return urlsafe_base64_encode(force_bytes(user.pk))


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


def send_due(limit: int = BATCH) -> int:
    """Sends what is due, each by one worker; how many rows it took, 0 while the mail server cannot be reached."""
    mails = take_due(limit)
    if not mails:
        return 0
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("the mail server cannot be reached: %s", type(error).__name__)
        for mail in mails:
            put_off(mail)
        return 0
    try:
        for mail in mails:
            if renew_lease(mail):
                send(mail, server)
    finally:
        server.close()
    return len(mails)


def take_due(limit: int) -> list[Mail]:
    """The mails that are due, leased to this worker."""
    now = timezone.now()
    with transaction.atomic():
        due = Mail.objects.filter(due_at__lte=now).order_by("due_at", "pk")
        mails = list(due.select_for_update(skip_locked=True)[:limit])
        Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(due_at=now + LEASE, tries=F("tries") + 1)
    for mail in mails:
        mail.due_at = now + LEASE
    return mails


def leased_row(mail: Mail) -> QuerySet[Mail]:
    """The mail's row as long as its lease is this worker's: another that took it has moved `due_at`."""
    return Mail.objects.filter(pk=mail.pk, due_at=mail.due_at)


def renew_lease(mail: Mail) -> bool:
    """Renews the lease for the time of sending; False where another worker has the mail, or has sent it."""
    until = timezone.now() + LEASE
    if not leased_row(mail).update(due_at=until):
        return False
    mail.due_at = until
    return True


def send(mail: Mail, server: BaseEmailBackend) -> None:
    """Sends one mail and forgets it; puts off one that failed, and drops one that can never be sent."""
    try:
        letter = WRITERS[mail.kind](mail.recipient, **json.loads(decrypt(mail.sealed)))
        if letter is not None:
            subject, text = letter
            EmailMessage(one_line(subject), text, to=[mail.recipient], connection=server).send()
    except (OSError, smtplib.SMTPException) as error:
        if not is_final(error):
            logger.warning("mail %d is not taken and tried again: %s", mail.pk, type(error).__name__)
            put_off(mail)
            return
        logger.warning("mail %d is refused for good: %s", mail.pk, type(error).__name__)
    except Exception:
        logger.exception("mail %d cannot be written", mail.pk)
        put_off(mail)
        return
    leased_row(mail).delete()


def is_final(error: Exception) -> bool:
    """Whether the mail server has said that it will never take this mail (5xx)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError) and error.smtp_code >= 500


def put_off(mail: Mail) -> None:
    """Waits twice as long as before; gives up a day after the mail was written."""
    now = timezone.now()
    if mail.created_at <= now - GIVE_UP:
        logger.error("mail %d is given up after %d tries", mail.pk, mail.tries + 1)
        leased_row(mail).delete()
        return
    leased_row(mail).update(due_at=now + min(FIRST_REST * 2 ** min(mail.tries, 12), LONGEST_REST))
