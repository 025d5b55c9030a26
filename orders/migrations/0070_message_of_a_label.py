"""The help text of a label's message: it is mailed. Nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0069_outbox_traceparent")]

    operations = [
        migrations.AlterField(
            "statuslabel",
            "message",
            models.CharField(blank=True, help_text="Mailed to the customer when the label is set.", max_length=300),
        ),
    ]
