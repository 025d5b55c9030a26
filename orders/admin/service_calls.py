"""Calls a service for a button: one transaction, tried again after a deadlock, its refusal told in a message."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db import OperationalError
from django.http import HttpRequest
from rest_framework.response import Response

from orders.admin.order_page import changes_since
from orders.admin.refused_forms import tell_refusal
from orders.lifecycle.table import Status
from orders.models import Order
from orders.reading.refusal_words import OFFICE
from ordersite.accounts.scoping import caller_of_request
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.faults import Refusal
from ordersite.web.idempotency import key_scope, run_unsafe
from ordersite.web.problems import from_exception

NOTHING_CHANGED = "Nothing was changed: the order already has these values."


def perform(
    request: HttpRequest,
    call: Callable[[], object],
    *,
    done: str,
    key: str = "",
    form: forms.Form | None = None,
) -> bool:
    """Whether the call was made; says so in a message either way. With a key, the same form does it once only.

    A form is told the refusal too, at the field that it is about.
    """
    told = done

    def unanswered() -> None:
        nonlocal told
        result = call()
        # The order as it was shown: the service found nothing to write.
        stands = isinstance(result, Order) and str(result.version) == request.POST.get("version")
        told = NOTHING_CHANGED if stands else done

    return perform_and_answer(request, unanswered, done=lambda: told, key=key, form=form) is not None


def perform_and_answer(
    request: HttpRequest,
    call: Callable[[], Any],
    *,
    done: str | Callable[[], str],
    key: str = "",
    form: forms.Form | None = None,
) -> Response | None:
    """As `perform`, with what the call returned as the answer's data, also where it was made before; None: refused."""
    user: Any = request.user
    scope = key_scope(key=key, caller=user.caller_key, method="POST", path=request.path) if key else ""
    try:
        response = run_unsafe(lambda: Response(call()), scope=scope)
    except (Refusal, OperationalError) as error:
        text = refusal(error, lambda: changes_shown(request))
        messages.error(request, text)
        if form is not None:
            tell_refusal(form, error, text)
        return None
    if "Idempotency-Replayed" in response:
        messages.info(request, "The form was sent twice, but the change was made only once.")
    else:
        text = done if isinstance(done, str) else done()
        (messages.info if text == NOTHING_CHANGED else messages.success)(request, text)
    return response


def changes_shown(request: HttpRequest) -> list[str]:
    """What has happened to the order of a page since that page was shown; empty for a page that says no version."""
    match, version = request.resolver_match, row_id(request.POST.get("version", ""))
    order_id = match.kwargs.get("order_id") if match else None
    return changes_since(order_id, version, caller_of_request(request)) if order_id and version else []


def refusal(error: Exception, changes: Callable[[], Sequence[str]] = tuple) -> str:
    """A refusal in a sentence for people; `changes` reads what has happened to the order since its page was shown."""
    problem = from_exception(error, OFFICE)
    if problem is None:
        raise error
    if problem.code == "stale":
        now = Status(problem.extra["current"]["order_status"]["code"]).label
        what = "; ".join(changes()) or f"now {now}"
        return f"Changed meanwhile: {what}. Nothing was done; this page shows the order as it is."
    if problem.errors:
        return str(problem.errors[0]["detail"])
    return problem.detail
