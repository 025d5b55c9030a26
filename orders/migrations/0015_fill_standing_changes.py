"""Which changes of an order stand, and whose they are, read from its events; holds the rows of one batch at a time."""

from collections import defaultdict

from django.db import migrations, transaction

BATCH = 500
# As orders.lifecycle and orders.decisions had it when this was written.
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
    rows = Order.objects.order_by("pk").values("pk", "driver_id", "company_id")
    while orders := list(rows.filter(pk__gt=last)[:BATCH]):
        fill_batch(apps, orders)
        last = orders[-1]["pk"]


@transaction.atomic
def fill_batch(apps, orders):
    events = apps.get_model("orders", "OrderEvent").objects.filter(
        order__in=[order["pk"] for order in orders], transition__in=[*STANDS, *TAKES_BACK]
    )
    made = defaultdict(list)
    for order_id, name, role in events.order_by("order", "number").values_list("order_id", "transition", "role"):
        made[order_id].append((name, role))
    alike = defaultdict(list)
    for order in orders:
        marks = {}
        for name, role in made[order["pk"]]:
            if name in TAKES_BACK:
                marks = {}
            elif name in STANDS:
                party = f"{role}:{order[f'{role}_id']}" if role in ("driver", "company") else role
                marks[f"{name}@{party}"] = None
        if marks:
            alike[" ".join(marks)].append(order["pk"])
    for standing, pks in alike.items():
        apps.get_model("orders", "Order").objects.filter(pk__in=pks, standing_changes="").update(
            standing_changes=standing
        )


class Migration(migrations.Migration):
    # Each batch is its own transaction, so that no order waits for all the others.
    atomic = False
    dependencies = [("orders", "0014_standing_changes")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
