"""POST /auth/password-reset and /confirm."""

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ordersite.accounts import services
from ordersite.accounts.models import ApiToken, Mail, SignIn, User
from ordersite.accounts.sign_ins import begin_sign_in
from tracking import mails

OLD, NEW = "a-long-enough-passphrase", "quite-another-passphrase"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ann@example.org", OLD, name="Ann")


@pytest.fixture
def ask(settings: Any) -> Any:
    settings.PASSWORD_RESET_URL = "https://client.example/reset/{uid}/{token}"

    def call(email: str = "Ann@example.org", **headers: str) -> Any:
        answer = APIClient(headers=headers).post("/api/v1/auth/password-reset", {"email": email})
        mails.send_due()
        return answer

    return call


def link() -> tuple[str, str]:
    found = re.search(r"https://client\.example/reset/([^/]+)/(\S+)", str(mail.outbox[-1].body))
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


def test_a_known_and_an_unknown_email_cost_the_same(user: User) -> None:
    """The same statements and the same rows: that is what an answer's time is made of."""
    User.objects.create_user("off@example.org", OLD, is_active=False)
    seen = []
    for email in ("ann@example.org", "nobody@example.org", "off@example.org"):
        with CaptureQueriesContext(connection) as queries:
            assert APIClient().post("/api/v1/auth/password-reset", {"email": email}).status_code == 204
        seen.append([query["sql"].split(" VALUES")[0] for query in queries if "SAVEPOINT" not in query["sql"]])
    assert seen[0] == seen[1] == seen[2]
    assert Mail.objects.count() == 3
    mails.send_due()
    assert [message.to for message in mail.outbox] == [["ann@example.org"]]
    assert list(Mail.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "dropped", "dropped"]


def test_no_link_lies_in_the_database(user: User) -> None:
    APIClient().post("/api/v1/auth/password-reset", {"email": "ann@example.org"})
    row = Mail.objects.get()
    assert (row.kind, row.recipient, row.data) == ("password_reset", "ann@example.org", {})
    mails.send_due()
    row.refresh_from_db()
    assert (row.state, row.data, row.error) == ("sent", {}, "")


def test_a_reset_ends_sign_ins_and_the_api_tokens_that_the_person_made(user: User, ask: Any) -> None:
    other = User.objects.create_user("bob@example.org", OLD)
    mine, theirs = begin_sign_in(user), begin_sign_in(other)
    rows = [
        ApiToken.objects.create(name=name, user=owner, created_by=maker, token_hash=name, hint="")
        for name, owner, maker in (("own", user, user), ("by staff", user, other), ("for bob", other, user))
    ]
    kept = ApiToken.objects.create(name="bob's", user=other, created_by=other, token_hash="bob's", hint="")
    ask()
    assert confirm(*link()).status_code == 204
    assert SignIn.objects.get().user == other
    assert mine.access != theirs.access
    assert set(ApiToken.objects.filter(revoked_at=None)) == {kept}
    assert len(rows) == 3


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


def test_the_mail_is_in_the_language_that_its_reader_chose(user: User, ask: Any) -> None:
    User.objects.filter(pk=user.pk).update(language="nl")
    ask(accept_language="fr")
    assert mail.outbox[-1].subject == "Kies een nieuw wachtwoord"
    assert str(mail.outbox[-1].body).startswith("Open deze link om een nieuw wachtwoord te kiezen:\n\nhttps://client")
