"""When an order's driver left; the column is added without a default, which reads no row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0030_one_index_of_what_waits")]

    operations = [
        migrations.AddField("order", "driver_left_at", models.DateTimeField(blank=True, null=True)),
    ]
