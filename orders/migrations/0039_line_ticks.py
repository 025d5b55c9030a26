from django.db import migrations, models


class Migration(migrations.Migration):
    """An empty column and one with a constant default: no row is written (ACCESS EXCLUSIVE, for a moment)."""

    dependencies = [("orders", "0038_index_of_what_is_carried")]

    operations = [
        migrations.AddField("line", "ticked_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "line", "ticked_by", models.CharField(blank=True, db_default="", default="", max_length=60)
        ),
    ]
