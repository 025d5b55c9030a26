"""Which changes of an order stand, and whose they are, read from its events; holds the rows of one batch at a time."""

from collections import defaultdict

from django.db import migrations, transaction

BATCH = 500
# As orders.lifecycle.table and orders.lifecycle.decisions had it when this was written.
STANDS = (
    "accept mark_ready look_for_driver accept_by_company accept_by_driver driver_arrive pick_up depart "
    "customer_arrive deliver collect".split()
)
TAKES_BACK = (
    "undo_ready undo_pick_up undo_delivery undo_collect undo_complete undo_reject stop_search report_not_ready "
    "cancel_by_driver fail_pickup fail_delivery reopen correct_delivery correct_collection".split()
)


def fill(apps, schema_editor):
    Order = apps.get_model("orders", "Order")
    last = 0
    rows = Order.objects.order_by("pk").values_list("pk", flat=True)
    while pks := list(rows.filter(pk__gt=last)[:BATCH]):
        fill_batch(apps, pks)
        last = pks[-1]


@transaction.atomic
def fill_batch(apps, pks):
    events = apps.get_model("orders", "OrderEvent").objects.filter(
        order__in=pks, transition__in=[*STANDS, *TAKES_BACK]
    )
    made = defaultdict(list)
    for order_id, name, role in events.order_by("order", "number").values_list("order_id", "transition", "role"):
        made[order_id].append((name, role))
    alike = defaultdict(list)
    for pk in pks:
        marks = {}
        for name, role in made[pk]:
            if name in TAKES_BACK:
                marks = {}
            elif name in STANDS:
                marks[f"{name}@{role}"] = None
        if marks:
            alike[" ".join(marks)].append(pk)
    unfilled = apps.get_model("orders", "Order").objects.filter(standing_changes="")
    for standing, found in alike.items():
        unfilled.filter(pk__in=found).update(standing_changes=standing)


class Migration(migrations.Migration):
    # Each batch is its own transaction, so that no order waits for all the others.
    atomic = False
    dependencies = [("orders", "0015_standing_changes")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
