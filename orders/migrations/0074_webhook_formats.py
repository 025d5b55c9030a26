"""The formats of webhooks are read from their registry. Nothing in the database."""

from django.db import migrations, models

from orders.models.outgoing import format_choices


class Migration(migrations.Migration):
    dependencies = [("orders", "0073_outbox_of_event")]

    operations = [
        migrations.AlterField(
            "webhookendpoint",
            "format",
            models.CharField(choices=format_choices, default="standard", max_length=8),
        ),
    ]
