from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty columns: no row is written (ACCESS EXCLUSIVE, for a moment)."""

    dependencies = [("orders", "0039_line_ticks")]

    operations = [
        migrations.AddField("order", "unacknowledged_from", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("order", "recalled_at", models.DateTimeField(blank=True, null=True)),
    ]
