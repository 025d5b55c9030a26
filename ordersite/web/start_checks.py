"""What a process of ours looks at before it serves."""

import gc
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import get_resolver

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


def set_code_aside() -> None:
    """Takes what is loaded out of the garbage collector's sight.

    It stays as long as the process, and looking through it held up every call for a tenth of a second now and then.
    """
    get_resolver().url_patterns  # noqa: B018  loads the views
    gc.collect()
    gc.freeze()
