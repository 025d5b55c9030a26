"""The index of what drivers carry, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0037_customer_positions")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(
                    ("deleted_at__isnull", True), ("driver__isnull", False), ("status__in", OPEN)
                ),
                fields=["driver", "id"],
                name="order_carried",
            ),
        ),
    ]
