"""POST /auth/token, /auth/token/refresh, /auth/logout."""

import base64
import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from ordersite.accounts import authentication, services
from ordersite.accounts.models import ApiToken, SignIn, User
from ordersite.accounts.sign_ins import begin_sign_in
from ordersite.core.models import Attempt, IdempotencyKey
from tests.promises.crowd import together

PASSWORD = "a-long-enough-passphrase"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("ann@example.org", PASSWORD, name="Ann")


def sign_in(email: str = "ann@example.org", password: str = PASSWORD, **headers: str) -> Any:
    return APIClient(headers=headers).post("/api/v1/auth/token", {"email": email, "password": password})


def me(access: str) -> int:
    return APIClient(headers={"Authorization": f"Bearer {access}"}).get("/api/v1/me").status_code


def refresh(token: str) -> Any:
    return APIClient().post("/api/v1/auth/token/refresh", {"refresh": token})


def test_signs_in_without_regard_to_case(user: User) -> None:
    response = sign_in("  ANN@Example.org ")
    assert response.status_code == 200
    assert set(response.data) == {"access", "refresh"}
    me = APIClient(headers={"Authorization": f"Bearer {response.data['access']}"}).get("/api/v1/me")
    assert me.data["email"] == "ann@example.org"


def test_no_live_refresh_token_is_stored(user: User) -> None:
    token = sign_in().data["refresh"]
    row = SignIn.objects.get()
    assert row.refresh_id not in ("", token)
    assert row.refresh_id == RefreshToken(token)["jti"]


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


def test_refresh_gives_new_tokens_of_the_same_sign_in(user: User) -> None:
    first = sign_in().data
    answer = refresh(first["refresh"])
    assert answer.status_code == 200
    assert set(answer.data) == {"access", "refresh"}
    assert answer.data["refresh"] != first["refresh"]
    assert AccessToken(answer.data["access"])["user_id"] == str(user.pk)
    assert (me(first["access"]), me(answer.data["access"])) == (200, 200)
    assert refresh(answer.data["refresh"]).status_code == 200
    assert SignIn.objects.count() == 1


def later(seconds: float) -> None:
    """Lets time pass since every sign-in was renewed."""
    SignIn.objects.update(renewed_at=timezone.now() - timedelta(seconds=seconds))


def test_a_refresh_whose_answer_was_lost_may_be_sent_again_for_half_a_minute(user: User) -> None:
    first = sign_in().data["refresh"]
    answers = [refresh(first) for _ in range(3)]
    later(29)
    answers.append(refresh(first))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({RefreshToken(answer.data["refresh"])["jti"] for answer in answers}) == 1
    assert [me(answer.data["access"]) for answer in answers] == [200] * 4
    # Each answer goes on; and then the first token is the last but one.
    assert refresh(answers[0].data["refresh"]).status_code == 200
    assert refresh(answers[3].data["refresh"]).status_code == 200
    assert refresh(first).status_code == 401
    assert SignIn.objects.count() == 0


def test_a_user_has_a_hundred_sign_ins_and_the_one_that_was_renewed_longest_ago_goes(user: User) -> None:
    other = User.objects.create_user("bob@example.org", PASSWORD)
    begin_sign_in(other)
    used, rests, *_ = [begin_sign_in(user) for _ in range(100)]
    renewed = refresh(used.refresh).data
    last = begin_sign_in(user)
    assert SignIn.objects.filter(user=user).count() == 100
    assert [me(access) for access in (renewed["access"], rests.access, last.access)] == [200, 401, 200]
    assert SignIn.objects.filter(user=other).count() == 1


def test_a_used_refresh_token_ends_its_sign_in_and_no_other(user: User) -> None:
    first, other = sign_in().data, sign_in().data
    second = refresh(first["refresh"]).data
    later(31)
    again = refresh(first["refresh"])
    assert (again.status_code, again.json()["code"]) == (401, "refresh_used")
    assert again["WWW-Authenticate"] == "Bearer"
    assert [me(one["access"]) for one in (first, second, other)] == [401, 401, 200]
    assert refresh(second["refresh"]).status_code == 401
    assert refresh(other["refresh"]).status_code == 200


def test_a_refresh_token_without_a_sign_in_is_none(user: User) -> None:
    assert refresh(str(RefreshToken.for_user(user))).status_code == 401
    foreign = RefreshToken.for_user(user)
    foreign["sign_in"] = SignIn.objects.create(
        user=User.objects.create_user("bob@example.org"), refresh_id=foreign["jti"], expires_at=timezone.now()
    ).pk
    assert refresh(str(foreign)).status_code == 401
    assert me(str(foreign.access_token)) == 401
    assert SignIn.objects.count() == 1


@pytest.mark.parametrize("key", [False, True])
def test_logins_keep_no_answer(user: User, key: bool) -> None:
    headers = {"Idempotency-Key": "k"} if key else {}
    first, second = sign_in(**headers), sign_in(**headers)
    assert first.data["refresh"] != second.data["refresh"]
    client = APIClient(headers=headers)
    renewed = [client.post("/api/v1/auth/token/refresh", {"refresh": first.data["refresh"]}) for _ in range(2)]
    assert [answer.status_code for answer in renewed] == [200, 200]
    later(31)
    assert client.post("/api/v1/auth/token/refresh", {"refresh": first.data["refresh"]}).status_code == 401
    assert IdempotencyKey.objects.count() == 0


def test_refresh_is_401_for_a_deleted_user(user: User) -> None:
    token = sign_in().data["refresh"]
    user.delete()
    assert refresh(token).status_code == 401


def switch_off(user: User) -> None:
    user.is_active = False
    user.save()


def set_password(user: User) -> None:
    user.set_password("another-long-passphrase")
    user.save()


@pytest.mark.parametrize("end", [switch_off, set_password])
def test_what_ends_a_users_sign_ins_ends_them_for_good(user: User, end: Any) -> None:
    tokens = [sign_in().data for _ in range(2)]
    other = User.objects.create_user("bob@example.org", PASSWORD)
    bob = sign_in("bob@example.org").data
    made = [
        ApiToken.objects.create(name=name, user=owner, created_by=user, token_hash=name, hint="")
        for name, owner in (("own", user), ("made for bob", other))
    ]
    end(user)
    User.objects.filter(pk=user.pk).update(is_active=True)
    for one in tokens:
        assert (refresh(one["refresh"]).status_code, me(one["access"])) == (401, 401)
    assert me(bob["access"]) == 200
    # A new password ends the API tokens too; they rest while the account is off.
    ended = ApiToken.objects.filter(revoked_at__isnull=False).count()
    assert ended == (len(made) if end is set_password else 0)


def test_other_changes_of_a_user_end_nothing(user: User) -> None:
    tokens = sign_in().data
    user.name = "Anna"
    user.save()
    assert me(tokens["access"]) == 200


def test_logout_ends_the_access_token_with_the_sign_in(user: User) -> None:
    tokens, other = sign_in().data, sign_in().data
    renewed = refresh(tokens["refresh"]).data
    assert APIClient().post("/api/v1/auth/logout", {"refresh": renewed["refresh"]}).status_code == 204
    assert [me(one["access"]) for one in (tokens, renewed, other)] == [401, 401, 200]
    assert APIClient().post("/api/v1/auth/logout", {"refresh": other["refresh"]}).status_code == 204
    assert me(other["access"]) == 401


def test_the_sign_in_is_read_with_the_user(user: User, django_assert_num_queries: Any) -> None:
    """One statement; the other two read the merchants and the declined mails that `GET /me` tells."""
    token = sign_in().data["access"]
    with django_assert_num_queries(3):
        assert me(token) == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_that_refresh_at_once_get_one_successor(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tabs do. The control does not compare: each gets its own, and one of them is dead."""
    User.objects.create_user("ann@example.org", PASSWORD)
    if not guarded:
        monkeypatch.setattr(
            "ordersite.accounts.sign_ins.use_up", lambda sign_in, used, fresh: sign_in.update(refresh_id=fresh)
        )
    for _ in range(5):
        token = sign_in().data["refresh"]
        answers = together([partial(refresh, token)] * 2)
        assert [answer.status_code for answer in answers] == [200, 200]
        successors = [answer.data["refresh"] for answer in answers]
        assert len({RefreshToken(one)["jti"] for one in successors}) == (1 if guarded else 2)
        if guarded:
            assert [refresh(one).status_code for one in successors] == [200, 200]


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
    header: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token}".encode().decode("latin-1")}
    assert APIClient().get("/api/v1/me", **header).status_code == 401


def test_a_token_that_was_taken_before_is_looked_at_each_time(user: User) -> None:
    """Of a kept one the signature alone is not verified again: not its time, not what stands in the database."""
    access = sign_in().data["access"]
    assert (me(access), me(access)) == (200, 200)
    assert authentication.verified_token.cache_info().hits >= 1
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        assert me(access) == 401
    assert me(access) == 200
    head, body, signature = access.split(".")
    told = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps(told | {"user_id": "1000"}).encode()).decode().rstrip("=")
    assert me(f"{head}.{other}.{signature}") == 401
    SignIn.objects.all().delete()
    assert me(access) == 401


def test_what_a_kept_token_says_is_the_callers_own(user: User) -> None:
    access = sign_in().data["access"]
    first, second = authentication.access_token(access), authentication.access_token(access)
    first["user_id"] = "1000"
    assert second["user_id"] == authentication.access_token(access)["user_id"] == str(user.pk)


def test_an_access_token_does_not_refresh(user: User) -> None:
    assert refresh(sign_in().data["access"]).status_code == 401


def test_logout_needs_the_refresh_token_alone_and_ends_it(user: User) -> None:
    token = sign_in().data["refresh"]
    answer = APIClient().post("/api/v1/auth/logout", {"refresh": token})
    assert (answer.status_code, answer.content) == (204, b"")
    assert refresh(token).status_code == 401
    assert APIClient().post("/api/v1/auth/logout", {"refresh": token}).status_code == 401
    assert not SignIn.objects.exists()


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

    def spy(**credentials: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return authenticate(**credentials)

    monkeypatch.setattr(services, "authenticate", spy)
    assert (sign_in().status_code, sign_in(password="wrong").status_code) == (200, 401)
    assert seen == [False, False]
    assert sorted(Attempt.objects.values_list("count", flat=True)) == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(("minutes", "status"), [(5, 200), (6, 401)])
def test_a_token_of_a_host_whose_clock_is_fast_is_good_at_the_others(user: User, minutes: int, status: int) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        access = sign_in().data["access"]
    assert me(access) == status


def test_no_token_lasts_longer_for_that(user: User) -> None:
    given = sign_in().data
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1)):
        # Before and after its signature is known here.
        assert [me(given["access"]), me(given["access"])] == [401, 401]
    with time_machine.travel(timezone.now() + timedelta(days=30, seconds=1)):
        assert refresh(given["refresh"]).status_code == 401
