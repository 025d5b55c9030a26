"""Drops the index of an order's delivery zone: order_of_zone begins with it. The index is dropped without reading a row."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0062_indexes_of_the_desk")]

    operations = [
        migrations.AlterField(
            "order",
            "delivery_zone",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="orders",
                to="vendors.deliveryzone",
            ),
        ),
    ]
