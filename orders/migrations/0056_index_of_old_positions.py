"""The index by which old positions of customers are found, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0055_index_of_what_companies_declined")]

    operations = [
        AddIndexOnline(
            "customerposition", models.Index(fields=["received_at"], name="customer_position_received")
        ),
    ]
