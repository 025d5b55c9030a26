"""What can be refused: one code each, and one sentence each in ordersite.web.catalogue.

What stands before the dot is what clients read; what follows tells apart the sentences of one code. A member's name is
its value in capitals.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something is refused."""

    @property
    def told(self) -> str:
        """The code that clients read."""
        return self.value.partition(".")[0]

    # --- everywhere

    NOT_FOUND = "not_found"
    BUSY = "busy"

    # --- checkout: orders.pricing, orders.destinations, orders.services.placing

    # --- editing: orders.services.editing and repricing

    # --- record: orders.services.record

    # --- capacity: orders.services.capacity

    # --- money: orders.services.money

    INSUFFICIENT_FUNDS = "insufficient_funds"
    NOTHING_OWED = "nothing_owed"
    PAYOUT_TOO_LARGE = "payout_too_large"
    HAND_IN_TOO_LARGE = "hand_in_too_large"
    BALANCE_CHANGED = "balance_changed"
    REQUIRED_REVERSAL = "required.reversal"
    NOT_REVERSIBLE = "not_reversible"
    ALREADY_REVERSED = "already_reversed"
    UNKNOWN_CUSTOMER = "unknown.customer"
    REFUNDED = "refunded"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_SHARED = "payment_shared"
    ALREADY_PAID = "already_paid"
    REFUND_TOO_LARGE_PAID = "refund_too_large.paid"
    BY_HAND_ONLY = "by_hand_only"
    MONEY_GONE_BACK = "money_gone_back"

    # --- moving: orders.services.moving, orders.lifecycle

    STEPS_UNDONE = "steps_undone"

    # --- paying: orders.services.paying

    # --- vendors: vendors.services

    # --- accounts: ordersite.accounts, ordersite.places, tracking
