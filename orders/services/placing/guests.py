"""What somebody may order whom nobody knows: a guest, or an account whose e-mail is not confirmed."""

from collections import Counter
from collections.abc import Sequence

from django.conf import settings
from django.db.models import Sum

from orders.checkout import Checked
from orders.lifecycle.table import FAILURE
from orders.models import Order
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import Customer
from ordersite.core.attempts import HOUR, count_attempt, refuse_if_locked
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid, Refusal
from ordersite.core.fields import Field
from ordersite.core.money import with_currency
from vendors.models import Vendor
from vendors.payment_methods import SECURED_METHODS, find_method


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
    """Raises Throttled for a stranger's order too many, before it takes anything; nothing is locked."""
    for scope, subject, limit in strangers_counts(caller, customer):
        refuse_if_locked(scope, subject, limit=limit)


def count_strangers_orders(caller: Caller, customer: Customer, orders: int) -> None:
    """Counts a stranger's orders, all of a purchase; raises Throttled where they are too many by now.

    The last thing of a placing: the rows are locked until it is committed, and all guests behind one address wait for
    them. An order that is refused is not counted: its transaction takes the count back.
    """
    for scope, subject, limit in strangers_counts(caller, customer):
        try:
            count_attempt(scope, subject, limit=limit, window=HOUR, times=orders)
        except Refusal as problem:
            problem.keeps_writes = False  # the order was among them
            raise


def check_strangers_parts(parts: Sequence[Checked], method: str, customer: Customer) -> None:
    """Raises Invalid where a stranger would owe a vendor more than `guest_limit`, for all its parts of a purchase."""
    owed: Counter[int] = Counter()
    for part in parts:
        owed[part.draft.vendor.pk] += part.priced.total
    for part in parts:
        if is_on_trust(part.draft.vendor, method, customer):
            check_strangers_value(part.draft.vendor, owed[part.draft.vendor.pk], Field.PAYMENT_METHOD)


def check_strangers_order(order: Order, total: int, field: Field) -> None:
    """The same for a standing order that would cost `total`, with the rest of its purchase that the vendor trusts for.

    What has failed is owed no more.
    """
    if not is_on_trust(order.vendor, order.payment_method, order.customer):
        return
    others = Order.objects.filter(purchase=order.purchase_id, vendor=order.vendor_id).exclude(pk=order.pk)
    others = others.exclude(payment_method__in=SECURED_METHODS).exclude(status__in=FAILURE)
    rest = others.aggregate(owed=Sum("total"))["owed"] or 0
    check_strangers_value(order.vendor, total + rest, field)


def is_on_trust(vendor: Vendor, method: str, customer: Customer) -> bool:
    """Whether a vendor that limits it would make something for a stranger before it is paid."""
    if vendor.guest_limit is None or find_method(method).is_secured:
        return False
    return customer.user is None or not customer.user.is_confirmed


def check_strangers_value(vendor: Vendor, owed: int, field: Field) -> None:
    limit = vendor.guest_limit
    if limit is None or owed <= limit:
        return
    most = with_currency(limit, vendor.currency)
    raise Invalid(FaultCode.GUEST_LIMIT, field, vendor=vendor.name, most=most)
