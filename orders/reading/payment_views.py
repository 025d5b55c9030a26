"""What was paid, and in tax, as the reader of an order or of a whole purchase sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from orders.models import Order, Payment, PaymentShare, Purchase
from orders.reading.payments import checkout_url, proof_urls
from orders.reading.purchases import least_advanced
from orders.reading.row_view import View, shows


@dataclass(frozen=True, slots=True)
class TaxView:
    """The tax of one rate, in hundredths of a percent."""

    rate: int
    amount: int
    currency: str


class PaymentView:
    """What a payment pays for one order, or all of it; who sees one order does not see what the others cost.

    `photos` reads the addresses of photos by the payment's id, when somebody asks for them.
    """

    def __init__(
        self,
        part: Payment | PaymentShare,
        payment: Payment,
        *,
        hides_words: bool = False,
        checkout_url: str | None = None,
        photos: Callable[[], Mapping[int, Sequence[str]]] = dict,
        reference: str = "",
    ) -> None:
        self.id, self.method, self.paid_by = payment.pk, payment.provider, payment.method
        self.reference = reference
        self.status, self.amount, self.refunded, self.currency = part.state, part.amount, part.refunded, part.currency
        self.paid_at, self.expires_at = payment.paid_at, payment.expires_at
        self.failure = "" if hides_words else payment.failure
        self.checkout_url = checkout_url
        self.__photos = photos

    @property
    def proofs(self) -> list[str]:
        """Where its photos are read."""
        return list(self.__photos().get(self.id, ()))


class PurchaseSummary(View):
    """A purchase with what follows from its orders and payments, for those who see all of it."""

    shown = shows("uuid tracking_code external_code total currency placed_at")

    def __init__(self, purchase: Purchase, orders: Sequence[Order]) -> None:
        super().__init__(purchase)
        self.__purchase, self.__orders = purchase, orders

    @property
    def status(self) -> int:
        return least_advanced(self.__orders).status

    @property
    def payments(self) -> list[PaymentView]:
        """Two statements where they are not at hand, and one for photos."""
        payments = list(self.__purchase.payments.all())
        lacking = [one for one in payments if "shares" not in getattr(one, "_prefetched_objects_cache", ())]
        prefetch_related_objects(lacking, "shares")
        is_open, photos = not all(order.is_closed for order in self.__orders), proof_urls(payments)
        return [
            PaymentView(
                payment,
                payment,
                checkout_url=checkout_url(payment) if is_open else None,
                photos=lambda: photos,
            )
            for payment in payments
        ]


def view_own_payment(payment: Payment) -> PaymentView:
    """A payment as whoever makes it sees it."""
    return PaymentView(payment, payment, checkout_url=checkout_url(payment))
