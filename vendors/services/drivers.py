"""What drivers change about themselves."""

from vendors.models import Driver


def set_on_duty(*, driver_id: int, on_duty: bool) -> bool:
    """Has a driver be offered orders, or no new ones; what it holds it keeps. Whether that was otherwise before."""
    return bool(Driver.objects.filter(pk=driver_id).exclude(on_duty=on_duty).update(on_duty=on_duty))
