from django.db import migrations, models

COMES_BACK = models.Q(("unavailable_until__isnull", False))
TEXT = "When what is not available is available again by itself; empty: never."


class Migration(migrations.Migration):
    """Empty columns, and an index of the rows that have a value: none yet."""

    dependencies = [("vendors", "0013_late_thresholds")]

    operations = [
        operation
        for name in ("product", "option")
        for operation in (
            migrations.AddField(
                name, "unavailable_until", models.DateTimeField(blank=True, help_text=TEXT, null=True)
            ),
            migrations.AddIndex(
                name, models.Index(condition=COMES_BACK, fields=["unavailable_until"], name=f"{name}_comes_back")
            ),
        )
    ]
