"""A customer's saved cards and accounts, and topping the wallet up by a payment."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from orders.checkout import Checkout
from orders.models import Payment, SavedMethod
from orders.services.paying.provider_answers import CHARGING
from orders.services.paying.providers import available_methods, provider_of
from orders.services.placing.parties import Placing, find_customer, find_saved_method
from ordersite.accounts.callers import Caller
from ordersite.web.problems import Conflict, Invalid, NotFound
from ordersite.web.serializers import Money
from vendors.payment_methods import ONLINE_METHODS

# How long a top-up may be paid.
PAYABLE = timedelta(hours=1)


def methods_of(customer_id: int) -> QuerySet[SavedMethod]:
    """What a customer can pay with again, the oldest first."""
    return SavedMethod.objects.filter(customer_id=customer_id).order_by("pk")


def forget_method(*, customer_id: int, method_id: int) -> None:
    """The provider and we forget a saved method. Asks the provider, so it must not run in a transaction.

    Raises NotFound, Conflict payment_pending while it is being charged, and ProviderError where the provider cannot be
    reached: then nothing has changed.
    """
    saved = methods_of(customer_id).filter(pk=method_id).first()
    if saved is None:
        raise NotFound()
    if saved.payments.filter(reference__startswith=CHARGING).exists():
        raise Conflict("payment_pending", "A payment with it is in progress: try again when that is done.")
    provider_of(saved.provider).forget_method(saved.provider_customer, saved.mandate)
    saved.delete()


def request_top_up(*, caller: Caller, amount: Money, method: str, saved_id: int | None, saves: bool) -> Payment:
    """A payment that fills the caller's wallet once it comes in; a saved method is charged by the worker.

    Raises Invalid for a method that is not paid online or not set up, and for a saved one that is not the customer's.
    """
    if method not in ONLINE_METHODS:
        raise Invalid(
            "/payment_method",
            "not_online",
            f"Money can only be added to a wallet online: send {' or '.join(ONLINE_METHODS)}.",
        )
    if method not in available_methods():
        raise Invalid("/payment_method", "not_available", "This payment method is not available here: choose another.")
    wish = Checkout(carts=(), payment_method=method, saved_method_id=saved_id, saves_method=saves)
    customer, now = find_customer(Placing(checkout=wish), caller), timezone.now()
    saved = find_saved_method(wish, customer)
    return Payment.objects.create(
        customer=customer,
        currency=amount.currency,
        provider=method,
        amount=amount.minor,
        saves_method=saves,
        saved_method=saved,
        created_at=now,
        expires_at=now + PAYABLE,
        due_at=now if saved else None,
    )
