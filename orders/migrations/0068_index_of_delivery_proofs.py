"""The index of photos of deliveries by age, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0067_index_of_payment_proofs")]

    operations = [
        AddIndexOnline("deliveryproof", models.Index(fields=["uploaded_at"], name="delivery_proof_age")),
    ]
