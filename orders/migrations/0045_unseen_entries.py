"""What no device has shown yet: two columns of the feeds, empty for all entries that stand.

Columns without a default: no row is read.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0044_learnt_times")]

    operations = [
        migrations.AddField("feedentry", "unseen_since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("feedentry", "told_at", models.DateTimeField(blank=True, null=True)),
    ]
