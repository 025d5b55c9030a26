"""A number is given once a vendor, series and day: the unique index is built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddUniqueOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0020_number_series")]

    operations = [
        AddUniqueOnline(
            "order",
            models.UniqueConstraint(
                fields=("vendor", "number_series", "number_day", "number"), name="number_once_a_vendor_series_and_day"
            ),
        ),
    ]
