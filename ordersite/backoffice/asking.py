"""Changes that would harm what stands elsewhere are made in a transaction, looked at, and taken back until they are
agreed to: the page says what would follow, keeps what was typed, and has a box to tick."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse

from ordersite.backoffice.comparing import ComparingAdmin, comparing
from ordersite.core.digests import digest_of

AGREED = "_agreed"
# In a request's META: what its change would lead to.
ASKED = "ordersite.asked"
NOT_SAVED = "Nothing is saved yet: this change touches what stands already. Read what would follow, and decide."


class Asks(Exception):
    """Raised while something is written that must be agreed to first; `lines` say what would follow."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(*lines)
        self.lines = lines

    @property
    def token(self) -> str:
        """What is agreed to is just this: where more would follow by then, it is asked again."""
        return digest_of(list(self.lines))


class AskedForm(forms.ModelForm):
    """What must be agreed to: it is shown again, and not saved."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.add_error(None, NOT_SAVED)
        return cleaned


def ask_first(request: HttpRequest, lines: Sequence[str]) -> None:
    """Raises Asks unless there is nothing to ask, or just that was agreed to."""
    if lines and request.POST.get(AGREED) != (asked := Asks(lines)).token:
        raise asked


class AskingAdmin(ComparingAdmin):
    """An admin whose saving and deleting may raise Asks, in their transaction."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        return comparing(form, AskedForm) if request.META.get(ASKED) else form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Asks as asked:
            request.META[ASKED] = asked
            return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "asked": asked})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Asks as asked:
            request.method, request.POST = "GET", QueryDict()
            return super().delete_view(request, object_id, {**(extra_context or {}), "asked": asked})

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any) -> HttpResponse | None:
        chosen = request.POST
        try:
            return super().response_action(request, queryset, *args)
        except Asks as asked:
            given = chosen.copy()
            given.pop("post", None)
            request.POST = given  # type: ignore[assignment]
            page = super().response_action(request, queryset, *args)
            if isinstance(page, TemplateResponse) and page.context_data is not None:
                page.context_data["asked"] = asked
            return page
