"""The index of what was told outside by the event that it tells, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0072_shown_orders")]

    operations = [
        AddIndexOnline(
            "outboxmessage",
            models.Index(fields=["event"], condition=models.Q(("event__isnull", False)), name="outbox_of_event"),
        ),
    ]
