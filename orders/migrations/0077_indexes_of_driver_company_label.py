"""The indexes of an order's driver, company and label, of orders that have one alone; built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline, RemovePatternIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0076_day_reports")]

    operations = [
        AddIndexOnline(
            "order", models.Index(fields=["driver", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True), ("driver__isnull", False)), name="order_by_driver")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["company", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True), ("company__isnull", False)), name="order_by_company")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["driver"], condition=models.Q(("driver__isnull", False)), name="order_driver")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["company"], condition=models.Q(("company__isnull", False)), name="order_company")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["label"], condition=models.Q(("label__isnull", False)), name="order_label")
        ),
        # Of a hash or a token nobody asks LIKE.
        RemovePatternIndex("order", "tracking_hash"),
        RemovePatternIndex("purchase", "tracking_hash"),
        RemovePatternIndex("purchase", "guest_token_hash"),
        RemovePatternIndex("payment", "token"),
        RemovePatternIndex("paymentproof", "photo"),
        RemovePatternIndex("deliveryproof", "photo"),
    ]
