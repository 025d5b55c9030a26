"""The indexes by which it is searched who changed what, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline
from ordersite.core.words import WordsIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("web", "0004_audit")]

    operations = [
        AddIndexOnline("auditrow", models.Index(fields=["object_id", "-id"], name="audit_of_key")),
        AddIndexOnline("auditrow", WordsIndex(fields=["actor_name"], name="audit_actor_words")),
        AddIndexOnline("auditrow", WordsIndex(fields=["object_name"], name="audit_object_words")),
    ]
