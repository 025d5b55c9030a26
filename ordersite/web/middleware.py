"""Before any view: an id and a trace for the request, how long it takes, and a limit on what is read."""

import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import LazyObject, empty

from ordersite.core.context import absolute, acting, below_public_url, noted_orders, request_id
from ordersite.core.faults import Refusal
from ordersite.core.metrics import REQUESTS
from ordersite.core.tracing import traced
from ordersite.core.work_items import are_lines_written, told_orders, write_line
from ordersite.web.problems import Problem, answer, from_exception
from ordersite.web.request_gate import LATE, MOST
from ordersite.web.request_headers import REFUSED

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
# Django's words for a text in the place of an id, such as a crafted selection of the back-office.
NOT_A_NUMBER = "expected a number but got"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# In the place of a route: files of the site's own, and what no view was found for.
STATIC, UNKNOWN = "static", "unknown"
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Keeps a client's X-Request-ID where it is harmless, else makes one; every answer carries it.

    The request belongs to the trace of its `traceparent`, or to a new one, which the answer names in `traceresponse`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if SAFE_ID.match(given) else uuid.uuid4().hex)
        address = absolute.set(below_public_url if settings.PUBLIC_URL else request.build_absolute_uri)
        noted = noted_orders.set([])
        actor = acting.set(lambda: who_acts(request))
        try:
            with traced(request.headers.get("traceparent", "")) as trace:
                response = self.get_response(request)
                response["X-Request-ID"] = request_id.get()
                response["traceresponse"] = trace.header
                note_request(request, response.status_code, time.perf_counter() - began)
            return response
        finally:
            request_id.reset(token)
            absolute.reset(address)
            noted_orders.reset(noted)
            acting.reset(actor)


def who_acts(request: HttpRequest) -> tuple[str, str]:
    """The key of whoever a request has turned out to come from, with its name, and the API token that it came with."""
    user = getattr(request, "user", None)
    key = getattr(user, "caller_key", "")
    if not key:
        return "anonymous", ""
    name = str(getattr(user, "name", "") or user)
    token = getattr(user, "api_token", None)
    return key, f"{name}, by {token}" if token else name


def note_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Counts a request that was answered, and writes its line."""
    route = route_of(request)
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, status).observe(seconds)
    if are_lines_written():
        asked = request.resolver_match.kwargs.get("order_id") if request.resolver_match else None
        order = asked if isinstance(asked, int) else None
        write_line(
            "request",
            seconds,
            route=route,
            method=method,
            status=status,
            order=told_orders(order),
            actor=actor_of(request),
        )


def route_of(request: HttpRequest) -> str:
    """The template of its path, of which there are as many as views: never the path itself, which may hold a secret."""
    if request.resolver_match is not None:
        return f"/{request.resolver_match.route}"
    return STATIC if request.path.startswith(settings.STATIC_URL) else UNKNOWN


def actor_of(request: HttpRequest) -> str | None:
    """Who was found to call, such as user:5; None for nobody, and where no view has asked who it is."""
    user = request.__dict__.get("user")
    if isinstance(user, LazyObject) and user.__dict__["_wrapped"] is empty:
        return None
    return getattr(user, "caller_key", None)


class DatabaseRefusalMiddleware:
    """Pages answer as the API does where a service or the database refuses (an id beyond 64 bits): never 500."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ValueError) and NOT_A_NUMBER in str(exception):
            return answer(
                request, Problem("invalid", "A text was sent where a number is needed: choose from the page.")
            )
        if not isinstance(exception, Refusal | DataError | OverflowError | OperationalError):
            return None
        problem = from_exception(exception)
        return answer(request, problem) if problem else None


class BodyLimitMiddleware:
    """431, 413 and 408 before anything is parsed; 400 for a query that is too long, or an address with a NUL."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        multipart = request.content_type == "multipart/form-data"
        if refused := request.META.get(REFUSED):
            return answer(request, refused)
        scope = getattr(request, "scope", {})
        if refused := scope.get(REFUSED):
            return refuse_and_end(request, refused)
        limit = scope.get(MOST) or (settings.MAX_MULTIPART_BYTES if multipart else settings.MAX_BODY_BYTES)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or len(length) > 15 or int(length) > limit:
            detail = f"The body is larger than {limit // 1_000_000} MB: send less."
            if multipart and limit < settings.MAX_MULTIPART_BYTES:
                most = settings.MAX_MULTIPART_BYTES // 1_000_000
                detail += f" A form that tells its Content-Length may have {most} MB."
            return answer(request, Problem("too_large", detail, status=413))
        if scope.get(LATE):
            return refuse_and_end(
                request, Problem("too_slow", "The body took too long to arrive: send it again.", status=408)
            )
        if len(request.META.get("QUERY_STRING", "")) > settings.MAX_QUERY_BYTES:
            detail = f"The query string is longer than {settings.MAX_QUERY_BYTES} characters: send less."
            return answer(request, Problem("invalid", detail))
        # A foreign API reads a parameter with a NUL as any other wrong one.
        query = "" if request.path.startswith("/dialects/") else request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "%00" in query:
            return answer(request, Problem("invalid", "The URL contains a NUL character: leave it out."))
        return self.get_response(request)


def refuse_and_end(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A refusal that ends its connection, where that is ours to say: of what came under ASGI."""
    response = answer(request, problem)
    response["Connection"] = "close"
    return response
