"""The sessions of Django's own table come along, apart from 0015, which keeps the table of users locked while it runs."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

BATCH = 1000


def take_over_sessions(apps: Any, schema_editor: Any) -> None:
    """Nobody who is signed in has to sign in anew. Once: where there are sessions by now, they came along before."""
    connection, model = schema_editor.connection, apps.get_model("accounts", "BrowserSession")
    if "django_session" not in connection.introspection.table_names() or model.objects.exists():
        return
    users = apps.get_model("accounts", "User").objects
    with connection.cursor() as cursor:
        at = model._meta.get_field("expire_date").get_db_prep_value(timezone.now(), connection)
        cursor.execute("SELECT session_key, session_data, expire_date FROM django_session WHERE expire_date > %s", [at])
        standing = cursor.fetchall()
    for first in range(0, len(standing), BATCH):
        found = []
        for key, data, until in standing[first : first + BATCH]:
            given = str(SessionStore().decode(data).get("_auth_user_id", ""))
            if given.isdecimal():
                ends = datetime.fromisoformat(until) if isinstance(until, str) else until
                ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
                found.append(model(session_key=key, session_data=data, expire_date=ends, user_id=int(given)))
        known = users.in_bulk({session.user_id for session in found})
        model.objects.bulk_create(session for session in found if session.user_id in known)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_no_pattern_indexes")]

    operations = [migrations.RunPython(take_over_sessions, migrations.RunPython.noop)]
