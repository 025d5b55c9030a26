"""The back-office as a browser uses it: what stands in a page's form is what is sent."""

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from django.db.models import Model
from django.test import Client

from ordersite.backoffice.asking import AGREED


class Forms(HTMLParser):
    """The forms of a page, each with its fields as a browser would send them untouched, and the buttons to press."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str | None], dict[str, list[str]], list[tuple[str, str]]]] = []
        self.is_within = False
        self.select = self.area = ""
        self.options: list[tuple[str, bool]] = []
        self.is_multiple = False
        self.text = ""

    def keep(self, name: str, value: str) -> None:
        self.forms[-1][1].setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attrs = dict(pairs)
        name = "" if "disabled" in attrs else attrs.get("name") or ""
        if tag == "form":
            self.forms.append((attrs, {}, []))
            self.is_within = True
        if not self.is_within:
            return
        if name and "submit" in (attrs.get("type"), "submit" if tag == "button" else ""):
            self.forms[-1][2].append((name, attrs.get("value") or ""))
        elif tag == "input" and name and self.is_sent(attrs):
            self.keep(name, attrs.get("value") or ("on" if attrs.get("type") == "checkbox" else ""))
        elif tag == "select":
            self.select, self.options, self.is_multiple = name, [], "multiple" in attrs
        elif tag == "option":
            self.options.append((attrs.get("value") or "", "selected" in attrs))
        elif tag == "textarea":
            self.area, self.text = name, ""

    def is_sent(self, attrs: dict[str, str | None]) -> bool:
        kind = attrs.get("type", "text")
        return kind not in ("submit", "button", "file") and (kind not in ("checkbox", "radio") or "checked" in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_within = False
        elif tag == "textarea" and self.area:
            self.keep(self.area, self.text.removeprefix("\n"))
            self.area = ""
        elif tag == "select" and self.select:
            chosen = [value for value, is_chosen in self.options if is_chosen]
            if not self.is_multiple and not chosen and self.options:
                chosen = [self.options[0][0]]
            for value in chosen:
                self.keep(self.select, value)
            self.select = ""


def posted_forms(page: Any) -> list[tuple[str, dict[str, Any], list[tuple[str, str]]]]:
    """Of each form of a page that is posted: where to, what a browser would send untouched, and the buttons.

    Logging out is none of them.
    """
    parser = Forms()
    parser.feed(page.content.decode())
    found = []
    for attrs, fields, buttons in parser.forms:
        if (attrs.get("method") or "").lower() == "post" and attrs.get("id") != "logout-form":
            fields.pop("csrfmiddlewaretoken", None)  # which a test's client does not need, and which is never the same
            sent = {name: values if len(values) > 1 else values[0] for name, values in fields.items()}
            found.append((attrs.get("action") or page.request["PATH_INFO"], sent, buttons))
    return found


def form_of(page: Any) -> dict[str, Any]:
    """The first of them: the one that the page is for."""
    forms = posted_forms(page)
    assert forms, "There is no form on this page."
    return forms[0][1]


def rows_of(page: Any) -> dict[str, Any]:
    """That of a list's rows, which is sent to the list itself: one of its exports may stand before it."""
    return next(sent for to, sent, _ in posted_forms(page) if to == page.request["PATH_INFO"])


def send(office: Client, path: str, **changes: Any) -> Any:
    """Opens a page and sends its form with these changes."""
    page = office.get(path)
    assert page.status_code == 200
    return office.post(path, {**form_of(page), **changes})


def change(office: Client, path: str, **changes: Any) -> Any:
    """As `send`, and it is saved."""
    response = send(office, path, **changes)
    assert response.status_code == 302, response.context["errors"]
    return response


def choose(office: Client, path: str, action: str, rows: Iterable[Model], *, page: Any = None) -> Any:
    """Ticks these rows of a list (as it is, or as a page opened before shows it) and presses the action's button."""
    sent = rows_of(page or office.get(path))
    return office.post(path, {**sent, "action": action, "_selected_action": [row.pk for row in rows], "index": "0"})


def confirm(office: Client, path: str, page: Any, **changes: Any) -> Any:
    """Answers the page that asks before something is done."""
    return office.post(path, {**form_of(page), **changes})


def delete(office: Client, path: str) -> Any:
    """Opens a row's page of deleting, and says yes."""
    return confirm(office, path, office.get(path))


def delete_chosen(office: Client, path: str, rows: Iterable[Model]) -> Any:
    """Ticks rows of a list, has them deleted, and says yes."""
    return confirm(office, path, choose(office, path, "delete_selected", rows))


def agree(office: Client, path: str, page: Any) -> Any:
    """Ticks on the page that asked that what would follow was read, and sends it once more."""
    assert page.status_code == 200
    return office.post(path, {**form_of(page), AGREED: page.context["asked"].token})


def post_and_agree(office: Client, path: str, form: dict[str, Any]) -> Any:
    """Sends a form, and where it is asked what would follow, agrees to it."""
    answer = office.post(path, form)
    return agree(office, path, answer) if answer.status_code == 200 and answer.context.get("asked") else answer
