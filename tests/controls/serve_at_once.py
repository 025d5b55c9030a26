"""A control: `manage.py serve` that works on every body and hashes every password as it comes, at once."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    os.environ.setdefault("ORDERSITE_PROCESS", "asgi")
    os.environ["HASHES_AT_ONCE"] = "1000"
    from ordersite.web.body_turns import Turns

    Turns.needs_turn = lambda self, network, size: False  # type: ignore[method-assign]
    import django

    django.setup()
    from ordersite.accounts import password_tries

    password_tries.LIMITS = {scope: (1_000_000, window) for scope, (_, window) in password_tries.LIMITS.items()}
    execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
