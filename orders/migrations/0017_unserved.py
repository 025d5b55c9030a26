"""What a vendor cannot serve any more: a column, empty for all that stand, and its index.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds, since the default is constant; the index is built
concurrently.
"""

from django.db import migrations, models

from orders.migrations._online import AddIndexOnline

REASONS = [
    ("switched_off", "the vendor is switched off"),
    ("not_offered", "its delivery type is not offered any more"),
    ("closed", "closed at the agreed time"),
    ("paused", "paused at the agreed time"),
]
OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0016_fill_standing_changes")]

    operations = [
        migrations.AddField(
            "order",
            "unserved",
            models.CharField(blank=True, choices=REASONS, db_default="", default="", max_length=12),
        ),
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("status__in", OPEN), ("unserved__gt", "")), fields=["id"], name="order_unserved"
            ),
        ),
    ]
