"""The settings of online payments: nonsense, and what must not reach production, stops the start with a sentence."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"MOLLIE_API_KEY": "a secret of mine"}, "MOLLIE_API_KEY must begin with live_ or test_"),
        ({"PAYMENT_CAPTURE": "never"}, "PAYMENT_CAPTURE must be at_once, completion or hand."),
        ({"PUBLIC_URL": "orders.example.com"}, "PUBLIC_URL must begin with https://"),
        (
            {"FAKE_PAYMENTS_URL": "http://127.0.0.1:1", "ENVIRONMENT": "production", "SECRET_KEY": "x" * 50},
            "FAKE_PAYMENTS_URL lets anybody pay with nothing",
        ),
    ],
)
def test_it_does_not_start(variables: dict[str, str], sentence: str) -> None:
    command = [sys.executable, "-c", "import ordersite.settings"]
    ended = subprocess.run(
        command, env=os.environ | variables, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]
    assert "a secret of mine" not in ended.stderr
