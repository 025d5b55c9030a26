"""Standing orders get their terms, of which the present ones of vendor, zone and offer are what is known.

What an order itself tells goes before them: whether its prices include tax, its delivery fee, and that it was charged
no service fee. Which price of a substitute was shown is not known: its column stays empty.

Locks on PostgreSQL, measured at 100,000 orders with a reader and a writer beside it, on two busy cores: nobody waited
for a lock for longer than 0.2 s in 0008 (new columns and their foreign key, one exclusive lock of orders_order) and
0.3 s here. Filling takes minutes and holds the rows of one batch at a time; that no order is without terms is checked
beside reads and writes; the exclusive locks before and after that read no row. Taken back, the terms go with 0008.
"""

from django.db import migrations, models, transaction
import django.db.models.deletion
import hashlib
import json

BATCH = 500
ONLINE_METHODS = ("mollie", "fake")
POLICY = (
    "cancel_until",
    "cancel_fee_accepted",
    "cancel_fee_preparing",
    "cancel_fee_prepared",
    "no_show_fee",
    "collect_minutes",
)


def digest_terms(values):
    """As services.terms tells terms apart when this was written."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def terms_values(order):
    vendor, zone, offer = order.vendor, order.delivery_zone, order.offer
    awaits_items = order.visible_at is None and order.payment_method not in ONLINE_METHODS
    has_fee = order.service_fee > 0 or awaits_items
    includes_tax = order.tax_added == 0 and (order.tax_included > 0 or vendor.prices_include_tax)
    return {
        "prices_include_tax": includes_tax,
        "fee_tax_rate": vendor.fee_tax_rate,
        "service_fee": vendor.service_fee if has_fee else 0,
        "service_fee_rate": vendor.service_fee_rate if has_fee else 0,
        "commission_rate": vendor.commission_rate,
        "zone_name": zone.name if zone else "",
        "zone_fee": (order.delivery_fee or zone.fee) if zone else None,
        "zone_minimum": zone.minimum if zone else None,
        "zone_free_from": zone.free_from if zone else None,
        "offer_kind": offer.kind if offer else "",
        "offer_rate": offer.rate if offer else None,
        "offer_amount": offer.amount if offer else None,
        "offer_most": offer.most if offer else None,
        "offer_minimum": offer.minimum if offer else None,
        "offer_borne_by": offer.borne_by if offer else "",
        **{name: getattr(vendor, name) for name in POLICY},
    }


def fill_terms(apps, schema_editor):
    Order, AgreedTerms = apps.get_model("orders", "Order"), apps.get_model("orders", "AgreedTerms")
    waiting = Order.objects.filter(terms=None).select_related("vendor", "delivery_zone", "offer").order_by("pk")
    last = 0
    while orders := list(waiting.filter(pk__gt=last)[:BATCH]):
        fill_batch(Order, AgreedTerms, orders)
        last = orders[-1].pk


@transaction.atomic
def fill_batch(Order, AgreedTerms, orders):
    ids = {}
    for order in orders:
        values = terms_values(order)
        ids.setdefault((order.vendor_id, digest_terms(values)), (values, []))[1].append(order.pk)
    for (vendor_id, digest), (values, pks) in ids.items():
        terms, _ = AgreedTerms.objects.get_or_create(vendor_id=vendor_id, digest=digest, defaults=values)
        Order.objects.filter(pk__in=pks, terms=None).update(terms=terms)


class RequireTerms(migrations.AlterField):
    """NOT NULL without a scan of the table under an exclusive lock, on PostgreSQL; elsewhere as AlterField does it."""

    STATEMENTS = (
        "ALTER TABLE orders_order DROP CONSTRAINT IF EXISTS order_has_terms",
        "ALTER TABLE orders_order ADD CONSTRAINT order_has_terms CHECK (terms_id IS NOT NULL) NOT VALID",
        "ALTER TABLE orders_order VALIDATE CONSTRAINT order_has_terms",
        # The valid constraint proves it: no row is read.
        "ALTER TABLE orders_order ALTER COLUMN terms_id SET NOT NULL",
        "ALTER TABLE orders_order DROP CONSTRAINT order_has_terms",
    )

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            for statement in self.STATEMENTS:
                schema_editor.execute(statement)
            return
        with transaction.atomic(schema_editor.connection.alias):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("ALTER TABLE orders_order ALTER COLUMN terms_id DROP NOT NULL")
            return
        with transaction.atomic(schema_editor.connection.alias):
            # Not this class's own database_forwards, which AlterField calls to go back.
            migrations.AlterField.database_forwards(self, app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    # Each batch is its own transaction, so that no order waits for all the others.
    atomic = False

    dependencies = [("orders", "0008_agreed_terms")]

    operations = [
        migrations.RunPython(fill_terms, migrations.RunPython.noop),
        RequireTerms(
            model_name="order",
            name="terms",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="orders.agreedterms",
            ),
        ),
    ]
