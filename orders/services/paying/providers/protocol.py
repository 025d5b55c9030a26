"""What every online payment provider can be asked, in our words. Each call may take seconds: never in a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Refusal


class ProviderError(Refusal):
    """A provider did not do what it was asked: `reason` is for staff and logs, its sentence for customers.

    `is_final` where asking again changes nothing (it refuses), else it was out of reach or busy.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        code = FaultCode.PROVIDER_REFUSED if is_final else FaultCode.PROVIDER_UNAVAILABLE
        super().__init__(code, retry_after=None if is_final else 30)
        self.status = 409 if is_final else 503
        self.reason = reason[:300]
        self.is_final = is_final


class NoticeRefused(Refusal):
    """A notice that does not prove that it comes from its provider."""

    def __init__(self) -> None:
        super().__init__(FaultCode.BAD_SIGNATURE)


class State(StrEnum):
    """What a provider says of a payment; the last three are final there."""

    UNPAID = "unpaid"
    AUTHORISED = "authorised"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RefundState(StrEnum):
    """What a provider says of a refund."""

    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


class Sequence(StrEnum):
    """Paid once, paid by a method to be kept, or charged from a method that was kept."""

    ONCE = "oneoff"
    FIRST = "first"
    AGAIN = "recurring"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """A payment to be made: an amount in minor units, and where payer and notices go. `notice_url` may be empty.

    `key` makes a repeated call return the first one's payment, and is found again at the provider.
    """

    amount: int
    currency: str
    description: str
    redirect_url: str
    notice_url: str
    key: str
    sequence: Sequence = Sequence.ONCE
    customer: str = ""  # the provider's, of a method that is or will be kept
    mandate: str = ""
    captures_later: bool = False  # held first where the provider can, and taken by `capture`


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A payment as the provider has it, amounts in minor units of its currency.

    `amount` is what is asked for or held, and what came in once it is paid.
    """

    reference: str
    state: State
    amount: int
    currency: str
    captured: int = 0  # of what is held: what it was told to take
    refunded: int = 0
    checkout_url: str = ""  # where it is paid; empty once nothing can be done there
    failure: str = ""
    customer: str = ""
    mandate: str = ""
    method: str = ""  # such as bancontact
    label: str = ""  # of the card or account, such as Mastercard •••• 6787


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRefund:
    """A refund as the provider has it."""

    reference: str
    state: RefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was sent to the notice address. Whatever it says, it only leads to asking the provider."""

    body: bytes
    fields: Mapping[str, Any] = field(default_factory=dict)  # of its form, or of its JSON object
    query: Mapping[str, str] = field(default_factory=dict)  # of the address that the provider was told
    headers: Mapping[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """A payment provider. Every call that asks it raises ProviderError, and nothing else, where it does not succeed."""

    name: str

    def list_methods(self) -> list[str]:
        """The ways to pay that it offers here, as it calls them: asks, and changes nothing."""
        ...

    def begin(self, wish: PaymentRequest) -> Found:
        """Begins a payment, or charges a kept method."""
        ...

    def verify_notice(self, notice: Notice) -> str:
        """The reference of the payment that a notice is about, wherever it stands there; empty where it names none.

        Asks nobody. Raises NoticeRefused where the provider signs its notices and this one is not signed by it.
        """
        ...

    def look_up(self, reference: str) -> Found:
        """What has become of a payment."""
        ...

    def capture(self, reference: str, *, amount: int, currency: str, key: str) -> Found:
        """Takes so much of what is held, once a key, and lets the rest go; what has become of the payment."""
        ...

    def release(self, reference: str, *, key: str) -> Found:
        """Lets go what is held; what has become of the payment."""
        ...

    def find_charge(self, customer: str, key: str) -> Found | None:
        """A charge of a kept method by the key that it was made with, for when the provider has forgotten keys."""
        ...

    def refund(self, reference: str, *, amount: int, currency: str, key: str, description: str) -> FoundRefund:
        """Gives an amount of a payment back."""
        ...

    def look_up_refund(self, reference: str, refund: str) -> FoundRefund:
        """What has become of a refund."""
        ...

    def find_refund(self, reference: str, key: str) -> FoundRefund | None:
        """A payment's refund by the key that it was made with, for when the provider has forgotten keys."""
        ...

    def add_customer(self, key: str) -> str:
        """Makes somebody whose methods can be kept; nothing personal is told."""
        ...

    def forget_method(self, customer: str, mandate: str) -> None:
        """The method cannot be charged any more; one that is not there is no error."""
        ...
