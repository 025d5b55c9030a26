import django.db.models.deletion
from django.db import migrations, models

SET_NULL = django.db.models.deletion.SET_NULL


class Migration(migrations.Migration):
    """A new table, and an empty column with its index on categories and products: no row is written."""

    dependencies = [("vendors", "0011_printing")]

    operations = [
        migrations.CreateModel(
            name="Station",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "vendor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stations",
                        to="vendors.vendor",
                    ),
                ),
            ],
            options={"ordering": ["position", "id"]},
        ),
        migrations.AddConstraint(
            "station", models.UniqueConstraint(fields=("vendor", "name"), name="station_name_once_a_vendor")
        ),
        migrations.AddField(
            "category",
            "station",
            models.ForeignKey(
                blank=True, null=True, on_delete=SET_NULL, related_name="categories", to="vendors.station"
            ),
        ),
        migrations.AddField(
            "product",
            "station",
            models.ForeignKey(blank=True, null=True, on_delete=SET_NULL, related_name="products", to="vendors.station"),
        ),
    ]
