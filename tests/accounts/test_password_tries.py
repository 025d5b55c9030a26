"""How often a password may be tried: one count for every door, by address, by account from an address, by account."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from ordersite.accounts import hashers, password_tries
from ordersite.accounts.models import User
from ordersite.core.attempts import attempt_key, remember_subject
from ordersite.core.faults import Refusal
from ordersite.core.models import Attempt
from ordersite.web.problems import Problem, as_problem
from tests.promises.crowd import beside, together

PASSWORD = "a-long-enough-passphrase"
HOME, OFFICE = "192.0.2.1", "192.0.2.2"


def by_api(email: str, password: str, address: str = HOME) -> Any:
    client = APIClient(REMOTE_ADDR=address)
    return client.post("/api/v1/auth/token", {"email": email, "password": password})


def by_admin(email: str, password: str, address: str = HOME) -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post("/admin/login/?next=/admin/", {"username": email, "password": password})


DOORS: dict[str, tuple[Callable[..., Any], int, int]] = {"api": (by_api, 200, 401), "admin": (by_admin, 302, 200)}
EMAIL = "root@example.org"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser(EMAIL, PASSWORD)


@pytest.mark.parametrize("last", DOORS)
@pytest.mark.parametrize("first", DOORS)
def test_ten_wrong_tries_at_one_door_lock_every_door_for_that_address(root: User, first: str, last: str) -> None:
    knock, _, wrong = DOORS[first]
    assert [knock(EMAIL.upper(), "guess").status_code for _ in range(10)] == [wrong] * 10
    door, let_in, _ = DOORS[last]
    locked = door(EMAIL, PASSWORD)
    assert locked.status_code == 429
    assert 890 <= int(locked["Retry-After"]) <= 900
    assert "sessionid" not in locked.cookies
    # The owner is elsewhere, and another account is another count.
    assert door(EMAIL, PASSWORD, OFFICE).status_code == let_in
    Attempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert door(EMAIL, PASSWORD).status_code == let_in


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_an_address_is_counted_over_all_accounts_and_before_any_hash(
    root: User, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    knock, let_in, wrong = DOORS[door]
    tries = [knock(f"user{number}@example.org", "guess").status_code for number in range(30)]
    assert tries == [wrong] * 30
    hashed: list[str] = []
    monkeypatch.setattr("django.contrib.auth.base_user.make_password", lambda raw: hashed.append(raw) or "!")
    monkeypatch.setattr("django.contrib.auth.base_user.check_password", lambda raw, *args: hashed.append(raw))
    assert [knock(email, PASSWORD).status_code for email in (EMAIL, "other@example.org")] == [429, 429]
    assert hashed == []
    monkeypatch.undo()
    assert knock(EMAIL, PASSWORD, OFFICE).status_code == let_in


def test_right_passwords_use_nothing_up(root: User) -> None:
    for _ in range(9):
        by_api(EMAIL, "guess")
    assert by_api(EMAIL, PASSWORD).status_code == 200
    assert [by_api(EMAIL, "guess").status_code for _ in range(10)] == [401] * 10
    assert by_api(EMAIL, "guess").status_code == 429
    counts = {row.key.partition(":")[0]: row.count for row in Attempt.objects.all()}
    assert counts["login-address"] == 19


def test_an_account_is_slowed_down_over_all_addresses_but_not_where_its_owner_signed_in(root: User) -> None:
    assert by_api(EMAIL, PASSWORD).status_code == 200
    for number in range(30):
        assert by_api(EMAIL, "guess", f"198.51.100.{number}").status_code == 401
    slowed = by_api(EMAIL, PASSWORD, OFFICE)
    assert slowed.status_code == 429
    assert 290 <= int(slowed["Retry-After"]) <= 300
    assert by_admin(EMAIL, PASSWORD, OFFICE).status_code == 429
    assert by_api(EMAIL, PASSWORD).status_code == 200
    # What was refused was no guess: it is not counted against that address.
    Attempt.objects.filter(key__startswith="login-account:").delete()
    assert [by_api(EMAIL, "guess", OFFICE).status_code for _ in range(10)] == [401] * 10


@pytest.mark.parametrize("door", DOORS)
def test_where_too_many_are_at_it_nothing_is_counted(root: User, door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: Any) -> Any:
        raise hashers.too_busy()

    monkeypatch.setattr("django.contrib.auth.base_user.check_password", busy)
    refused = DOORS[door][0](EMAIL, PASSWORD)
    assert (refused.status_code, refused["Retry-After"]) == (503, "3")
    assert set(Attempt.objects.values_list("count", flat=True)) == {0}


def test_few_hash_at_a_time_and_those_who_find_no_place_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "WAIT", 0.05)
    monkeypatch.setattr(hashers, "LINE", 1)
    gate = hashers.HashGate(1)
    with gate.turn():
        began = time.monotonic()
        with pytest.raises(Refusal) as refused, gate.turn():
            pass
        assert time.monotonic() - began >= 0.05
        problem = as_problem(refused.value)
        assert (problem.status, problem.headers) == (503, {"Retry-After": "3"})
        # One waits already: the next is refused at once, and does not wait as long as it may.
        monkeypatch.setattr(hashers, "WAIT", 60)
        beside(gate.inside.acquire).result()
        began = time.monotonic()
        with pytest.raises(Refusal), gate.turn():
            pass
        assert time.monotonic() - began < 30
    gate.inside.release()
    with gate.turn():
        pass


def test_every_hash_passes_the_gate_for_known_and_unknown_alike(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PASSWORD_HASHERS = ["ordersite.accounts.hashers.BoundedHasher"]
    monkeypatch.setattr(hashers.BoundedHasher, "iterations", 10)
    old = make_password("x", hasher="default")
    assert old.startswith("pbkdf2_sha256$10$")
    User.objects.create_user(EMAIL, PASSWORD)
    User.objects.create_user("off@example.org", PASSWORD, is_active=False)
    User.objects.create_user("none@example.org")
    turns: list[int] = []
    real = hashers.HashGate.turn
    monkeypatch.setattr(hashers.HashGate, "turn", lambda self: turns.append(1) or real(self))
    for email in (EMAIL, "nobody@example.org", "off@example.org", "none@example.org"):
        turns.clear()
        assert by_api(email, "guess").status_code == 401
        assert turns == [1]


def counts() -> dict[str, tuple[int, int]]:
    """Count and tries under way of each scope, over its subjects."""
    found: dict[str, tuple[int, int]] = {}
    for row in Attempt.objects.all():
        scope = row.key.partition(":")[0]
        count, under_way = found.get(scope, (0, 0))
        found[scope] = count + row.count, under_way + row.under_way
    return found


def test_the_owners_right_passwords_take_back_nothing_that_strangers_tried(root: User) -> None:
    assert by_api(EMAIL, PASSWORD).status_code == 200
    for number in range(9):
        assert by_api(EMAIL, "guess", f"198.51.100.{number}").status_code == 401
    assert [by_api(EMAIL, PASSWORD).status_code for _ in range(5)] == [200] * 5
    assert counts()["login-account"] == (9, 0)
    for number in range(9, 30):
        assert by_api(EMAIL, "guess", f"198.51.100.{number}").status_code == 401
    assert by_api(EMAIL, "guess", OFFICE).status_code == 429
    assert counts()["login-account"] == (30, 0)


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_right_passwords_cost_a_hash_each_and_are_sixty_in_a_quarter_of_an_hour(root: User, door: str) -> None:
    knock, let_in, _ = DOORS[door]
    assert [knock(EMAIL, PASSWORD).status_code for _ in range(60)] == [let_in] * 60
    refused = knock(EMAIL, PASSWORD)
    assert refused.status_code == 429
    assert 880 <= int(refused["Retry-After"]) <= 900
    assert {scope: count for scope, count in counts().items() if count != (0, 0)} == {"login-all": (60, 0)}
    assert knock(EMAIL, PASSWORD, OFFICE).status_code == let_in


def test_a_try_that_others_under_way_keep_out_comes_again_in_two_seconds(root: User) -> None:
    under_way = [password_tries.PasswordTry(EMAIL, HOME) for _ in range(10)]
    for attempt in under_way:
        attempt.count()
    kept_out = by_api(EMAIL, PASSWORD)
    assert (kept_out.status_code, kept_out["Retry-After"]) == (429, "2")
    assert counts()["login"] == (10, 10)
    for attempt in under_way[:9]:
        attempt.fail()
    assert (by_api(EMAIL, PASSWORD)["Retry-After"], counts()["login"]) == ("2", (10, 1))
    under_way[9].fail()
    assert int(by_api(EMAIL, PASSWORD)["Retry-After"]) > 880
    assert counts()["login"] == (10, 0)


def change_password(client: Client, old: str, new: str = "another-long-passphrase") -> Any:
    fields = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post("/admin/password_change/", fields, REMOTE_ADDR=HOME)


def test_the_old_password_of_a_change_is_tried_as_at_every_door(root: User) -> None:
    client = Client()
    client.force_login(root)
    answers = [change_password(client, "guess") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 10
    assert "Your old password was entered incorrectly" in answers[0].content.decode()
    refused = change_password(client, PASSWORD)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 880
    assert by_api(EMAIL, PASSWORD).status_code == 429
    assert counts()["login"] == (10, 0)
    root.refresh_from_db()
    assert root.check_password(PASSWORD)
    Attempt.objects.all().delete()
    assert change_password(client, PASSWORD).status_code == 302
    assert by_api(EMAIL, "another-long-passphrase").status_code == 200
    assert "/admin/login/" in Client().get("/admin/password_change/")["Location"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_right_passwords_at_once_wait_for_seconds_at_most() -> None:
    User.objects.create_user(EMAIL, PASSWORD)
    answers = together([lambda: by_api(EMAIL, PASSWORD)] * 48, at_once=16)
    assert {answer.status_code for answer in answers} <= {200, 429, 503}
    assert {answer["Retry-After"] for answer in answers if answer.status_code == 429} <= {"2"}
    assert all(under_way == 0 for _, under_way in counts().values())
    assert by_api(EMAIL, PASSWORD).status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("counted", [True, False])
def test_guesses_sent_at_once_do_not_outrun_the_count(counted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control counts after the hash, as one does who looks first and writes later: more than ten get through."""
    User.objects.create_user(EMAIL, PASSWORD)
    if not counted:
        begin = threading.Barrier(8)

        def count_late(self: password_tries.PasswordTry) -> None:
            key = password_tries.pair_of(self.email, self.address)
            row = Attempt.objects.filter(key=attempt_key(password_tries.PAIR, key)).first()
            begin.wait(60)
            if row and row.count >= 10:
                raise Problem("throttled", "wait", status=429)
            remember_subject(password_tries.PAIR, key, window=timedelta(minutes=1))
            Attempt.objects.update(count=(row.count if row else 0) + 1)

        monkeypatch.setattr(password_tries.PasswordTry, "count", count_late)

    def many() -> list[int]:
        return [knock(EMAIL, "guess").status_code for knock in (by_api, by_admin) * 3]

    answers = list(chain(*together([many] * 8)))
    guesses = len([status for status in answers if status in (200, 401)])
    assert len(answers) == 48
    assert guesses == 10 if counted else guesses > 10
