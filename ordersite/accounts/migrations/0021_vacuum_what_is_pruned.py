"""SHARE UPDATE EXCLUSIVE for a moment: nobody waits."""

from django.db import migrations

from ordersite.core.online_migrations import VacuumOften


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_take_over_sessions")]

    operations = [VacuumOften("mail"), VacuumOften("signin")]
