"""Loads the demo data; what is there already stays."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordersite.demo import loading
from ordersite.demo.pictures import draw_missing
from ordersite.demo.progress import Progress


class Command(BaseCommand):
    help = "Loads demo vendors, menus, logins and orders into a development database. Running it again adds nothing."

    def handle(self, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The demo's logins have a public password: load it where ENVIRONMENT is development.")
        draw_missing()
        if not loading.is_loaded():
            with Progress("Loading the demo", loading.STEPS, self.stderr) as progress:
                loading.load(progress.step)
