"""The indexes by which the back-office's list of mails is narrowed, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0013_index_of_customers_without_account")]

    operations = [
        AddIndexOnline(
            "mail", models.Index(fields=["state", "-id"], condition=~models.Q(state="sent"), name="mail_not_sent")
        ),
        AddIndexOnline("mail", models.Index(fields=["kind", "-id"], name="mail_of_kind")),
    ]
