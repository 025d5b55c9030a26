"""Columns for what a share received, gave back and holds of the tip, and for payments that are disputed.

On PostgreSQL each ALTER TABLE is ACCESS EXCLUSIVE for some milliseconds: a column with a constant default, or a foreign
key without any, is added without reading a row. Both indexes are built concurrently.
"""

import django.db.models.deletion
from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

KINDS = [
    ("top_up", "top-up"),
    ("payment", "payment"),
    ("cash", "cash handed over with the order"),
    ("refund", "refund"),
    ("retake", "refund taken back"),
    ("settlement", "settlement"),
    ("reversal", "settlement taken back"),
    ("adjustment", "settlement corrected"),
    ("payout", "paid out"),
    ("hand_in", "cash handed in"),
    ("payout_rev", "payout taken back"),
    ("handin_rev", "cash handed in taken back"),
]
OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]
SHARE = {"blank": True, "null": True, "on_delete": django.db.models.deletion.PROTECT, "related_name": "postings"}


class IndexOfShare(AddIndexOnline):
    """The foreign key's own index, by the name that Django gives it: the state has it by its field."""

    def state_forwards(self, app_label, state):
        pass

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """It goes with its column."""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0009_fill_terms"), ("vendors", "0005_transfers_to")]

    operations = [
        migrations.AddField("order", "money_leaves_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "order",
            "waived",
            models.BigIntegerField(default=0, help_text="What of the total staff have said need not be paid."),
        ),
        migrations.AddField(
            "payment",
            "disputed_amount",
            models.BigIntegerField(blank=True, help_text="Minor units.", null=True),
        ),
        migrations.AddField("payment", "disputed_currency", models.CharField(blank=True, max_length=3)),
        migrations.AddField("payment", "to_vendor", models.BooleanField(default=False)),
        migrations.AddField(
            "paymentshare",
            "is_extra",
            models.BooleanField(
                default=False, help_text="A rise of what was paid already: while it is not paid it holds nothing up."
            ),
        ),
        migrations.AddField("paymentshare", "received", models.BigIntegerField(default=0, help_text="What came in.")),
        migrations.AddField(
            "paymentshare",
            "tip",
            models.BigIntegerField(default=0, help_text="The part of the amount that is the driver's tip."),
        ),
        # First without its index, which AddField would build while nobody can post.
        migrations.AddField("posting", "share", models.ForeignKey(to="orders.paymentshare", db_index=False, **SHARE)),
        IndexOfShare("posting", models.Index(fields=["share"], name="orders_posting_share_id_02114aaa")),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("posting", "share", models.ForeignKey(to="orders.paymentshare", **SHARE))
            ]
        ),
        AddIndexOnline(
            "payment",
            models.Index(
                condition=models.Q(("disputed_amount__isnull", False)), fields=["id"], name="payment_disputed"
            ),
        ),
        AddIndexOnline(
            "order",
            models.Index(
                condition=models.Q(("payment_status", "refunded"), ("status__in", OPEN)),
                fields=["id"],
                name="order_refunded_and_open",
            ),
        ),
        migrations.AddField(
            "offeruse",
            "has_left",
            models.BooleanField(
                default=False, help_text="Its customer cancelled the order: the others share the offer without it."
            ),
        ),
        migrations.AddField(
            "refund",
            "posting",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refund_row",
                to="orders.posting",
            ),
        ),
        migrations.AlterField(
            "order",
            "refunded",
            models.BigIntegerField(default=0, help_text="Given back so far, while the total stayed."),
        ),
        migrations.AlterField(
            "paymentshare", "refunded", models.BigIntegerField(default=0, help_text="What went back.")
        ),
        migrations.AlterField("posting", "kind", models.CharField(choices=KINDS, max_length=10)),
    ]
