"""What happens to orders that nobody looks at: columns with a constant default, so no table is rewritten."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vendors", "0016_printer_status")]

    operations = [
        migrations.AddField(
            "vendor",
            "unseen_seconds",
            models.PositiveSmallIntegerField(
                blank=True,
                db_default=70,
                default=70,
                help_text="The vendor is mailed when no device has shown a new order for this long; empty: never.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(10),
                    django.core.validators.MaxValueValidator(3600),
                ],
            ),
        ),
        migrations.AddField(
            "vendor",
            "pause_after_orders",
            models.PositiveSmallIntegerField(
                blank=True,
                help_text="After this many orders in a row that nobody answered in time, the vendor is paused; "
                "empty: never.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AddField(
            "vendor",
            "pause_minutes",
            models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="How long it is paused then.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1440),
                ],
            ),
        ),
    ]
