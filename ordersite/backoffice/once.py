"""Pages with forms whose act is done once, however often they are sent; and what such an act tells once: a secret.

What it tells is shown on the page that follows, and never again. Until then the session keeps it, sealed.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from rest_framework.response import Response

from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Refusal
from ordersite.web.idempotency import key_scope, run_unsafe
from ordersite.web.problems import Problem, from_exception

KEPT = "told_once"
TWICE = "The form was sent twice, but this was done only once."
# Labels and values, to be read by people and copied.
Told = Mapping[str, str]


class OnceForm(TypedForm, forms.Form):
    """A key of its own for every page: sent twice (a double click, a reload) it is done once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def perform_form(
    request: HttpRequest, form: forms.Form, act: Callable[[], Any], *, before: Callable[[], Any] | None = None
) -> Response | None:
    """What the act returned, as JSON has it, also where it was done before; None where it was refused: the form says
    why, at the field that it is about. `before` is outside of the act's transaction, such as a look-up of a name."""
    user: Any = request.user
    scope = key_scope(
        key=str(form.cleaned_data["key"]), caller=user.caller_key, method="POST", path=request.get_full_path()
    )
    try:
        if before is not None:
            before()
        response = run_unsafe(lambda: Response(act()), scope=scope)
    except (Refusal, OperationalError) as error:
        problem = from_exception(error)
        if problem is None:
            raise
        add_problem(form, problem)
        return None
    if "Idempotency-Replayed" in response:
        messages.info(request, TWICE)
    return response


def add_problem(form: forms.Form, problem: Problem) -> None:
    """Puts a refusal at the fields that it names; what names none of the form's stands above it."""
    for row in problem.errors:
        name = str(row["pointer"]).strip("/").split("/")[0]
        form.add_error(name if name in form.fields else None, str(row["detail"]))
    if not problem.errors:
        form.add_error(None, problem.detail)


def keep_told(request: HttpRequest, page: str, told: Told) -> None:
    """Keeps a secret for the next showing of the page at this address."""
    request.session[KEPT] = {"page": page, "sealed": encrypt(json.dumps(dict(told)))}


def take_told(request: HttpRequest) -> Told:
    """What was kept for this page: from now on nobody can be told it any more."""
    if request.method != "GET" or request.session.get(KEPT, {}).get("page") != request.path:
        return {}
    found: Told = json.loads(decrypt(request.session.pop(KEPT)["sealed"]))
    return found


def page_of_row(model_admin: "admin.ModelAdmin[Any]", pk: int) -> str:
    opts = model_admin.opts
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[pk])


def answer_once(
    request: HttpRequest,
    model_admin: "admin.ModelAdmin[Any]",
    form: OnceForm,
    act: Callable[[], Mapping[str, Any]],
    *,
    title: str,
    button: str,
    before: Callable[[], Any] | None = None,
    pk: int | None = None,
) -> HttpResponse:
    """The page of a form. Its act returns the row's `id`, what is `done`, and what is `told` once; that row's page
    follows."""
    if form.is_bound and form.is_valid() and (response := perform_form(request, form, act, before=before)):
        path = page_of_row(model_admin, response.data["id"])
        if told := response.data.get("told"):
            keep_told(request, path, told)
        messages.success(request, response.data["done"])
        return HttpResponseRedirect(path)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "form": form,
        "button": button,
        "back": page_of_row(model_admin, pk) if pk else "",
        "media": model_admin.media + form.media,
    }
    return TemplateResponse(request, "admin/compared/once.html", context)
