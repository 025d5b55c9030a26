"""Mails are kept after they were sent, with what came of it. The table holds what waits to be sent: a few rows."""

import json
import uuid

import django.utils.timezone
from django.db import migrations, models

from ordersite.core.crypto import decrypt, encrypt


def open_parameters(apps, schema_editor):
    for mail in apps.get_model("accounts", "Mail").objects.iterator():
        mail.uuid, mail.data = uuid.uuid4(), json.loads(decrypt(mail.sealed))
        mail.save(update_fields=["uuid", "data"])


def seal_parameters(apps, schema_editor):
    """Back: what was sent is forgotten, and of what waits only what that version can write is kept."""
    mails = apps.get_model("accounts", "Mail").objects
    mails.exclude(state="waiting", kind__in=["password_reset", "registration", "text"]).delete()
    for mail in mails.iterator():
        mail.sealed = encrypt(json.dumps(mail.data))
        mail.save(update_fields=["sealed"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_user_language")]

    operations = [
        migrations.AddField("mail", "uuid", models.UUIDField(default=uuid.uuid4, editable=False)),
        migrations.AddField("mail", "data", models.JSONField(blank=True, default=dict, editable=False)),
        migrations.AddField(
            "mail",
            "about",
            models.CharField(blank=True, help_text="What it is about: order:17, vendor:3, webhook:2.", max_length=60),
        ),
        migrations.AddField(
            "mail",
            "state",
            models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("sent", "sent"),
                    ("bounced", "refused by the mail server"),
                    ("given_up", "given up"),
                    ("dropped", "not sent: not wanted, or needed no more"),
                ],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.AddField(
            "mail",
            "error",
            models.CharField(
                blank=True, help_text="Why the last try failed, or why it was not sent.", max_length=200
            ),
        ),
        migrations.AddField(
            "mail", "asked_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)
        ),
        migrations.AddField("mail", "sent_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField("mail", "sealed", models.TextField(default="")),
        migrations.RunPython(open_parameters, seal_parameters),
        migrations.RemoveField("mail", "sealed"),
        migrations.AlterField("mail", "recipient", models.EmailField(db_index=True, max_length=254)),
        migrations.AlterField(
            "mail",
            "due_at",
            models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True),
        ),
        migrations.AlterModelOptions("mail", {"permissions": [("resend_mail", "Can send a mail again")]}),
        migrations.AddIndex(
            "mail",
            models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at", "id"], name="mail_due"),
        ),
        migrations.AddIndex("mail", models.Index(fields=["created_at"], name="mail_age")),
        migrations.AddIndex(
            "mail",
            models.Index(condition=models.Q(("about", ""), _negated=True), fields=["about"], name="mail_about"),
        ),
        migrations.CreateModel(
            "DeclinedMail",
            [
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("email", models.EmailField(help_text="In small letters.", max_length=254)),
                ("kind", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("email", "kind"), name="mail_declined_once")]
            },
        ),
    ]
