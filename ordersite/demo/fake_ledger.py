"""What the fake provider keeps: payments, refunds, customers and the methods that they left, with Mollie's rules."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from ordersite.core.money import CURRENCIES, MoneyError, from_text, to_text

PAYABLE = timedelta(minutes=15)

Json = dict[str, Any]

# Of what a payment was made with.
KEPT = ("description", "redirectUrl", "webhookUrl", "metadata", "customerId", "captureMode")


class LedgerRefused(Exception):
    """An error as Mollie answers it."""

    def __init__(self, status: int, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.field = status, detail, field


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(8)}"


def at(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


class Ledger:
    """What the provider knows. Every method is called with the server's lock held."""

    def __init__(self) -> None:
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, list[Json]] = {}
        self.customers: dict[str, Json] = {}
        self.mandates: dict[str, list[Json]] = {}
        self.declines = False  # of charges of kept methods

    def payment(self, reference: str) -> Json:
        found = self.payments.get(reference)
        if found is None:
            raise LedgerRefused(404, "No payment exists with token " + reference)
        if found["status"] == "open" and found["expiresAt"] <= at(datetime.now(UTC)):
            self.settle(found, "expired")
        return found

    def create_payment(self, body: Json, base: str) -> Json:
        value, currency = read_amount(body)
        sequence = body.get("sequenceType", "oneoff")
        if not isinstance(body.get("description"), str) or not body["description"]:
            raise LedgerRefused(422, "The description is missing", "description")
        if sequence != "recurring" and not str(body.get("redirectUrl", "")).startswith(("http://", "https://")):
            raise LedgerRefused(422, "The redirect URL is invalid", "redirectUrl")
        if "customerId" in body and body["customerId"] not in self.customers:
            raise LedgerRefused(422, "The customer id is invalid", "customerId")
        if sequence != "oneoff" and "customerId" not in body:
            raise LedgerRefused(422, "The customer id is missing", "customerId")
        now = datetime.now(UTC)
        payment: Json = {
            "resource": "payment",
            "id": new_id("tr"),
            "mode": "test",
            "createdAt": at(now),
            "expiresAt": at(now + PAYABLE),
            "status": "open",
            "amount": {"value": value, "currency": currency},
            "sequenceType": sequence,
            "method": None,
            "details": None,
            **{k: body[k] for k in KEPT if k in body},
        }
        payment["_links"] = {"checkout": {"href": f"{base}/checkout/{payment['id']}", "type": "text/html"}}
        if sequence == "recurring":
            mandates = [one for one in self.mandates[str(body["customerId"])] if one["status"] == "valid"]
            mandate = next((one for one in mandates if one["id"] == body.get("mandateId", one["id"])), None)
            if mandate is None:
                raise LedgerRefused(422, "The customer has no suitable mandates", "mandateId")
            payment["mandateId"] = mandate["id"]
            payment["details"] = dict(mandate["details"])
            self.settle(payment, "failed" if self.declines else "paid")
        self.payments[payment["id"]] = payment
        self.refunds[payment["id"]] = []
        return payment

    def settle(self, payment: Json, status: str) -> None:
        """What the payer did, or let pass; what is to be captured by hand is held first."""
        if status == "paid" and payment["status"] == "open" and payment.get("captureMode") == "manual":
            status = "authorized"
        payment["status"] = status
        payment["_links"] = {}
        if status == "failed":
            payment["details"] = {**(payment["details"] or {}), "failureMessage": "The card was declined."}
        if status != "paid":
            return
        payment["paidAt"] = at(datetime.now(UTC))
        payment["method"] = "creditcard"
        payment["details"] = payment["details"] or {"cardLabel": "Mastercard", "cardNumber": "6787"}
        if payment["sequenceType"] == "first":
            payment["mandateId"] = self.add_mandate(payment)["id"]

    def capture(self, payment: Json, body: Json) -> Json:
        """Takes a part of what is held; there may be several, up to all of it."""
        value, currency = read_amount(body)
        held = from_text(payment["amount"]["value"], currency) if payment.get("captureMode") == "manual" else 0
        taken = self.captured(payment) + from_text(value, currency)
        if payment["status"] not in ("authorized", "paid") or currency != payment["amount"]["currency"] or taken > held:
            raise LedgerRefused(422, "The payment cannot be captured in this way", "amount")
        payment["amountCaptured"] = {"value": to_text(taken, currency), "currency": currency}
        self.settle(payment, "paid")
        return {"resource": "capture", "id": new_id("cpt"), "paymentId": payment["id"], "amount": body["amount"]}

    def captured(self, payment: Json) -> int:
        taken = payment.get("amountCaptured")
        return from_text(taken["value"], taken["currency"]) if taken else 0

    def release(self, payment: Json) -> Json:
        if payment["status"] != "authorized":
            raise LedgerRefused(422, "The payment holds nothing that could be released")
        self.settle(payment, "canceled")
        return payment

    def add_mandate(self, payment: Json) -> Json:
        mandate = {
            "resource": "mandate",
            "id": new_id("mdt"),
            "status": "valid",
            "method": payment["method"],
            "details": dict(payment["details"]),
        }
        self.mandates[payment["customerId"]].append(mandate)
        return mandate

    def create_customer(self, body: Json) -> Json:
        customer: Json = {"resource": "customer", "id": new_id("cst"), "metadata": body.get("metadata")}
        self.customers[customer["id"]] = customer
        self.mandates[customer["id"]] = []
        return customer

    def delete_mandate(self, customer: str, mandate: str) -> None:
        kept = self.mandates.get(customer, [])
        found = next((one for one in kept if one["id"] == mandate), None)
        if found is None:
            raise LedgerRefused(404, "No mandate exists with token " + mandate)
        kept.remove(found)

    def create_refund(self, payment: Json, body: Json) -> Json:
        value, currency = read_amount(body)
        if payment["status"] != "paid" or currency != payment["amount"]["currency"]:
            raise LedgerRefused(422, "The payment cannot be refunded in this way", "amount")
        paid = self.captured(payment) or from_text(payment["amount"]["value"], currency)
        gone = sum(from_text(one["amount"]["value"], currency) for one in self.live_refunds(payment))
        if from_text(value, currency) > paid - gone:
            raise LedgerRefused(422, "The amount is higher than the maximum", "amount")
        refund = {
            "resource": "refund",
            "id": new_id("re"),
            "paymentId": payment["id"],
            "status": "pending",
            "amount": {"value": value, "currency": currency},
            "description": body.get("description", ""),
            "metadata": body.get("metadata"),
        }
        self.refunds[payment["id"]].append(refund)
        gone += from_text(value, currency)
        payment["amountRefunded"] = {"value": to_text(gone, currency), "currency": currency}
        return refund

    def live_refunds(self, payment: Json) -> list[Json]:
        return [one for one in self.refunds[payment["id"]] if one["status"] not in ("failed", "canceled")]

    def refund(self, payment: str, refund: str) -> Json:
        found = next((one for one in self.refunds.get(payment, []) if one["id"] == refund), None)
        if found is None:
            raise LedgerRefused(404, "No refund exists with token " + refund)
        return found


def read_amount(body: Json) -> tuple[str, str]:
    """Value and currency of a body; an amount must have exactly its currency's decimals, and be above zero."""
    amount = body.get("amount")
    if not isinstance(amount, dict) or amount.get("currency") not in CURRENCIES:
        raise LedgerRefused(422, "The amount is missing or its currency is not supported", "amount")
    value, currency = str(amount.get("value")), str(amount["currency"])
    try:
        minor = from_text(value, currency)
    except MoneyError:
        minor = 0
    if minor <= 0 or to_text(minor, currency) != value:
        raise LedgerRefused(422, "The amount contains an invalid value", "amount")
    return value, currency
