"""A table that is empty."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0083_indexes_of_what_completed_orders_owe")]

    operations = [
        migrations.CreateModel(
            name="ArchivedHistory",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="archived_history",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("format", models.PositiveSmallIntegerField(default=1)),
                ("packed", models.BinaryField()),
                ("archived_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={"verbose_name_plural": "archived histories"},
        ),
    ]
