"""A column for when an order's vendor can answer it: empty, as it is here, means since it could first see it.

On PostgreSQL one ALTER TABLE, ACCESS EXCLUSIVE for some milliseconds: no row is read.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_share_constraints")]

    operations = [migrations.AddField("order", "answer_from", models.DateTimeField(blank=True, null=True))]
