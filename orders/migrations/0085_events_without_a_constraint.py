"""Drops a constraint without reading a row (ACCESS EXCLUSIVE for a moment); backwards only what is empty goes."""

import django.db.models.deletion
from django.db import migrations, models

from ordersite.core.online_migrations import RemoveKeyConstraintOnline


def refuse_while_archived(apps, schema_editor):
    """The table goes after this with all that is in it."""
    archived = apps.get_model("orders", "ArchivedHistory").objects.using(schema_editor.connection.alias)
    if archived.exists():
        raise RuntimeError("Histories are archived: unset ARCHIVE_AFTER, and run `manage.py restore_histories` first.")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0084_archived_histories")]

    operations = [
        RemoveKeyConstraintOnline(
            model_name="feedentry",
            name="event",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.orderevent",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse_while_archived),
    ]
