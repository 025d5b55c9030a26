"""Why something was refused, cancelled or failed: codes that every party sees (docs/requirements.md, row 109)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, its sentence, and whether it needs a text besides."""

    code: str
    label: str
    needs_text: bool = False


REASONS = {
    reason.code: reason
    for reason in (
        Reason("customer_request", "The customer asked for it"),
        Reason("changed_mind", "The customer changed their mind"),
        Reason("ordered_by_mistake", "Ordered by mistake"),
        Reason("takes_too_long", "It takes too long"),
        Reason("out_of_stock", "Something is out of stock"),
        Reason("too_busy", "The vendor is too busy"),
        Reason("closed", "The vendor is closed"),
        Reason("not_ready", "The order is not ready"),
        Reason("outside_zone", "The address is too far"),
        Reason("wrong_address", "The address is wrong"),
        Reason("wrong_order", "It is the wrong order"),
        Reason("customer_absent", "The customer was not there"),
        Reason("customer_refused", "The customer refused it"),
        Reason("not_collected", "Nobody collected it"),
        Reason("no_driver", "No driver was found"),
        Reason("driver_unavailable", "The driver cannot go on"),
        Reason("vehicle_problem", "The vehicle broke down"),
        Reason("accident", "There was an accident"),
        Reason("damaged", "It was damaged"),
        Reason("no_answer", "Nobody answered in time"),
        Reason("not_paid", "It was not paid in time"),
        Reason("payment_failed", "The payment failed"),
        Reason("codes_unavailable", "No code could be issued"),
        Reason("fraud", "It looks like fraud"),
        Reason("mistake", "A mistake is taken back"),
        Reason("other", "Another reason", needs_text=True),
    )
}
