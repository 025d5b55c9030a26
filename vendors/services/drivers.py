"""What drivers change about themselves."""

from vendors.models import Driver


def set_on_duty(*, driver_id: int, on_duty: bool) -> None:
    """Has a driver be offered orders, or no new ones; what it holds it keeps."""
    Driver.objects.filter(pk=driver_id).update(on_duty=on_duty)
