"""The ways in which an order can be paid: one object each, which answers what the code asks of a method.

A new method is a row here, a number in the words of the dialects that have numbers, and (paid online) its provider.
"""

from dataclasses import dataclass
from enum import StrEnum


class Receiver(StrEnum):
    """In whose hands money comes in."""

    PLATFORM = "platform"
    VENDOR = "vendor"
    CARRIER = "carrier"  # whoever hands the order over: a driver, else the vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A way of paying. `provider` is asked for it, where it is paid online (orders/services/paying/providers)."""

    name: str
    received_by: frozenset[Receiver] = frozenset()
    provider: str = ""
    is_wallet: bool = False  # drawn from the customer's balance, at once
    needs_proof: bool = False  # photos, which somebody checks
    # The vendor's setting that says how many minutes there are to pay; empty where nothing waits to be paid.
    minutes: str = ""

    @property
    def is_online(self) -> bool:
        """Whether a provider says that it was paid. Until then the vendor does not see the order."""
        return bool(self.provider)

    @property
    def is_on_handover(self) -> bool:
        """Whether it is paid when the order is handed over, order by order."""
        return Receiver.CARRIER in self.received_by

    @property
    def is_awaited(self) -> bool:
        """Whether the money must come in before anybody works on the order."""
        return self.is_online or self.needs_proof

    @property
    def is_secured(self) -> bool:
        """Whether the platform itself knows that it was paid before the vendor sees the order."""
        return self.is_online or self.is_wallet

    @property
    def is_platforms(self) -> bool:
        """Whether nobody but the platform ever receives it."""
        return self.received_by == {Receiver.PLATFORM}

    @property
    def serves_guests(self) -> bool:
        """Whether somebody without an account can pay so."""
        return not self.is_wallet


PLATFORM = frozenset({Receiver.PLATFORM})
METHODS = (
    PaymentMethod(name="cash", received_by=frozenset({Receiver.CARRIER, Receiver.VENDOR})),
    PaymentMethod(name="wallet", received_by=PLATFORM, is_wallet=True),
    # To the platform, or to the vendor's own account (Vendor.transfers_to).
    PaymentMethod(
        name="transfer",
        received_by=frozenset({Receiver.PLATFORM, Receiver.VENDOR}),
        needs_proof=True,
        minutes="transfer_minutes",
    ),
    PaymentMethod(name="mollie", received_by=PLATFORM, provider="mollie", minutes="pay_minutes"),
    PaymentMethod(name="fake", received_by=PLATFORM, provider="fake", minutes="pay_minutes"),
)
PAYMENT_METHODS = {method.name: method for method in METHODS}
METHOD_NAMES = tuple(PAYMENT_METHODS)
ONLINE_METHODS = tuple(method.name for method in METHODS if method.is_online)
PROVEN_METHODS = tuple(method.name for method in METHODS if method.needs_proof)
SECURED_METHODS = tuple(method.name for method in METHODS if method.is_secured)
AWAITED_METHODS = tuple(method.name for method in METHODS if method.is_awaited)
# For what names no method (yet).
NO_METHOD = PaymentMethod(name="")


def find_method(name: str) -> PaymentMethod:
    """The method of this name; one that says no to every question where there is none."""
    return PAYMENT_METHODS.get(name, NO_METHOD)
