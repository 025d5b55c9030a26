"""Erasing a customer: what names it goes, orders with their numbers and money stay.

Who places an order for a customer holds its row (services.placing): an order is there before, and refuses the erasing,
or is refused after it.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from orders.lifecycle.table import OPEN
from orders.models import (
    OPEN_PAYMENT,
    Account,
    ArchivedHistory,
    DeliveryProof,
    Order,
    OrderEvent,
    Payment,
    PaymentProof,
)
from orders.services.money.payouts import balances_of, purses_of
from orders.services.money.wallets import wallets_of
from orders.services.paying.provider_answers import Standing, online_payments, standing_of
from orders.services.paying.saved_methods import forget_method, methods_of
from orders.services.personal.addressed import blank_entries, forget_choices, mails_to
from orders.services.personal.columns import TABLES, PersonalTable
from orders.services.record.archive import restore_histories
from ordersite.accounts.models import Customer, User
from ordersite.core.audit import blank_actor, blank_person, unrecorded
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound
from ordersite.core.money import as_json
from ordersite.core.storage import delete_private_files
from vendors.models import Dispatcher, Driver, Member
from vendors.services.people import forget_invited

# How the e-mail of an account ends that was erased; nobody can receive mail there (RFC 2606).
ERASED = "@erased.invalid"
BATCH = 500
# How a top-up stands whose money may come in yet.
UNDER_WAY = (Standing.PENDING, Standing.HELD, Standing.DISPUTED)
# So many open orders a refusal names.
MOST_NAMED = 20


def check_erasable(customer_id: int) -> Customer:
    """The customer; raises NotFound, and Conflict where it works here or has not settled as a driver, has open
    orders, or money in a wallet or on its way into one.
    """
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise NotFound()
    refuse_erasing(customer)
    return customer


def refuse_erasing(customer: Customer) -> None:
    """Raises Conflict works_here, driver_not_settled, open_orders, wallet_not_empty or top_up_pending."""
    if customer.user_id is not None:
        if works_here(customer.user_id):
            raise Conflict(FaultCode.WORKS_HERE)
        refuse_unsettled_driver(customer.user_id)
    numbers = Order.objects.filter(customer=customer, status__in=OPEN, deleted_at=None).order_by("pk")
    if ids := list(numbers.values_list("pk", flat=True)[:MOST_NAMED]):
        raise Conflict(FaultCode.OPEN_ORDERS, orders=ids, extra={"orders": ids})
    held = [wallet for wallet in wallets_of(customer.pk) if wallet.balance]
    if held:
        amounts = [as_json(wallet.balance or 0, wallet.currency) for wallet in held]
        raise Conflict(FaultCode.WALLET_NOT_EMPTY, balances=amounts, extra={"balances": amounts})
    top_ups, now = online_payments().filter(customer=customer), timezone.now()
    if any(standing_of(payment, now) in UNDER_WAY for payment in top_ups):
        raise Conflict(FaultCode.TOP_UP_PENDING)


def works_here(user_id: int) -> bool:
    """Whether somebody is staff, or works for a merchant, a company or as a driver; a driver who left does not."""
    if User.objects.filter(pk=user_id, is_staff=True).exists():
        return True
    if Driver.objects.filter(user=user_id, left_at=None).exists():
        return True
    return any(model._default_manager.filter(user=user_id).exists() for model in (Member, Dispatcher))


def refuse_unsettled_driver(user_id: int) -> None:
    """Raises Conflict driver_not_settled for a driver who left and holds cash, or is owed tips."""
    driver_id = Driver.objects.filter(user=user_id).values_list("pk", flat=True).first()
    if driver_id is None:
        return
    balances = balances_of(purses_of(driver_id=driver_id)).values()
    amounts = [as_json(part, one.currency) for one in balances for part in (-one.cash, one.owed) if part]
    if amounts:
        raise Conflict(FaultCode.DRIVER_NOT_SETTLED, balances=amounts, extra={"balances": amounts})


def forget_saved_methods(customer_id: int) -> None:
    """The providers forget the customer's cards and accounts, before it is erased.

    Asks them, so it must not run in a transaction; raises ProviderError where one cannot be reached.
    """
    for method in methods_of(customer_id):
        forget_method(customer_id=customer_id, method_id=method.pk)


def erase_customer(customer_id: int) -> Customer:
    """Erases what names the customer, in the transaction of the caller; a second time nothing happens.

    Raises NotFound and Conflict as `check_erasable`. Holds the customer's row until the end.
    """
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise NotFound()
    if customer.erased_at is not None:
        return customer
    refuse_erasing(customer)
    user = User.objects.select_for_update().filter(customer=customer).first()
    with unrecorded():
        erase_all(customer, user)
        customer.refresh_from_db()
        customer.erased_at = timezone.now()
        customer.save(update_fields=["erased_at"])
    return customer


def erase_all(customer: Customer, user: User | None) -> None:
    """All that names it, in every table, and in what was kept of changes."""
    mails_to(customer).delete()
    forget_choices(customer)
    for table in TABLES:
        erase_rows(table, customer.pk)
    Payment.objects.filter(customer=customer, state__in=OPEN_PAYMENT).update(expires_at=timezone.now(), due_at=None)
    if user is not None:
        close_account(user)
    blank_log(customer, user)


def erase_rows(table: PersonalTable, customer_id: int) -> None:
    """Blanks or deletes the rows of one table."""
    if table.model is OrderEvent:
        # Its orders are held since they were blanked: none of them is archived before the end.
        restore_histories(ArchivedHistory.objects.filter(order__customer=customer_id))
    rows = table.model._default_manager.filter(**{table.path: customer_id})
    if table.goes:
        if table.model in (PaymentProof, DeliveryProof):
            delete_photos(rows)
        blank_entries(table.model, rows.values_list("pk", flat=True))
        rows.delete()
        return
    for column, scrub in table.scrubs.items():
        scrub_rows(rows, column, scrub)
    if table.blanks:
        rows.update(**table.blanks)


def scrub_rows(rows: "QuerySet[Any]", column: str, scrub: Any) -> None:
    """Rewrites a JSON column where its value changes."""
    changed = []
    for row in rows.only("pk", column).order_by("pk").iterator(BATCH):
        value = getattr(row, column)
        if (left := scrub(value)) != value:
            setattr(row, column, left)
            changed.append(row)
    rows.model._default_manager.bulk_update(changed, [column], batch_size=BATCH)


def delete_photos(rows: Iterable[Any]) -> None:
    """Deletes the files of these rows once the transaction is through; the rows go by the caller."""
    delete_private_files(str(row.photo.name) for row in rows)


def close_account(user: User) -> None:
    """Nobody signs in as it any more; its e-mail is free for a new account."""
    user.refresh_from_db()
    forget_invited(user.email)
    user.email, user.is_active = f"{user.uuid}{ERASED}", False
    user.set_unusable_password()
    user.save(update_fields=["email", "is_active", "password"])


def blank_log(customer: Customer, user: User | None) -> None:
    """What the back-office wrote of changes of the customer, its account and what is its own names it no more."""
    blank_entries(Customer, [customer.pk])
    blank_entries(Account, Account.objects.filter(customer=customer).values_list("pk", flat=True))
    if user is not None:
        blank_entries(User, [user.pk])
        blank_entries(Driver, Driver.objects.filter(user=user).values_list("pk", flat=True))
        blank_actor(user.caller_key)
        blank_person(user.pk)
