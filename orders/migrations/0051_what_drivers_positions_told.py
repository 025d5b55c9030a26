"""What followers were told of a driver's position, and what its geofences remember."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0050_index_of_what_is_offered")]

    operations = [
        migrations.AddField("driverposition", "told_lat", models.FloatField(blank=True, null=True)),
        migrations.AddField("driverposition", "told_lng", models.FloatField(blank=True, null=True)),
        migrations.AddField("driverposition", "told_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("driverposition", "watches", models.JSONField(blank=True, default=dict)),
    ]
