"""The index by which the log of an endpoint is read, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0059_problem_reports")]

    operations = [
        AddIndexOnline("webhookdelivery", models.Index(fields=["endpoint", "id"], name="webhook_log")),
    ]
