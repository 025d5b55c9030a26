"""POST /auth/token, /auth/token/refresh, /auth/logout."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken

from ordersite.accounts import services
from ordersite.accounts.authentication import Refresh
from ordersite.accounts.models import User
from ordersite.web.models import Attempt

PASSWORD = "a-long-enough-passphrase"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ann@example.org", PASSWORD, name="Ann")


def sign_in(email: str = "ann@example.org", password: str = PASSWORD, **headers: str) -> Any:
    return APIClient(headers=headers).post("/api/v1/auth/token", {"email": email, "password": password})


def refresh(token: str) -> Any:
    return APIClient().post("/api/v1/auth/token/refresh", {"refresh": token})


def test_signs_in_without_regard_to_case(user: User) -> None:
    response = sign_in("  ANN@Example.org ")
    assert response.status_code == 200
    assert set(response.data) == {"access", "refresh"}
    me = APIClient(headers={"Authorization": f"Bearer {response.data['access']}"}).get("/api/v1/me")
    assert me.data["email"] == "ann@example.org"


def test_no_live_refresh_token_is_stored(user: User) -> None:
    sign_in()
    assert OutstandingToken.objects.count() == 0


def test_an_unknown_email_a_wrong_password_and_a_closed_account_answer_alike(user: User) -> None:
    User.objects.create_user("off@example.org", PASSWORD, is_active=False)
    bodies = []
    for email, password in (
        ("ann@example.org", "wrong"),
        ("nobody@example.org", "wrong"),
        ("off@example.org", PASSWORD),
    ):
        response = sign_in(email, password)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"
        body = response.json()
        body.pop("request_id")
        bodies.append(body)
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["code"] == "invalid_credentials"


def test_an_unknown_email_is_hashed_for_too(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(
        "django.contrib.auth.base_user.make_password", lambda raw: hashed.append(raw) or make_password(raw)
    )
    sign_in("nobody@example.org", "guess")
    assert hashed == ["guess"]


def test_a_demo_login_is_let_in_in_development_only(settings: Any) -> None:
    User.objects.create_user("staff@example.com", "demo", is_staff=True)
    assert sign_in("staff@example.com", "demo").status_code == 200
    settings.DEVELOPMENT = False
    assert sign_in("staff@example.com", "demo").status_code == 401


@pytest.mark.parametrize("key", [False, True])
def test_ten_wrong_tries_lock_the_email_for_a_quarter_of_an_hour(user: User, key: bool) -> None:
    def attempt(number: int, password: str) -> Any:
        return sign_in("ann@example.org", password, **({"Idempotency-Key": f"try-{number}"} if key else {}))

    for number in range(10):
        assert attempt(number, "wrong").status_code == 401
    locked = attempt(10, PASSWORD)
    assert locked.status_code == 429
    assert locked.json()["code"] == "throttled"
    assert 890 <= int(locked["Retry-After"]) <= 900
    assert sign_in("other@example.org", "wrong").status_code == 401
    Attempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert attempt(11, PASSWORD).status_code == 200


def test_a_success_forgets_the_wrong_tries(user: User) -> None:
    for _ in range(9):
        sign_in(password="wrong")
    assert sign_in().status_code == 200
    assert [sign_in(password="wrong").status_code for _ in range(10)] == [401] * 10


def test_refresh_gives_a_new_access_token(user: User) -> None:
    answer = refresh(sign_in().data["refresh"])
    assert answer.status_code == 200
    assert set(answer.data) == {"access"}
    assert AccessToken(answer.data["access"])["user_id"] == str(user.pk)


def test_refresh_is_401_for_a_deleted_user(user: User) -> None:
    token = str(Refresh.for_user(user))
    user.delete()
    assert refresh(token).status_code == 401


def test_refresh_is_401_for_an_account_that_is_off(user: User) -> None:
    token = str(Refresh.for_user(user))
    User.objects.update(is_active=False)
    assert refresh(token).status_code == 401


def test_refresh_and_access_are_401_after_a_new_password(user: User) -> None:
    tokens = sign_in().data
    user.set_password("another-long-passphrase")
    user.save()
    assert refresh(tokens["refresh"]).status_code == 401
    assert APIClient(headers={"Authorization": f"Bearer {tokens['access']}"}).get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "a.b.c",
        "é.é.é",
        base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.x",
        base64.urlsafe_b64encode(b'{"alg": []}').decode().rstrip("=") + ".e30.x",
        base64.urlsafe_b64encode(b'{"alg": "none"}').decode().rstrip("=") + ".e30.",
    ],
)
def test_a_forged_token_is_401_everywhere(token: str, db: None) -> None:
    token = token[:4096]
    assert refresh(token).status_code == 401
    header = {"HTTP_AUTHORIZATION": f"Bearer {token}".encode().decode("latin-1")}
    assert APIClient().get("/api/v1/me", **header).status_code == 401


def test_an_access_token_does_not_refresh(user: User) -> None:
    assert refresh(sign_in().data["access"]).status_code == 401


def test_logout_needs_the_refresh_token_alone_and_ends_it(user: User) -> None:
    token = sign_in().data["refresh"]
    answer = APIClient().post("/api/v1/auth/logout", {"refresh": token})
    assert (answer.status_code, answer.content) == (204, b"")
    assert refresh(token).status_code == 401
    assert APIClient().post("/api/v1/auth/logout", {"refresh": token}).status_code == 401
    assert BlacklistedToken.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "ann", "password": "x"}, "/email"),
        ({"email": "ann@example.org", "password": "x", "remember": True}, "/remember"),
        ({"email": "ann@example.org", "password": None}, "/password"),
        ({"email": {}, "password": "x"}, "/email"),
        ([], ""),
        ("ann", ""),
        (None, "/email"),
    ],
)
def test_a_malformed_sign_in_is_400_and_counts_no_try(db: None, body: Any, pointer: str) -> None:
    response = APIClient().post("/api/v1/auth/token", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer
    assert Attempt.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_password_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has one writer: it would wait for every hash."""
    User.objects.create_user("ann@example.org", PASSWORD)
    seen: list[bool] = []

    def spy(**credentials: str) -> Any:
        seen.append(connection.in_atomic_block)
        return authenticate(**credentials)

    monkeypatch.setattr(services, "authenticate", spy)
    assert (sign_in().status_code, sign_in(password="wrong").status_code) == (200, 401)
    assert seen == [False, False]
    assert sorted(Attempt.objects.values_list("count", flat=True)) == [0, 0, 1, 1]
