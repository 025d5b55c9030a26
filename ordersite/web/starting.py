"""What a process of ours looks at before it serves."""

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

PRODUCTION = "production"  # the tag of what must hold in production


def refuse_unsafe_start() -> None:
    """Raises ImproperlyConfigured in production for what `manage.py check --deploy` refuses of our own."""
    if settings.DEVELOPMENT:
        return
    # In a thread: an ASGI server imports us within its event loop, where the database may not be asked.
    with ThreadPoolExecutor(1) as thread:
        faults = thread.submit(production_faults).result()
    if faults:
        raise ImproperlyConfigured(" ".join(f"{fault.msg} {fault.hint or ''}".strip() for fault in faults))


def production_faults() -> list[checks.CheckMessage]:
    try:
        found = checks.run_checks(tags=[PRODUCTION], include_deployment_checks=True)
        return [fault for fault in found if fault.level >= checks.ERROR and not fault.is_silenced()]
    finally:
        connection.close()
