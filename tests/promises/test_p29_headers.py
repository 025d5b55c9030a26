"""Promise 29: no header costs more than its share, whoever parses it, at any kind of door."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from ordersite.web.request_headers import WsgiDoor
from tests.cast import Cast

pytestmark = pytest.mark.slow

MOST_CPU = 0.5  # seconds
SIZES = (240, 950, 15_000, 60_000)  # characters: what is parsed into parts, what fits, and what does not
DOORS = (
    ("GET", "/api/v1/vendors"),
    ("POST", "/api/v1/orders/quote"),
    ("GET", "/admin/login/"),
    ("POST", "/admin/login/"),
    ("GET", "/pay/nothing"),
    ("GET", "/dialects/kesk/v1/orders"),
    ("POST", "/dialects/kesk/v1/orders"),
    ("POST", "/dialects/shop/System/Orders"),
    ("OPTIONS", "/api/v1/orders"),
    ("GET", "/healthz"),
    ("GET", "/static/admin/css/base.css"),
    ("GET", "/nowhere"),
)
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Authorization",
    "Content-Disposition",
    "Content-Type",
    "Cookie",
    "Forwarded",
    "Host",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Order-Token",
    "Origin",
    "Problem-Language",
    "Range",
    "Referer",
    "User-Agent",
    "X-Csrftoken",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Request-Id",
)
# What a value begins with, what it goes on with, and what it ends with.
VALUES = (
    ("", ",", ""),
    ("", ";", ""),
    ("", "a,", ""),
    ("", "a=b;", ""),
    ("", "a/b,", ""),
    ("", "application/json;q=0.1,", ""),
    ('application/json; a="', '\\";', ""),
    ('sessionid="', '\\"', '"'),
    ('csrftoken="', "\\073", '"'),
    ('multipart/form-data; boundary="', "\\", '"'),
    ("form-data; filename*=", "a'", ""),
    ("application/json; charset*=utf-8''", "%00", ""),
    ("bytes=", "0-1,", ""),
    ("", '"', ""),
    ("", 'W/"x", ', ""),
    ("Bearer ", "eyJ.", ""),
    ("Basic ", "Og==", ""),
    ("http://", "[", ""),
    ("http://", "@:", ""),
    ("", "%ff", ""),
    ("", "1", ""),
    ("", " a", ""),
    ("", "\xe9", ""),
    ("", "(", ")"),
    ("Sun, ", "Nov ", "GMT"),
)


@pytest.fixture(autouse=True)
def keep_connection() -> Iterator[None]:
    """The test's connection outlives its requests, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def cost_of(app: Any, method: str, path: str, header: str, value: str, *, path_info: str = "") -> tuple[float, int]:
    """Seconds of this process's CPU for one anonymous request with that header, and the status of its answer."""
    environ = RequestFactory().generic(method, path, "{}", content_type="application/json").environ
    environ["CONTENT_TYPE" if header == "Content-Type" else "HTTP_" + header.upper().replace("-", "_")] = value
    environ["PATH_INFO"] = path_info or environ["PATH_INFO"]
    statuses: list[int] = []
    began = time.process_time()
    answer = app(environ, lambda status, headers: statuses.append(int(status[:3])))
    for _ in answer:
        pass
    cost = time.process_time() - began
    answer.close()
    return cost, statuses[0]


def filled(begin: str, part: str, end: str, size: int) -> str:
    return begin + part * ((size - len(begin) - len(end)) // len(part)) + end


def test_no_header_costs_more_than_its_share(cast: Cast, full: bool, settings: Any, figure: Any) -> None:
    """Each header with each value and size, at each door in a full run, else at one after another."""
    settings.THROTTLE_ANONYMOUS = 0
    app = WsgiDoor(WSGIHandler())
    for door in DOORS:  # made once in a process: who asks first waits for it
        cost_of(app, *door, "User-Agent", "x")
    doors = itertools.cycle(DOORS)
    dearest, statuses, calls = (0.0, ""), set(), 0
    for header, value, size in itertools.product(HEADERS, VALUES, SIZES):
        for method, path in DOORS if full else [next(doors)]:
            cost, status = cost_of(app, method, path, header, filled(*value, size))
            dearest = max(dearest, (cost, f"{method} {path} {header}: {value} {size}"))
            statuses.add(status)
            calls += 1
            assert status in (415, 431) or size < 60_000, (header, value, status)
    figure(f"worst header of {calls:,}: {dearest[0]:.3f} s CPU ({dearest[1]})")
    assert dearest[0] <= MOST_CPU, dearest
    assert not [status for status in statuses if status >= 500]


@pytest.mark.parametrize("base", ["/", "/api/v1/orders/", "/admin/", "/pay/", "/dialects/kesk/v1/", "/static/"])
def test_no_path_costs_more_than_its_share(cast: Cast, base: str) -> None:
    app = WsgiDoor(WSGIHandler())
    for part in ("a", "/", "../", "\xe9", "%2F"):
        for size in (1_900, 120_000):
            cost, status = cost_of(app, "GET", base, "User-Agent", "x", path_info=base + part * (size // len(part)))
            assert (cost <= MOST_CPU, status < 500, status == 414) == (True, True, size > 2_000), (part, cost, status)


def test_what_is_refused_names_the_header(cast: Cast) -> None:
    app = WsgiDoor(WSGIHandler())
    path = "/api/v1/orders/quote"
    assert cost_of(app, "POST", path, "Content-Type", "application/json; a=" + "b" * 300)[1] == 415
    assert cost_of(app, "POST", path, "Accept", "a/b," * 300)[1] == 431
    assert cost_of(app, "POST", path, "X-Anything", "a" * 16_000)[1] == 431
    for charset in ("hex", "idna", "undefined", "utf-16"):
        assert cost_of(app, "POST", path, "Content-Type", f"application/json; charset={charset}")[1] == 415
    for charset in ("utf-8", "nobodys", "ISO-8859-1"):
        assert cost_of(app, "POST", path, "Content-Type", f"application/json; charset={charset}")[1] == 400
    # An ordinary one is read as ever: the cart is what is refused.
    assert cost_of(app, "POST", path, "Accept", "application/json")[1] == 400


def test_control_without_the_door_a_cookie_does(cast: Cast) -> None:
    value = filled('sessionid="', '\\"', '"', 30_000)
    assert cost_of(WSGIHandler(), "GET", "/healthz", "Cookie", value)[0] > MOST_CPU
