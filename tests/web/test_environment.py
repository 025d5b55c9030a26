"""What the environment says is read at the start: nonsense is told in one sentence that names the variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ordersite.environment import Environment

SITE = Path(__file__).parents[2]
ORIGINS = (
    "origins such as https://app.example.com,http://localhost:3000, without a path; * is taken in development only"
)
TILES = (
    "an address such as https://tiles.example.com/{z}/{x}/{y}.png, or a path of this site such as "
    "/tiles/{z}/{x}/{y}.png, with {z}, {x} and {y} once each"
)
NUMBERS = "HASHES_AT_ONCE THROTTLE_ANONYMOUS MAX_JSON_VALUES HEAD_SECONDS FEED_QUEUE GUEST_ORDERS_PER_PHONE".split()


def start(tmp_path: Path, **variables: str) -> tuple[int, str]:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", **variables}
    command = [sys.executable, "manage.py", "diffsettings"]
    done = subprocess.run(command, cwd=SITE, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        *((name, value, "a whole number from 0 on") for name in NUMBERS for value in ("zzz", "-1")),
        ("MAX_JSON_VALUES", "", "a whole number from 0 on"),
        ("MAX_JSON_VALUES", "1.5", "a whole number from 0 on"),
        ("GEOCODER_TIMEOUT", "nan", "a number from 0 on"),
        ("GEOCODER_TIMEOUT", "soon", "a number from 0 on"),
        ("BEHIND_PROXY", "zzz", "on or off"),
        ("DEBUG", "zzz", "on or off"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("ENVIRONMENT", "zzz", "development or production"),
        ("DATABASE_POOLER", "session", "transaction, or leave it unset"),
        ("MAP_TILES_URL", "http://tiles.example.com/{z}/{x}/{y}.png", TILES),
        *(
            ("CORS_ALLOWED_ORIGINS", value, ORIGINS)
            for value in (
                "app.example.com",
                "https://app.example.com/",
                "https://app.example.com:443",
                "https://*.example.com",
                "https://a.example.com *",
                "*,https://app.example.com",
                "null",
            )
        ),
    ],
)
def test_nonsense_is_told_in_one_sentence(tmp_path: Path, variable: str, value: str, remedy: str) -> None:
    assert start(tmp_path, **{variable: value}) == (1, f'{variable} is "{value}": set it to {remedy}.')


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CORS_ALLOWED_ORIGINS", "https://App.example.com, http://localhost:3000,capacitor://localhost,http://[::1]:8"),
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_ORIGINS", ""),
        ("BEHIND_PROXY", "on"),
        ("BEHIND_PROXY", "No"),
        ("LOG_LEVEL", "debug"),
        ("GEOCODER_TIMEOUT", "0.5"),
    ],
)
def test_sense_is_taken(tmp_path: Path, variable: str, value: str) -> None:
    assert start(tmp_path, **{variable: value})[0] == 0


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"DATABASE_POOLER": "transaction"},
            "Set DATABASE_URL too: SQLite, which is used without it, has none of these.",
        ),
        (
            {"DATABASE_POOLER": "transaction", "DATABASE_URL": "postgres://127.0.0.1:6432/orders"},
            "DATABASE_POOLER needs DATABASE_DIRECT_URL, which leads to PostgreSQL itself: migrations take longer than "
            "the pooler's sessions let a statement take.",
        ),
        (
            {"DATABASE_DIRECT_URL": "mysql://127.0.0.1/orders", "DATABASE_URL": "postgres://127.0.0.1:6432/orders"},
            "DATABASE_DIRECT_URL must begin with postgres:// (leave it unset for SQLite).",
        ),
    ],
    ids=["a pooler alone", "nothing past the pooler", "another database"],
)
def test_what_a_database_lacks_is_told(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    assert start(tmp_path, **variables) == (1, sentence)


def test_pages_of_any_origin_are_served_in_development_only(tmp_path: Path) -> None:
    production = {"ENVIRONMENT": "production", "SECRET_KEY": "x" * 60, "EMAIL_URL": "smtp://mail.example.com:25"}
    told = start(tmp_path, **production, CORS_ALLOWED_ORIGINS="*")
    assert told == (1, f'CORS_ALLOWED_ORIGINS is "*": set it to {ORIGINS}.')


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ("", True),
        ("/tiles/{z}/{x}/{y}.png", True),
        ("https://tiles.example.com:8443/{z}/{x}/{y}.png?key=1", True),
        ("https://tiles.example.com/{z}/{x}.png", False),
        ("https://tiles.example.com;script-src *;/{z}/{x}/{y}.png", False),
        ("https://user:password@tiles.example.com/{z}/{x}/{y}.png", False),
        ("//tiles.example.com/{z}/{x}/{y}.png", False),
        ("tiles/{z}/{x}/{y}.png", False),
    ],
)
def test_tiles_come_by_https_or_from_this_site(monkeypatch: pytest.MonkeyPatch, value: str, is_taken: bool) -> None:
    monkeypatch.setenv("MAP_TILES_URL", value)
    if is_taken:
        assert Environment().tiles("MAP_TILES_URL") == value
    else:
        with pytest.raises(ImproperlyConfigured, match="set it to an address such as https"):
            Environment().tiles("MAP_TILES_URL")
