"""Who calls: found by telephone number in any spelling, e-mail, name or order, each with the last orders to repeat."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from orders.admin.search import find_ids, phones
from orders.models import Order
from ordersite.accounts.models import Customer, User
from ordersite.backoffice.lists import MOST_TERM

# Of who is found, and of their orders, the newest.
MOST_ACCOUNTS, MOST_ORDERS = 10, 20


@dataclass(slots=True, kw_only=True)
class KnownCaller:
    """A customer with an account, or a guest as it called itself, with its last orders."""

    name: str
    phone: str
    customer: Customer | None
    orders: list[Order] = field(default_factory=list)


def find_callers(orders: QuerySet[Order], term: str, *, with_accounts: bool) -> list[KnownCaller]:
    """Who is meant, who ordered last first; among these orders, and where it may be of all accounts."""
    term = term[:MOST_TERM].strip()
    if not term:
        return []
    accounts = list(accounts_named(term)) if with_accounts else []
    named = orders.filter(pk__in=newest(find_ids(orders, term).ids))
    theirs = orders.filter(customer__in=accounts) if accounts else orders.none()
    found = {order.pk: order for rows in (named, theirs) for order in newest_with_lines(rows)}
    newest_first = sorted(found.values(), key=lambda order: (order.placed_at, order.pk), reverse=True)
    return gathered(newest_first[:MOST_ORDERS], accounts, with_accounts=with_accounts)


def newest(ids: Iterable[int]) -> Sequence[int]:
    return sorted(ids)[-MOST_ORDERS:]


def newest_with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    related = orders.filter(deleted_at__isnull=True).select_related("vendor", "customer__user")
    return related.prefetch_related("lines").order_by("-placed_at", "-pk")[:MOST_ORDERS]


def accounts_named(term: str) -> QuerySet[Customer]:
    """Accounts by the whole of a telephone number or an e-mail; names are found by orders."""
    numbers = [number for number in phones(term) if number]
    named = Q(phone__in=numbers, phone__gt="")
    if "@" in term:
        # Looked up first: an OR of two tables' columns reads both tables whole.
        users = list(User.objects.filter(email=term.lower()).values_list("pk", flat=True))
        named |= Q(email__in=[term, term.lower()]) | Q(user__in=users)
    accounts = Customer.objects.filter(named, user__isnull=False, erased_at__isnull=True)
    return accounts.select_related("user").order_by("-pk")[:MOST_ACCOUNTS]


def gathered(orders: Iterable[Order], accounts: Iterable[Customer], *, with_accounts: bool) -> list[KnownCaller]:
    """Each with its orders; guests are one where they told one name and one number."""
    callers: dict[object, KnownCaller] = {}
    for order in orders:
        customer = order.customer if with_accounts and order.customer.user_id and not order.customer.erased_at else None
        key: object = customer.pk if customer else (order.contact_name, order.contact_phone or order.contact_email)
        caller = callers.get(key)
        if caller is None:
            name = str(customer) if customer else order.contact_name
            phone = order.contact_phone or (customer.phone if customer else "")
            caller = callers[key] = KnownCaller(name=name, phone=phone, customer=customer)
        caller.orders.append(order)
    for customer in accounts:
        callers.setdefault(customer.pk, KnownCaller(name=str(customer), phone=customer.phone, customer=customer))
    return list(callers.values())
