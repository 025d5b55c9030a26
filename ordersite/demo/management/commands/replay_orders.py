"""Replays a file of real orders through the API and the live feed, and compares every figure with the file."""

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordersite.accounts.services import revoke_api_token
from ordersite.core.money import to_text
from ordersite.demo.progress import Progress
from ordersite.demo.replay.client import CallRefused, Client
from ordersite.demo.replay.menu import CURRENCY, make_token, make_vendor
from ordersite.demo.replay.reading import FileOrder, UnreadableFile, read_orders
from ordersite.demo.replay.run import Replay, Report
from ordersite.demo.replay.server import running_server

SHOWN = 10


class Command(BaseCommand):
    help = "Places the orders of a TSV file, moves each to its end, and checks totals and live feed against the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="order_id, quantity, item_name, choice_description, item_price.")
        parser.add_argument("--url", help="A running site on the same database; without it one is started for the run.")
        parser.add_argument(
            "--vendor",
            default="Replayed restaurant",
            help="The vendor to build. A file whose order numbers begin again needs another one.",
        )
        parser.add_argument("--clients", type=int, default=4, help="Orders in work at once.")

    def handle(self, *, file: Path, url: str | None, vendor: str, clients: int, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("It builds a vendor that is not real: use it where ENVIRONMENT is development.")
        if not 1 <= len(vendor) <= 60 or not 1 <= clients <= 32:
            raise CommandError("Name a vendor with 1 to 60 characters, and 1 to 32 clients.")
        try:
            orders = read_orders(file)
        except (OSError, UnreadableFile) as error:
            raise CommandError(f"{file}: {error.strerror if isinstance(error, OSError) else error}") from error
        try:
            with nullcontext(url) if url else running_server() as address:
                report = self.replay(address, vendor, orders, clients)
        except CallRefused as refused:
            raise CommandError(f"{refused} The site must run on the same database as this command.") from refused
        self.tell(report, orders)

    def replay(self, url: str, name: str, orders: list[FileOrder], clients: int) -> Report:
        """Makes the vendor and its parties, replays as them, and takes their tokens back."""
        vendor, owner, buyer = make_vendor(name, orders)
        tokens = [(user, *make_token(user)) for user in (buyer, owner)]
        try:
            replay = Replay(
                url=url,
                vendor=vendor.pk,
                customer=Client(url, tokens[0][2]),
                kitchen=Client(url, tokens[1][2]),
                feed_token=tokens[1][2],
                clients=clients,
            )
            with Progress("Replaying orders", len(orders), self.stderr) as progress:
                return replay.run(orders, progress.step)
        finally:
            for user, row, _ in tokens:
                revoke_api_token(user, row.pk)

    def tell(self, report: Report, orders: list[FileOrder]) -> None:
        expected = sum(order.total for order in orders)
        speed = report.orders / report.seconds if report.seconds else 0
        resumed = f", {report.reconnects} reconnects" if report.reconnects else ""
        rows = [
            ("orders", f"{report.orders:,} ({report.placed:,} placed now, {report.orders - report.placed:,} before)"),
            ("lines", f"{sum(len(order.items) for order in orders):,}"),
            ("sum", f"{to_text(report.sum, CURRENCY)} {CURRENCY}; the file's: {to_text(expected, CURRENCY)}"),
            ("live feed", f"{report.entries:,} entries read, up to position {report.position:,}{resumed}"),
            ("took", f"{report.seconds:.1f} s, {speed:.0f} orders a second"),
        ]
        if report.unchecked:
            rows.append(("not checked", f"{report.unchecked:,} orders that are older than what the feed keeps"))
        for name, text in rows:
            self.stdout.write(f"{name:<12} {text}")
        if report.faults:
            for fault in report.faults[:SHOWN]:
                self.stderr.write(fault)
            raise CommandError(f"{len(report.faults)} things are not as the file says.")
        self.stdout.write("Every total is the file's to the cent, and the feed told every change once and in order.")
