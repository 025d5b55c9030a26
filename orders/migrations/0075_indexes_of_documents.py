"""The indexes of the back-office's list of documents, built concurrently on PostgreSQL."""

from django.db import migrations, models

from ordersite.core.online_migrations import AddIndexOnline

INDEXES = (
    models.Index(fields=["-issued_at", "-id"], name="document_newest"),
    models.Index(fields=["seller", "-issued_at", "-id"], name="document_of_seller"),
    models.Index(fields=["kind", "-issued_at", "-id"], name="document_of_kind"),
    models.Index(fields=["year", "number"], name="document_of_number"),
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0074_webhook_formats")]

    operations = [AddIndexOnline("issueddocument", index) for index in INDEXES]
