"""A customer's saved cards and accounts: which there are, which one pays, and forgetting one."""

from django.db.models import QuerySet

from orders.models import SavedMethod
from orders.services.paying.provider_answers import CHARGING
from orders.services.paying.providers import provider_of
from ordersite.accounts.models import Customer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.payment_methods import find_method


def methods_of(customer_id: int) -> QuerySet[SavedMethod]:
    """What a customer can pay with again, the oldest first."""
    return SavedMethod.objects.filter(customer_id=customer_id).order_by("pk")


def find_saved_method(customer: Customer, method: str, *, saved_id: int | None, saves: bool) -> SavedMethod | None:
    """The customer's saved method that is to be charged; None where it names none.

    Raises Invalid for another's, one of another provider, a guest, and for saving (`saves`) what is not paid online.
    """
    if saves and not find_method(method).is_online:
        raise Invalid(FaultCode.NOT_ONLINE_SAVING, Field.SAVE_PAYMENT_METHOD)
    if (saves or saved_id) and customer.user_id is None:
        raise Invalid(FaultCode.GUEST_SAVED, Field.SAVED_PAYMENT_METHOD)
    if saved_id is None:
        return None
    saved = methods_of(customer.pk or 0).filter(pk=saved_id).first()
    if saved is None:
        raise Invalid(FaultCode.UNKNOWN_SAVED, Field.SAVED_PAYMENT_METHOD)
    if saved.provider != method:
        raise Invalid(FaultCode.OTHER_PROVIDER, Field.SAVED_PAYMENT_METHOD, provider=saved.provider)
    return saved


def forget_method(*, customer_id: int, method_id: int) -> None:
    """The provider and we forget a saved method. Asks the provider, so it must not run in a transaction.

    Raises NotFound, Conflict payment_pending while it is being charged, and ProviderError where the provider cannot be
    reached: then nothing has changed.
    """
    saved = methods_of(customer_id).filter(pk=method_id).first()
    if saved is None:
        raise NotFound()
    if saved.payments.filter(reference__startswith=CHARGING).exists():
        raise Conflict(FaultCode.PAYMENT_PENDING_SAVED)
    provider_of(saved.provider).forget_method(saved.provider_customer, saved.mandate)
    saved.delete()
