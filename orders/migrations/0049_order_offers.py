"""When the next offers of an order are due, and whom it is offered to; columns without a default read no row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0048_driver_offers")]

    operations = [
        migrations.AddField("order", "offers_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("order", "asked", models.JSONField(blank=True, editable=False, null=True)),
    ]
