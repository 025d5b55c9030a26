"""The counters of the new series go on above what was given on the days around today.

So no number is called twice at a counter on the day of the change, given that no process of the version before places
orders meanwhile: it would draw from the old counters. Stop all processes, migrate, start them (docs/running.md). Back,
numbers that two delivery types of a series share, such as a locker's, are given anew.
"""

from datetime import timedelta

from django.db import migrations
from django.db.models import Count, Max
from django.utils import timezone

# The series that the numbers of a fulfilment went to; a pickup may be from a locker.
SERIES_OF = {
    1: ["delivery"],
    2: ["pick_up", "pick_up_coolbox"],
    3: ["pick_up"],
    4: ["pick_up"],
    5: ["pick_up"],
    6: ["digital"],
}


def days_around(now):
    """Today's date anywhere, and yesterday's, by which a transaction may still be placing."""
    return [now.date() + timedelta(days=number) for number in (-1, 0, 1)]


def raise_counters(apps, values):
    """Has counters stand at these values at least, by name."""
    rows = apps.get_model("orders", "Counter").objects
    standing = dict(rows.filter(name__in=values).values_list("name", "value"))
    for name in sorted(values):
        if name not in standing:
            rows.create(name=name, value=values[name])
        elif standing[name] < values[name]:
            rows.filter(name=name).update(value=values[name])


def go_on(apps, schema_editor):
    values = {}
    for day in days_around(timezone.now()):
        given = apps.get_model("orders", "Counter").objects.filter(name__startswith="number:", name__endswith=f":{day}")
        for name, value in given.values_list("name", "value"):
            _, vendor, fulfilment, _ = name.split(":")
            for series in SERIES_OF.get(int(fulfilment), ()) if fulfilment.isdecimal() else ():
                counter = f"number:{vendor}:{series}:{day}"
                values[counter] = max(value, values.get(counter, 0))
    raise_counters(apps, values)


def go_back(apps, schema_editor):
    orders = apps.get_model("orders", "Order").objects
    key = ("vendor_id", "fulfilment", "number_day")
    doubled = orders.order_by().values(*key, "number").annotate(count=Count("pk")).filter(count__gt=1)
    for group in list(doubled):
        number, _ = group.pop("number"), group.pop("count")
        last = orders.filter(**group).aggregate(last=Max("number"))["last"]
        for order in orders.filter(**group, number=number).order_by("pk")[1:]:
            last += 1
            orders.filter(pk=order.pk).update(number=last, number_series=None)
    given = orders.filter(number_day__gte=days_around(timezone.now())[0]).order_by().values(*key)
    raise_counters(
        apps,
        {
            f"number:{row['vendor_id']}:{row['fulfilment']}:{row['number_day']}": row["last"]
            for row in given.annotate(last=Max("number"))
        },
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0022_number_no_more_by_type")]

    operations = [migrations.RunPython(go_on, go_back)]
