"""What the mails about orders, vendors and webhooks say; those about accounts: ordersite.accounts.letters.

A mail to a customer is made of the OrderView that its reader has, and of the event that it tells: what came after the
event changes neither its times nor its reason.
"""

from orders.reading.order_letters import (
    compose_accepted,
    compose_cancelled,
    compose_delayed,
    compose_done,
    compose_label,
    compose_on_way,
    compose_payment_link,
    compose_placed,
    compose_ready,
    compose_refunded,
    compose_refused,
    find_event,
    find_label_told,
    find_payment,
    sample_of_order,
)
from orders.reading.vendor_letters import (
    compose_disabled,
    compose_paused,
    compose_unseen,
    find_disabled,
    find_paused,
    find_unseen,
    sample_of_vendor,
    sample_of_webhook,
)
from ordersite.accounts.letters import ACCOUNT_WRITERS, WRITTEN, Letter, MailWriter
from ordersite.accounts.models import Mail
from vendors.letters import VENDOR_WRITERS

WRITERS: dict[str, MailWriter] = {
    **ACCOUNT_WRITERS,
    **VENDOR_WRITERS,
    "order_placed": MailWriter(find_event, compose_placed, sample_of_order),
    "order_accepted": MailWriter(find_event, compose_accepted, sample_of_order),
    "order_delayed": MailWriter(find_event, compose_delayed, sample_of_order),
    "order_refused": MailWriter(find_event, compose_refused, sample_of_order),
    "order_cancelled": MailWriter(find_event, compose_cancelled, sample_of_order),
    "order_ready": MailWriter(find_event, compose_ready, sample_of_order),
    "order_on_way": MailWriter(find_event, compose_on_way, sample_of_order),
    "order_done": MailWriter(find_event, compose_done, sample_of_order),
    "order_refunded": MailWriter(find_event, compose_refunded, sample_of_order),
    "order_label": MailWriter(find_label_told, compose_label, sample_of_order),
    "payment_link": MailWriter(find_payment, compose_payment_link, sample_of_order),
    "order_unseen": MailWriter(find_unseen, compose_unseen, sample_of_vendor),
    "vendor_paused": MailWriter(find_paused, compose_paused, sample_of_vendor),
    "webhook_disabled": MailWriter(find_disabled, compose_disabled, sample_of_webhook),
}


def write_letter(mail: Mail) -> Letter | None:
    """What a mail says now; None where there is nothing to say any more, or nobody to say it to."""
    return (WRITTEN if mail.kind == "text" else WRITERS[mail.kind]).write(mail)
