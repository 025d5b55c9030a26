"""The name of the device that did something; empty for all that stand.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds, since the default is constant.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0042_index_of_what_is_handed_over")]

    operations = [
        migrations.AddField(
            "orderevent", "actor_name", models.CharField(blank=True, db_default="", default="", max_length=60)
        ),
    ]
