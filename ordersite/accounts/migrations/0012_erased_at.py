"""When a customer was erased, and the right to erase."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_mails_kept")]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={"permissions": [("erase_customer", "Can export and erase a customer's personal data")]},
        ),
        migrations.AddField(
            model_name="customer",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
