"""Ordinary throttles: a fixed window of a minute, in Redis where there is one, else in the process."""

import ipaddress
import threading
import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ordersite.core.codes import Code
from ordersite.core.faults import Throttled
from ordersite.core.redis import breaker

WINDOW = 60


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


class Windows:
    """Counts of this process, for when Redis is not there; holds one window at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = 0
        self.counts: dict[str, int] = {}

    def count(self, key: str, window: int) -> int:
        with self.lock:
            if window != self.window:
                self.window, self.counts = window, {}
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]


windows = Windows()


def window_now() -> int:
    """The number of the window that is now."""
    return int(time.time()) // WINDOW


def count_call(who: str) -> int:
    """Counts one call by somebody, and returns how many there were in this window."""
    window = window_now()
    key = f"throttle:{window}:{who}"
    count = breaker.run("INCR", key)
    if count is None:
        return windows.count(key, window)
    if count == 1:
        breaker.run("EXPIRE", key, 2 * WINDOW)
    return int(count)


def throttle_address(request: Any) -> None:
    """Counts one opening of a page that anybody may open; raises Throttled beyond THROTTLE_ANONYMOUS a minute."""
    most = settings.THROTTLE_ANONYMOUS
    if most and count_call(f"page:{client_address(request)}") > most:
        raise Throttled(Code.THROTTLED_REQUESTS, retry_after=WINDOW)


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
