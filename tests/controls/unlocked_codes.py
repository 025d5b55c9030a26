"""Control of promise 2 for codes: read what is free, then write whose it is."""

from orders.models import Code
from tests.controls.meeting import meet


def take_free_without_a_lock(product_id: int | None, count: int) -> list[int]:
    """In the place of orders.services.capacity.codes.take_free."""
    free = Code.objects.filter(product=product_id, line__isnull=True).order_by("pk")
    taken = list(free.values_list("pk", flat=True)[:count])
    meet()
    return taken
