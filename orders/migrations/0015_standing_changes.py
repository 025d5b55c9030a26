"""Which changes of an order stand, and since when a driver is named. On PostgreSQL no row is rewritten or read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0014_feed_epoch")]

    operations = [
        migrations.AddField("order", "standing_changes", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField("order", "named_at", models.DateTimeField(blank=True, null=True)),
    ]
