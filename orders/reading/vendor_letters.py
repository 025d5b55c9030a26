"""The mails to vendors and to owners of webhooks: an order that nobody sees, a pause, an endpoint that is off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.dateformat import format as format_time
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from orders.models import Order, WebhookEndpoint
from ordersite.accounts.letters import Letter, LetterLink, make_letter
from ordersite.accounts.models import Mail, User
from vendors.models import Vendor


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """What a vendor is told: the words of its sentences, and its board."""

    words: Mapping[str, Any]
    board: str
    count: int = 0
    until: datetime | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


def board_url(vendor_id: int) -> str:
    return f"{settings.SITE_URL}/board/{vendor_id}"


def find_unseen(mail: Mail) -> tuple[Sequence[str], VendorFacts] | None:
    order = Order.objects.select_related("vendor").filter(pk=mail.data["order"], deleted_at__isnull=True).first()
    if order is None:
        return None
    vendor, since = order.vendor, datetime.fromisoformat(mail.data["since"])
    words = {
        "number": order.called,
        "order": order.pk,
        "vendor": vendor.name,
        "since": f"{since.astimezone(vendor.zone):%H:%M} ({vendor.time_zone})",
    }
    return (vendor.language,), VendorFacts(words, board_url(vendor.pk))


def compose_unseen(facts: VendorFacts) -> Letter:
    return make_letter(
        gettext("Order %(number)s at %(vendor)s has not been seen") % facts.words,
        gettext("Order %(number)s (#%(order)s) has waited since %(since)s, and no device of %(vendor)s has shown it.")
        % facts.words,
        LetterLink(gettext("Open the board and answer it:"), facts.board),
    )


def find_paused(mail: Mail) -> tuple[Sequence[str], VendorFacts] | None:
    vendor = Vendor.objects.filter(pk=mail.data["vendor"]).first()
    if vendor is None:
        return None
    until = datetime.fromisoformat(mail.data["until"])
    words = {"vendor": vendor.name}
    return (vendor.language,), VendorFacts(
        words, board_url(vendor.pk), count=mail.data["count"], until=until, zone=vendor.zone
    )


def compose_paused(facts: VendorFacts) -> Letter:
    assert facts.until is not None, "a pause has an end"
    until = format_time(facts.until.astimezone(facts.zone), "d F, H:i")
    told = {**facts.words, "until": f"{until} ({facts.zone.key})", "count": facts.count}
    return make_letter(
        gettext("%(vendor)s is paused") % told,
        gettext("%(vendor)s takes no orders until %(until)s.") % told,
        ngettext(
            "The last order was not answered in time.",
            "The last %(count)s orders in a row were not answered in time.",
            facts.count,
        )
        % told,
        LetterLink(gettext("End the pause on the board:"), facts.board),
    )


# Why an endpoint is switched off that nobody asked to switch off.
WHY_OFF = {
    WebhookEndpoint.Why.GONE: _(
        "Nothing more is sent to the webhook endpoint %(url)s (#%(endpoint)s): it answered 410 Gone."
    ),
    WebhookEndpoint.Why.FAILING: _(
        "Nothing more is sent to the webhook endpoint %(url)s (#%(endpoint)s): it has only failed for five days."
    ),
}


def find_disabled(mail: Mail) -> tuple[Sequence[str], Mapping[str, Any]]:
    user = User.objects.filter(email=mail.recipient).first()
    return (user.language if user else "",), mail.data


def compose_disabled(told: Mapping[str, Any]) -> Letter:
    return make_letter(
        gettext("A webhook endpoint was switched off"),
        gettext(WHY_OFF[WebhookEndpoint.Why(told["why"])]) % told,
        gettext("Put it right, switch it on again, and ask for a replay of what it missed."),
    )


def sample_of_vendor() -> VendorFacts:
    moment = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    words = {"number": "D12", "order": 1234, "vendor": "Burger Bar", "since": "18:30 (Europe/Brussels)"}
    return VendorFacts(words, board_url(1), count=3, until=moment, zone=ZoneInfo("Europe/Brussels"))


def sample_of_webhook() -> Mapping[str, Any]:
    return {"url": "https://shop.example.com/hooks", "endpoint": 7, "why": WebhookEndpoint.Why.FAILING}
