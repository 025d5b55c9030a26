"""GET /healthz and /readyz."""

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def test_healthz_asks_no_database() -> None:
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_wants_every_migration() -> None:
    assert Client().get("/readyz").status_code == 200
    recorder = MigrationRecorder.Migration.objects.filter(app="accounts").order_by("-name")
    recorder.filter(pk=recorder[0].pk).delete()
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["code"]) == (503, "not_ready")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_readyz_is_503_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: MigrationRecorder) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", fail)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert "gone" not in response.content.decode()
