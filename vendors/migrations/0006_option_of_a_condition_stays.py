"""An option that brings up a group is not deleted while it does. Nothing changes in the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vendors", "0005_transfers_to")]

    operations = [
        migrations.AlterField(
            model_name="optiongroup",
            name="condition",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="vendors.option",
            ),
        ),
    ]
