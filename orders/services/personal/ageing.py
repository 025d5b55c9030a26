"""What is erased by itself after a time: photos of proofs, and customers without an account."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from orders.lifecycle.table import OPEN
from orders.models import Account, DeliveryProof, Order, PaymentProof, PaymentStatus
from orders.services.personal.erasing import delete_photos, erase_customer
from ordersite.accounts.models import Customer
from ordersite.core.faults import Conflict

# Photos, by their model, that somebody has yet to go by.
UNDECIDED: dict[type[PaymentProof | DeliveryProof], Q] = {
    PaymentProof: Q(payment__state=PaymentStatus.PROOF_PENDING),
    DeliveryProof: Q(order__status__in=OPEN, order__deleted_at__isnull=True),
}


def erase_old_photos(before: datetime, most: int) -> int:
    """Deletes photos that came before this moment, of payments and deliveries; how many.

    One that still has to show something stays: whether money came in, or that an order which is open was handed over.
    """
    deleted = 0
    for model, undecided in UNDECIDED.items():
        with transaction.atomic():
            old = model._default_manager.filter(uploaded_at__lt=before).exclude(undecided)
            rows = list(old.order_by("uploaded_at", "pk")[:most])
            delete_photos(rows)
            model._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
        deleted = max(deleted, len(rows))
    return deleted


def erase_old_guests(before: datetime, most: int) -> int:
    """Erases customers without an account whose orders were all over before this moment; how many.

    Who has money in a wallet stays, and one that an order was placed for meanwhile.
    """
    recent = Order.objects.filter(customer=OuterRef("pk"), deleted_at=None)
    recent = recent.filter(Q(status__in=OPEN) | Q(status_changed_at__gte=before))
    rich = Account.objects.filter(customer=OuterRef("pk"), kind=Account.Kind.WALLET).exclude(balance=0)
    old = Customer.objects.filter(~Exists(recent), ~Exists(rich), user=None, erased_at=None, created_at__lt=before)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:most])
    erased = 0
    for customer_id in ids:
        try:
            with transaction.atomic():
                erase_customer(customer_id)
        except Conflict:
            continue
        erased += 1
    return erased
