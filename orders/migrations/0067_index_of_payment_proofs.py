"""The index of photos of payments by age, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0066_webhook_formats")]

    operations = [
        AddIndexOnline("paymentproof", models.Index(fields=["uploaded_at"], name="payment_proof_age")),
    ]
