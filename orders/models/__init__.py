"""The orders' tables, a file a noun."""

from orders.models.events import Counter, FeedEntry, OrderEvent
from orders.models.labels import StatusLabel
from orders.models.lines import Line, LineOption
from orders.models.money import Account, Entry, Payment, PaymentShare, Posting
from orders.models.orders import Kind, Order, PaymentStatus
from orders.models.purchases import Purchase

__all__ = [
    "Account",
    "Counter",
    "Entry",
    "FeedEntry",
    "Kind",
    "Line",
    "LineOption",
    "Order",
    "OrderEvent",
    "Payment",
    "PaymentShare",
    "PaymentStatus",
    "Posting",
    "Purchase",
    "StatusLabel",
]
