"""Ordering's words for ours: numbers of statuses, delivery types and payment methods."""

from orders.lifecycle.table import Fulfilment, Status

# Theirs are ours, which were taken from them. Written out all the same, as for every dialect.
STATUS_NUMBERS: dict[Status, int] = {status: status.value for status in Status}
# Their groups of statuses; a driver's giving up and failing count as cancelled there.
GROUP_WORDS: dict[Status, str] = {
    Status.PENDING: "pending",
    Status.COMPLETED: "completed",
    Status.REJECTED: "cancelled",
    Status.DRIVER_IN_BUSINESS: "in progress",
    Status.PREPARATION_COMPLETED: "in progress",
    Status.REJECTED_BY_BUSINESS: "cancelled",
    Status.CANCELED_BY_DRIVER: "cancelled",
    Status.ACCEPTED_BY_BUSINESS: "in progress",
    Status.ACCEPTED_BY_DRIVER: "in progress",
    Status.PICK_UP_COMPLETED_BY_DRIVER: "in progress",
    Status.PICK_UP_FAILED_BY_DRIVER: "cancelled",
    Status.DELIVERY_COMPLETED_BY_DRIVER: "completed",
    Status.DELIVERY_FAILED_BY_DRIVER: "cancelled",
    Status.PREORDER: "pending",
    Status.ORDER_NOT_READY: "in progress",
    Status.PICKUP_COMPLETED_BY_CUSTOMER: "completed",
    Status.CANCELED_BY_CUSTOMER: "cancelled",
    Status.NOT_PICKED_BY_CUSTOMER: "cancelled",
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: "in progress",
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: "in progress",
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: "in progress",
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: "in progress",
    Status.LOOKING_FOR_DRIVER: "in progress",
    Status.DRIVER_ON_WAY: "in progress",
    Status.DRIVER_WAITING_FOR_ORDER: "in progress",
    Status.ACCEPTED_BY_DRIVER_COMPANY: "in progress",
}
GROUPS = ("pending", "in progress", "completed", "cancelled")
# Codes are fetched, in their words; a package is our delivery already.
DELIVERY_TYPES: dict[Fulfilment, int] = {
    Fulfilment.DELIVERY: 1,
    Fulfilment.PICKUP: 2,
    Fulfilment.EAT_IN: 3,
    Fulfilment.CURBSIDE: 4,
    Fulfilment.DRIVE_THRU: 5,
    Fulfilment.DIGITAL: 2,
}
PAYMETHODS: dict[str, int] = {"cash": 1, "wallet": 2, "transfer": 3, "mollie": 4, "fake": 5}
PAYMETHOD_NAMES = {number: name for name, number in PAYMETHODS.items()}
