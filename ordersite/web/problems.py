"""Every error under /api is a problem (RFC 9457). Errors are classes, raised anywhere and rendered here alone."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    ValidationError,
)
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response

from ordersite.core import faults
from ordersite.core.context import request_id
from ordersite.core.faults import Path, Refusal
from ordersite.core.fields import Field
from ordersite.core.languages import speaking
from ordersite.core.wording import NATIVE, Wording
from ordersite.web.framework_sentences import plain_sentence

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# The header by which a call asks for sentences in another language than English ("nl"), as our pages do. Codes and
# pointers stay; Accept-Language, which browsers send by themselves, changes nothing.
PROBLEM_LANGUAGE = "Problem-Language"
# What a page says first, to a person, by code or status.
HEADINGS: dict[str | int, str] = {
    "csrf": "This form has expired",
    401: "You are not signed in",
    403: "You may not do this",
    404: "There is no such page",
    413: "This is too large",
    429: "One moment, please",
    503: "One moment, please",
}
# The same call may do later, without another word.
PASSING = (429, 500, 502, 503, 504)


class Problem(Refusal):
    """A refusal as it is told at a door: a stable code, a sentence with the remedy, what the client needs to mend it.

    `errors` are rows {pointer, code, detail}, of which `pointer` makes the only one; `extra` are further members of the
    answer; `keeps_writes` commits what the call wrote before it was refused (a counted wrong try), where any other
    refusal leaves nothing behind.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        pointer: str = "",
        errors: list[dict[str, Any]] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        keeps_writes: bool = False,
    ) -> None:
        Exception.__init__(self, detail)
        self.code = code
        self.detail = short(detail)
        self.status = status or self.status
        self.errors = told_errors(errors or ([field_error(pointer, code, detail)] if pointer else []))
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        self.keeps_writes = keeps_writes

    def blame(self, field: Field, at: Path = ()) -> Self:
        """A door names its own fields."""
        return self

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    @property
    def heading(self) -> str:
        """The same for people."""
        usual = "Something went wrong" if self.status >= 500 else "This did not work"
        return HEADINGS.get(self.code) or HEADINGS.get(self.status, usual)

    def as_json(self) -> dict[str, Any]:
        """Its members; the sentence, where a door made it by itself, in the language that is active."""
        body: dict[str, Any] = {
            "type": f"urn:ordersite:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": gettext(self.detail) if self.detail else "",
            "code": self.code,
            "request_id": request_id.get(),
            "errors": self.errors,
        }
        return {**self.extra, **body}


class BadRequest(Problem, faults.Invalid):
    """400 for one field or rule of the input."""

    def __init__(self, pointer: str, code: str, detail: str, **extra: Any) -> None:
        super().__init__("invalid", detail, errors=[field_error(pointer, code, detail, **extra)], extra=extra)


class ForbiddenProblem(Problem, faults.Forbidden):
    """403: the caller sees the thing and may not do this to it."""


class NotFoundProblem(Problem, faults.NotFound):
    """404: the caller may not see it, or it does not exist, with a sentence of the door's own; else faults.NotFound."""

    def __init__(self, detail: str) -> None:
        super().__init__("not_found", detail)


class ConflictProblem(Problem, faults.Conflict):
    """409: the state does not allow it."""


def short(text: str) -> str:
    """A sentence that may quote what a client sent, cut where it gets long."""
    most = settings.MAX_ERROR_TEXT
    return text if len(text) <= most else f"{text[:most]}…"


def told_errors(errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first MAX_ERRORS rows, each of a bounded length, and one that says how many there are besides."""
    most = settings.MAX_ERRORS
    told = [{**row, "pointer": short(row["pointer"]), "detail": short(str(row["detail"]))} for row in errors[:most]]
    if len(errors) <= most:
        return told
    more = field_error("", "more_errors", f"{len(errors) - most} more errors are not listed: correct these first.")
    return [*told, more]


def field_error(pointer: str, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """One row of a problem's errors."""
    return {"pointer": pointer, "code": code, "detail": detail, **extra}


def flatten(detail: Any, pointer: str = "") -> Iterator[dict[str, Any]]:
    """DRF's nested error details as rows with JSON pointers."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, item in enumerate(detail):
            yield from flatten(item, f"{pointer}/{index}")
    elif isinstance(detail, list):
        for item in detail:
            yield from flatten(item, pointer)
    else:
        yield field_error(pointer, getattr(detail, "code", "invalid"), plain_sentence(str(detail)))


def as_problem(refusal: Refusal, wording: Wording = NATIVE) -> Problem:
    """A refusal of the services in a door's words."""
    if isinstance(refusal, Problem):
        return refusal
    return Problem(
        refusal.code,
        wording.detail(refusal),
        status=refusal.status,
        errors=wording.rows(refusal),
        extra=wording.members(refusal.extra),
        headers=headers_of(refusal),
        keeps_writes=refusal.keeps_writes,
    )


def headers_of(refusal: Refusal) -> dict[str, str]:
    """The headers that belong to a refusal."""
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(refusal, faults.NotSignedIn) else {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return headers


def from_exception(exc: Exception, wording: Wording = NATIVE) -> Problem | None:
    """The problem that an exception means to a client, in a door's words, or None for a fault of ours."""
    match exc:
        case Refusal():
            return as_problem(exc, wording)
        case exceptions.ValidationError():
            errors = list(flatten(exc.detail))
            first = errors[0] if errors else field_error("", "invalid", "The input is not valid.")
            where = f"{first['pointer']}: " if first["pointer"] else ""
            return Problem("invalid", f"{where}{first['detail']}", errors=errors)
        case ValidationError():
            return problem_of_check(exc)
        case Http404():
            return as_problem(faults.NotFound(), wording)
        case PermissionDenied():
            return ForbiddenProblem("forbidden", "You do not have the right to do this.")
        case RequestDataTooBig():
            return Problem("too_large", "The body is too large.", status=413)
        case TooManyFieldsSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
            return Problem("invalid", f"The address has more than {most} parameters: send fewer.")
        case exceptions.Throttled():
            wait = str(int(getattr(exc, "wait", None) or 1) + 1)
            return Problem(
                "throttled", f"Too many requests: try again in {wait} s.", status=429, headers={"Retry-After": wait}
            )
        case exceptions.APIException():
            scheme = getattr(exc, "auth_header", None)
            headers = {"WWW-Authenticate": scheme} if scheme else {}
            code = exc.get_codes() if isinstance(exc.get_codes(), str) else exc.default_code
            return Problem(str(code), describe(exc), status=exc.status_code, headers=headers)
        case DataError() | OverflowError():
            return Problem("invalid", "A number or text is too large to be saved: send a smaller one.")
        case OperationalError():
            logger.warning("database refused for now: %s", type(exc.__cause__ or exc).__name__)
            return as_problem(faults.Busy(), wording)
    return None


def problem_of_check(error: ValidationError) -> Problem:
    """What Django's own check of a model refuses, with a row for each fault."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    errors = [
        field_error(
            f"/{name}" if name not in ("", NON_FIELD_ERRORS) else "", one.code or "invalid", " ".join(one.messages)
        )
        for name, faults_of_field in by_field.items()
        for one in faults_of_field
    ]
    where = f"{errors[0]['pointer']}: " if errors[0]["pointer"] else ""
    return Problem("invalid", f"{where}{errors[0]['detail']}", errors=errors)


def describe(exc: exceptions.APIException) -> str:
    """A sentence for a DRF exception, whatever shape its detail has."""
    detail: Any = exc.detail
    if isinstance(detail, dict):
        detail = detail.get("detail", next(iter(detail.values()), ""))
    if isinstance(detail, list):
        detail = detail[0] if detail else ""
    return plain_sentence(str(detail))


def problem_of(exc: Exception, wording: Wording = NATIVE) -> Problem:
    """The problem that an exception in a view means, in a door's words; a fault of ours is logged."""
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        exc.auth_header = "Bearer"  # type: ignore[union-attr]
    problem = from_exception(exc, wording)
    if problem is None:
        logger.error("unhandled error", exc_info=exc)
        problem = Problem(
            "internal", "Something went wrong on our side. It has been logged: try again later.", status=500
        )
    return problem


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's hook: the one place where an API's error is rendered, in the language that the call asks for."""
    view, request = context.get("view"), context.get("request")
    wording = getattr(view, "wording", NATIVE)
    asked = request.headers.get(PROBLEM_LANGUAGE, "") if request is not None and wording is NATIVE else ""
    with speaking(asked.strip().lower().partition("-")[0]):  # "nl-BE" too, as browsers name theirs
        problem = problem_of(exc, wording)
        body = problem.as_json()
    response = Response(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)
    response.exception = True
    return response


def problem_response(problem: Problem) -> HttpResponse:
    """The same answer where DRF is not in between."""
    return JsonResponse(
        problem.as_json(), status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers or None
    )


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem under /api, what a foreign API would answer under its base, a page elsewhere."""
    if request.path.startswith("/api"):
        return problem_response(problem)
    if request.path.startswith("/dialects/") and (response := foreign_answer()(request, problem)):
        return response
    context = {
        "problem": problem,
        "request_id": request_id.get(),
        "again": request.get_full_path() if problem.status in PASSING and request.method in ("GET", "HEAD") else "",
        "in_office": request.path.startswith("/admin/"),
    }
    response = render(request, "problem.html", context, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


@cache
def foreign_answer() -> Callable[[HttpRequest, Problem], HttpResponse | None]:
    """How foreign APIs say it; named by a setting, since they stand above this app."""
    found: Callable[[HttpRequest, Problem], HttpResponse | None] = import_string(settings.PROBLEM_ANSWERS)
    return found


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a host that is not ours, a malformed request."""
    malformed = Problem(
        "invalid", "This cannot be read, or its address or host is not one of ours: check the address, and try again."
    )
    return answer(request, from_exception(exception) or malformed)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, ForbiddenProblem("forbidden", "You do not have the right to do this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, as_problem(faults.NotFound()))


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(
        request,
        Problem("internal", "Something went wrong on our side. It has been logged: try again later.", status=500),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, ForbiddenProblem("csrf", "This form was open for too long: reload the page and try again."))
