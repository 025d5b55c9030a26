"""When the driver of an open order left, read from its events; a search that was stopped before one was found is no
more. Holds the rows of one batch at a time.
"""

from django.db import migrations, transaction

BATCH = 500
OPEN = [0, 3, 4, 6, 7, 8, 9, 10, 13, 14, 18, 19, 20, 21, 22, 23, 24, 25]
# As orders.lifecycle.table had it when this was written.
DRIVER_LEFT = (6, 10)
LEAVES = ("cancel_by_driver", "fail_pickup")
ENDS_LEAVING = ("look_for_driver", "accept_by_driver", "accept_by_company", "self_deliver", "reopen")


def fill(apps, schema_editor):
    rows = apps.get_model("orders", "Order").objects.filter(status__in=OPEN).order_by("pk").values_list("pk", flat=True)
    last = 0
    while pks := list(rows.filter(pk__gt=last)[:BATCH]):
        fill_batch(apps, pks)
        last = pks[-1]


@transaction.atomic
def fill_batch(apps, pks):
    columns = ["driver_left_at", "standing_changes"]
    orders = apps.get_model("orders", "Order").objects
    rows = orders.filter(pk__in=pks).select_for_update().order_by("pk")
    rows = list(rows.only("status", "status_changed_at", "driver_accepted_at", *columns))
    events = apps.get_model("orders", "OrderEvent").objects
    events = events.filter(order__in=pks, transition__in=[*LEAVES, *ENDS_LEAVING]).order_by("order", "number")
    left = {}
    for order_id, name, moment in events.values_list("order_id", "transition", "created_at"):
        left[order_id] = moment if name in LEAVES else None
    changed = []
    for order in rows:
        before = order.driver_left_at, order.standing_changes
        order.driver_left_at = left.get(order.pk)
        if order.status in DRIVER_LEFT:
            order.driver_left_at = order.driver_left_at or order.status_changed_at
        if order.driver_left_at or order.driver_accepted_at:
            marks = order.standing_changes.split()
            order.standing_changes = " ".join(mark for mark in marks if not mark.startswith("stop_search@"))
        if (order.driver_left_at, order.standing_changes) != before:
            changed.append(order)
    orders.bulk_update(changed, columns)


class Migration(migrations.Migration):
    # Each batch is its own transaction, so that no order waits for all the others.
    atomic = False
    dependencies = [("orders", "0031_driver_left_at")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
