"""Where customers who come to collect were last, and where they wait."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0036_driver_positions")]

    operations = [
        migrations.CreateModel(
            name="CustomerPosition",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="customer_position",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("lat", models.FloatField(blank=True, null=True)),
                ("lng", models.FloatField(blank=True, null=True)),
                (
                    "accuracy",
                    models.FloatField(blank=True, help_text="Metres around it within which the device is.", null=True),
                ),
                (
                    "at",
                    models.DateTimeField(
                        blank=True, help_text="When the device was there, by its own clock.", null=True
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("place", models.CharField(blank=True, max_length=60)),
            ],
        ),
    ]
