"""Control of promise 2 for bookings: what people write first, which counts, decides, and then books."""

from datetime import datetime
from typing import Any

from orders.services.capacity import bookings
from tests.controls.meeting import meet
from vendors.models import Service


def look_without_a_lock(service: Service) -> bool:
    """In the place of capacity.bookings.lock_service: what is counted next may be old when it is used."""
    return Service.objects.filter(pk=service.pk, is_active=True).exists()


def count_and_think(*args: object, **kwargs: object) -> None:
    """In the place of capacity.bookings.check_free: a busy server's time between counting and booking."""
    check_free(*args, **kwargs)  # type: ignore[arg-type]
    meet()


def find_and_think(*args: Any, **kwargs: Any) -> datetime:
    """In the place of orders.services.capacity.bookings.first_free: the same time between finding and booking."""
    found = first_free(*args, **kwargs)
    meet()
    return found


first_free = bookings.first_free
check_free = bookings.check_free
