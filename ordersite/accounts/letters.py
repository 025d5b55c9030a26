"""What mails say: a letter is made of parts, of which the plain text and the HTML are both made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import get_language, gettext

from ordersite.accounts.authentication import may_sign_in
from ordersite.accounts.models import Mail, User
from ordersite.accounts.tokens import confirmation_tokens
from ordersite.core.languages import speaking
from ordersite.core.unprinted import one_line


@dataclass(frozen=True, slots=True)
class LetterLink:
    """A sentence that says what a link is for, which stands below it."""

    text: str
    url: str

    @property
    def kind(self) -> str:
        return "link"


@dataclass(frozen=True, slots=True)
class LetterTable:
    """Rows of a text and what stands right of it."""

    rows: Sequence[tuple[str, str]]

    @property
    def kind(self) -> str:
        return "table"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's subject and parts in one language; a part that is text is a paragraph."""

    subject: str
    parts: Sequence[str | LetterLink | LetterTable]
    language: str

    def rendered(self, name: str, footer: LetterLink | None) -> str:
        parts = [{"kind": "text", "text": part} if isinstance(part, str) else part for part in self.parts]
        context = {"letter": self, "parts": parts, "footer": footer}
        return render_to_string(name, context)

    def as_text(self, footer: LetterLink | None = None) -> str:
        return self.rendered("mails/letter.txt", footer)

    def as_html(self, footer: LetterLink | None = None) -> str:
        return self.rendered("mails/letter.html", footer)


@dataclass(frozen=True, slots=True)
class MailWriter:
    """How a kind's letter comes about.

    `find` looks up what a mail says as it is sent: the languages that its reader wishes, the best first, and the facts;
    None where there is nothing to say any more. `compose` makes the letter of the facts, in the language that is
    active. `sample` makes facts to show it with.
    """

    find: Callable[[Mail], tuple[Sequence[str], Any] | None]
    compose: Callable[[Any], Letter]
    sample: Callable[[], Any]

    def write(self, mail: Mail) -> Letter | None:
        found = self.find(mail)
        if found is None:
            return None
        wishes, facts = found
        with speaking(*wishes):
            return self.compose(facts)

    def show_sample(self, language: str) -> Letter:
        with speaking(language):
            return self.compose(self.sample())


def make_letter(subject: str, *parts: str | LetterLink | LetterTable | None) -> Letter:
    """A letter in the language that is active; parts that are missing are left out, and the subject is one line."""
    return Letter(one_line(subject), [part for part in parts if part], get_language() or settings.LANGUAGE_CODE)


def uid_of(user: User) -> str:
    return urlsafe_base64_encode(force_bytes(user.pk))


# --- a new password -----------------------------------------------------------------------------------------------


def find_password_reset(mail: Mail) -> tuple[Sequence[str], str] | None:
    """The link that sets a new password; nothing where nobody may sign in with this e-mail."""
    user = User.objects.filter(email=mail.recipient).first()
    if user is None or not may_sign_in(user):
        return None
    token = default_token_generator.make_token(user)
    return (user.language,), settings.PASSWORD_RESET_URL.format(uid=uid_of(user), token=token)


def compose_password_reset(link: str) -> Letter:
    return make_letter(
        gettext("Set a new password"), LetterLink(gettext("Open this link to set a new password:"), link)
    )


# --- registering --------------------------------------------------------------------------------------------------


def find_registration(mail: Mail) -> tuple[Sequence[str], str] | None:
    """The link that confirms the e-mail; "" where its owner is told that somebody else registered with it."""
    owner = User.objects.filter(email=mail.recipient).first()
    if owner is not None:
        return (owner.language,), ""
    user = User.objects.filter(pk=mail.data["user"], unconfirmed_email=mail.recipient).first()
    if user is None or not may_sign_in(user):
        return None
    token = confirmation_tokens.make_token(user)
    return (user.language,), settings.REGISTER_CONFIRM_URL.format(uid=uid_of(user), token=token)


def compose_registration(link: str) -> Letter:
    if not link:
        return make_letter(
            gettext("You have an account already"),
            gettext("Somebody tried to register with this e-mail address, which already has an account."),
            gettext("If it was you, sign in with your password or set a new one."),
            gettext("If it was not you, you need not do anything: nothing has changed."),
        )
    ask = gettext("Open this link and type the password that you registered with, to confirm your e-mail address:")
    return make_letter(
        gettext("Confirm your e-mail address"),
        LetterLink(ask, link),
        gettext("If you did not register, you need not do anything."),
    )


def without_secrets(link: str) -> str:
    """A link as it is shown to others than its reader."""
    return link.replace("{uid}", "…").replace("{token}", "…")


# --- as an earlier version wrote them -----------------------------------------------------------------------------


def find_written(mail: Mail) -> tuple[Sequence[str], Mapping[str, str]]:
    """A mail whose text was written with it, in whatever language: such as waited when this version was installed."""
    return (), mail.data


def compose_written(data: Mapping[str, str]) -> Letter:
    return make_letter(data["subject"], *data["text"].strip().split("\n\n"))


ACCOUNT_WRITERS: dict[str, MailWriter] = {
    "password_reset": MailWriter(
        find_password_reset, compose_password_reset, lambda: without_secrets(settings.PASSWORD_RESET_URL)
    ),
    "registration": MailWriter(
        find_registration, compose_registration, lambda: without_secrets(settings.REGISTER_CONFIRM_URL)
    ),
}
WRITTEN = MailWriter(find_written, compose_written, dict)
