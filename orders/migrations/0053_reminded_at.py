"""When an order's vendor was reminded of it; the column is added without a default, which reads no row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0052_watches_of_customers")]

    operations = [
        migrations.AddField("order", "reminded_at", models.DateTimeField(blank=True, null=True)),
    ]
