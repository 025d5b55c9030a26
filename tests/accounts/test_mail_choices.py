"""Which mails somebody gets: chosen by the API, and on the page that a link in a mail leads to."""

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.core import mail
from django.test import Client

from ordersite.accounts.mail_file import EmailBackend
from ordersite.accounts.mail_kinds import DECLINABLE, KINDS
from ordersite.accounts.mails import choices_link, declined_kinds, read_choices_token
from ordersite.accounts.models import UNCONFIRMED, DeclinedMail, User
from ordersite.core.crypto import encrypt
from tests.cast import Cast
from tests.orders.outgoing.test_order_mails import kinds, label, sent, set_label
from tests.orders.shopping import cart, place_order
from tests.web.test_page_languages import OTHERS

ME = "/api/v1/me"
ANN = "ann@example.org"
CUSTOMERS = [name for name in DECLINABLE if name.startswith("order_") and name != "order_unseen"]


def page_of(email: str = ANN, kind: str = "order_label") -> str:
    return urlsplit(choices_link(email, kind)).path


def rows() -> set[tuple[str, str]]:
    return set(DeclinedMail.objects.values_list("email", "kind"))


# --- by the API ---------------------------------------------------------------------------------------------------


def test_somebody_signed_in_chooses(cast: Cast, api: Any) -> None:
    client = api(cast.customer)
    assert client.get(ME).json()["declined_mails"] == []
    for given in (["order_done", "order_accepted", "order_done"], ["order_ready"], []):
        answer = client.patch(ME, {"declined_mails": given})
        told = [name for name in DECLINABLE if name in given]
        assert (answer.status_code, answer.json()["declined_mails"]) == (200, told)
        assert client.get(ME).json()["declined_mails"] == told
        assert rows() == {(cast.customer.email, name) for name in told}
    assert api(cast.stranger).get(ME).json()["declined_mails"] == []


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (["order_placed"], "/declined_mails/0"),
        (["password_reset"], "/declined_mails/0"),
        (["spam"], "/declined_mails/0"),
        ("order_done", "/declined_mails"),
        (None, "/declined_mails"),
        (["order_done"] * 40, "/declined_mails"),
    ],
)
def test_what_cannot_be_switched_off_is_refused(cast: Cast, api: Any, given: Any, pointer: str) -> None:
    DeclinedMail.objects.create(email=cast.customer.email, kind="order_done")
    answer = api(cast.customer).patch(ME, {"declined_mails": given, "name": "Other"})
    assert answer.status_code == 400, answer.json()
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert rows() == {(cast.customer.email, "order_done")}
    assert User.objects.get(pk=cast.customer.pk).name == cast.customer.name


def test_who_has_not_confirmed_an_email_chooses_nothing_for_its_owner(cast: Cast, api: Any) -> None:
    User.objects.filter(pk=cast.customer.pk).update(email=f"1{UNCONFIRMED}", unconfirmed_email=ANN)
    user = User.objects.get(pk=cast.customer.pk)
    answer = api(user).patch(ME, {"declined_mails": ["order_done"], "name": "Other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_not_confirmed")
    assert (rows(), User.objects.get(pk=user.pk).name) == (set(), user.name)


# --- by the link --------------------------------------------------------------------------------------------------


def test_the_link_is_signed_and_hides_the_address() -> None:
    link = choices_link("Ann@Example.org", "order_done")
    assert link.startswith("http://127.0.0.1:8000/mails/")
    assert "@" not in link
    token = urlsplit(link).path.rpartition("/")[2]
    assert read_choices_token(token) == (ANN, "order_done")


@pytest.mark.parametrize("token", ["x", "é", "gAAAAABx" * 20, quote(encrypt("no json")), quote(encrypt("1"))])
def test_another_token_is_no_way_in(db: None, token: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for answer in (client.get(f"/mails/{token}"), client.post(f"/mails/{token}", {"wanted": "order_done"})):
        assert answer.status_code == 404
        assert "The link is wrong" in answer.content.decode()
    assert rows() == set()


def test_looking_at_the_page_changes_nothing(db: None) -> None:
    answer = Client().get(page_of())
    assert answer.status_code == 200
    text = answer.content.decode()
    assert text.count("checked") == len(CUSTOMERS)
    assert (ANN in text, answer["Referrer-Policy"], answer["X-Robots-Tag"]) == (False, "no-referrer", "noindex")
    assert rows() == set()


def test_what_is_ticked_is_kept(db: None) -> None:
    """Kinds that go to who sells stay as they are, and what cannot be switched off is not switched off."""
    DeclinedMail.objects.create(email=ANN, kind="order_unseen")
    client = Client(enforce_csrf_checks=True)
    wanted = [name for name in CUSTOMERS if name not in ("order_done", "order_label")]
    answer = client.post(page_of(), {"wanted": [*wanted, "order_unseen", "nonsense"]})
    assert (answer.status_code, answer["Location"]) == (302, f"{answer.request['PATH_INFO']}?saved")
    assert rows() == {(ANN, "order_done"), (ANN, "order_label"), (ANN, "order_unseen")}
    assert "Saved." in client.get(answer["Location"]).content.decode()
    client.post(page_of(), {"wanted": CUSTOMERS})
    assert rows() == {(ANN, "order_unseen")}


def test_who_sells_chooses_of_its_own_mails(db: None) -> None:
    client = Client()
    text = client.get(page_of(kind="order_unseen")).content.decode()
    assert (text.count("checked"), "order_done" in text) == (3, False)
    client.post(page_of(kind="order_unseen"), {"wanted": ["vendor_paused"]})
    assert rows() == {(ANN, "order_unseen"), (ANN, "webhook_disabled")}


def test_one_click_ends_the_kind_of_the_mail(db: None) -> None:
    """As a mailbox provider does it: without a cookie, and without being led elsewhere."""
    client = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = client.post(page_of(), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert rows() == {(ANN, "order_label")}
    for kind in ("order_placed", "password_reset", "text", "nonsense"):
        assert client.post(page_of(kind=kind), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert rows() == {(ANN, "order_label")}
    assert client.put(page_of()).status_code == 405


def test_only_what_may_advertise_has_one_click_and_what_cannot_end_has_no_link(cast: Cast, api: Any) -> None:
    oven = label(7, "Try our cakes")
    order = place_order(api(cast.customer), cart(cast))
    assert set_label(api(cast.owner), order, oven).status_code == 200
    placed, told = sorted(sent(), key=lambda one: one.subject.startswith("In the oven"))
    assert "List-Unsubscribe" not in placed.extra_headers
    assert "/mails/" not in placed.body + placed.alternatives[0].content
    link = told.extra_headers["List-Unsubscribe"].strip("<>")
    assert told.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (link in told.body, link in told.alternatives[0].content) == (True, True)
    assert Client().post(urlsplit(link).path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert declined_kinds(cast.customer.email) == ["order_label"]
    mail.outbox.clear()
    other = label(7, "Cakes again", "Cakes", position=1)
    assert set_label(api(cast.owner), order, other).status_code == 200
    assert sent() == []


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_the_page_speaks_its_readers_language(db: None, language: str) -> None:
    text = Client(headers={"Accept-Language": language}).get(page_of()).content.decode()
    titles = {"en": "Which mails do you want?", "fr": "Quels e-mails", "nl": "Welke e-mails", "es": "Qué correos"}
    assert titles[language] in text


def test_each_kind_says_when_it_comes() -> None:
    assert all(kind.title for kind in KINDS.values())
    assert all(kind.can_decline or not kind.has_one_click for kind in KINDS.values())


# --- in development -----------------------------------------------------------------------------------------------


def test_in_development_mails_go_to_a_file_that_does_not_grow_for_ever(
    cast: Cast, api: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEPT_MAILS = tmp_path / "mails.txt"
    monkeypatch.setattr("ordersite.accounts.mail_file.MOST_BYTES", 300)
    order = place_order(api(cast.customer), cart(cast))
    [one] = sent()
    for _ in range(3):
        assert EmailBackend().send_messages([one]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mails.old.txt", "mails.txt"]
    text = settings.KEPT_MAILS.read_text()
    assert text.count(f"Subject: Your order {order.called} at Burger Bar\n") == 1
    assert f"/t/{order.tracking_code}\n" in text
    assert kinds() == []
