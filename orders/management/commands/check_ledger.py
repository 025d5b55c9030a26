"""`manage.py check_ledger`: proves the ledger, and says in a sentence what differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.models import Order
from orders.services.money.ledger_check import check_ledger


class Command(BaseCommand):
    help = "Proves every posting, share, order, purchase and account. Reads only; may run while orders come in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--order", type=int, metavar="ID", help="Only what this order touches.")

    def handle(self, *args: Any, order: int | None, **options: Any) -> None:
        """Raises CommandError (the process ends with 1) where something differs, or there is no such order."""
        if order is not None and not 0 < order < 2**63:
            raise CommandError(f"There is no order {order}.")
        if order is not None and not Order.objects.filter(pk=order).exists():
            raise CommandError(f"There is no order {order}.")
        wrong = 0
        for outcome in check_ledger(order):
            differ = 0
            for differ, difference in enumerate(outcome.differences, start=1):  # noqa: B007  counted
                self.stderr.write(f"  {difference}")
            self.stdout.write(f"{outcome.name}: {outcome.count} checked, {differ} differ")
            wrong += differ
        if wrong:
            raise CommandError(f"The ledger differs in {wrong} places.")
        self.stdout.write(self.style.SUCCESS("The ledger proves itself."))
