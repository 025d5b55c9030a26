"""What is kept of a customer in no column of its own: mails, which kinds an address does not want, staff's log.

An address may stand at several customers: each placing of a guest makes one, and whoever registers may type a
stranger's. So a mail is a customer's by the order that it is about, or by an account that has shown that the address is
its own; and a choice goes with the last one whose address it is.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet

from orders.models import Order
from ordersite.accounts.mail_kinds import KINDS
from ordersite.accounts.models import Customer, DeclinedMail, Mail, User
from ordersite.core.audit import blank_audit
from vendors.models import Vendor

# How `about` of a mail begins that is about an order.
ABOUT_ORDER = "order:"
FOR_BUSINESS = [name for name, kind in KINDS.items() if kind.is_for_business]
# In the place of whom the back-office's log names.
ERASED_NAME = "erased"


def mails_to(customer: Customer) -> QuerySet[Mail]:
    """The mails to a customer: about its orders, and to its account. Reads its orders and its user."""
    orders = Order.objects.filter(customer=customer).order_by().values_list("pk", flat=True)
    # To whatever address: an order's contact may have been another before.
    own = Q(about__in=[f"{ABOUT_ORDER}{pk}" for pk in orders]) & ~Q(kind__in=FOR_BUSINESS)
    user = customer.user
    if user is None:
        return Mail.objects.filter(own)
    if user.is_confirmed:
        return Mail.objects.filter(own | (Q(recipient=user.email) & ~Q(about__startswith=ABOUT_ORDER)))
    return Mail.objects.filter(own | Q(recipient=user.unconfirmed_email, kind="registration", data__user=str(user.pk)))


def forget_choices(customer: Customer) -> None:
    """Deletes which mails its addresses do not want, but for addresses that others have too.

    An account that has not shown that its address is its own leaves them alone. Must run before it is blanked.
    """
    user = customer.user
    if user is not None and not user.is_confirmed:
        return
    orders = Order.objects.filter(customer=customer).exclude(contact_email="")
    emails = {customer.email, *orders.values_list("contact_email", flat=True).distinct()} - {""}
    if user is not None:
        emails.add(user.email)
    lower = {email.lower() for email in emails}
    left = lower - others_with(customer, emails | lower)
    DeclinedMail.objects.filter(email__in=left).delete()
    for email in left:  # of rows that are gone too
        blank(entries_of(DeclinedMail).filter(object_repr__startswith=f"{email}:"))


def others_with(customer: Customer, emails: Collection[str]) -> set[str]:
    """Those of the addresses, in small letters, that somebody else has: a customer, an order, an account, a vendor."""
    found = {
        *Customer.objects.exclude(pk=customer.pk).filter(email__in=emails).values_list("email", flat=True),
        *Order.objects.exclude(customer=customer)
        .filter(contact_email__in=emails)
        .values_list("contact_email", flat=True),
        *User.objects.exclude(pk=customer.user_id or 0).filter(email__in=emails).values_list("email", flat=True),
        *Vendor.objects.filter(email__in=emails).values_list("email", flat=True),
    }
    return {email.lower() for email in found}


def blank_entries(model: type[Model], ids: Iterable[Any]) -> None:
    """Takes what is told of these rows out of the back-office's log, and of what changed of them."""
    keys = list(ids)
    blank(entries_of(model).filter(object_id__in=[str(pk) for pk in keys]))
    blank_audit(model, keys)


def entries_of(model: type[Model]) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))


def blank(entries: QuerySet[LogEntry]) -> None:
    entries.update(object_repr=ERASED_NAME, change_message="")
