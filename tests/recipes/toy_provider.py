"""The smallest payment provider that CONTRIBUTING.md's recipe makes: in memory, with signed notices in JSON.

It names a payment at {"payment": {"reference": …}}, and signs a notice's body with a secret by HMAC. Like many that
take cards it only holds the money first (authorises), whatever it is asked.
"""

import hashlib
import hmac
import json
from dataclasses import replace

from orders.services.paying.providers.protocol import (
    Found,
    FoundRefund,
    Notice,
    NoticeRefused,
    PaymentRequest,
    ProviderError,
    RefundState,
    State,
)

SIGNATURE = "X-Toy-Signature"


class ToyProvider:
    name = "toy"

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.payments: dict[str, Found] = {}
        self.references: dict[str, str] = {}  # by key
        self.keys: list[str] = []  # of captures
        self.notice_url = ""

    def list_methods(self) -> list[str]:
        return ["card"]

    def begin(self, wish: PaymentRequest) -> Found:
        if wish.key not in self.references:
            reference = f"toy-{len(self.payments) + 1}"
            self.references[wish.key], self.notice_url = reference, wish.notice_url
            self.payments[reference] = Found(
                reference=reference,
                state=State.UNPAID,
                amount=wish.amount,
                currency=wish.currency,
                checkout_url=f"https://toy.example/{reference}",
            )
        return self.payments[self.references[wish.key]]

    def verify_notice(self, notice: Notice) -> str:
        if not hmac.compare_digest(notice.headers.get(SIGNATURE, "").encode(), self.sign(notice.body).encode()):
            raise NoticeRefused()
        payment = notice.fields.get("payment")
        return str(payment.get("reference", "")) if isinstance(payment, dict) else ""

    def look_up(self, reference: str) -> Found:
        if reference not in self.payments:
            raise ProviderError("The provider does not know it.", is_final=True)
        return self.payments[reference]

    def capture(self, reference: str, *, amount: int, currency: str, key: str) -> Found:
        found = self.look_up(reference)
        if found.state == State.AUTHORISED:
            self.payments[reference] = replace(found, state=State.PAID, amount=amount, captured=amount)
            self.keys.append(key)
        return self.payments[reference]

    def release(self, reference: str, *, key: str) -> Found:
        self.payments[reference] = replace(self.look_up(reference), state=State.CANCELLED)
        return self.payments[reference]

    def find_charge(self, customer: str, key: str) -> Found | None:
        return None

    def refund(self, reference: str, *, amount: int, currency: str, key: str, description: str) -> FoundRefund:
        found = self.look_up(reference)
        self.payments[reference] = replace(found, refunded=found.refunded + amount)
        return FoundRefund(reference=key, state=RefundState.DONE)

    def look_up_refund(self, reference: str, refund: str) -> FoundRefund:
        return FoundRefund(reference=refund, state=RefundState.DONE)

    def find_refund(self, reference: str, key: str) -> FoundRefund | None:
        return None

    def add_customer(self, key: str) -> str:
        return key

    def forget_method(self, customer: str, mandate: str) -> None:
        pass

    # --- what its payer and its own server do --------------------------------------------------------------------

    def pay(self, reference: str) -> None:
        self.payments[reference] = replace(self.payments[reference], state=State.AUTHORISED, checkout_url="")

    def sign(self, body: bytes) -> str:
        return hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()

    def notice(self, reference: str) -> tuple[bytes, str]:
        """The body of a notice, and its signature."""
        body = json.dumps({"payment": {"reference": reference}, "event": "changed"}).encode()
        return body, self.sign(body)
