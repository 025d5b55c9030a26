"""The pages' own way in and out: by the session, with the tries counted, and back to paths of ours alone."""

from datetime import timedelta

import pytest
from django.test import Client

from ordersite.accounts.password_tries import LIMITS, PAIR
from tests.cast import PASSWORD, Cast
from tests.clock import Clock

pytestmark = pytest.mark.django_db
WRONG = "The e-mail or the password is wrong. Check both, and try again."


def sign_in(client: Client, email: str, password: str = PASSWORD, **fields: str) -> tuple[int, str, str]:
    """Status, where it leads, and the page."""
    answer = client.post("/sign-in", {"username": email, "password": password, **fields})
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def test_leads_in_and_out(client: Client, cast: Cast) -> None:
    assert client.get("/board").headers["Location"] == "/sign-in?next=/board"
    form = client.get("/sign-in?next=/board").content.decode()
    assert '<input type="hidden" name="next" value="/board">' in form
    assert sign_in(client, cast.owner.email, next="/board")[:2] == (302, "/board")
    assert client.get("/board").headers["Location"] == f"/board/{cast.vendor.pk}"
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/board").headers["Location"] == "/sign-in?next=/board"


@pytest.mark.parametrize(
    "given", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "board", ""]
)
def test_leads_to_nobody_else(client: Client, cast: Cast, given: str) -> None:
    assert sign_in(client, cast.owner.email, next=given)[:2] == (302, "/board")


def test_leads_each_to_where_they_work(client: Client, cast: Cast) -> None:
    places = {
        cast.owner: "/board",
        cast.driver: "/drive",
        cast.dispatcher: "/dispatch",
        cast.staff: "/admin/",
        cast.customer: "/orders",
    }
    assert {user: sign_in(client, user.email)[1] for user in places} == places


def test_a_wrong_password_keeps_the_email(client: Client, cast: Cast) -> None:
    status, _, page = sign_in(client, cast.owner.email, "wrong", next="/board")
    assert status == 200
    assert WRONG in page
    assert f'value="{cast.owner.email}"' in page
    assert '<input type="hidden" name="next" value="/board">' in page
    assert client.get("/board").status_code == 302
    assert WRONG in sign_in(client, "nobody@example.org", "wrong")[2]
    assert WRONG in sign_in(client, "", "")[2]
    assert "&lt;b&gt;" in sign_in(client, "<b>", "wrong")[2]


def test_an_account_that_is_off_is_not_let_in(client: Client, cast: Cast) -> None:
    cast.owner.is_active = False
    cast.owner.save()
    assert WRONG in sign_in(client, cast.owner.email)[2]
    assert client.get("/board").status_code == 302


def test_tries_count_with_those_of_the_other_doors(client: Client, cast: Cast, clock: Clock) -> None:
    most = LIMITS[PAIR][0]
    for _ in range(most - 1):
        assert sign_in(client, cast.owner.email, "wrong")[0] == 200
    given = {"email": cast.owner.email, "password": "wrong"}
    assert client.post("/api/v1/auth/token", given, content_type="application/json").status_code == 401
    answer = client.post("/sign-in", {"username": cast.owner.email, "password": PASSWORD, "next": "/board"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Too many tries. Wait " in answer.content.decode()
    assert client.get("/board").status_code == 302
    clock.now += timedelta(minutes=16)
    assert sign_in(client, cast.owner.email, next="/board")[:2] == (302, "/board")


def test_a_form_without_its_token_is_refused(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    for path in ("/sign-in", "/language"):
        assert strict.post(path, {"username": cast.owner.email, "password": PASSWORD}).status_code == 403
    strict.force_login(cast.owner)
    assert strict.post("/sign-out").status_code == 403
    assert strict.get("/board").status_code == 302  # and still signed in: to the only vendor's
    assert strict.get("/board").headers["Location"] == f"/board/{cast.vendor.pk}"


def test_nobody_keeps_the_page(client: Client, cast: Cast) -> None:
    page = client.get("/sign-in")
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store") or page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["X-Robots-Tag"] == "noindex"
    assert "script-src 'self'" in page["Content-Security-Policy"]
