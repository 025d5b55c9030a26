"""SHARE UPDATE EXCLUSIVE for a moment: nobody waits."""

from django.db import migrations

from ordersite.core.online_migrations import VacuumOften


class Migration(migrations.Migration):
    dependencies = [("web", "0005_audit_search")]

    operations = [VacuumOften("idempotencykey"), VacuumOften("attempt")]
