"""To whom an order is offered while a driver is looked for; columns with a constant default rewrite no table."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vendors", "0017_unseen_orders")]

    operations = [
        migrations.AddField(
            "vendor",
            "dispatch",
            models.CharField(
                choices=[
                    ("all", "to all at once: the first to accept has it"),
                    ("nearest", "to one after the other, the nearest first"),
                    ("rounds", "to several at a time, the nearest first"),
                ],
                db_default="all",
                default="all",
                help_text="To whom an order is offered while a driver is looked for.",
                max_length=7,
            ),
        ),
        migrations.AddField(
            "vendor",
            "dispatch_drivers",
            models.PositiveSmallIntegerField(
                db_default=3,
                default=3,
                help_text="How many are asked at a time, where several are.",
                validators=[MinValueValidator(2), MaxValueValidator(20)],
            ),
        ),
        migrations.AddField(
            "vendor",
            "skip_minutes",
            models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                help_text="Who has declined an order, or did not answer, is not asked for it again in this time.",
                validators=[MaxValueValidator(1440)],
            ),
        ),
        migrations.AddField(
            "vendor",
            "driver_orders",
            models.PositiveSmallIntegerField(
                blank=True,
                help_text="A driver who holds this many orders is not asked for another; empty: no limit.",
                null=True,
                validators=[MinValueValidator(1), MaxValueValidator(100)],
            ),
        ),
        migrations.AlterField(
            "vendor",
            "driver_answer_seconds",
            models.PositiveSmallIntegerField(
                db_default=45,
                default=45,
                help_text="A driver who is offered an order and does not answer in this time is offered it no more.",
                validators=[MinValueValidator(15), MaxValueValidator(120)],
            ),
        ),
    ]
