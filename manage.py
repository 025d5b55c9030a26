#!/usr/bin/env python
"""Run a command of the project: `python manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    # Read by the settings: a server pools its connections and bounds its statements, a command does not.
    kind = {"serve": "asgi", "replay_orders": "asgi", "worker": "worker"}.get((sys.argv[1:2] or [""])[0], "command")
    os.environ.setdefault("ORDERSITE_PROCESS", kind)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
