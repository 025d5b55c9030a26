"""What an order needs may be a package type or a zone too. No statement."""

from django.db import migrations, models

REASONS = [
    ("switched_off", "the vendor is switched off"),
    ("not_offered", "what it needs is not offered any more"),
    ("closed", "closed at the agreed time"),
    ("paused", "paused at the agreed time"),
]


class Migration(migrations.Migration):
    dependencies = [("orders", "0025_index_of_what_waits")]

    operations = [
        migrations.AlterField(
            "order",
            "unserved",
            models.CharField(blank=True, choices=REASONS, db_default="", default="", max_length=12),
        ),
    ]
