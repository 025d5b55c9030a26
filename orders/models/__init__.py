"""The orders' tables, a file a noun."""

from orders.models.edits import ItemChange
from orders.models.events import Counter, FeedEntry, OrderEvent
from orders.models.kinds import Booking, Code, OfferUse, Package, SlotHold, SlotUse
from orders.models.labels import StatusLabel
from orders.models.lines import Line, LineOption
from orders.models.money import (
    Account,
    Entry,
    Payment,
    PaymentProof,
    PaymentShare,
    Posting,
    Refund,
    SavedMethod,
)
from orders.models.orders import Kind, Order, PaymentStatus
from orders.models.purchases import Purchase
from orders.models.terms import AgreedTerms

__all__ = [
    "Account",
    "AgreedTerms",
    "Booking",
    "Code",
    "Counter",
    "Entry",
    "FeedEntry",
    "ItemChange",
    "Kind",
    "Line",
    "LineOption",
    "OfferUse",
    "Order",
    "OrderEvent",
    "Package",
    "Payment",
    "PaymentProof",
    "PaymentShare",
    "PaymentStatus",
    "Posting",
    "Purchase",
    "Refund",
    "SavedMethod",
    "SlotHold",
    "SlotUse",
    "StatusLabel",
]
