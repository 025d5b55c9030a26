"""The indexes by which the back-office finds vendors and drivers, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline
from ordersite.core.words import WordsIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("vendors", "0025_people")]

    operations = [
        AddIndexOnline("vendor", WordsIndex(fields=["name"], name="vendor_name_words")),
        AddIndexOnline("driver", WordsIndex(fields=["name"], name="driver_name_words")),
        AddIndexOnline(
            "driver", models.Index(fields=["phone"], condition=models.Q(("phone__gt", "")), name="driver_phone")
        ),
    ]
