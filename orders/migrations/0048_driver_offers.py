"""Whom an order was offered to, to deliver it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0047_unanswered_order"), ("vendors", "0018_dispatch")]

    operations = [
        migrations.CreateModel(
            name="DriverOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "round",
                    models.PositiveIntegerField(help_text="In which round of asking; nobody is asked twice in one."),
                ),
                ("offered_at", models.DateTimeField()),
                ("answer_by", models.DateTimeField()),
                (
                    "answered_at",
                    models.DateTimeField(
                        blank=True, help_text="When it ended, by an answer or without one.", null=True
                    ),
                ),
                ("skip_until", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("open", "waits for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("lapsed", "no answer in time"),
                            ("withdrawn", "the search ended before the answer"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.company",
                    ),
                ),
                (
                    "driver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.driver",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="driver_offers",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", "open")),
                        fields=["driver", "order"],
                        name="offer_open_of_driver",
                    ),
                    models.Index(
                        condition=models.Q(("outcome", "open")),
                        fields=["company", "order"],
                        name="offer_open_of_company",
                    ),
                    models.Index(
                        condition=models.Q(("skip_until__isnull", False)),
                        fields=["driver", "skip_until"],
                        name="offer_skipped_by_driver",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("company__isnull", False), ("driver__isnull", True)),
                            models.Q(("company__isnull", True), ("driver__isnull", False)),
                            _connector="OR",
                        ),
                        name="offer_is_to_one",
                    ),
                    models.UniqueConstraint(fields=("order", "round", "driver"), name="driver_asked_once_a_round"),
                    models.UniqueConstraint(fields=("order", "round", "company"), name="company_asked_once_a_round"),
                ],
            },
        ),
    ]
