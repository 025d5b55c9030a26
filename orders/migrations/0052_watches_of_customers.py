"""What the geofences remember of a customer who comes to collect."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0051_what_drivers_positions_told")]

    operations = [
        migrations.AddField("customerposition", "watches", models.JSONField(blank=True, default=dict)),
    ]
