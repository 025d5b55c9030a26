"""The index of what no device has shown, built concurrently on PostgreSQL; no row has a value yet."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0045_unseen_entries")]

    operations = [
        AddIndexOnline(
            "feedentry",
            models.Index(
                condition=models.Q(("unseen_since__isnull", False)),
                fields=["stream", "position"],
                name="feed_entry_unseen",
            ),
        ),
    ]
