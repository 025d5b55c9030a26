"""What lets somebody in: browsers, apps and API tokens, seen and ended, by oneself and by staff."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from ordersite.accounts.browser_sessions import SessionStore
from ordersite.accounts.logins import logins_of, session_id
from ordersite.accounts.models import ApiToken, BrowserSession, SignIn, User
from ordersite.accounts.services import make_api_token
from tests.cast import PASSWORD, Cast, make_clerk
from tests.clock import Clock
from tests.orders.shopping import assert_nothing_changed

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"


def browser(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/sign-in", {"username": user.email, "password": PASSWORD})
    return client


def app(user: User) -> APIClient:
    tokens = APIClient(headers={"User-Agent": "shop-app/3"}).post(
        "/api/v1/auth/token", {"email": user.email, "password": PASSWORD}
    )
    return APIClient(headers={"Authorization": f"Bearer {tokens.data['access']}"})


def till(user: User) -> APIClient:
    _, key = make_api_token(user, name="Till", scopes=["read"], merchant=None, expires_at=None)
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def works(one: Any) -> bool:
    path = "/api/v1/me" if isinstance(one, APIClient) else "/account"
    return one.get(path).status_code == 200


def test_one_sees_ones_own_with_device_and_times(cast: Cast, clock: Clock) -> None:
    mine = browser(cast.owner)
    browser(cast.owner, PHONE)
    app(cast.owner)
    till(cast.owner)
    browser(cast.customer)
    clock.now += timedelta(hours=2)
    mine.get("/account")
    key = mine.session.session_key
    told = [(one.kind, one.device, one.is_this) for one in logins_of(cast.owner, key)]
    assert sorted(told) == [
        ("api_token", str(ApiToken.objects.get()), False),
        ("session", "Firefox, Linux", True),
        ("session", "Safari, iPhone", False),
        ("sign_in", "shop-app/3", False),
    ]
    page = mine.get("/account").content.decode()
    for text in ("Firefox, Linux", "Safari, iPhone", "shop-app/3", "Till (ost_", "this one"):
        assert text in page, text
    assert not [row.session_key for row in BrowserSession.objects.all() if row.session_key in page]
    used = BrowserSession.objects.get(session_key=key)
    assert (used.used_at - used.created_at) == timedelta(hours=2)


@pytest.mark.parametrize("kind", ["session", "sign_in", "api_token"])
def test_one_is_ended_at_once_and_nothing_else(cast: Cast, kind: str) -> None:
    mine = browser(cast.owner)
    ways: dict[str, Callable[[User], Any]] = {"session": browser, "sign_in": app, "api_token": till}
    held = {name: make(cast.owner) for name, make in ways.items()}
    others = [make(cast.customer) for make in ways.values()]
    assert all(works(one) for one in (*held.values(), *others))
    of_others = [(one.kind, one.id) for one in logins_of(cast.customer)]
    with assert_nothing_changed():
        for given in (*of_others, (kind, "0"), (kind, "x"), (kind, "9" * 40), ("", ""), ("session", "")):
            assert mine.post("/account", {"act": "end_one", "kind": given[0], "id": given[1]}).status_code == 302
    key = mine.session.session_key
    ended = next(one for one in logins_of(cast.owner, key) if one.kind == kind and not one.is_this)
    assert mine.post("/account", {"act": "end_one", "kind": kind, "id": ended.id}).status_code == 302
    assert {name: works(one) for name, one in held.items()} == {name: name != kind for name in held}
    assert all(works(one) for one in (mine, *others))


def test_all_others_are_ended_but_api_tokens(cast: Cast) -> None:
    mine = browser(cast.owner)
    held = [browser(cast.owner), app(cast.owner), till(cast.owner), browser(cast.customer)]
    assert mine.post("/account", {"act": "end_others"}).status_code == 302
    assert [works(one) for one in (mine, *held)] == [True, False, False, True, True]


def test_a_new_password_and_being_switched_off_end_sessions(cast: Cast) -> None:
    browser(cast.owner)
    browser(cast.customer)
    cast.owner.set_password("another-long-passphrase")
    cast.owner.save()
    cast.customer.is_active = False
    cast.customer.save()
    assert not BrowserSession.objects.exists()


def test_staff_end_those_of_whom_they_may_change(cast: Cast) -> None:
    held = [browser(cast.customer), app(cast.customer), till(cast.customer), browser(cast.owner)]
    path = f"/admin/accounts/user/{cast.customer.pk}/logins/"
    office = Client()
    office.force_login(make_clerk("accounts.act_everywhere", "accounts.view_user"))
    page = office.get(path)
    assert page.status_code == 200
    assert "End it" not in page.content.decode()
    with assert_nothing_changed():
        assert office.post(path, {"act": "end_all"}).status_code == 403
    editor = make_clerk("accounts.act_everywhere", "accounts.view_user", "accounts.change_user", name="Edi Tor")
    office.force_login(editor)
    token = next(one for one in logins_of(cast.customer) if one.kind == "api_token")
    assert office.post(path, {"kind": "api_token", "id": token.id}).status_code == 302
    assert [works(one) for one in held] == [True, True, False, True]
    assert office.post(path, {"act": "end_all"}).status_code == 302
    assert [works(one) for one in held] == [False, False, False, True]
    # Not of an owner, whose rights this editor lacks.
    assert office.post(f"/admin/accounts/user/{cast.owner.pk}/logins/", {"act": "end_all"}).status_code == 403
    assert works(held[3])
    assert office.get("/admin/accounts/user/999999/logins/").status_code == 404


def test_nobody_else_is_let_in(cast: Cast) -> None:
    assert Client().get("/account")["Location"] == "/sign-in?next=/account"
    assert Client().post("/account", {"act": "end_others"})["Location"] == "/sign-in?next=/account"


def test_the_page_costs_a_fixed_number_of_statements(cast: Cast, django_assert_max_num_queries: Any) -> None:
    mine = browser(cast.owner)
    for _ in range(20):
        browser(cast.owner)
        app(cast.owner)
    with django_assert_max_num_queries(10):
        page = mine.get("/account").content.decode()
    assert len(re.findall("<li class=.login row.>", page)) == 41


def test_an_id_of_a_session_is_not_its_key(cast: Cast) -> None:
    key = browser(cast.owner).session.session_key
    assert session_id(key) not in (key, key[:16])
    assert SessionStore(session_id(key)).load() == {}
    assert SignIn.objects.count() == 0
