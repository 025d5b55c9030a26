"""The index of accounts that were never confirmed, for the worker that deletes the old ones."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0008_anchors")]

    operations = [
        AddIndexOnline(
            model_name="user",
            index=models.Index(
                fields=["date_joined"], condition=~models.Q(unconfirmed_email=""), name="user_unconfirmed"
            ),
        ),
    ]
