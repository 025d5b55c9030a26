"""The orders' tables, a file a noun."""

from orders.models.archive import ArchivedHistory
from orders.models.day_reports import DayReport
from orders.models.delivery_proofs import DeliveryProof
from orders.models.desk import (
    RUNNING,
    UNMADE,
    BulkChange,
    BulkChangeItem,
    ChosenColumns,
    FileExport,
    HiddenGuide,
)
from orders.models.dispatch import DriverOffer
from orders.models.documents import DocumentIssued, IssuedDocument
from orders.models.edits import ItemChange
from orders.models.estimates import LearntTimes
from orders.models.events import (
    TOLD_UNSEEN,
    UNSEEN,
    Counter,
    FeedEntry,
    FeedEpoch,
    OrderEvent,
    ShownOrder,
    UnansweredOrder,
)
from orders.models.kinds import Booking, Code, CodeUpload, OfferUse, Package, SlotHold, SlotUse
from orders.models.labels import StatusLabel
from orders.models.lines import Line, LineOption
from orders.models.money import (
    WAITS_FOR_STAFF,
    Account,
    Entry,
    Payment,
    PaymentProof,
    PaymentShare,
    Posting,
    Refund,
    SavedMethod,
    paid_state,
)
from orders.models.orders import (
    AWAITED_PAYMENT,
    CARRIED,
    DISPATCHED,
    HANDED_OVER,
    HELD,
    OPEN_PAYMENT,
    RECEIVED,
    REFUNDED_OPEN,
    UNACKNOWLEDGED,
    UNPAID_SUCCESS,
    UNSERVED,
    WAITING,
    Kind,
    NumberSeries,
    Order,
    PaymentStatus,
    Unserved,
)
from orders.models.outgoing import FAILING, OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.models.positions import CustomerPosition, DriverPosition
from orders.models.printing import PrintJob
from orders.models.problem_reports import UNSETTLED, ProblemReport
from orders.models.purchases import Purchase
from orders.models.terms import AgreedTerms

__all__ = [
    "AWAITED_PAYMENT",
    "CARRIED",
    "DISPATCHED",
    "FAILING",
    "HELD",
    "HiddenGuide",
    "OPEN_PAYMENT",
    "RECEIVED",
    "REFUNDED_OPEN",
    "HANDED_OVER",
    "TOLD_UNSEEN",
    "UNACKNOWLEDGED",
    "UNMADE",
    "UNPAID_SUCCESS",
    "UNSEEN",
    "UNSERVED",
    "UNSETTLED",
    "WAITING",
    "WAITS_FOR_STAFF",
    "Account",
    "AgreedTerms",
    "ArchivedHistory",
    "Booking",
    "BulkChange",
    "BulkChangeItem",
    "ChosenColumns",
    "RUNNING",
    "Code",
    "CodeUpload",
    "Counter",
    "DeliveryProof",
    "DocumentIssued",
    "DayReport",
    "IssuedDocument",
    "CustomerPosition",
    "DriverPosition",
    "DriverOffer",
    "Entry",
    "FeedEntry",
    "FeedEpoch",
    "FileExport",
    "ItemChange",
    "Kind",
    "LearntTimes",
    "Line",
    "LineOption",
    "NumberSeries",
    "OfferUse",
    "Order",
    "OrderEvent",
    "OutboxMessage",
    "Package",
    "Payment",
    "PaymentProof",
    "PaymentShare",
    "PaymentStatus",
    "Posting",
    "PrintJob",
    "ProblemReport",
    "Purchase",
    "Refund",
    "SavedMethod",
    "ShownOrder",
    "SlotHold",
    "SlotUse",
    "StatusLabel",
    "UnansweredOrder",
    "Unserved",
    "WebhookDelivery",
    "WebhookEndpoint",
    "paid_state",
]
