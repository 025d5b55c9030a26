"""The page of payment providers, and the button that asks one whether it works: always answered, in a sentence."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from orders.services.paying import provider_checks
from orders.services.paying.providers import PROVIDERS, mollie
from orders.services.paying.providers.protocol import ProviderError
from ordersite.accounts.rights import Right
from tests.cast import Cast, make_clerk
from tests.orders.online import Provider, started
from tests.orders.shopping import assert_nothing_changed

pytestmark = pytest.mark.django_db
PAGE = "/admin/orders/payment/providers/"


@pytest.fixture
def server(settings: Any) -> Provider:
    server = started()
    server.forget()
    settings.FAKE_PAYMENTS_URL = server.url
    return server


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_clerk(Right.ACT_EVERYWHERE, Right.CHECK_PAYMENTS, "orders.view_payment"))
    return client


def told(office: Client, name: str = "fake") -> str:
    """What the press of a button is answered."""
    answer = office.post(f"{PAGE}{name}/test/")
    assert answer.status_code == 302
    return [str(one) for one in get_messages(answer.wsgi_request)][-1]


def test_the_page_says_what_is_set_up_and_shows_no_key(office: Client, server: Provider, settings: Any) -> None:
    page = office.get(PAGE)
    assert [(one.name, one.is_set_up, one.methods) for one in page.context["providers"]] == [
        ("mollie", False, ["mollie"]),
        ("fake", True, ["fake"]),
    ]
    settings.MOLLIE_API_KEY = "test_a_very_secret_key"
    page = office.get(PAGE)
    assert page.context["providers"][0].is_set_up
    assert "test_a_very_secret_key" not in page.content.decode()
    assert server.calls == []


def test_one_that_works_says_what_it_offers(office: Client, server: Provider) -> None:
    with assert_nothing_changed():
        assert told(office).endswith(" ms: it offers ideal, creditcard, bancontact.")
    assert server.calls == ["GET methods"]


def test_an_error_and_a_server_that_is_gone_are_told(office: Client, server: Provider, settings: Any) -> None:
    server.refuses_with = 401
    assert "fake does not work: The provider answered 401" in told(office)
    server.refuses_with = 503
    assert "fake does not work: The provider answered 503" in told(office)
    settings.FAKE_PAYMENTS_URL = "http://127.0.0.1:9"
    assert "fake does not work: The provider is out of reach" in told(office)
    assert "was not asked" in told(office, "mollie")
    assert "was not asked" in told(office, "nobody")


def test_one_that_hangs_keeps_nobody(office: Client, server: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    server.delay = 2.0
    monkeypatch.setattr(provider_checks, "LONGEST", 0.05)
    assert "gave no answer within" in told(office)
    # As long as others are asked, nobody waits for a turn.
    taken = 0
    while provider_checks.ASKED.acquire(blocking=False):
        taken += 1
    try:
        assert "Others are being asked at this moment" in told(office)
    finally:
        server.delay = 0.0
        for _ in range(taken):
            provider_checks.ASKED.release()


def test_it_is_asked_so_often_and_no_oftener(office: Client, server: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_checks, "MOST_CHECKS", 2)
    assert [("offers" in told(office)) for _ in range(3)] == [True, True, False]
    assert len(server.calls) == 2


def test_it_asks_for_its_right(cast: Cast, client: Client, server: Provider) -> None:
    client.force_login(make_clerk(Right.ACT_EVERYWHERE, "orders.view_payment"))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}fake/test/").status_code == 403
    assert "Payment providers" not in client.get("/admin/orders/payment/").content.decode()
    assert server.calls == []


def test_what_is_no_fault_of_the_provider_is_ours(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """An answer that cannot be read is told as one."""
    settings.MOLLIE_API_KEY = "test_key"
    found = PROVIDERS["mollie"]()
    assert isinstance(found, mollie.Mollie)
    monkeypatch.setattr(found.client.methods, "list", lambda: [{}])
    with pytest.raises(ProviderError) as raised:
        found.list_methods()
    assert raised.value.reason == "The provider's answer cannot be read (KeyError)."
