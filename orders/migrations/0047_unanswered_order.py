"""Orders that nobody answered in time: a table of its own, without rows."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0046_index_of_what_is_unseen"), ("vendors", "0017_unseen_orders")]

    operations = [
        migrations.CreateModel(
            name="UnansweredOrder",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="vendors.vendor"
                    ),
                ),
            ],
        ),
    ]
