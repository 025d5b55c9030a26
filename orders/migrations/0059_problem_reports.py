"""What customers say is wrong with their orders."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0058_webhooks")]

    operations = [
        migrations.CreateModel(
            name="ProblemReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="The order's version that told it.")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("missing_item", "something is missing"),
                            ("wrong_item", "something else came"),
                            ("late", "late"),
                            ("damaged", "damaged"),
                            ("not_arrived", "not arrived"),
                            ("other", "something else is wrong"),
                        ],
                        max_length=12,
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=2000)),
                ("items", models.JSONField(blank=True, default=list)),
                ("actor", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("settled_by", models.CharField(blank=True, max_length=60)),
                (
                    "settled_note",
                    models.CharField(blank=True, help_text="What was done; the customer reads it.", max_length=500),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="problem_reports",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=["order", "created_at"],
                        name="problem_report_unsettled",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "number"), name="problem_report_number_once")
                ],
            },
        ),
    ]
