"""The index of what is offered to some drivers at a time, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0049_order_offers")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("offers_at__isnull", False)),
                fields=["vendor", "id"],
                name="order_of_vendor_dispatched",
            ),
        ),
    ]
