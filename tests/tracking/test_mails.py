"""Mails are rows that the worker sends: at least once, later where the server fails, and not for ever."""

import smtplib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orders.services.outgoing.deliveries import pass_on
from ordersite.accounts.letters import LetterLink, make_letter
from ordersite.accounts.mails import queue_mail, resend_mail
from ordersite.accounts.models import Mail
from tests.cast import Cast
from tests.orders.shopping import cart, place_order
from tests.promises.crowd import together
from tests.tracking.mail_server import MailServer, mail_server
from tracking import mails, retention

pytestmark = pytest.mark.django_db
REFUSED = {"ann@example.org": (550, b"no such user")}


def queue(number: int = 1, recipient: str = "ann@example.org", text: str = "A secret link") -> None:
    queue_mail("text", recipient, about=f"order:{number}", subject=f"Hello {number}", text=text)
    now = timezone.now()  # a test's clock
    Mail.objects.filter(pk=Mail.objects.latest("pk").pk).update(created_at=now, asked_at=now, due_at=now)


def states() -> list[tuple[str, str]]:
    return list(Mail.objects.order_by("pk").values_list("state", "error"))


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    def fail_with(error: Exception, method: str = "send_messages") -> None:
        def fail(*args: Any) -> Any:
            raise error

        monkeypatch.setattr(EmailBackend, method, fail)

    return fail_with


# --- once ---------------------------------------------------------------------------------------------------------


def test_a_mail_is_sent_once_and_kept_with_what_came_of_it(clock: Any) -> None:
    queue()
    assert mails.send_due() == 1
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["ann@example.org"], "Hello 1", "A secret link\n")
    row = Mail.objects.get()
    assert (row.state, row.error, row.tries, row.due_at, row.sent_at) == ("sent", "", 1, None, clock.now)
    assert (mails.send_due(), len(mail.outbox)) == (0, 1)


def test_it_is_plain_text_and_html_and_can_be_told_again(server: MailServer) -> None:
    queue(text="First <b>\n\nSecond")
    assert mails.send_due() == 1
    assert resend_mail(Mail.objects.get().pk)
    assert not resend_mail(Mail.objects.get().pk)  # it waits
    assert mails.send_due() == 1
    first, again = (taken.message for taken in server.taken)
    assert first["Message-ID"] == again["Message-ID"] == f"<{Mail.objects.get().uuid.hex}@127.0.0.1>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in first.iter_parts())
    assert text.split() == ["First", "<b>", "Second"]
    assert "<p>First &lt;b&gt;</p>" in html
    assert not any(word in html for word in ("<img", "src=", "url(", "<link", "<script"))
    assert Mail.objects.get().state == "sent"


def test_a_mail_goes_with_its_transaction() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert mails.send_due() == 0


# --- the mail server fails ----------------------------------------------------------------------------------------


def test_a_server_that_is_down_loses_nothing_and_blames_nobody(server: MailServer, clock: Any) -> None:
    """Nothing of a try is counted, and what waits goes at once when it is back."""
    server.kill()
    for number in range(25):
        queue(number)
    assert [mails.send_due() for _ in range(5)] == [0] * 5
    assert set(Mail.objects.values_list("state", "tries", "due_at")) == {("waiting", 0, clock.now)}
    assert set(Mail.objects.values_list("error", flat=True)) == {"", "ConnectionRefusedError: Connection refused"}
    assert mails.PAUSE.failures == 1  # it was asked once, and left alone meanwhile
    server.start()
    mails.PAUSE.until = 0.0
    assert [mails.send_due() for _ in range(3)] == [20, 5, 0]
    assert len({taken.message["Message-ID"] for taken in server.taken}) == 25
    assert states() == [("sent", "")] * 25
    assert mails.PAUSE.failures == 0


def test_what_waited_for_the_server_comes_in_its_order(server: MailServer, clock: Any) -> None:
    """More than are taken at once: those that were taken while it was down stay before those that came later."""
    server.kill()
    for number in range(mails.BATCH + 2):
        queue(number)
        clock.now += timedelta(seconds=1)
    assert mails.send_due() == 0
    server.start()
    mails.PAUSE.end()
    assert [mails.send_due(), mails.send_due()] == [mails.BATCH, 2]
    assert [taken.message["Subject"] for taken in server.taken] == [f"Hello {n}" for n in range(mails.BATCH + 2)]


def test_pauses_grow_to_a_minute() -> None:
    assert [mails.PAUSE.begin() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_waited_for_three_days_is_given_up_and_can_be_sent_again(server: MailServer, clock: Any) -> None:
    queue()
    server.kill()
    clock.now += timedelta(days=3)
    queue(2)
    assert mails.send_due() == 0
    unreachable = "ConnectionRefusedError: Connection refused"
    assert states() == [("given_up", unreachable), ("waiting", unreachable)]
    assert resend_mail(Mail.objects.earliest("pk").pk)
    server.start()
    mails.PAUSE.end()
    assert mails.send_due() == 2
    assert states() == [("sent", "")] * 2


def test_a_server_that_hangs_delays_no_call_and_loses_nothing(
    cast: Cast, api: Any, server: MailServer, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    released = threading.Event()
    server.answer = lambda command, argument: "220 here" if released.wait(9) else None
    place_order(api(cast.customer), cart(cast))
    pass_on()
    assert (server.connections, Mail.objects.get().state) == ([], "waiting")  # nothing has asked it
    assert mails.send_due() == 0
    assert states() == [("waiting", "SMTPServerDisconnected")]  # as the library calls it
    released.set()
    server.answer = lambda command, argument: None
    mails.PAUSE.end()
    assert (mails.send_due(), states()) == (1, [("sent", "")])


@pytest.mark.parametrize("where", ["CONNECT", "EHLO", "MAIL", "DATA"])
def test_a_server_that_cuts_connections_loses_nothing(server: MailServer, where: str, clock: Any) -> None:
    for number in range(3):
        queue(number)
    server.answer = lambda command, argument: "" if command in (where, "HELO") else None
    mails.send_due()
    assert Mail.objects.filter(state="waiting").count() == 3
    server.answer = lambda command, argument: None
    mails.PAUSE.end()
    clock.now += timedelta(minutes=1)
    assert mails.send_due() == 3
    assert states() == [("sent", "")] * 3
    assert len(server.taken) == 3


def test_where_the_answer_is_lost_it_comes_again_by_the_same_id(server: MailServer, clock: Any) -> None:
    queue()
    server.answer = lambda command, argument: "" if command == "TAKEN" else None
    assert mails.send_due() == 1
    server.answer = lambda command, argument: None
    clock.now += timedelta(minutes=1)
    assert mails.send_due() == 1
    first, again = server.taken
    assert first.message["Message-ID"] == again.message["Message-ID"]


def test_of_several_the_one_that_is_refused_for_good_bounces(server: MailServer, clock: Any) -> None:
    for number, name in enumerate(("ann", "bob", "cleo")):
        queue(number, f"{name}@example.org")
    server.answer = lambda command, argument: (
        "550 5.1.1 no mailbox here" if (command, argument) == ("RCPT", "bob@example.org") else None
    )
    assert mails.send_due() == 3
    assert states() == [("sent", ""), ("bounced", "550 5.1.1 no mailbox here"), ("sent", "")]
    clock.now += timedelta(days=1)
    assert (mails.send_due(), len(server.taken)) == (0, 2)


def test_what_is_refused_for_now_comes_later_and_later_and_is_given_up(server: MailServer, clock: Any) -> None:
    queue()
    server.answer = lambda command, argument: "450 4.2.0 greylisted" if command == "RCPT" else None
    rests = []
    for _ in range(9):
        assert mails.send_due() == 1
        row = Mail.objects.get()
        assert (row.state, row.error) == ("waiting", "450 4.2.0 greylisted")
        assert row.due_at is not None
        rests.append((row.due_at - clock.now).total_seconds())
        assert mails.send_due() == 0
        clock.now = row.due_at
    assert rests == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    clock.now += timedelta(days=3)
    assert mails.send_due() == 1
    assert states() == [("given_up", "450 4.2.0 greylisted")]
    assert server.taken == []


@pytest.mark.parametrize(
    "error",
    [
        OSError("no route"),
        TimeoutError(),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPDataError(421, b"closing"),
        smtplib.SMTPRecipientsRefused({"ann@example.org": (421, b"closing")}),
        RuntimeError("of another service's backend"),
    ],
)
def test_a_broken_connection_is_the_fault_of_one_mail_at_most(failing: Any, error: Exception) -> None:
    for number in range(3):
        queue(number)
    failing(error)
    assert mails.send_due() == 1
    assert list(Mail.objects.order_by("pk").values_list("tries", flat=True)) == [1, 0, 0]
    assert Mail.objects.filter(state="waiting", due_at__lte=timezone.now()).count() == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (smtplib.SMTPRecipientsRefused(REFUSED), "550 no such user"),
        (smtplib.SMTPDataError(554, b"spam\r\n\x07\xff"), "554 spam �"),
        (smtplib.SMTPNotSupportedError("SMTPUTF8"), "SMTPNotSupportedError: SMTPUTF8"),
    ],
)
def test_what_is_refused_for_good_bounces(failing: Any, error: Exception, told: str) -> None:
    queue()
    failing(error)
    assert mails.send_due() == 1
    assert states() == [("bounced", told.partition(": SMTPUTF8")[0])]


@pytest.mark.parametrize("code", [450, 530, 550])
def test_where_our_sender_is_refused_no_mail_is_to_blame(server: MailServer, clock: Any, code: int) -> None:
    """Such as of a site that has sent its share for the day, or is set up wrongly: nothing is lost by it."""
    for number in range(3):
        queue(number)
    server.answer = lambda command, argument: f"{code} 5.4.5 daily limit" if command == "MAIL" else None
    assert mails.send_due() == 3
    assert states() == [("waiting", f"{code} 5.4.5 daily limit")] * 3
    server.answer = lambda command, argument: None
    clock.now += timedelta(seconds=30)
    assert (mails.send_due(), states()) == (3, [("sent", "")] * 3)


@pytest.mark.parametrize("part", ["write_letter", "make_message", "is_declined"])
def test_a_mail_that_cannot_be_made_is_tried_again_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, clock: Any, part: str
) -> None:
    queue(1)
    queue(2)
    real, asked = getattr(mails, part), []

    def fail_at_first(*args: Any) -> Any:
        asked.append(args)
        return real(*args) if len(asked) > 1 else 1 // 0

    monkeypatch.setattr(mails, part, fail_at_first)
    assert mails.send_due() == 2
    assert states() == [("waiting", "ZeroDivisionError"), ("sent", "")]
    clock.now += timedelta(seconds=30)
    assert (mails.send_due(), states()) == (1, [("sent", "")] * 2)


# --- headers ------------------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=25)
@given(
    subject=st.text(min_size=1, max_size=60),
    recipient=st.sampled_from(
        ["ann@example.org\r\nBcc: all@example.org", "ann@example.org\n", "a@b\x00.org", "ann@exämple.org", "plain"]
    ),
)
def test_no_header_is_injected(subject: str, recipient: str) -> None:
    """Whatever a name or subject holds, a mail has the headers that it shall have, to one recipient; or is not sent."""
    hostile = f"{subject}\r\nBcc: all@example.org\r\n\r\nbody"
    row = Mail(kind="order_label", recipient=recipient)
    letter = make_letter(hostile, hostile, LetterLink(hostile, "https://example.org/"))
    try:
        message = mails.make_message(row, letter, EmailBackend()).message()
    except ValueError:
        return
    names = [name.lower() for name in message]
    wanted = "subject from to date message-id auto-submitted content-language list-unsubscribe list-unsubscribe-post"
    assert sorted(names) == sorted([*wanted.split(), "content-type", "mime-version"])
    assert "\n" not in str(message["Subject"]).replace("\n ", "")
    assert b"\nBcc:" not in message.as_bytes().partition(b"\n\n")[0]


def test_an_address_that_makes_no_header_bounces(failing: Any) -> None:
    queue(recipient="ann@example.org\nBcc: all@example.org")
    assert mails.send_due() == 1
    [(state, error)] = states()
    assert (state, error, mail.outbox) == ("bounced", "BadHeaderError", [])


def test_a_subject_is_one_line_whatever_a_name_holds() -> None:
    queue_mail("text", "ann@example.org", subject="Pay\r\nBcc: all@example.org\x07 at\u2028Bar", text="x")
    assert mails.send_due() == 1
    assert [sent.subject for sent in mail.outbox] == ["Pay Bcc: all@example.org at Bar"]


# --- kept for a time ----------------------------------------------------------------------------------------------


def test_what_is_settled_goes_after_a_time_and_what_waits_stays(settings: Any, clock: Any) -> None:
    settings.KEEP_MAILS = timedelta(days=9)
    for number in range(2):
        queue(number)
    mails.send_due(1)
    clock.now += timedelta(days=9)
    assert retention.prune_mails() == 0
    clock.now += timedelta(seconds=1)
    assert (retention.prune_mails(), Mail.objects.get().state) == (1, "waiting")


# --- several workers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [True, False])
def test_a_slow_worker_sends_nothing_that_another_has_taken_meanwhile(
    held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty mails at 20 seconds each outlast the lease. The control does not look whether it still has the row."""
    for number in range(20):
        queue(number)
    clock = [timezone.now() + timedelta(seconds=1)]
    seconds: list[int] = [0]
    others: list[Any] = []
    real = EmailBackend.send_messages

    def send_slowly(self: EmailBackend, messages: Any) -> int:
        seconds[0] += 20 if not others else 0
        if seconds[0] > 300 and not others:
            others.append(True)
            others.append(mails.send_due())
        return int(real(self, messages))

    monkeypatch.setattr(EmailBackend, "send_messages", send_slowly)
    monkeypatch.setattr(timezone, "now", lambda: clock[0] + timedelta(seconds=seconds[0]))
    if not held:
        monkeypatch.setattr(mails, "renew_lease", lambda mail: True)
    mails.send_due()
    # The other has taken all that was left but the one that was under way.
    assert others == [True, 4 if held else 5]
    assert (len(mail.outbox), Mail.objects.exclude(state="sent").count()) == ((20, 0) if held else (25, 0))


@pytest.mark.parametrize("error", [OSError("no route"), RuntimeError("a bug"), smtplib.SMTPDataError(554, b"spam")])
def test_a_worker_that_has_lost_a_mail_neither_puts_it_off_nor_settles_it(failing: Any, error: Exception) -> None:
    queue()
    [taken] = mails.take_due(1)
    other = timezone.now() + timedelta(minutes=9)
    Mail.objects.update(due_at=other)
    assert mails.renew_lease(taken) is False
    failing(error)
    mails.put_off(taken, "late")
    mails.settle(taken, Mail.State.SENT, "")
    mails.return_mails([taken])
    taken.asked_at -= timedelta(days=9)
    mails.put_off(taken, "late")
    mails.return_mails([taken], "late")
    row = Mail.objects.get()
    assert (row.state, row.error, row.due_at) == ("waiting", "", other)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leased", [True, False])
def test_of_several_workers_each_mail_is_sent_by_one(leased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control takes without a lease: mails are sent twice."""
    for number in range(40):
        queue(number)
    if not leased:
        waiting = Mail.objects.filter(state="waiting").order_by("pk")
        monkeypatch.setattr(mails, "take_due", lambda limit: list(waiting.all()[:limit]))
        monkeypatch.setattr(mails, "renew_lease", lambda mail: True)

    def work() -> None:
        while mails.send_due(5):
            pass

    together([work] * 4)
    assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
    subjects = [message.subject for message in mail.outbox]
    assert set(subjects) == {f"Hello {number}" for number in range(40)}
    assert len(subjects) == 40 if leased else len(subjects) > 40
