#!/usr/bin/env python
"""Run a command of the project: `python manage.py help` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    # Read by the settings: a server pools its connections and bounds its statements, a command does not.
    os.environ.setdefault("ORDERSITE_PROCESS", "asgi" if sys.argv[1:2] == ["serve"] else "command")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
