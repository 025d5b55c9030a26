"""The indexes of what completed orders owe, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

SUCCESS = [1, 11, 15]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0082_file_exports")]

    operations = [
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(
                    ("payment_status__in", ["unpaid", "authorised", "failed", "proof_pending"]),
                    ("status__in", SUCCESS),
                ),
                fields=["id"],
                name="order_completed_unpaid",
            ),
        ),
        AddIndexOnline(
            "paymentshare",
            models.Index(
                condition=models.Q(("is_extra", True), ("received__lt", models.F("amount"))),
                fields=["order"],
                name="share_rise_owed",
            ),
        ),
    ]
