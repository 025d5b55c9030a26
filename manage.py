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
    from django.db import OperationalError, connection

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        if connection.connection is not None:  # it answers, and refused something
            raise
        reason = str(error).partition("\n")[0]
        sys.exit(f"The database cannot be opened ({reason}): start it, or correct DATABASE_URL or DATA_DIR.")


if __name__ == "__main__":
    main()
