"""SHARE UPDATE EXCLUSIVE for a moment: nobody waits."""

from django.db import migrations

from ordersite.core.online_migrations import VacuumOften


class Migration(migrations.Migration):
    dependencies = [("orders", "0080_hidden_guide")]

    operations = [VacuumOften("feedentry"), VacuumOften("outboxmessage"), VacuumOften("webhookdelivery")]
