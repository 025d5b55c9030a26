import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vendors", "0006_option_of_a_condition_stays")]

    operations = [
        migrations.AddField(
            "vendor",
            "driver_answer_seconds",
            models.PositiveSmallIntegerField(
                db_default=45,
                default=45,
                help_text="A driver who is named and does not answer within this is named no more.",
                validators=[django.core.validators.MinValueValidator(5)],
            ),
        )
    ]
