"""What the first page and the lists' filters say of what waits for somebody, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TroubleWords:
    """What a trouble is called, what to do, and whether it is severe."""

    label: str
    hint: str
    severe: bool = False


TROUBLE_WORDS = {
    "deadline": TroubleWords(
        "About to be refused",
        "In less than 3 minutes it is refused for want of an answer: call the vendor, or accept for it.",
        severe=True,
    ),
    "unanswered": TroubleWords(
        "Not accepted for 10 minutes",
        "Call the vendor, or accept for it.",
        severe=True,
    ),
    "unseen": TroubleWords(
        "Not seen by the vendor",
        "No device of the vendor has shown it: call the vendor.",
        severe=True,
    ),
    "driver_canceled": TroubleWords(
        "Given back by the driver",
        "Its driver has quit: look for another driver, or cancel.",
        severe=True,
    ),
    "pick_up_failed": TroubleWords(
        "Pick-up failed",
        "Its driver could not pick it up: call the vendor, then look for another driver, or cancel.",
        severe=True,
    ),
    "searching": TroubleWords(
        "Looking for a driver",
        "If it takes too long, assign a driver by hand.",
    ),
    "not_ready": TroubleWords(
        "Driver waits, not ready",
        "The driver is at the vendor, and the order is not ready: call the vendor.",
    ),
    "ready": TroubleWords(
        "Ready and waiting",
        "Ready, but nobody has picked it up yet.",
    ),
    "silent": TroubleWords(
        "Driver silent for 10 minutes",
        "The device of its driver tells no position any more: call the driver.",
    ),
    "overdue": TroubleWords(
        "Overdue timers",
        "A change that should happen by itself is late: check that the worker is running.",
        severe=True,
    ),
    "codes": TroubleWords(
        "Codes missing",
        "Import codes. After the vendor's deadline the order is cancelled and refunded.",
        severe=True,
    ),
    "cannot_serve": TroubleWords(
        "Cannot be served",
        "The vendor has since closed or stopped offering it: call the customer, then move the order or cancel it.",
        severe=True,
    ),
    "reported": TroubleWords(
        "Reported by the customer",
        "The customer says that something is wrong: see to it, then settle the report on the order's page.",
    ),
    "payment_failed": TroubleWords(
        "Payment failed, and still open",
        "Send the customer the payment link again, or cancel the order.",
    ),
    "refunded": TroubleWords(
        "Refunded, and still open",
        "The whole amount was refunded: cancel the order, or tell the vendor what to do with it.",
    ),
    "to_check": TroubleWords(
        "Payments to check",
        "Check what came in: the orders are waiting.",
        severe=True,
    ),
    "refund_failed": TroubleWords(
        "Refunds failed",
        "The payment provider could not refund it: refund it to the wallet, or by hand.",
        severe=True,
    ),
    "refund_by_hand": TroubleWords(
        "Refunds to be given by hand",
        "Pay the money back, then mark it as done.",
        severe=True,
    ),
    "webhook_failing": TroubleWords(
        "Webhook endpoints failing",
        "Every try fails: send a test, and tell whoever runs its server.",
    ),
    "mail_undelivered": TroubleWords(
        "Mails not delivered",
        "Refused by the mail server or given up in the last 24 hours: mend the address, then send it again.",
    ),
    "bulk_refused": TroubleWords(
        "Your bulk changes with refusals",
        "In the last 24 hours some orders were left out: its page says which, and why.",
    ),
}
