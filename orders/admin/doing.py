"""Calls a service for a button: one transaction, tried again after a deadlock, its refusal told in a message."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest
from rest_framework.response import Response

from orders.lifecycle import Status
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.web.idempotency import key_scope, run_unsafe
from ordersite.web.problems import Problem, from_exception


def caller_of_request(request: HttpRequest) -> Caller:
    """Who presses the button, as the services know it."""
    user: Any = request.user
    return caller_of_user(user)


def perform(request: HttpRequest, call: Callable[[], object], *, done: str, key: str = "") -> bool:
    """Whether the call was made; says so in a message either way. With a key, the same form does it once only."""

    def unanswered() -> None:
        call()

    return answer(request, unanswered, done=done, key=key) is not None


def answer(request: HttpRequest, call: Callable[[], Any], *, done: str, key: str = "") -> Response | None:
    """As `perform`, with what the call returned as the answer's data, also where it was made before; None: refused."""
    user: Any = request.user
    scope = key_scope(key=key, caller=user.caller_key, method="POST", path=request.path) if key else ""
    try:
        response = run_unsafe(lambda: Response(call()), scope=scope)
    except (Problem, OperationalError) as error:
        messages.error(request, refusal(error))
        return None
    if "Idempotency-Replayed" in response:
        messages.info(request, "This was done already, by the same form: nothing was done twice.")
    else:
        messages.success(request, done)
    return response


def refusal(error: Exception) -> str:
    """A refusal in a sentence for people."""
    problem = from_exception(error)
    if problem is None:
        raise error
    if problem.code == "stale":
        now = Status(problem.extra["current"]["order_status"]["code"]).label
        return f"Changed meanwhile: now {now}. Nothing was done; this is the order as it stands."
    if problem.errors:
        return str(problem.errors[0]["detail"])
    return problem.detail
