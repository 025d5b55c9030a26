from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction

from ordersite.accounts.roles import ROLES, write_roles


class Command(BaseCommand):
    """Gives the groups of the roles the rights that ordersite.accounts.roles says; other groups stay as they are."""

    help = "Has the groups of the roles hold the rights of their table, as every migrating does."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            write_roles(apps)
        self.stdout.write(f"{len(ROLES)} roles: {', '.join(ROLES)}.")
