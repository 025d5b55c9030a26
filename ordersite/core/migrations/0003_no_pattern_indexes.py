"""Of the keys of calls and of tries nobody asks LIKE: those indexes are dropped concurrently on PostgreSQL."""

from django.db import migrations

from ordersite.core.online_migrations import RemovePatternIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("web", "0002_tries_under_way")]

    operations = [
        RemovePatternIndex("idempotencykey", "scope"),
        RemovePatternIndex("attempt", "key"),
    ]
