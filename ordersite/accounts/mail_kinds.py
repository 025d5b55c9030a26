"""The kinds of mails: what each tells, whom it goes to, and whether one can do without it (docs/mails.md)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, slots=True)
class MailKind:
    """A kind. `title` says in a few words when it is sent, to whom it may concern; in the catalogue of sentences."""

    title: str
    # Whether an address may switch it off: nobody can do without what he asked for, is owed, or must know.
    can_decline: bool = False
    # Whether it may advertise, so that one click must end it (RFC 8058); what an order itself needs does not.
    has_one_click: bool = False
    # Whether it goes to who sells, not to who buys.
    is_for_business: bool = False
    # Whether its text lets its reader in: it is shown to nobody else.
    is_secret: bool = False


KINDS: dict[str, MailKind] = {
    "password_reset": MailKind(_("A new password was asked for"), is_secret=True),
    "registration": MailKind(_("Somebody registered with your e-mail address"), is_secret=True),
    "invitation": MailKind(_("You were invited to work somewhere"), is_secret=True),
    "order_placed": MailKind(_("Your order was placed")),
    "order_accepted": MailKind(_("Your order was accepted"), can_decline=True),
    "order_delayed": MailKind(_("Your order comes at another time"), can_decline=True),
    "order_refused": MailKind(_("Your order was refused")),
    "order_cancelled": MailKind(_("Your order was cancelled, or failed")),
    "order_ready": MailKind(_("Your order is ready to be collected"), can_decline=True),
    "order_on_way": MailKind(_("Your order is on its way"), can_decline=True),
    "order_done": MailKind(_("Your order is done"), can_decline=True),
    "order_refunded": MailKind(_("Money was given back")),
    "order_label": MailKind(_("A message of the shop about your order"), can_decline=True, has_one_click=True),
    "payment_link": MailKind(_("Where your order is paid")),
    "order_unseen": MailKind(
        _("No device of your restaurant or shop has shown an order"), can_decline=True, is_for_business=True
    ),
    "vendor_paused": MailKind(_("Your restaurant or shop was paused"), can_decline=True, is_for_business=True),
    "webhook_disabled": MailKind(_("A webhook endpoint was switched off"), can_decline=True, is_for_business=True),
}
DECLINABLE = tuple(name for name, kind in KINDS.items() if kind.can_decline)


def known_declinable(names: Iterable[str]) -> list[str]:
    """Those of the names that are kinds which can be switched off, in the order of the table."""
    given = set(names)
    return [name for name in DECLINABLE if name in given]
