"""POST /auth/password-reset and /confirm."""

import re
from typing import Any

import pytest
from django.core import mail
from rest_framework.test import APIClient

from ordersite.accounts import services
from ordersite.accounts.models import User

OLD, NEW = "a-long-enough-passphrase", "quite-another-passphrase"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ann@example.org", OLD, name="Ann")


@pytest.fixture
def ask(settings: Any, django_capture_on_commit_callbacks: Any) -> Any:
    settings.PASSWORD_RESET_URL = "https://client.example/reset/{uid}/{token}"

    def call(email: str = "Ann@example.org", **headers: str) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return APIClient(headers=headers).post("/api/v1/auth/password-reset", {"email": email})

    return call


def link() -> tuple[str, str]:
    found = re.search(r"https://client\.example/reset/([^/]+)/(\S+)", mail.outbox[-1].body)
    assert found
    return found[1], found[2]


def confirm(uid: str, token: str, password: str = NEW) -> Any:
    return APIClient().post("/api/v1/auth/password-reset/confirm", {"uid": uid, "token": token, "password": password})


def sign_in(password: str) -> int:
    body = {"email": "ann@example.org", "password": password}
    return APIClient().post("/api/v1/auth/token", body).status_code


def test_the_mailed_link_sets_a_new_password_once(user: User, ask: Any) -> None:
    for _ in range(11):
        sign_in("wrong")
    assert ask().status_code == 204
    assert mail.outbox[0].to == ["ann@example.org"]
    uid, token = link()
    assert confirm(uid, token).status_code == 204
    # The lock of the wrong tries is lifted as well.
    assert (sign_in(NEW), sign_in(OLD)) == (200, 401)
    again = confirm(uid, token, "third-long-passphrase")
    assert again.status_code == 400
    assert again.json()["errors"][0]["pointer"] == "/token"
    assert sign_in(NEW) == 200


def test_an_unknown_email_and_a_closed_account_answer_alike_without_a_mail(user: User, ask: Any) -> None:
    User.objects.create_user("off@example.org", OLD, is_active=False)
    known, unknown, off = ask(), ask("nobody@example.org"), ask("off@example.org")
    assert (known.status_code, unknown.status_code, off.status_code) == (204, 204, 204)
    assert known.content == unknown.content == off.content == b""
    assert [message.to for message in mail.outbox] == [["ann@example.org"]]


def test_one_mailbox_gets_five_mails_an_hour_and_the_answer_does_not_tell(user: User, ask: Any) -> None:
    assert {ask().status_code for _ in range(7)} == {204}
    assert len(mail.outbox) == 5


def test_requests_are_counted_per_address(user: User, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ADDRESS_TRIES", 2)
    assert [ask("nobody@example.org").status_code for _ in range(3)] == [204, 204, 429]


def test_a_mail_server_that_fails_fails_no_request(user: User, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OSError("no route")

    monkeypatch.setattr(services, "send_mail", fail)
    assert ask().status_code == 204


def test_a_weak_password_is_refused_and_the_link_stays_good(user: User, ask: Any) -> None:
    ask()
    uid, token = link()
    refused = confirm(uid, token, "short")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/password"
    assert sign_in(OLD) == 200
    assert confirm(uid, token).status_code == 204


@pytest.mark.parametrize("uid", ["x", "é", "OTk5", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "LTE", "A" * 64])
def test_a_foreign_uid_is_400(user: User, uid: str) -> None:
    assert confirm(uid, "abc-def").status_code == 400
    assert sign_in(OLD) == 200
