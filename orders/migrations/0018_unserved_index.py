"""The index of what a vendor cannot serve any more, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0017_unserved")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("status__in", OPEN), ("unserved__gt", "")), fields=["id"], name="order_unserved"
            ),
        ),
    ]
