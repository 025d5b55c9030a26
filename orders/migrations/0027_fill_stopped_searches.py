"""That a search was stopped stands until somebody begins another: read from the events of the open orders.

Before, it ended with the change that stopped it, and a timer would begin the search anew. Holds the rows of one batch
at a time.
"""

from django.db import migrations, transaction

BATCH = 500
OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]
# As orders.lifecycle.decisions had it when this was written.
STOP, ENDS = "stop_search", ("look_for_driver", "reopen")


def fill(apps, schema_editor):
    rows = apps.get_model("orders", "Order").objects.filter(status__in=OPEN).order_by("pk").values_list("pk", flat=True)
    last = 0
    while pks := list(rows.filter(pk__gt=last)[:BATCH]):
        fill_batch(apps, pks)
        last = pks[-1]


@transaction.atomic
def fill_batch(apps, pks):
    events = apps.get_model("orders", "OrderEvent").objects.filter(order__in=pks, transition__in=[STOP, *ENDS])
    marks = {}
    for order_id, name, role in events.order_by("order", "number").values_list("order_id", "transition", "role"):
        standing = marks.setdefault(order_id, {})
        if name == STOP:
            standing[f"{name}@{role}"] = None
        else:
            standing.clear()
    stopped = [pk for pk, standing in marks.items() if standing]
    if not stopped:
        return
    orders = apps.get_model("orders", "Order").objects
    rows = list(orders.filter(pk__in=stopped).select_for_update().order_by("pk").only("standing_changes"))
    for order in rows:
        # All that stood before was ended by the stop.
        order.standing_changes = " ".join(dict.fromkeys([*marks[order.pk], *order.standing_changes.split()]))
    orders.bulk_update(rows, ["standing_changes"])


class Migration(migrations.Migration):
    # Each batch is its own transaction, so that no order waits for all the others.
    atomic = False
    dependencies = [("orders", "0026_unserved_words")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
