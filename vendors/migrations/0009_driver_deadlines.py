from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns with a constant default: no table is rewritten. Orders that stand are reckoned with their next change."""

    dependencies = [("vendors", "0008_guest_limit")]

    operations = [
        migrations.AddField(
            "vendor",
            "company_minutes",
            models.PositiveIntegerField(
                blank=True,
                db_default=15,
                default=15,
                help_text="The company that accepted sends no driver within this: a driver is looked for anew.",
                null=True,
            ),
        ),
        migrations.AddField(
            "vendor",
            "driver_left_minutes",
            models.PositiveIntegerField(
                blank=True,
                db_default=5,
                default=5,
                help_text="After a driver has quit or could not pick it up: another is looked for; 0: at once.",
                null=True,
            ),
        ),
        migrations.AddField(
            "vendor",
            "decide_minutes",
            models.PositiveIntegerField(
                blank=True,
                help_text="Nobody decides within this what becomes of an order whose driver has quit or could not "
                "pick it up: it is cancelled and the money goes back.",
                null=True,
            ),
        ),
        migrations.AddField(
            "vendor",
            "retry_minutes",
            models.PositiveIntegerField(
                blank=True,
                help_text="A failed delivery is not tried again within this: it is rejected for good.",
                null=True,
            ),
        ),
        migrations.AddField(
            "vendor",
            "served_minutes",
            models.PositiveIntegerField(
                blank=True,
                help_text="Eat-in: so long after it is ready, and paid, it counts as completed.",
                null=True,
            ),
        ),
    ]
