"""Who is signed in by a browser while a version is installed stays so, and is not signed in again by a later one."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from ordersite.accounts.models import BrowserSession
from tests.cast import Cast
from tests.migrating import migrate, migrate_to_newest

BEFORE = ("accounts", "0014_indexes_of_the_list_of_mails")
TABLE = "CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text, expire_date timestamp)"


def test_rows_are_copied_by_no_migration_that_changes_the_table_of_users() -> None:
    loader = MigrationLoader(None)
    for key, migration in loader.disk_migrations.items():
        names = {type(one).__name__ for one in migration.operations}
        changed = {getattr(one, "model_name", getattr(one, "name", "")) for one in migration.operations}
        if key[0] == "accounts" and key > BEFORE and "user" in {str(name).lower() for name in changed}:
            assert "RunPython" not in names, key


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_is_signed_in_stays_so_once(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.customer)
    key = client.cookies["sessionid"].value
    row = BrowserSession.objects.get(session_key=key)
    later, earlier = timezone.now() + timedelta(days=1), timezone.now() - timedelta(days=1)
    rows = [
        (key, row.session_data, later),
        ("ended", row.session_data, earlier),
        ("nobody", SessionStore().encode({"_auth_user_id": "999999"}), later),
        ("broken", "x", later),
        ("anonymous", SessionStore().encode({}), later),
    ]
    try:
        migrate(BEFORE)
        with connection.cursor() as cursor:
            cursor.execute(TABLE)
            cursor.executemany(
                "INSERT INTO django_session VALUES (%s, %s, %s)",
                [(*one[:2], one[2].replace(tzinfo=None)) for one in rows],
            )
        migrate_to_newest()
        assert list(BrowserSession.objects.values_list("session_key", "user")) == [(key, cast.customer.pk)]
        assert client.get("/account").status_code == 200
        # A session that has ended does not come back, whichever migrations run again.
        other = Client()
        other.force_login(cast.owner)
        BrowserSession.objects.filter(session_key=key).delete()
        migrate(("accounts", "0019_no_pattern_indexes"))
        migrate_to_newest()
        assert not BrowserSession.objects.filter(session_key=key).exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS django_session")
        migrate_to_newest()
