"""The second step at signing in: set up, asked for at every door, each code once, taken off, and no way around it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from ordersite.accounts import second_step
from ordersite.accounts.letters import uid_of
from ordersite.accounts.models import RecoveryCode, SecondStep, SignIn, User
from ordersite.accounts.second_step import KEY_BYTES, MOST_TRIES, begin_second_step, make_recovery_codes, use_app_code
from ordersite.accounts.services import make_api_token
from ordersite.accounts.sign_ins import begin_sign_in
from ordersite.core.faults import Conflict, NotSignedIn
from tests.accounts.codes import set_up, shown_code
from tests.cast import PASSWORD, Cast, in_roles, make_clerk
from tests.clock import Clock
from tests.orders.shopping import assert_nothing_changed
from tests.promises.crowd import together

pytestmark = pytest.mark.django_db


def token(user: User, **fields: Any) -> tuple[int, str]:
    """What POST /auth/token answers: the status, and the code of a refusal."""
    body = json.dumps({"email": user.email, "password": PASSWORD, **fields})
    answer = APIClient().post("/api/v1/auth/token", body, content_type="application/json")
    return answer.status_code, answer.json().get("code", "")


def press(client: Client, act: str, **fields: str) -> Any:
    return client.post("/account", {"act": act, **fields})


def signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def test_it_is_set_up_on_the_page_of_the_account(cast: Cast, clock: Clock) -> None:
    client, other = Client(), Client()
    client.force_login(cast.owner)
    other.force_login(cast.owner)
    app = begin_sign_in(cast.owner)
    assert press(client, "begin", password="wrong").status_code == 400
    assert not SecondStep.objects.exists()
    page = press(client, "begin", password=PASSWORD)
    text = page.content.decode()
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert "<svg" in text
    secret = re.search(r'<code class="copied">([A-Z2-7]+)</code>', text)[1]
    assert len(secret) == KEY_BYTES * 8 // 5
    assert SecondStep.objects.get().sealed_key != secret
    # It does not count before it is confirmed.
    assert token(cast.owner)[0] == 200
    wrong = press(client, "confirm", code="000000")
    assert (wrong.status_code, secret in wrong.content.decode()) == (400, True)
    assert token(cast.owner)[0] == 200
    done = press(client, "confirm", code=shown_code(cast.owner, clock)).content.decode()
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code></li>", done)
    assert len(set(codes)) == 10
    assert RecoveryCode.objects.filter(user=cast.owner, used_at=None).count() == 10
    assert not RecoveryCode.objects.filter(code_hash__in=codes).exists()
    assert token(cast.owner) == (401, "otp_required")
    # Whoever is signed in with the password alone is signed out; this browser is not.
    assert (signed_in(client), signed_in(other), SignIn.objects.filter(user=cast.owner).count()) == (True, False, 0)
    bearer = APIClient(headers={"Authorization": f"Bearer {app.access}"})
    assert bearer.get("/api/v1/me").status_code == 401
    assert codes[0] not in client.get("/account").content.decode()


def test_a_code_is_asked_for_by_the_api_and_taken_once(cast: Cast, clock: Clock) -> None:
    recovery = set_up(cast.customer, clock)
    assert token(cast.customer) == (401, "otp_required")
    assert token(cast.customer, otp="") == (401, "otp_required")
    # Used when it was set up, and one of long ago.
    assert token(cast.customer, otp=shown_code(cast.customer, clock)) == (401, "invalid_otp")
    assert token(cast.customer, otp=shown_code(cast.customer, clock, -3)) == (401, "invalid_otp")
    clock.now += timedelta(minutes=5)
    code = shown_code(cast.customer, clock)
    assert token(cast.customer, otp=f" {code[:3]} {code[3:]}")[0] == 200
    assert token(cast.customer, otp=code) == (401, "invalid_otp")
    # A clock may go 30 seconds wrong; once the later code was taken the earlier one is none.
    assert token(cast.customer, otp=shown_code(cast.customer, clock, 1))[0] == 200
    assert token(cast.customer, otp=shown_code(cast.customer, clock, -1)) == (401, "invalid_otp")
    assert token(cast.customer, otp=recovery[0].upper())[0] == 200
    assert token(cast.customer, otp=recovery[0]) == (401, "invalid_otp")
    assert token(cast.customer, otp=recovery[1].replace("-", ""))[0] == 200
    for junk in ("１２３４５６", "12345", "\ud800", "x" * 40, "''", "-"):
        assert token(cast.customer, otp=junk)[0] in (400, 401), junk
    assert token(cast.customer, otp=["123456"])[0] == 400
    # Of an account without a second step any code is as good as none.
    assert token(cast.stranger, otp="123456")[0] == 200
    assert SignIn.objects.filter(user=cast.customer).count() == 4


def test_a_wrong_password_tells_nothing_of_it(cast: Cast, clock: Clock) -> None:
    set_up(cast.customer, clock)
    for fields in ({}, {"otp": "123456"}, {"otp": shown_code(cast.customer, clock, 1)}):
        assert token(cast.customer, password="wrong", **fields) == (401, "invalid_credentials")
    clock.now += timedelta(seconds=30)
    assert token(cast.customer, otp=shown_code(cast.customer, clock))[0] == 200


def test_wrong_codes_are_counted_for_the_account_wherever_they_come_from(cast: Cast, clock: Clock) -> None:
    set_up(cast.customer, clock)
    clock.now += timedelta(minutes=1)
    answers = []
    for number in range(MOST_TRIES + 1):
        client = APIClient(REMOTE_ADDR=f"198.51.100.{number}")
        given = {"email": cast.customer.email, "password": PASSWORD, "otp": "1" * 5 + str(number % 10)}
        answers.append(client.post("/api/v1/auth/token", given))
    assert [answer.status_code for answer in answers] == [401] * MOST_TRIES + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert token(cast.customer, otp=shown_code(cast.customer, clock)) == (429, "throttled")
    clock.now += timedelta(minutes=61)
    assert token(cast.customer, otp=shown_code(cast.customer, clock))[0] == 200


@pytest.mark.parametrize("door", ["/sign-in", "/admin/login/"])
def test_the_pages_ask_for_it_after_the_password(cast: Cast, clock: Clock, door: str) -> None:
    set_up(cast.staff, clock)
    clock.now += timedelta(minutes=1)
    client = Client()
    goes_on = "/admin/orders/order/"
    asked = client.post(door, {"username": cast.staff.email, "password": PASSWORD, "next": goes_on})
    assert (asked.status_code, asked["Location"]) == (302, "/sign-in/code")
    assert client.get("/admin/").status_code == 302
    assert not signed_in(client)
    page = client.get("/sign-in/code").content.decode()
    assert cast.staff.email in page
    wrong = client.post("/sign-in/code", {"code": "000000"})
    assert wrong.status_code == 200
    assert "This code is wrong" in wrong.content.decode()
    assert not signed_in(client)
    key = client.session.session_key
    right = client.post("/sign-in/code", {"code": shown_code(cast.staff, clock)})
    assert (right.status_code, right["Location"]) == (302, goes_on)
    assert client.get("/admin/").status_code == 200
    assert client.session.session_key != key
    assert client.get("/sign-in/code")["Location"] == "/sign-in"


def test_the_page_of_the_code_belongs_to_who_has_shown_the_password(cast: Cast, clock: Clock) -> None:
    recovery = set_up(cast.owner, clock)
    client = Client()
    assert client.get("/sign-in/code")["Location"] == "/sign-in"
    assert client.post("/sign-in/code", {"code": recovery[0]})["Location"] == "/sign-in"
    client.post("/sign-in", {"username": cast.owner.email, "password": PASSWORD})
    clock.now += timedelta(minutes=11)
    assert client.post("/sign-in/code", {"code": recovery[0]})["Location"] == "/sign-in"
    # Nor does it outlive the password.
    client.post("/sign-in", {"username": cast.owner.email, "password": PASSWORD})
    cast.owner.set_password("another-long-passphrase")
    cast.owner.save()
    assert client.post("/sign-in/code", {"code": recovery[0]})["Location"] == "/sign-in"
    assert not signed_in(client)
    assert RecoveryCode.objects.filter(used_at=None).count() == 10


def test_a_new_password_does_not_take_it_off(cast: Cast, clock: Clock) -> None:
    recovery = set_up(cast.customer, clock)
    sent = default_token_generator.make_token(cast.customer)
    given = {"uid": uid_of(cast.customer), "token": sent, "password": "another-long-passphrase"}
    assert APIClient().post("/api/v1/auth/password-reset/confirm", given).status_code == 204
    assert token(cast.customer, password="another-long-passphrase") == (401, "otp_required")
    assert token(cast.customer, password="another-long-passphrase", otp=recovery[0])[0] == 200


def test_api_tokens_are_credentials_of_their_own(cast: Cast, clock: Clock) -> None:
    _, key = make_api_token(cast.owner, name="Till", scopes=["read"], merchant=None, expires_at=None)
    set_up(cast.owner, clock)
    assert APIClient(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/me").status_code == 200


def test_taking_it_off_needs_the_password(cast: Cast, clock: Clock) -> None:
    recovery = set_up(cast.owner, clock)
    client = Client()
    client.force_login(cast.owner)
    assert press(client, "take_off", password="").status_code == 400
    assert press(client, "renew_codes", password="wrong").status_code == 400
    assert press(client, "begin", password=PASSWORD).status_code == 409
    assert token(cast.owner) == (401, "otp_required")
    renewed = press(client, "renew_codes", password=PASSWORD).content.decode()
    assert "<li><code>" in renewed
    assert token(cast.owner, otp=recovery[0]) == (401, "invalid_otp")
    assert press(client, "take_off", password=PASSWORD)["Location"] == "/account"
    assert token(cast.owner)[0] == 200
    assert (SecondStep.objects.count(), RecoveryCode.objects.count()) == (0, 0)


def test_staff_take_it_off_whose_rights_they_hold(cast: Cast, clock: Clock) -> None:
    set_up(cast.customer, clock)
    set_up(cast.owner, clock)
    clerk = make_clerk("accounts.act_everywhere", "accounts.view_user", "accounts.change_user")
    client = Client()
    client.force_login(clerk)
    for user, status in ((cast.customer, 302), (cast.owner, 403)):
        path = f"/admin/accounts/user/{user.pk}/logins/"
        assert client.get(path).status_code == 200
        assert client.post(path, {"act": "take_off"}).status_code == status
    assert token(cast.customer)[0] == 200
    assert token(cast.owner) == (401, "otp_required")
    client.force_login(in_roles(make_clerk(name="Sue Support"), "support"))
    assert client.post(f"/admin/accounts/user/{cast.owner.pk}/logins/", {"act": "take_off"}).status_code == 403
    assert token(cast.owner) == (401, "otp_required")
    call_command("remove_second_step", cast.owner.email)
    assert token(cast.owner)[0] == 200
    with pytest.raises(CommandError):
        call_command("remove_second_step", cast.owner.email)


def test_staff_take_off_their_own_with_the_password_alone(cast: Cast, clock: Clock) -> None:
    """What a session lets one do without it is not what it takes to sign in."""
    root = User.objects.create_superuser("root@example.org", PASSWORD)
    set_up(root, clock)
    client = Client()
    client.force_login(root)
    with assert_nothing_changed():
        answer = client.post(f"/admin/accounts/user/{root.pk}/logins/", {"act": "take_off"})
    assert answer["Location"] == "/account"
    new = {"password1": "another-long-passphrase", "password2": "another-long-passphrase"}
    for own in (root.pk, f"0{root.pk}"):
        with assert_nothing_changed():
            answer = client.post(f"/admin/accounts/user/{own}/password/", new)
        assert answer["Location"] == "/admin/password_change/"
    assert client.post(f"/admin/accounts/user/{cast.customer.pk}/password/", new).status_code == 302
    assert token(cast.customer, password="another-long-passphrase")[0] == 200


def test_where_staff_must_have_one_they_work_only_with_it(cast: Cast, clock: Clock, settings: Any) -> None:
    client, app = Client(), begin_sign_in(cast.staff)
    client.force_login(cast.staff)
    _, key = make_api_token(cast.staff, name="Script", scopes=["read"], merchant=None, expires_at=None)
    bearers = [APIClient(headers={"Authorization": f"Bearer {one}"}) for one in (app.access, key)]

    def works() -> tuple[int, list[int]]:
        orders = [one.get("/api/v1/orders?mode=dashboard").status_code for one in bearers]
        return client.get("/admin/").status_code, orders

    assert works() == (200, [200, 200])
    settings.SECOND_STEP_FOR_STAFF = True
    assert works() == (302, [403, 403])
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/account"
    assert "you need a second step" in client.get("/account").content.decode()
    press(client, "begin", password=PASSWORD)
    press(client, "confirm", code=shown_code(cast.staff, clock))
    assert client.get("/admin/").status_code == 200
    assert bearers[1].get("/api/v1/orders?mode=dashboard").status_code == 200
    # Customers and vendors' people are not asked.
    assert token(cast.customer)[0] == 200
    client.force_login(cast.owner)
    assert client.get(f"/board/{cast.vendor.pk}").status_code == 200


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_several_who_send_one_code_at_once_one_is_let_in(cast: Cast, clock: Clock) -> None:
    begin_second_step(cast.owner)
    code = shown_code(cast.owner, clock)
    assert sorted(together([lambda: use_app_code(cast.owner, code)] * 8, at_once=8)) == [False] * 7 + [True]
    cast.owner.second_step_at = clock.now
    cast.owner.save()
    recovery = make_recovery_codes(cast.owner)[0]
    answers = together([lambda: token(cast.owner, otp=recovery)[0]] * 4, at_once=4)
    assert sorted(answers) == [200, 401, 401, 401]
    # Of recovery codes that are made anew at once those of one stand.
    together([lambda: make_recovery_codes(User.objects.get(pk=cast.owner.pk))] * 4, at_once=4)
    assert RecoveryCode.objects.count() == 10


def test_a_secret_that_was_shown_meanwhile_is_not_confirmed(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tab begins anew between the code that was right and what it confirms."""
    begin_second_step(cast.owner)
    code, used_up = shown_code(cast.owner, clock), second_step.try_code

    def late(user: User, given: str) -> None:
        used_up(user, given)
        begin_second_step(User.objects.get(pk=user.pk))

    with monkeypatch.context() as patched:
        patched.setattr(second_step, "try_code", late)
        with pytest.raises(NotSignedIn):
            second_step.confirm_second_step(cast.owner, code)
    assert token(cast.owner)[0] == 200
    assert not RecoveryCode.objects.exists()
    set_up(cast.owner, clock)
    with pytest.raises(Conflict):  # nor is one that counts replaced, whatever was read of the account before
        begin_second_step(User(pk=cast.owner.pk, email=cast.owner.email))
