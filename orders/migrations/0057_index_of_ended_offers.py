"""The index by which offers to drivers that ended long ago are found, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0056_index_of_old_positions")]

    operations = [
        AddIndexOnline(
            "driveroffer",
            models.Index(condition=models.Q(("answered_at__isnull", False)), fields=["answered_at"], name="offer_ended"),
        ),
    ]
