"""POST /auth/register."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Account
from ordersite.accounts import registration
from ordersite.accounts.models import Address, ApiToken, Customer, Mail, User
from ordersite.core.models import IdempotencyKey
from tests.cast import Cast
from tests.promises.crowd import together
from tests.tracking.live import make_order
from tracking import mails, retention

BODY = {"email": "New@Example.org", "password": "a-long-enough-passphrase", "name": "Nele", "phone": "+32 470 12 34 56"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]


def register(client: APIClient | None = None, **changes: Any) -> Any:
    return (client or APIClient()).post("/api/v1/auth/register", {**BODY, **changes})


def me(access: str) -> Any:
    return APIClient(headers={"Authorization": f"Bearer {access}"}).get("/api/v1/me")


def sign_in(email: str, password: str = BODY["password"]) -> int:
    return APIClient().post("/api/v1/auth/token", {"email": email, "password": password}).status_code


def mailed_link() -> tuple[str, str]:
    mails.send_due()
    found = re.search(r"http://127.0.0.1:8000/register/([^/]+)/(\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1], found[2]


def confirm(uid: str, token: str, password: str = BODY["password"]) -> Any:
    return APIClient().post("/api/v1/auth/register/confirm", {"uid": uid, "token": token, "password": password})


def test_registers_a_user_with_its_customer_signed_in() -> None:
    response = register()
    assert response.status_code == 201
    user, customer = User.objects.get(), Customer.objects.get()
    data = dict(response.json())
    access = data.pop("access")
    assert data.pop("refresh")
    assert data == {
        "id": user.pk,
        "uuid": str(user.uuid),
        "email": "new@example.org",
        "email_confirmed": False,
        "name": "Nele",
        "phone": "+32470123456",
        "is_staff": False,
        "customer": {"id": customer.pk, "uuid": str(customer.uuid)},
    }
    assert (customer.user, customer.name, customer.email, customer.phone) == (
        user,
        "Nele",
        "new@example.org",
        user.phone,
    )
    assert me(access).json() == {**data, "merchants": [], "declined_mails": []}


def test_name_and_phone_may_be_left_out() -> None:
    response = APIClient().post("/api/v1/auth/register", {"email": "a@example.org", "password": BODY["password"]})
    assert (response.status_code, response.data["name"], response.data["phone"]) == (201, "", "")


def test_an_email_that_has_an_account_answers_as_one_that_has_none() -> None:
    """The same answer, statements and rows; the owner is told, and whoever registered opens nothing of his."""
    owner = User.objects.create_user("new@example.org", "the-owner's-own-passphrase", name="Owner")
    seen = []
    for email in ("NEW@example.org", "unknown@example.org"):
        with CaptureQueriesContext(connection) as queries:
            response = register(email=email)
        texts = [query["sql"].split(" VALUES")[0] for query in queries if "SAVEPOINT" not in query["sql"]]
        statements = [re.sub(r"= \d+", "= n", text) for text in texts]
        body = response.json()
        shape = {name: type(value) for name, value in body.items()}
        seen.append((response.status_code, shape, body["email_confirmed"], statements, sorted(response.headers)))
        assert body["email"] == email.lower()
    assert seen[0] == seen[1]
    assert seen[0][0] == 201
    stranger = User.objects.get(unconfirmed_email="new@example.org")
    assert stranger.pk != owner.pk
    assert stranger.customer != getattr(owner, "customer", None)
    assert [sign_in("new@example.org", word) for word in (BODY["password"], "the-owner's-own-passphrase")] == [401, 200]
    mails.send_due()
    subjects = [message.subject for message in mail.outbox]
    assert subjects == ["You have an account already", "Confirm your e-mail address"]
    assert "http" not in mail.outbox[0].body
    assert mail.outbox[0].to == ["new@example.org"]


def test_what_was_registered_opens_nothing_elsewhere_before_it_is_confirmed() -> None:
    body = register().json()
    assert body["email_confirmed"] is False
    user = User.objects.get()
    assert [sign_in(email) for email in ("new@example.org", user.email)] == [401, 401]
    assert Client().login(email=user.email, password=BODY["password"]) is False
    APIClient().post("/api/v1/auth/password-reset", {"email": "new@example.org"})
    mails.send_due()
    assert [message.subject for message in mail.outbox] == ["Confirm your e-mail address"]
    # Here it works on, and renews itself.
    renewed = APIClient().post("/api/v1/auth/token/refresh", {"refresh": body["refresh"]})
    assert renewed.status_code == 200
    assert me(renewed.data["access"]).status_code == 200


def test_the_mailed_link_and_the_password_confirm_the_email_once_and_sign_in() -> None:
    first = register().json()
    link = mailed_link()
    answer = confirm(*link)
    assert answer.status_code == 200
    data = answer.json()
    assert (data["email"], data["email_confirmed"], data["id"]) == ("new@example.org", True, first["id"])
    assert me(data["access"]).status_code == 200
    assert me(first["access"]).json()["email_confirmed"] is True
    assert sign_in("new@example.org") == 200
    user = User.objects.get()
    assert (user.email, user.unconfirmed_email) == ("new@example.org", "")
    again = confirm(*link)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (400, "/token")


def test_whoever_has_the_mail_but_not_the_password_confirms_nothing() -> None:
    """A stranger's registration does not become an account of the mailbox's owner by a click on its link."""
    register()
    uid, token = mailed_link()
    refused = confirm(uid, token, "another-long-passphrase")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/password")
    assert User.objects.get().is_confirmed is False
    for wrong_uid, wrong_token in (("x", token), (uid, "x-y"), (uid, token[:-1]), ("OTk5", token)):
        assert confirm(wrong_uid, wrong_token).json()["errors"][0]["pointer"] == "/token"
    User.objects.update(is_active=False)
    assert confirm(uid, token).status_code == 400
    User.objects.update(is_active=True)
    assert confirm(uid, token).status_code == 200


def test_of_two_registrations_of_one_email_the_first_to_confirm_has_it() -> None:
    register(name="First")
    first = mailed_link()
    register(name="Second")
    second = mailed_link()
    assert confirm(*second).status_code == 200
    assert confirm(*first).json()["errors"][0]["pointer"] == "/token"
    assert User.objects.get(email="new@example.org").name == "Second"
    assert User.objects.count() == 2


def test_a_link_of_a_password_reset_confirms_nothing_and_the_other_way_round() -> None:
    register()
    uid, token = mailed_link()
    user = User.objects.get()
    body = {"uid": uid, "token": token, "password": "another-long-passphrase"}
    assert APIClient().post("/api/v1/auth/password-reset/confirm", body).status_code == 400
    assert confirm(uid, default_token_generator.make_token(user)).status_code == 400
    assert User.objects.get().check_password(BODY["password"])


def test_one_address_has_five_mails_an_hour_sent_to_a_mailbox_and_uses_up_nobody_elses() -> None:
    """Beyond fifteen the mailbox has enough of them, whoever asks."""

    def mailed_from(address: str, times: int) -> int:
        before = Mail.objects.count()
        client = APIClient(REMOTE_ADDR=address)
        assert {register(client, name=str(number)).status_code for number in range(times)} == {201}
        return Mail.objects.count() - before

    assert mailed_from("192.0.2.6", 7) == 5
    assert [mailed_from(f"192.0.2.{last}", 1) for last in (7, 8)] == [1, 1]
    assert [mailed_from(f"198.51.100.{last}", 5) for last in (1, 2)] == [5, 3]
    assert mailed_from("192.0.2.9", 1) == 0


def resend(access: str, address: str = "192.0.2.1") -> Any:
    client = APIClient(headers={"Authorization": f"Bearer {access}"}, REMOTE_ADDR=address)
    return client.post("/api/v1/auth/register/resend")


def test_the_confirmation_is_mailed_again_to_who_is_signed_in_and_counted() -> None:
    access = register(APIClient(REMOTE_ADDR="192.0.2.1")).json()["access"]
    Mail.objects.all().delete()  # the first was lost
    assert [resend(access).status_code for _ in range(5)] == [204] * 4 + [429]
    assert Mail.objects.count() == 4
    assert resend(access, "192.0.2.2").status_code == 204
    assert confirm(*mailed_link()).status_code == 200
    again = resend(access)
    assert (again.status_code, again.json()["code"], Mail.objects.count()) == (409, "email_confirmed", 5)
    assert APIClient().post("/api/v1/auth/register/resend").status_code == 401


def joined(name: str) -> User:
    register(APIClient(REMOTE_ADDR="192.0.2.1"), name=name)
    return User.objects.get(name=name)


def sign_out(user: User) -> None:
    user.sign_ins.all().delete()


def test_accounts_that_were_not_confirmed_in_time_go_where_nothing_belongs_to_them(cast: Cast) -> None:
    gone, kept = (
        {"signed out", "run out", "address"},
        {"young", "order", "wallet", "token", "renewed", "staff", "named", "confirmed"},
    )
    users = {name: joined(name) for name in gone | kept}
    User.objects.filter(name__in=gone | kept - {"young"}).update(date_joined=timezone.now() - timedelta(days=30))
    for name in (gone | kept) - {"run out", "renewed"}:
        sign_out(users[name])
    users["run out"].sign_ins.update(expires_at=timezone.now() - timedelta(seconds=1))
    Address.objects.create(customer=users["address"].customer, address="Markt 1")
    make_order(cast.vendor, users["order"].customer)
    Account.objects.create(
        customer=users["wallet"].customer, currency="EUR", kind="wallet", name="wallet:x:EUR", balance=0
    )
    ApiToken.objects.create(user=users["token"], name="till", token_hash="x", hint="x", scopes=["read"])
    User.objects.filter(name="staff").update(is_staff=True)
    User.objects.filter(name="named").update(email="named@example.org")
    User.objects.filter(name="confirmed").update(email="new@example.org", unconfirmed_email="")
    others = User.objects.exclude(name__in=gone).count(), Customer.objects.exclude(name__in=gone).count()
    assert (retention.prune_sign_ins(), retention.prune_unconfirmed(), retention.prune_unconfirmed()) == (1, 3, 0)
    assert (User.objects.count(), Customer.objects.count()) == others
    assert set(User.objects.filter(name__in=gone | kept).values_list("name", flat=True)) == kept
    assert not Address.objects.filter(address="Markt 1").exists()


def test_one_that_was_not_confirmed_is_looked_for_by_an_index(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert retention.prune_unconfirmed() == 0
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            assert "user_unconfirmed" in " ".join(str(row) for row in cursor.fetchall())


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_that_confirm_one_email_at_once_one_wins() -> None:
    links = []
    for name in ("First", "Second"):
        register(name=name)
        links.append(mailed_link())
    answers = together([partial(confirm, *link) for link in links])
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert User.objects.filter(email="new@example.org").count() == 1


@pytest.mark.parametrize("password", ["short", "password", "new@example.org"])
def test_a_weak_password_is_refused(password: str) -> None:
    response = register(password=password)
    assert response.status_code == 400
    assert {error["pointer"] for error in response.json()["errors"]} == {"/password"}
    assert not User.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("phone", ["0470123456", "12", "+999123", "call me", "+32470123456 ext 5", "+" * 300, 5, True])
def test_a_phone_that_is_none_is_refused_with_the_remedy(phone: Any) -> None:
    response = register(phone=phone)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/phone"
    assert not User.objects.exists()


def test_an_email_that_grows_by_lower_case_is_no_fault() -> None:
    response = register(email="a@" + ".".join(["İ" * 30] * 7) + ".com")
    assert response.status_code in (201, 400)


def test_registrations_are_counted_per_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "ADDRESS_TRIES", 2)
    assert register().status_code == 201
    # A refusal is a try too, with an Idempotency-Key as without.
    assert register(APIClient(headers={"Idempotency-Key": "k"}), password="short").status_code == 400
    response = register(email="third@example.org")
    assert response.status_code == 429
    assert User.objects.count() == 1
    assert register(APIClient(REMOTE_ADDR="192.0.2.7"), email="third@example.org").status_code == 201


def test_no_answer_is_kept() -> None:
    client = APIClient(headers={"Idempotency-Key": "a-key-that-is-long-enough"})
    first, second = register(client), register(client)
    assert first.json()["refresh"] != second.json()["refresh"]
    assert IdempotencyKey.objects.count() == 0
