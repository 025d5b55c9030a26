"""The worker's part of mails: writes the text of those that are due, sends it, and keeps what came of it.

A mail is sent at least once, by the same Message-ID: a worker that ends between the mail server's answer and the row
has it sent again. While the mail server cannot be reached mails wait as they are, and nobody is to blame but it.
"""

import logging
import smtplib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from orders.reading.letters import write_letter
from ordersite.accounts.letters import Letter, LetterLink
from ordersite.accounts.mail_kinds import KINDS
from ordersite.accounts.mails import choices_link, is_declined
from ordersite.accounts.models import Mail
from ordersite.core.languages import speaking
from ordersite.core.unprinted import one_line
from ordersite.core.work_items import outside_call, work_item

logger = logging.getLogger(__name__)

SERVICE = "mail_server"  # among what is called outside (ordersite.core.metrics)
BATCH = 20
# Renewed before each mail. A worker that ends while it sends one has it sent by another after the lease, maybe twice.
LEASE = timedelta(minutes=5)
FIRST_REST, LONGEST_REST, GIVE_UP = timedelta(seconds=30), timedelta(hours=1), timedelta(days=3)
# Seconds until a mail server that could not be reached is tried again, by this process.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


@dataclass(slots=True)
class ServerPause:
    """Since when, and for how long, this process leaves a mail server alone that it could not reach."""

    until: float = 0.0
    failures: int = 0

    def begin(self) -> float:
        """After a failure; for how many seconds."""
        seconds = min(FIRST_PAUSE * 2 ** min(self.failures, 10), LONGEST_PAUSE)
        self.failures += 1
        self.until = time.monotonic() + seconds
        return seconds

    def end(self) -> None:
        self.until, self.failures = 0.0, 0


PAUSE = ServerPause()


def send_due(limit: int = BATCH) -> int:
    """Sends what is due, each by one worker; how many rows it took, 0 while the mail server cannot be reached."""
    if PAUSE.until > time.monotonic():
        return 0
    mails = take_due(limit)
    if not mails:
        return 0
    server = get_connection()
    try:
        with outside_call(SERVICE):
            server.open()
    except (OSError, smtplib.SMTPException) as error:
        return_mails(mails, failure_words(error))
        logger.warning("the mail server cannot be reached, next in %.0f s: %s", PAUSE.begin(), type(error).__name__)
        return 0
    PAUSE.end()
    try:
        for number, mail in enumerate(mails):
            if renew_lease(mail) and not send_one(mail, server):
                # The server has hung up: what is left is for another connection.
                return_mails(mails[number + 1 :])
                return number + 1
    finally:
        hang_up(server)
    return len(mails)


def hang_up(server: BaseEmailBackend) -> None:
    """Closes the connection; the mails were taken already, whatever the server says to that."""
    try:
        server.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("the mail server closed badly: %s", type(error).__name__)


def take_due(limit: int) -> list[Mail]:
    """The mails that are due, leased to this worker."""
    now = timezone.now()
    with transaction.atomic():
        due = Mail.objects.filter(due_at__lte=now).order_by("due_at", "pk")
        skip = connection.features.has_select_for_update_skip_locked
        mails = list(due.select_for_update(skip_locked=skip, no_key=True)[:limit])
        Mail.objects.filter(pk__in=[mail.pk for mail in mails]).update(due_at=now + LEASE)
    for mail in mails:
        mail.due_at = now + LEASE
    return mails


def leased_row(mail: Mail) -> QuerySet[Mail]:
    """The mail's row as long as its lease is this worker's: another that took it has moved `due_at`."""
    return Mail.objects.filter(pk=mail.pk, due_at=mail.due_at)


def renew_lease(mail: Mail) -> bool:
    """Renews the lease for a try, and counts it; False where another worker has the mail, or has sent it."""
    until = timezone.now() + LEASE
    if not leased_row(mail).update(due_at=until, tries=F("tries") + 1):
        return False
    mail.due_at, mail.tries = until, mail.tries + 1
    return True


def return_mails(mails: Iterable[Mail], error: str = "") -> None:
    """Gives back what was leased and not tried: by its age it is due before what came later, so an order's mails stay
    in their order. What has waited for too long is given up.
    """
    now = timezone.now()
    for mail in mails:
        if error and mail.asked_at <= now - GIVE_UP:
            settle(mail, Mail.State.GIVEN_UP, error)
        else:
            leased_row(mail).update(due_at=mail.asked_at, **({"error": error} if error else {}))


def send_one(mail: Mail, server: BaseEmailBackend) -> bool:
    """The same as send, with its line in the log."""
    kind, _, number = mail.about.partition(":")
    with work_item("mail", order=int(number) if kind == "order" else None, traceparent=mail.traceparent) as item:
        is_usable = send(mail, server)
        item.outcome = mail.state
        return is_usable


def send(mail: Mail, server: BaseEmailBackend) -> bool:
    """Sends one mail and keeps what came of it; False where the connection is of no more use."""
    try:
        is_wanted = not is_declined(mail.kind, mail.recipient)
        letter = write_letter(mail) if is_wanted else None
        message = make_message(mail, letter, server) if letter else None
    except Exception as error:
        logger.exception("mail %d cannot be written", mail.pk)
        put_off(mail, failure_words(error))
        return True
    if message is None:
        settle(mail, Mail.State.DROPPED, "" if is_wanted else "its reader has switched such mails off")
        return True
    try:
        with outside_call(SERVICE, is_refusal=is_final):
            message.send()
    except ValueError as error:
        # No header can be made of it, such as of an address with the end of a line in it.
        settle(mail, Mail.State.BOUNCED, failure_words(error))
    except Exception as error:  # a backend of another service (EMAIL_BACKEND) raises errors of its own
        if is_final(error):
            logger.warning("mail %d is refused for good: %s", mail.pk, type(error).__name__)
            settle(mail, Mail.State.BOUNCED, failure_words(error))
        else:
            logger.warning("mail %d is not taken and tried again: %s", mail.pk, type(error).__name__)
            put_off(mail, failure_words(error))
        return not has_hung_up(error)
    else:
        settle(mail, Mail.State.SENT, "", sent_at=timezone.now())
    return True


def make_message(mail: Mail, letter: Letter, server: BaseEmailBackend) -> EmailMultiAlternatives:
    """The mail as it goes out: plain text and HTML, and how it is switched off where it can be."""
    kind = KINDS.get(mail.kind)
    headers = {
        "Message-ID": f"<{mail.uuid.hex}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
        "Content-Language": letter.language,
    }
    footer = None
    if kind is not None and kind.can_decline:
        url = choices_link(mail.recipient, mail.kind)
        with speaking(letter.language):
            footer = LetterLink(gettext("Choose which of these mails you get:"), url)
        if kind.has_one_click:
            headers["List-Unsubscribe"] = f"<{url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        letter.subject, letter.as_text(footer), to=[mail.recipient], headers=headers, connection=server
    )
    message.attach_alternative(letter.as_html(footer), "text/html")
    return message


def failure_words(error: Exception) -> str:
    """What the mail server answered, or why it did not, on one line."""
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        told = error.strerror if isinstance(error, OSError) else None
        return f"{type(error).__name__}: {told}" if told else type(error).__name__
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return one_line(f"{code} {words}")[:200]


def is_final(error: BaseException) -> bool:
    """Whether the mail server has said that it will never take this mail (5xx).

    Where it refuses our sender, such as of a site that has sent its share for the day, the mail is not to blame.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return True
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def has_hung_up(error: Exception) -> bool:
    """Whether the connection ended with it: it broke, hung, or the server said that it closes (421)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == 421 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == 421
    return not isinstance(error, smtplib.SMTPNotSupportedError)


def settle(mail: Mail, state: str, error: str, **more: object) -> None:
    """Nothing is left to do for the mail, unless somebody has it sent again."""
    mail.state = state
    leased_row(mail).update(state=state, error=error[:200], due_at=None, **more)


def put_off(mail: Mail, error: str) -> None:
    """Waits twice as long as before; gives up GIVE_UP after the mail was written."""
    now = timezone.now()
    if mail.asked_at <= now - GIVE_UP:
        logger.error("mail %d is given up after %d tries", mail.pk, mail.tries)
        settle(mail, Mail.State.GIVEN_UP, error)
        return
    rest = min(FIRST_REST * 2 ** min(mail.tries - 1, 12), LONGEST_REST)
    leased_row(mail).update(due_at=now + rest, error=error[:200])
