"""A control: `manage.py serve` that lets a client send as much as it likes."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    os.environ.setdefault("ORDERSITE_PROCESS", "asgi")
    from tracking.feed.allowance import Allowance

    Allowance.take = lambda self, data, now: True  # type: ignore[method-assign]
    execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
