"""What is changed of drivers, and who may be asked to drive since."""

from django.dispatch import receiver

from ordersite.accounts.announcing import user_enabled
from vendors.models import Company, Driver
from vendors.services.announcing import company_reachable, driver_on_duty


def set_on_duty(*, driver_id: int, on_duty: bool) -> None:
    """Has a driver be offered orders, what is in search at once, or no new ones; what it holds it keeps.

    What stands already changes nothing. Must run in a transaction.
    """
    changed = Driver.objects.filter(pk=driver_id, left_at=None).exclude(on_duty=on_duty).update(on_duty=on_duty)
    if changed and on_duty:
        announce_on_duty(driver_id)


def announce_on_duty(driver_id: int) -> None:
    """Tells that a driver may be offered orders that it could not before; must run in the change's transaction."""
    driver_on_duty.send(sender=Driver, driver_id=driver_id)


@receiver(user_enabled)
def announce_enabled(user_id: int, **_: object) -> None:
    """Whose account is switched on again may be asked as before: as a driver on duty, or for a company."""
    for driver_id in Driver.objects.filter(user=user_id, on_duty=True).values_list("pk", flat=True):
        announce_on_duty(driver_id)
    for company_id in Company.objects.filter(dispatchers__user=user_id).values_list("pk", flat=True):
        company_reachable.send(sender=Company, company_id=company_id)
