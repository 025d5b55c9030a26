"""The index of what waits without the deliveries that failed for good, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0028_packages_without_points")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True))
                & (models.Q(("status__in", OPEN)) | models.Q(("due_at__isnull", False))),
                fields=["vendor", "id"],
                name="order_of_vendor_waiting",
            ),
        ),
    ]
