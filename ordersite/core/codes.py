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

    # --- moving: orders.services.moving, orders.lifecycle

    STEPS_UNDONE = "steps_undone"

    # --- paying: orders.services.paying

    # --- vendors: vendors.services

    # --- accounts: ordersite.accounts, ordersite.places, tracking
