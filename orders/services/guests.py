"""What somebody may order whom nobody knows: a guest, or an account whose e-mail is not confirmed."""

from django.conf import settings

from orders.services.shares import WALLET
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.web.attempts import HOUR, count_attempt
from ordersite.web.money import with_currency
from ordersite.web.problems import Invalid
from vendors.models import ONLINE_METHODS, Vendor


def is_stranger(caller: Caller) -> bool:
    """Whether the caller orders as somebody whom nobody knows."""
    return not caller.user.is_confirmed if caller.user else caller.merchant_id is None and not caller.is_system


def count_strangers_order(caller: Caller, customer: Customer) -> None:
    """Counts a stranger's order by network address and by phone; raises a 429 Problem for one too many.

    An order that is refused afterwards is not counted: its transaction takes the count back.
    """
    counts = [
        ("guest-address", caller.address, settings.GUEST_ORDERS_PER_ADDRESS),
        ("guest-phone", customer.phone, settings.GUEST_ORDERS_PER_PHONE),
    ]
    for scope, subject, limit in counts:
        if subject and limit:
            count_attempt(scope, subject, limit=limit, window=HOUR)


def check_strangers_value(
    vendor: Vendor, total: int, method: str, customer: Customer, pointer: str = "/payment_method"
) -> None:
    """Raises Invalid where a stranger would owe the vendor more than `guest_limit` for what is made on trust."""
    limit = vendor.guest_limit
    if limit is None or total <= limit or method == WALLET or method in ONLINE_METHODS:
        return
    if customer.user is not None and customer.user.is_confirmed:
        return
    most = with_currency(limit, vendor.currency)
    detail = f"{vendor.name} takes orders of guests up to {most} before they are paid: pay online, or sign in."
    raise Invalid(pointer, "guest_limit", detail)
