"""A number is no longer given once a delivery type; back, that unique index is built concurrently on PostgreSQL."""

from django.db import migrations

from ordersite.core.online_migrations import RemoveUniqueOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0021_number_once_a_series")]

    operations = [RemoveUniqueOnline("order", "number_once_a_vendor_type_and_day")]
