"""What somebody may order whom nobody knows: a guest, or an account whose e-mail is not confirmed."""

from django.conf import settings

from orders.services.shares import WALLET
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.web.attempts import HOUR, count_attempt, refuse_if_locked
from ordersite.web.money import with_currency
from ordersite.web.problems import Invalid, Problem
from vendors.models import ONLINE_METHODS, Vendor


def is_stranger(caller: Caller) -> bool:
    """Whether the caller orders as somebody whom nobody knows."""
    return not caller.user.is_confirmed if caller.user else caller.merchant_id is None and not caller.is_system


def strangers_counts(caller: Caller, customer: Customer) -> list[tuple[str, str, int]]:
    """What a stranger's orders are counted by, and how many an hour there may be: network address and phone."""
    counts = [
        ("guest-address", caller.address, settings.GUEST_ORDERS_PER_ADDRESS),
        ("guest-phone", customer.phone, settings.GUEST_ORDERS_PER_PHONE),
    ]
    return [(scope, subject, limit) for scope, subject, limit in counts if subject and limit]


def refuse_strangers_order(caller: Caller, customer: Customer) -> None:
    """Raises a 429 Problem for a stranger's order too many, before it takes anything; nothing is locked."""
    for scope, subject, limit in strangers_counts(caller, customer):
        refuse_if_locked(scope, subject, limit=limit)


def count_strangers_order(caller: Caller, customer: Customer) -> None:
    """Counts a stranger's order; raises a 429 Problem where others placed in the meantime were the last ones.

    The last thing of a placing: the rows are locked until it is committed, and all guests behind one address wait for
    them. An order that is refused is not counted: its transaction takes the count back.
    """
    for scope, subject, limit in strangers_counts(caller, customer):
        try:
            count_attempt(scope, subject, limit=limit, window=HOUR)
        except Problem as problem:
            problem.keeps_writes = False  # the order was among them
            raise


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
