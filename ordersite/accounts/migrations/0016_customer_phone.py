"""The index of customers by phone, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0015_second_step")]

    operations = [
        AddIndexOnline(
            "customer",
            models.Index(fields=["phone"], condition=models.Q(("phone__gt", "")), name="customer_phone"),
        ),
    ]
