"""What providers are told of a payment besides its amount."""

from orders.models import Payment
from ordersite.core.context import absolute


def address_of(path: str) -> str:
    """A path of ours as others reach it; empty where nobody knows (in a worker without PUBLIC_URL)."""
    found = absolute.get()(path)
    return found if found.startswith(("http://", "https://")) else ""


def describe_payment(payment: Payment) -> str:
    """What payer and staff read at the provider."""
    if payment.purchase_id is None:
        return "Wallet top-up"
    rows = payment.shares.order_by("order_id").values_list("order_id", "order__vendor__name")
    numbers, names = zip(*rows, strict=True) if rows else ((), ())
    orders = ", ".join(f"#{number}" for number in numbers)
    return f"Order {orders}: {', '.join(dict.fromkeys(names))}"[:250]
