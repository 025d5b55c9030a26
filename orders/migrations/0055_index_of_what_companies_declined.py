"""The index of what companies have declined, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0053_reminded_at")]

    operations = [
        AddIndexOnline(
            "driveroffer",
            models.Index(
                condition=models.Q(("skip_until__isnull", False)),
                fields=["company", "skip_until"],
                name="offer_skipped_by_company",
            ),
        ),
    ]
