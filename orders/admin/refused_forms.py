"""A form that was refused, and leads back to its page: that shows it once more as it was typed, the error at its field.

Its button leads back to the page, so that a reload sends nothing twice; the session keeps it until then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest

from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem

KEPT = "refused_form"
# No form of these pages has longer texts.
MOST_CHARACTERS = 1000
# The field that satisfies a guard of the life cycle.
GUARDED = {"reason": "reason_code", "code": "code", "proof": "proof"}


def tell_refusal(form: forms.Form, error: Exception, text: str) -> None:
    """Puts a service's refusal at the fields that its pointers name; what names none stands above the form."""
    told = False
    for row in as_problem(error).errors if isinstance(error, Refusal) else ():
        name = field_of(form, str(row["pointer"]))
        form.add_error(name, str(row["detail"]))
        told = True
    if not told:
        guard = error.extra.get("guard") if isinstance(error, Refusal) else None
        name = GUARDED.get(str(guard), "")
        form.add_error(name if name in form.fields else None, text)


def field_of(form: forms.Form, pointer: str) -> str | None:
    """The field that a pointer means ("/items/0/quantity": by the form's `items`); None where the form has none."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "items" and len(parts) > 1 and parts[1].isdecimal():
        rows: Sequence[str] = getattr(form, "item_fields", ())
        return rows[int(parts[1])] if int(parts[1]) < len(rows) else None
    field = form.fields.get(parts[0])
    return parts[0] if field and not field.widget.is_hidden else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was typed into which form, and what was wrong with it."""

    form: str
    typed: Mapping[str, str]
    errors: Mapping[str, Sequence[str]]

    def shown(self, form: forms.Form) -> forms.Form:
        """The form as it was typed, with what the page has by now in its hidden fields."""
        hidden = {
            name: form.get_initial_for_field(field, name)
            for name, field in form.fields.items()
            if field.widget.is_hidden
        }
        form.data, form.is_bound = {**self.typed, **hidden}, True
        form.is_valid()
        for name, texts in self.errors.items():
            field = name if name in form.fields and name not in hidden else None
            before = form.errors.get(field or NON_FIELD_ERRORS, ())
            for text in texts:
                if text not in before:
                    form.add_error(field, text)
        return form


def keep_refused(request: HttpRequest, page: str, form: forms.Form, **where: object) -> None:
    """Keeps what was typed for the next showing of the page at this address; `where` tells forms of one kind apart."""
    names = form.fields.keys() & form.data.keys()
    errors = {name: [str(text) for text in texts] for name, texts in form.errors.items()}
    request.session[KEPT] = {
        "page": urlsplit(page).path,
        "form": type(form).__name__,
        "typed": {
            **{name: str(form.data[name])[:MOST_CHARACTERS] for name in names},
            **{name: str(value) for name, value in where.items()},
        },
        "errors": errors,
    }


def take_refused(request: HttpRequest) -> Kept | None:
    """What was kept for this page; it is shown once."""
    if request.session.get(KEPT, {}).get("page") != request.path:
        return None
    kept = request.session.pop(KEPT)
    return Kept(form=kept["form"], typed=kept["typed"], errors=kept["errors"])


def form_of(kept: Kept | None, form: forms.Form, **where: Any) -> forms.Form:
    """The form, as it was typed where it is the one that was refused; `where` tells forms of one kind apart."""
    is_it = kept is not None and kept.form == type(form).__name__
    if not is_it or kept is None or any(kept.typed.get(name) != str(value) for name, value in where.items()):
        return form
    return kept.shown(form)
