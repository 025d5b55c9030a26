"""Mails in the back-office: what came of each, what it says, sending one again; what an address has switched off."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from orders.admin.filters import StuckFilter
from orders.admin.read_only import ReadOnlyAdmin
from orders.reading.letters import WRITERS, write_letter
from ordersite.accounts.letters import Letter
from ordersite.accounts.mail_kinds import DECLINABLE, KINDS
from ordersite.accounts.mails import resend_mail
from ordersite.accounts.models import DeclinedMail, Mail
from ordersite.accounts.rights import Right, has_right
from ordersite.accounts.scoping import EverywhereAdmin
from ordersite.backoffice.comparing import ComparingAdmin

# The HTML part on a page of its own: it brings its style along, and nothing else.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox"
PRIVATE = "Its link is for its reader alone."


class MailKindFilter(admin.SimpleListFilter):
    """By what the mails tell."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, kind.title) for name, kind in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Mail]) -> QuerySet[Mail]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Mail)
class MailAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """The mails of the last days, newest first."""

    list_display = ["tells", "recipient", "about", "state", "error", "tries", "created_at", "due_at", "sent_at"]
    list_filter = [StuckFilter, "state", MailKindFilter]
    ordering = ["-id"]
    search_fields = ["recipient", "about"]
    search_help_text = "A whole address, or what it is about, such as order:17"
    fields: ClassVar[Any] = [*list_display, "says"]
    readonly_fields: ClassVar[Any] = fields
    actions: Any = ["resend"]
    change_list_template = "admin/orders/mail/change_list.html"
    # What the worker keeps of each try.
    volatile = ("state", "error", "tries", "due_at", "sent_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Mail], search_term: str
    ) -> tuple[QuerySet[Mail], bool]:
        """By what has an index: the mails are many."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(recipient__in={term, term.lower()}), False
        return queryset.filter(about=term if ":" in term else f"order:{term.lstrip('#')}"), False

    @admin.display(description="kind", ordering="kind")
    def tells(self, mail: Mail) -> str:
        kind = KINDS.get(mail.kind)
        return kind.title if kind else mail.kind

    @admin.display(description="what it says, if it were sent now")
    def says(self, mail: Mail) -> str:
        kind = KINDS.get(mail.kind)
        if kind is None or kind.is_secret:
            return PRIVATE
        letter = write_letter(mail)
        if letter is None:
            return "Nothing any more: what it would tell is over, or gone."
        return format_html('<strong>{}</strong><pre class="letter">{}</pre>', letter.subject, letter.as_text())

    def get_fields(self, request: HttpRequest, obj: Mail | None = None) -> Any:
        """What a mail says of an order is for those who may see orders."""
        user: Any = request.user
        hides = obj is not None and obj.about.startswith("order:") and not has_right(user, Right.VIEW_ORDERS)
        return [name for name in self.fields if not (hides and name == "says")]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return has_right(user, Right.RESEND_MAILS)

    @admin.action(description="Send again", permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        """Has each of the mails sent again, by the same Message-ID; those that wait go by themselves."""
        count = 0
        for mail in queryset.order_by("pk"):
            with transaction.atomic():
                if resend_mail(mail.pk):
                    self.log_change(request, mail, "Sent again")
                    count += 1
        if count:
            messages.success(request, "1 mail is sent again." if count == 1 else f"{count} mails are sent again.")
        else:
            messages.warning(request, "They wait to be sent already.")

    # --- how each kind looks --------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        shown = [
            path("kinds/", self.admin_site.admin_view(self.kinds_view), name="accounts_mail_kinds"),
        ]
        return [*shown, *super().get_urls()]

    def kinds_view(self, request: HttpRequest) -> HttpResponse:
        """Each kind in a language, made of an example; one of them as HTML, as a mail program shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        language, kind = request.GET.get("language", settings.LANGUAGE_CODE), request.GET.get("kind")
        if language not in dict(settings.LANGUAGES) or (kind is not None and kind not in WRITERS):
            raise Http404
        if kind is not None:
            html = WRITERS[kind].show_sample(language).as_html()
            return HttpResponse(html, headers={"Content-Security-Policy": LETTER_POLICY})
        samples = [
            {"name": name, "kind": KINDS[name], "letter": letter, "text": letter.as_text()}
            for name, letter in self.samples(language)
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "Mails by kind",
            "subtitle": None,
            "samples": samples,
            "language": language,
            "languages": settings.LANGUAGES,
        }
        return TemplateResponse(request, "admin/orders/mail/kinds.html", context)

    def samples(self, language: str) -> list[tuple[str, Letter]]:
        return [(name, WRITERS[name].show_sample(language)) for name in KINDS]


class DeclinedMailForm(forms.ModelForm):
    """An address, and one of the kinds that can be switched off."""

    kind = forms.ChoiceField(choices=[(name, KINDS[name].title) for name in DECLINABLE])

    class Meta:
        model = DeclinedMail
        fields = ["email", "kind"]


@admin.register(DeclinedMail)
class DeclinedMailAdmin(EverywhereAdmin, ComparingAdmin):
    """What somebody has switched off, or asked to have switched off; deleted it is sent again."""

    form = DeclinedMailForm
    list_display = ["email", "tells", "created_at"]
    ordering = ["-id"]
    search_fields = ["email"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="kind", ordering="kind")
    def tells(self, row: DeclinedMail) -> str:
        kind = KINDS.get(row.kind)
        return kind.title if kind else row.kind
