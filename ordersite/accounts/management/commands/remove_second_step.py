from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ordersite.accounts.models import User
from ordersite.accounts.second_step import remove_second_step


class Command(BaseCommand):
    help = "Takes the second step off an account, such as of the only superuser, who has lost phone and recovery codes."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).exclude(second_step_at=None).first()
        if user is None:
            raise CommandError("Nobody with a second step has this e-mail address.")
        remove_second_step([user])
        self.stdout.write("The second step is taken off.")
