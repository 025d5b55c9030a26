"""Before any view: an id for the request, and a limit on what is read."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse

from ordersite.core.context import absolute, below_public_url, request_id
from ordersite.core.faults import Refusal
from ordersite.web.problems import Problem, answer, foreign_answer, from_exception, problem_response
from ordersite.web.request_gate import LATE, MOST
from ordersite.web.request_headers import REFUSED

SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
# Django's words for a text in the place of an id, such as a crafted selection of the back-office.
NOT_A_NUMBER = "expected a number but got"
Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Keeps a client's X-Request-ID where it is harmless, else makes one; every answer carries it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if SAFE_ID.match(given) else uuid.uuid4().hex)
        address = absolute.set(below_public_url if settings.PUBLIC_URL else request.build_absolute_uri)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            return response
        finally:
            request_id.reset(token)
            absolute.reset(address)


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
            return refuse_unread(request, refused)
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
            return refuse_unread(request, Problem("too_large", detail, status=413))
        if scope.get(LATE):
            return refuse_and_end(
                request, Problem("too_slow", "The body took too long to arrive: send it again.", status=408)
            )
        if len(request.META.get("QUERY_STRING", "")) > settings.MAX_QUERY_BYTES:
            detail = f"The query string is longer than {settings.MAX_QUERY_BYTES} characters: send less."
            return refuse_unread(request, Problem("invalid", detail))
        # A foreign API reads a parameter with a NUL as any other wrong one.
        query = "" if request.path.startswith("/dialects/") else request.META.get("QUERY_STRING", "")
        if "\0" in request.path or "%00" in query:
            return refuse_unread(request, Problem("invalid", "The URL contains a NUL character: leave it out."))
        return self.get_response(request)


def refuse_unread(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A refusal of what nobody has read: in JSON, in a foreign API's own shape below its base."""
    foreign = foreign_answer()(request, problem) if request.path.startswith("/dialects/") else None
    return foreign or problem_response(problem)


def refuse_and_end(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A refusal that ends its connection, where that is ours to say: of what came under ASGI."""
    response = refuse_unread(request, problem)
    response["Connection"] = "close"
    return response
