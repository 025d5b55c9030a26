"""What columns of an endpoint are called on pages: nothing of the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0085_events_without_a_constraint")]

    operations = [
        migrations.AlterField(
            model_name="webhookendpoint",
            name="previous_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="secret before signs until"),
        ),
        migrations.AlterField(
            model_name="webhookendpoint",
            name="url",
            field=models.CharField(max_length=500, verbose_name="address"),
        ),
    ]
