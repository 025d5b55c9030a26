"""What a guest may order before it is paid: 500.00 where that is about as much as in euros, elsewhere no limit.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds, and one UPDATE of the vendors.
"""

from django.db import migrations, models

COMPARABLE = ["AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD"]


def limit_guests(apps, schema_editor):
    apps.get_model("vendors", "Vendor").objects.filter(currency__in=COMPARABLE).update(guest_limit=50_000)


class Migration(migrations.Migration):
    dependencies = [("vendors", "0007_driver_answer_seconds")]

    operations = [
        migrations.AddField(
            "vendor",
            "guest_limit",
            models.PositiveBigIntegerField(
                blank=True,
                help_text="What a guest may order before it is paid; empty: as much as it likes.",
                null=True,
            ),
        ),
        migrations.RunPython(limit_guests, migrations.RunPython.noop),
    ]
