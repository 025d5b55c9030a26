"""traceparent, X-Request-ID, and the line that each request gets in the log."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ordersite.core.context import request_id
from ordersite.core.tracing import current_trace, make_trace, trace_headers, traced
from ordersite.core.work_items import LINES, work_item
from ordersite.urls import urlpatterns
from ordersite.web.logs import JsonFormatter, TextFormatter
from tests.cast import Cast
from tests.orders.shopping import cart

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"
SHAPE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")
TAKEN = {
    "sampled": (GIVEN, "01"),
    "not sampled": (f"00-{TRACE}-{SPAN}-00", "00"),
    "another flag": (f"00-{TRACE}-{SPAN}-02", "00"),
    "a later version": (f"cc-{TRACE}-{SPAN}-01", "01"),
    "a later version with more": (f"cc-{TRACE}-{SPAN}-01-what-comes", "01"),
    "with blanks around": (f" {GIVEN} ", "01"),
}
MALFORMED = {
    "nothing": "",
    "no trace": f"00-{'0' * 32}-{SPAN}-01",
    "no span": f"00-{TRACE}-{'0' * 16}-01",
    "no version": f"ff-{TRACE}-{SPAN}-01",
    "capitals": f"00-{TRACE.upper()}-{SPAN}-01",
    "too short": f"00-{TRACE[1:]}-{SPAN}-01",
    "more in this version": f"{GIVEN}-more",
    "a line more": f"{GIVEN}\n",
    "another script's digits": GIVEN.replace("4", "\u0664"),
    "too long": f"cc-{TRACE}-{SPAN}-01-{'x' * 200}",
}


@pytest.mark.parametrize(("text", "flags"), TAKEN.values(), ids=TAKEN)
def test_a_trace_is_gone_on_with(text: str, flags: str) -> None:
    first, second = make_trace(text), make_trace(text)
    assert (first.trace_id, first.header[-2:]) == (TRACE, flags)
    assert SPAN not in (first.span_id, second.span_id)
    assert first.span_id != second.span_id


@pytest.mark.parametrize("text", [one for name, one in MALFORMED.items() if name != "a line more"])
def test_what_is_no_trace_begins_a_new_one(text: str) -> None:
    trace = make_trace(text)
    assert SHAPE.fullmatch(trace.header)
    assert trace.trace_id != TRACE
    assert trace.trace_id != make_trace(text).trace_id


@given(st.text(max_size=80))
def test_whatever_comes_the_header_is_well_formed(text: str) -> None:
    assert SHAPE.fullmatch(make_trace(text).header)


def test_a_trace_is_passed_on_as_long_as_it_lasts() -> None:
    assert trace_headers() == {}
    with traced(GIVEN) as trace:
        assert trace_headers() == {"traceparent": f"00-{TRACE}-{trace.span_id}-01"}
        with traced() as inner:
            assert trace_headers() == {"traceparent": inner.header}
        assert current_trace.get() == trace
    assert trace_headers() == {}


def test_an_answer_names_the_request_and_its_trace() -> None:
    answer = Client().get("/healthz", headers={"traceparent": GIVEN, "X-Request-ID": "abc-1234.x"})
    assert answer["X-Request-ID"] == "abc-1234.x"
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", answer["traceresponse"])
    for refused in ("short", "x" * 65, "with blank", "ünlesbar", 'q"uote1234'):
        assert re.fullmatch("[0-9a-f]{32}", Client().get("/healthz", headers={"X-Request-ID": refused})["X-Request-ID"])


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the lines say, as JSON, while they are switched on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger(LINES)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


def lines_in(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.django_db(transaction=True)
def test_a_request_has_its_line(cast: Cast, api: Any, written: io.StringIO) -> None:
    sent = {"X_Request_ID": "from-the-till", "traceparent": GIVEN}
    placed = api(cast.customer, **sent).post("/api/v1/orders", cart(cast), format="json")
    order = placed.json()["orders"][0]["id"]
    api(cast.owner, **sent).get(f"/api/v1/orders/{order}?token=secret-of-mine")
    api().get("/t/not-a-code-of-ours")
    first, second, third = lines_in(written)
    assert first.pop("at").endswith("+00:00")
    assert 0 < first.pop("ms") < 60_000
    assert first == {
        "level": "info",
        "logger": LINES,
        "message": "request",
        "request_id": "from-the-till",
        "trace_id": TRACE,
        "route": "/api/v1/orders",
        "method": "POST",
        "status": 201,
        "order": str(order),
        "actor": f"user:{cast.customer.pk}",
    }
    assert (second["route"], second["order"]) == ("/api/v1/orders/<id:order_id>", str(order))
    assert (third["route"], third["status"], "actor" in third) == ("/t/<str:code>", 404, False)
    assert "secret-of-mine" not in written.getvalue()
    assert "not-a-code-of-ours" not in written.getvalue()


def test_no_line_is_written_where_they_are_switched_off() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger(LINES)
    logger.addHandler(handler)
    try:
        Client().get("/healthz")
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == ""


def test_a_piece_of_work_has_its_line(written: io.StringIO) -> None:
    with work_item("timer", order=17, traceparent=GIVEN):
        inside = request_id.get()
    with pytest.raises(ValueError, match="no"), work_item("timer"):
        raise ValueError("no")
    with work_item("timer") as item:
        item.outcome = None
    done, failed = lines_in(written)
    assert (done["kind"], done["outcome"], done["order"], done["trace_id"]) == ("timer", "ok", "17", TRACE)
    assert done["request_id"] == inside
    assert (failed["outcome"], "order" in failed) == ("failed", False)
    assert failed["request_id"] != inside
    assert request_id.get() == ""


def test_people_read_the_same_in_words() -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "it /pay/abcdef waits", (), None)
    record.created, record.fields = 0.0, {"order": "17", "ms": 2.5}
    text = TextFormatter().format(record)
    assert re.fullmatch(r"\d\d:00:00 WARNING it /pay/… waits order=17 ms=2\.5", text)


SECRET_PART = re.compile("<str:(code|token)>")


def secret_paths() -> list[str]:
    """All addresses that have a secret in them, the sockets' beside those of the site."""
    routes = [str(getattr(one, "pattern", "")) for one in urlpatterns]
    secret = [SECRET_PART.sub("a-code", route) for route in routes if SECRET_PART.search(route)]
    return [*("/" + route for route in secret), "/ws/orders/a-code"]


@pytest.mark.parametrize("path", secret_paths())
def test_no_line_has_an_address_that_lets_somebody_in(path: str) -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "Forbidden (%s): %s?x=1", ("no cookie", path), None)
    for formatter in (JsonFormatter(), TextFormatter()):
        text = formatter.format(record)
        assert ("a-code" in text, "Forbidden (no cookie): /" in text) == (False, True)


def test_a_refused_form_of_a_followed_order_is_logged_without_its_code(db: None, caplog: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/t/a-code/guest", {"token": "x"}).status_code == 403
    [refused] = [one for one in caplog.records if one.name == "django.security.csrf"]
    assert "/t/a-code/guest" in refused.getMessage()  # as Django says it
    assert json.loads(JsonFormatter().format(refused))["message"].endswith(": /t/…/guest")
