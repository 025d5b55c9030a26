"""Payments get the currency of their purchase and a token; what was refunded is written to shares and orders too."""

from django.db import migrations

from ordersite.core.crypto import new_token

BATCH = 1000
FILL = [
    "UPDATE orders_payment SET currency = (SELECT currency FROM orders_purchase WHERE id = purchase_id)",
    "UPDATE orders_paymentshare SET refunded = amount"
    " WHERE payment_id IN (SELECT id FROM orders_payment WHERE refunded = amount AND amount > 0)",
    "UPDATE orders_order SET refunded = total WHERE id IN (SELECT order_id FROM orders_paymentshare"
    " WHERE refunded > 0)",
]


def fill_tokens(apps, schema_editor):
    Payment = apps.get_model("orders", "Payment")
    while rows := list(Payment.objects.filter(token="").only("pk")[:BATCH]):
        for row in rows:
            row.token = new_token()
        Payment.objects.bulk_update(rows, ["token"])


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_money_and_kinds")]

    operations = [
        *(migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in FILL),
        migrations.RunPython(fill_tokens, migrations.RunPython.noop),
    ]
