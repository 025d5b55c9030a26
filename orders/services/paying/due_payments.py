"""The worker's round: payments whose notice may be lost, saved methods to be charged, refunds to be sent."""

import logging
from collections.abc import Callable, Iterable

from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Payment
from orders.services.paying.provider_answers import check_payment, get_payment
from orders.services.paying.provider_refunds import due_refunds, send_refund
from orders.services.paying.providers import askable_methods
from orders.services.paying.providers.protocol import ProviderError
from orders.services.paying.saved_charges import LEASE, charge_saved, waits_for_charge
from ordersite.core.work_items import work_item

logger = logging.getLogger(__name__)


def run_due_payments(limit: int = 100) -> int:
    """Asks about payments whose notice may be lost, charges saved methods, sends refunds; how many rows it took.

    A provider that cannot be reached is left alone until the next round.
    """
    methods = askable_methods()
    asked = each_due("payment", due_payments(methods)[:limit], ask_due)
    return asked + each_due("refund", due_refunds(methods)[:limit], send_refund)


def due_payments(methods: Iterable[str]) -> QuerySet[Payment, int]:
    due = Payment.objects.filter(due_at__lte=timezone.now(), provider__in=methods)
    return due.order_by("due_at").values_list("pk", flat=True)


def each_due(kind: str, ids: Iterable[int], do: Callable[[int], object]) -> int:
    """Does what is due of each; none may hold up the others, but for the provider's being out of reach."""
    done = 0
    for row_id in list(ids):
        try:
            with work_item(kind):
                do(row_id)
        except ProviderError as error:
            if not error.is_final:
                return 0
        except OperationalError:
            raise
        except Exception:
            logger.exception("%s %d failed and is tried again", kind, row_id)
        done += 1
    return done


def ask_due(payment_id: int) -> None:
    """What is due of one payment, unless another worker has it."""
    payment = get_payment(pk=payment_id)
    if waits_for_charge(payment):
        charge_saved(payment_id)
        return
    due = Payment.objects.filter(pk=payment_id, due_at=payment.due_at)
    undecided = payment.reference and not payment.is_received
    if due.update(due_at=timezone.now() + LEASE if undecided else None) and undecided:
        check_payment(payment_id)
