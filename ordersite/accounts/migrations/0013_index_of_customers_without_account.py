"""The index of customers without an account, by age, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0012_erased_at")]

    operations = [
        AddIndexOnline("customer", models.Index(fields=["created_at"], condition=models.Q(("erased_at__isnull", True), ("user__isnull", True)), name="customer_without_account")),
    ]
