"""The index of customers by the words of their names, built concurrently on PostgreSQL."""

from django.db import migrations

from ordersite.core.online_migrations import AddIndexOnline
from ordersite.core.words import WordsIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0017_mail_traceparent")]

    operations = [AddIndexOnline("customer", WordsIndex(fields=["name"], name="customer_name_words"))]
