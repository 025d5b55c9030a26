"""A label for every core status, for staff to rename (docs/requirements.md, row 31)."""

from django.db import migrations

from orders.lifecycle.table import Status


def add_labels(apps, schema_editor):
    label = apps.get_model("orders", "StatusLabel")
    label.objects.bulk_create(
        [label(name=status.label, core_status=status.value, position=status.value) for status in Status]
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(add_labels, migrations.RunPython.noop)]
