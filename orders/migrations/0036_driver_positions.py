"""Where drivers were last."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0035_print_jobs"), ("vendors", "0010_plain_help_texts")]

    operations = [
        migrations.CreateModel(
            name="DriverPosition",
            fields=[
                (
                    "driver",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="position",
                        serialize=False,
                        to="vendors.driver",
                    ),
                ),
                ("lat", models.FloatField()),
                ("lng", models.FloatField()),
                ("accuracy", models.FloatField(help_text="Metres around it within which the device is.")),
                (
                    "heading",
                    models.FloatField(blank=True, help_text="Degrees clockwise from north.", null=True),
                ),
                ("speed", models.FloatField(blank=True, help_text="Metres a second.", null=True)),
                ("at", models.DateTimeField(help_text="When the device was there, by its own clock.")),
                ("received_at", models.DateTimeField()),
            ],
        ),
    ]
