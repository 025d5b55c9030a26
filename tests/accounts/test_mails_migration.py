"""Mails that wait while a version is installed go on waiting, and are sent by it."""

import json

import pytest
from django.core import mail

from ordersite.accounts.models import Mail
from ordersite.core.crypto import decrypt, encrypt
from tests.migrating import migrate, migrate_to_newest
from tracking import mails

BEFORE = ("accounts", "0010_user_language")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_waits_is_sent_by_the_new_version_and_by_the_old_one_again() -> None:
    try:
        old = migrate(BEFORE).get_model("accounts", "Mail")
        for kind, data in (("text", {"subject": "Pay", "text": "Here:\n\nlink"}), ("password_reset", {})):
            old.objects.create(kind=kind, recipient="ann@example.org", sealed=encrypt(json.dumps(data)))
        migrate_to_newest()
        assert list(Mail.objects.order_by("pk").values_list("state", "data")) == [
            ("waiting", {"subject": "Pay", "text": "Here:\n\nlink"}),
            ("waiting", {}),
        ]
        assert len(set(Mail.objects.values_list("uuid", flat=True))) == 2
        assert mails.send_due(1) == 1
        assert [(one.subject, one.body) for one in mail.outbox] == [("Pay", "Here:\n\nlink\n")]
        Mail.objects.create(kind="order_done", recipient="ann@example.org", data={"event": 1})
        old = migrate(BEFORE).get_model("accounts", "Mail")
        # What was sent is forgotten, and what that version cannot write.
        assert [(row.kind, decrypt(row.sealed)) for row in old.objects.all()] == [("password_reset", "{}")]
    finally:
        migrate_to_newest()
