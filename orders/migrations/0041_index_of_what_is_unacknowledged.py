"""The index of what a kitchen has not acknowledged, built concurrently on PostgreSQL; no row has a value yet."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0040_kitchen_columns")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("unacknowledged_from__isnull", False)),
                fields=["vendor"],
                name="order_unacknowledged",
            ),
        ),
    ]
