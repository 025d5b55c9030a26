"""Promise 13: webhook addresses reach nothing inside: private, loopback, link-local and rebinding targets are refused.

At saving and at each try, by whatever name or notation; redirects are not followed.
"""

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from orders.models import WebhookEndpoint
from orders.services.outgoing import addresses
from ordersite.core.faults import Invalid
from tests.cast import Cast
from tests.orders.shopping import assert_nothing_changed
from tests.tracking.receiver import receiving
from tracking.webhooks import sending
from tracking.webhooks.sending import send_webhook

INSIDE = """
127.0.0.1 127.1 2130706433 0x7f000001 0177.0.0.1 localhost 0.0.0.0 10.0.0.1 100.64.0.1 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1
255.255.255.255 [::] [::1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:10.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1]
[100::1] [2001::1] [2001:20::1] [2001:db8::1] [2002:7f00:1::1] [3fff::1] [5f00::1] [fc00::1] [fd12:3456::1] [fe80::1]
[fec0::1] [ff02::1]
""".split()
OUTSIDE = "1.1.1.1 93.184.215.14 172.32.0.1 192.0.1.1 100.128.0.1 2606:4700:4700::1111 2a00:1450:4001::1".split()
HOST = "hooks.example.com"


@pytest.fixture(autouse=True)
def in_production(settings: Any) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False


def resolved(*ips: str) -> Callable[..., list[Any]]:
    """A name server that answers these, one after another, and the last one from then on."""
    left = list(ips)

    def answer(host: str, port: int, *args: Any, **named: Any) -> list[Any]:
        assert host == HOST
        ip = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (ip, port))]

    return answer


def test_nothing_inside_is_saved_or_called(
    cast: Cast, api: Any, figure: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **named: called.append(args))
    client = api(cast.customer)
    for host in INSIDE:
        url = f"https://{host}/hook"
        with assert_nothing_changed():
            answer = client.post("/api/v1/webhooks", {"url": url, "types": ["order.placed"]})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "private_address"), host
        assert send_webhook(url, "{}", {}).failure == "private_address", host
    assert called == []
    assert all(addresses.is_public(ip_address(ip)) for ip in OUTSIDE)
    figure(f"{len(INSIDE)} addresses inside refused at saving and at a call, 0 connections")


def test_plain_http_is_refused(cast: Cast, api: Any) -> None:
    answer = api(cast.customer).post("/api/v1/webhooks", {"url": f"http://{HOST}/", "types": ["order.placed"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/url")
    assert send_webhook(f"http://{HOST}/", "{}", {}).failure == "invalid"
    assert not WebhookEndpoint.objects.exists()


def test_a_name_that_is_rebound_is_refused_at_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it was saved, inside when it is called: nothing connects."""
    monkeypatch.setattr(socket, "getaddrinfo", resolved("93.184.215.14", "127.0.0.1"))
    called: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **named: called.append(args))
    assert addresses.find_target(f"https://{HOST}/").ip == "93.184.215.14"
    assert send_webhook(f"https://{HOST}/", "{}", {}).failure == "private_address"
    assert called == []


def test_the_call_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebound between the check and the call: the name is not resolved again."""
    monkeypatch.setattr(socket, "getaddrinfo", resolved("93.184.215.14", "127.0.0.1"))
    called: list[Any] = []

    def refuse(address: Any, timeout: float) -> Any:
        called.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert send_webhook(f"https://{HOST}/", "{}", {}).failure == "ConnectionRefusedError: Connection refused"
    assert called == [("93.184.215.14", 443)]


def test_a_redirect_leads_nowhere(settings: Any) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with receiving() as outside, receiving() as inside:
        for status in (301, 302, 307, 308):
            outside.answer = lambda received, status=status: (status, {"Location": inside.url})
            assert send_webhook(outside.url, "{}", {}).failure == f"answered {status}"
        assert (len(outside.calls), inside.calls) == (4, [])


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_in_development_this_machine_alone_is_open(settings: Any, host: str) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    if host == "[::1]":
        assert addresses.find_target(f"http://{host}:8000/").ip == "::1"
    else:
        with pytest.raises(Invalid, match="private_address"):
            addresses.find_target(f"http://{host}:8000/")


def test_control_without_the_check_it_is_found(
    cast: Cast, api: Any, figure: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda ip: True)
    with pytest.raises(AssertionError):
        test_nothing_inside_is_saved_or_called(cast, api, print, monkeypatch)


def test_control_resolved_again_at_the_call_it_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that takes the name goes where the name leads by then."""
    real = addresses.find_target

    def by_name(url: str) -> addresses.Target:
        found = real(url)
        return addresses.Target(found.is_secure, found.host, found.port, found.path, ip=found.host)

    monkeypatch.setattr(sending, "find_target", by_name)
    with pytest.raises(AssertionError):
        test_the_call_goes_to_the_address_that_was_checked(monkeypatch)
