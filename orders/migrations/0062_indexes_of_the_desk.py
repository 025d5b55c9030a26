"""The indexes by which the back-office's list of orders is narrowed and searched, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline
from ordersite.core.words import WordsIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0061_allergens_of_lines")]

    operations = [
        AddIndexOnline(
            "order", models.Index(fields=["kind", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True), ("kind__in", ["package", "service", "digital"])), name="order_of_kind")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["fulfilment", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True)), name="order_of_fulfilment")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["payment_status", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True)), name="order_in_payment")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["app_id", "-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", True), ("app_id__gt", "")), name="order_of_app")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["delivery_zone", "-placed_at", "-id"], condition=models.Q(("delivery_zone__isnull", False)), name="order_of_zone")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["-placed_at", "-id"], condition=models.Q(("deleted_at__isnull", False)), name="order_deleted")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["deliver_at"], condition=models.Q(("deleted_at__isnull", True), ("deliver_at__isnull", False)), name="order_deliver_at")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["number", "-id"], name="order_of_number")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["tracking_number"], condition=models.Q(("tracking_number__gt", "")), name="order_of_parcel")
        ),
        AddIndexOnline(
            "order", models.Index(fields=["collection_code"], condition=models.Q(("deleted_at__isnull", True), ("status__in", [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25])), name="order_of_collection_code")
        ),
        AddIndexOnline(
            "order", WordsIndex(fields=["contact_name"], name="order_contact_words")
        ),
        AddIndexOnline(
            "code",
            models.Index(fields=["fingerprint"], condition=models.Q(("line__isnull", False)), name="code_issued"),
        ),
    ]
