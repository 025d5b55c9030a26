"""Control of erasing: placing does not look at its customer's row, nor hold it."""

from collections.abc import Iterable, Mapping

from orders.services.personal import erasing
from orders.services.record.events import draw_numbers
from ordersite.accounts.models import Customer
from tests.controls.meeting import meet

refuse = erasing.refuse_erasing


def draw_without_customer(
    names: Iterable[str], *, read: Mapping[int, int] | None = None, customer_id: int | None = None
) -> dict[str, list[int]]:
    """In the place of orders.services.placing.placing.draw_numbers."""
    meet()
    return draw_numbers(names, read=read)


def refuse_then_meet(customer: Customer) -> None:
    """In the place of orders.services.personal.erasing.refuse_erasing: so that the two meet each time."""
    refuse(customer)
    meet()
