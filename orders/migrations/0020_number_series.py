"""Order numbers by series: what a vendor numbers apart each day, and not each delivery type. The column.

Standing orders keep their numbers: without a series the new unique constraint spares them. The constraints change in
migrations of their own, so that one whose index could not be built is run again by itself.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds; no row is read.
"""

from django.db import migrations, models

SERIES = [
    ("delivery", "delivery"),
    ("pick_up", "pick-up"),
    ("pick_up_coolbox", "pick-up at a locker"),
    ("digital", "digital"),
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_rights")]

    operations = [
        migrations.AddField(
            "order",
            "number_series",
            models.CharField(blank=True, choices=SERIES, max_length=15, null=True),
        ),
        migrations.AlterField(
            "order", "number", models.PositiveIntegerField(help_text="Of the vendor, its day and series; the first is 1.")
        ),
        migrations.AlterField(
            "order", "number_day", models.DateField(help_text="The day that it is for, by the vendor's clock.")
        ),
    ]
