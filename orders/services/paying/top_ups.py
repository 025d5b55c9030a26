"""A customer fills its own wallet by a payment. What staff put into it by hand: services.money.wallets."""

from datetime import timedelta

from django.utils import timezone

from orders.models import Payment
from orders.services.paying.providers import is_available
from orders.services.paying.saved_methods import find_saved_method
from ordersite.accounts.models import User
from ordersite.accounts.services import ensure_customer, refuse_erased
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Invalid
from ordersite.core.fields import Field
from ordersite.core.money import Money
from vendors.payment_methods import ONLINE_METHODS

# How long a top-up may be paid.
PAYABLE = timedelta(hours=1)


def request_top_up(*, user: User, amount: Money, method: str, saved_id: int | None, saves: bool) -> Payment:
    """A payment that fills the user's wallet once it comes in; a saved method is charged by the worker.

    Raises Invalid for a method that is not paid online or not set up, and for a saved one that is not the customer's.
    """
    if method not in ONLINE_METHODS:
        raise Invalid(FaultCode.NOT_ONLINE_TOP_UP, Field.PAYMENT_METHOD, methods=" or ".join(ONLINE_METHODS))
    if not is_available(method):
        raise Invalid(FaultCode.NOT_AVAILABLE_METHOD, Field.PAYMENT_METHOD)
    customer, now = ensure_customer(user), timezone.now()
    refuse_erased(user)
    saved = find_saved_method(customer, method, saved_id=saved_id, saves=saves)
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
