"""The index by which a vendor's orders that wait are reckoned anew, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

WAITING = [0, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0024_anchors")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("deleted_at__isnull", True))
                & (models.Q(("status__in", WAITING)) | models.Q(("due_at__isnull", False))),
                fields=["vendor", "id"],
                name="order_of_vendor_that_waits",
            ),
        ),
    ]
