"""Loads the demo data; what is there already stays."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordersite.demo import loading, sites
from ordersite.demo.pictures import draw_missing
from ordersite.demo.progress import Progress
from vendors.models import Merchant


class Command(BaseCommand):
    help = "Loads demo vendors, menus, logins and orders into a development database. Running it again adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="Tells the addresses of the site on this port too.")

    def handle(self, *, port: int | None, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("The demo's logins have a public password: load it where ENVIRONMENT is development.")
        draw_missing(Path(settings.MEDIA_ROOT))
        if not loading.is_loaded():
            with Progress("Loading the demo", loading.STEPS, self.stderr) as progress:
                loading.load(progress.step)
        self.tell(port)

    def tell(self, port: int | None) -> None:
        """Where to go, and as whom."""
        if port is not None:
            site = f"http://127.0.0.1:{port}"
            rows = (("API", "/api/v1/docs"), ("its schema", "/api/v1/schema"), ("back-office", "/admin/"))
            self.stdout.write("")
            for name, path in rows:
                self.stdout.write(f"  {name:<12} {site}{path}")
        self.stdout.write(f"\n  Logins, all with the password {sites.PASSWORD}\n")
        for fields, text in sites.LOGINS:
            self.stdout.write(f"  {fields['email']:<24} {text}")
        tenant = Merchant.objects.get(name=sites.MERCHANTS[0]["name"]).uuid
        self.stdout.write(f"\n  The till's X-Tenant: {tenant}")
        self.stdout.write("")
