"""Where payments are made, and where their photos are read."""

from collections.abc import Iterable

from django.db.models import Min

from orders.models import Payment, PaymentProof, PaymentStatus
from ordersite.core.context import absolute
from vendors.payment_methods import find_method

# Whatever it is, it is shown as a picture, and nobody in between keeps it.
PHOTO_HEADERS = {
    "Content-Disposition": 'inline; filename="photo.jpg"',
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}


def checkout_url(payment: Payment) -> str | None:
    """Where the payment is made; None where there is nothing to pay online (any more)."""
    waits = PaymentStatus(payment.state).is_open and find_method(payment.provider).is_online
    return absolute.get()(f"/pay/{payment.token}") if waits and payment.amount else None


def proof_urls(payments: Iterable[Payment]) -> dict[int, list[str]]:
    """Where the photos of each payment are read, by the payment's id; one statement, none without a transfer."""
    proven = [payment.pk for payment in payments if find_method(payment.provider).needs_proof]
    urls: dict[int, list[str]] = {}
    if not proven:
        return urls
    proofs = PaymentProof.objects.filter(payment__in=proven).order_by("pk")
    for payment_id, order_id in proofs.values_list("payment_id", Min("payment__shares__order")):
        numbered = urls.setdefault(payment_id, [])
        path = f"/api/v1/orders/{order_id}/payments/{payment_id}/proofs/{len(numbered) + 1}"
        numbered.append(absolute.get()(path))
    return urls
