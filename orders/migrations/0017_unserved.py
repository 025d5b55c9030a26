"""What a vendor cannot serve any more: a column, empty for all that stand. Its index follows by itself.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds, since the default is constant.
"""

from django.db import migrations, models

REASONS = [
    ("switched_off", "the vendor is switched off"),
    ("not_offered", "its delivery type is not offered any more"),
    ("closed", "closed at the agreed time"),
    ("paused", "paused at the agreed time"),
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_fill_standing_changes")]

    operations = [
        migrations.AddField(
            "order",
            "unserved",
            models.CharField(blank=True, choices=REASONS, db_default="", default="", max_length=12),
        ),
    ]
