"""Ordinary throttles: so many requests of a caller, or of a network, in a window of a minute."""

import ipaddress
import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ordersite.core.call_counts import WINDOW, count_call
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Throttled


def network_of(address: str) -> str:
    """What limits by address count together: an IPv4 address, or the /64 of an IPv6 one, which is one customer's."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), 64), strict=False))


def client_network(forwarded: str, peer: str) -> str:
    """The network of a client, by X-Forwarded-For and the connection's own address.

    Our own proxies' additions to that header are believed, a client's are not.
    """
    hops = [part.strip() for part in forwarded.split(",") if part.strip()]
    proxies = settings.TRUSTED_PROXIES
    return network_of(hops[-proxies] if proxies and len(hops) >= proxies else peer)


def client_address(request: Request | HttpRequest) -> str:
    """The network that a request came from."""
    return client_network(request.META.get("HTTP_X_FORWARDED_FOR", ""), request.META.get("REMOTE_ADDR", ""))


def throttle_address(request: Any) -> None:
    """Counts one opening of a page that anybody may open; raises Throttled beyond THROTTLE_ANONYMOUS a minute."""
    most = settings.THROTTLE_ANONYMOUS
    if most and count_call(f"page:{client_address(request)}") > most:
        raise Throttled(FaultCode.THROTTLED_REQUESTS, retry_after=WINDOW)


class CallerThrottle(BaseThrottle):
    """THROTTLE_CALLER requests a minute for somebody known, THROTTLE_ANONYMOUS for an address."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        known = user.is_authenticated
        limit = settings.THROTTLE_CALLER if known else settings.THROTTLE_ANONYMOUS
        if not limit:
            return True
        return count_call(user.caller_key if known else client_address(request)) <= limit

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW
