"""In development: mails go to a file in the place of a mail server, so that links in them can be followed."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

MOST_BYTES = 1_000_000  # of the file, before it begins anew


class EmailBackend(BaseEmailBackend):
    """Appends the plain text of mails to KEPT_MAILS; when that is full, it is kept once as `mails.old.txt`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        path = settings.KEPT_MAILS
        if path.exists() and path.stat().st_size > MOST_BYTES:
            path.replace(path.with_suffix(".old.txt"))
        with path.open("a", encoding="utf-8") as kept:
            for message in email_messages:
                kept.write(as_kept(message))
        return len(email_messages)


def as_kept(message: Any) -> str:
    head = message.message()
    names = ("Date", "To", "Message-ID", "List-Unsubscribe")
    lines = [f"Subject: {message.subject}", *(f"{name}: {head[name]}" for name in names if head[name])]
    return "\n".join([*lines, "", message.body, "=" * 72, ""])
