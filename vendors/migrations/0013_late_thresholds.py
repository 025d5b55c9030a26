import django.db.models.deletion
from django.db import migrations, models

FULFILMENTS = ["delivery", "pickup", "eat_in", "curbside", "drive_thru"]
SOON = "The first colour comes so many minutes before the order is to be ready."
LATE = "The second colour comes so many minutes after it was to be ready."


class Migration(migrations.Migration):
    dependencies = [("vendors", "0012_stations")]

    operations = [
        migrations.CreateModel(
            name="LateThreshold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "fulfilment",
                    models.CharField(
                        choices=[(name, name) for name in FULFILMENTS], max_length=10, verbose_name="delivery type"
                    ),
                ),
                ("soon_minutes", models.PositiveSmallIntegerField(default=5, help_text=SOON)),
                ("late_minutes", models.PositiveSmallIntegerField(default=0, help_text=LATE)),
                (
                    "vendor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="late_thresholds",
                        to="vendors.vendor",
                    ),
                ),
            ],
            options={"ordering": ["fulfilment"]},
        ),
        migrations.AddConstraint(
            "latethreshold",
            models.UniqueConstraint(fields=("vendor", "fulfilment"), name="thresholds_once_a_delivery_type"),
        ),
    ]
