"""What a share received bounds what it gave back; a payment's own sum of refunds is no more.

On PostgreSQL each ALTER TABLE is ACCESS EXCLUSIVE for some milliseconds: the new checks are added NOT VALID, then
validated while rows are read and written.
"""

from django.db import migrations, models

from ordersite.core.online_migrations import AddConstraintOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0011_money_of_shares")]

    operations = [
        migrations.RemoveConstraint("payment", "refund_within_payment"),
        migrations.RemoveConstraint("paymentshare", "refund_within_share"),
        migrations.RemoveField("payment", "refunded"),
        AddConstraintOnline(
            "paymentshare",
            models.CheckConstraint(
                condition=models.Q(
                    ("received__lte", models.F("amount")),
                    ("refunded__gte", 0),
                    ("refunded__lte", models.F("received")),
                ),
                name="share_refunded_within_received",
            ),
        ),
        AddConstraintOnline(
            "paymentshare",
            models.CheckConstraint(
                condition=models.Q(("tip__gte", 0), ("tip__lte", models.F("amount"))), name="tip_within_share"
            ),
        ),
    ]
