"""Mails are rows that the worker sends: once, later where the server fails, and not for ever."""

import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from ordersite.accounts import mails
from ordersite.accounts.models import Mail

pytestmark = pytest.mark.django_db
REFUSED = {"ann@example.org": (550, b"no such user")}


def queue(subject: str = "Hello", recipient: str = "ann@example.org") -> None:
    mails.queue_mail("text", recipient, subject=subject, text="A secret link")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    def fail_with(error: Exception, method: str = "send_messages") -> None:
        def fail(*args: Any) -> Any:
            raise error

        monkeypatch.setattr(EmailBackend, method, fail)

    return fail_with


def test_a_mail_is_sent_once_and_forgotten() -> None:
    queue()
    assert "secret" not in Mail.objects.get().sealed
    assert mails.send_due() == 1
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["ann@example.org"], "Hello", "A secret link")
    assert (mails.send_due(), len(mail.outbox), Mail.objects.count()) == (0, 1, 0)


def test_a_subject_is_one_line_whatever_a_name_holds() -> None:
    queue("Pay your order\r\nBcc: all@example.org\x07 at\u2028Bar")
    assert mails.send_due() == 1
    assert [sent.subject for sent in mail.outbox] == ["Pay your order Bcc: all@example.org at Bar"]
    assert Mail.objects.count() == 0


@pytest.mark.parametrize(
    "error",
    [
        OSError("no route"),
        TimeoutError(),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPDataError(451, b"later"),
        smtplib.SMTPRecipientsRefused({"ann@example.org": (450, b"greylisted")}),
        RuntimeError("a bug"),
    ],
)
def test_what_fails_comes_later_and_later_and_is_given_up_after_a_day(failing: Any, error: Exception) -> None:
    queue()
    queue("Second")
    failing(error)
    rests = []
    for _ in range(9):
        assert mails.send_due() == 2
        row = Mail.objects.order_by("pk")[0]
        rests.append(round((row.due_at - timezone.now()).total_seconds()))
        assert mails.send_due() == 0
        Mail.objects.update(due_at=timezone.now())
    assert rests == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    Mail.objects.update(created_at=timezone.now() - timedelta(hours=24))
    mails.send_due()
    assert Mail.objects.count() == 0


def test_a_server_that_cannot_be_reached_is_asked_once_a_round(failing: Any) -> None:
    for number in range(3):
        queue(str(number))
    asked: list[int] = []
    failing(ConnectionRefusedError(), "open")
    assert mails.send_due() == 0
    assert Mail.objects.filter(due_at__gt=timezone.now() + timedelta(seconds=25)).count() == 3
    assert asked == []


@pytest.mark.parametrize(
    "error", [smtplib.SMTPRecipientsRefused(REFUSED), smtplib.SMTPDataError(554, b"spam")], ids=["recipient", "data"]
)
def test_what_is_refused_for_good_is_dropped(failing: Any, error: Exception) -> None:
    queue()
    failing(error)
    assert mails.send_due() == 1
    assert Mail.objects.count() == 0


def test_a_mail_goes_with_its_transaction() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert mails.send_due() == 0


@pytest.mark.parametrize("held", [True, False])
def test_a_slow_worker_sends_nothing_that_another_has_taken_meanwhile(
    held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty mails at 20 seconds each outlast the lease. The control does not look whether it still has the row."""
    for number in range(20):
        queue(str(number))
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
    assert (len(mail.outbox), Mail.objects.count()) == ((20, 0) if held else (25, 0))


@pytest.mark.parametrize("error", [OSError("no route"), RuntimeError("a bug"), smtplib.SMTPDataError(554, b"spam")])
def test_a_worker_that_has_lost_a_mail_neither_puts_it_off_nor_forgets_it(failing: Any, error: Exception) -> None:
    queue()
    [taken] = mails.take_due(1)
    other = timezone.now() + timedelta(minutes=9)
    Mail.objects.update(due_at=other)
    assert mails.renew_lease(taken) is False
    failing(error)
    mails.send(taken, EmailBackend())
    taken.created_at -= timedelta(days=2)
    mails.put_off(taken)
    assert Mail.objects.get().due_at == other


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leased", [True, False])
def test_of_several_workers_each_mail_is_sent_by_one(leased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control takes without a lease: mails are sent twice."""
    for number in range(40):
        queue(str(number))
    begin = threading.Barrier(4)
    if not leased:
        monkeypatch.setattr(mails, "take_due", lambda limit: list(Mail.objects.order_by("pk")[:limit]))
        monkeypatch.setattr(mails, "renew_lease", lambda mail: True)

    def work() -> None:
        try:
            begin.wait(60)
            while mails.send_due(5):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Mail.objects.count() == 0
    subjects = [message.subject for message in mail.outbox]
    assert set(subjects) == {str(number) for number in range(40)}
    assert len(subjects) == 40 if leased else len(subjects) > 40
