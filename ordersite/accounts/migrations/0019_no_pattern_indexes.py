"""Of whom a mail went to, and of a token's hash, nobody asks LIKE: those indexes are dropped concurrently."""

from django.db import migrations

from ordersite.core.online_migrations import RemovePatternIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0018_customer_name_words")]

    operations = [
        RemovePatternIndex("mail", "recipient"),
        RemovePatternIndex("apitoken", "token_hash"),
    ]
