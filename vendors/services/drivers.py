"""What is changed of drivers."""

from vendors.models import Driver
from vendors.services.announcing import driver_on_duty


def set_on_duty(*, driver_id: int, on_duty: bool) -> None:
    """Has a driver be offered orders, what is in search at once, or no new ones; what it holds it keeps.

    What stands already changes nothing. Must run in a transaction.
    """
    changed = Driver.objects.filter(pk=driver_id).exclude(on_duty=on_duty).update(on_duty=on_duty)
    if changed and on_duty:
        announce_on_duty(driver_id)


def announce_on_duty(driver_id: int) -> None:
    """Tells that a driver may be offered orders that it could not before; must run in the change's transaction."""
    driver_on_duty.send(sender=Driver, driver_id=driver_id)
