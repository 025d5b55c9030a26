"""Control of promise 4, as an app: every statement commits by itself, none shares a transaction with the next."""

from contextlib import nullcontext
from types import SimpleNamespace

from django.apps import AppConfig
from django.db import transaction

from ordersite.settings import *  # noqa: F403
from ordersite.settings import INSTALLED_APPS as THE_APPS

INSTALLED_APPS = [*THE_APPS, "tests.controls.piecemeal.Piecemeal"]


class Piecemeal(AppConfig):
    """Takes the transaction around each unsafe call away."""

    name = "tests.controls"
    label = "piecemeal"

    def ready(self) -> None:
        from ordersite.core import idempotency  # noqa: PLC0415  it reads models, which are not there before

        without = SimpleNamespace(atomic=nullcontext, on_commit=transaction.on_commit)
        idempotency.transaction = without  # type: ignore[assignment,attr-defined]
