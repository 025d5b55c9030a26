"""The index of what was handed over, by when, built concurrently on PostgreSQL (SHARE UPDATE EXCLUSIVE)."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0041_index_of_what_is_unacknowledged")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("status__in", [1, 11, 12, 15, 17])),
                fields=["vendor", "status_changed_at"],
                name="order_handed_over",
            ),
        ),
    ]
