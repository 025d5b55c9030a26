"""The indexes that those of 0077 stand for are dropped, concurrently on PostgreSQL."""

import django.db.models.deletion
from django.db import migrations, models

from ordersite.core.online_migrations import RemoveIndexOnline, RemoveKeyIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0077_indexes_of_driver_company_label")]

    operations = [
        RemoveIndexOnline("order", "order_of_driver"),
        RemoveIndexOnline("order", "order_of_company"),
        RemoveKeyIndexOnline(
            "order",
            "driver",
            models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="orders", to="vendors.driver",
            ),
        ),
        RemoveKeyIndexOnline(
            "order",
            "company",
            models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="orders", to="vendors.company",
            ),
        ),
        RemoveKeyIndexOnline(
            "order",
            "label",
            models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL,
                related_name="orders", to="orders.statuslabel",
            ),
        ),
    ]
