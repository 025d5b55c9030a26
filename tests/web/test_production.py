"""What must not reach production: `check --deploy` names it, and every process that serves refuses to start."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from ordersite.accounts.models import User
from ordersite.web.start_checks import production_faults, refuse_unsafe_start

KEY = "a-secret-key-of-more-than-fifty-different-characters-0123456789"
GOOD = {
    "SECRET_KEY": KEY,
    "ENVIRONMENT": "production",
    "ALLOWED_HOSTS": "orders.example.com",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "orders@example.com",
    "PASSWORD_RESET_URL": "https://shop.example.com/reset/{uid}/{token}",
    "PUBLIC_URL": "https://orders.example.com",
}


@pytest.fixture
def production(settings: Any, db: None) -> Any:
    settings.DEVELOPMENT = False
    settings.SECRET_KEY, settings.ENCRYPTION_KEYS = KEY, [KEY]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Orders <orders@example.com>"
    settings.PASSWORD_RESET_URL = settings.REGISTER_CONFIRM_URL = "https://shop.example.com/{uid}/{token}"
    settings.SITE_URL = "https://orders.example.com"
    return settings


def ids() -> list[str | None]:
    return [fault.id for fault in production_faults()]


def demo_login(**fields: Any) -> Callable[[Any], object]:
    return lambda settings: User.objects.create_user("staff@example.com", "demo", **fields)


def setting(**values: Any) -> Callable[[Any], object]:
    return lambda settings: [setattr(settings, name, value) for name, value in values.items()]


FAULTS = [
    ("none", setting(), []),
    ("a demo login", demo_login(), ["ordersite.E002"]),
    ("a demo login that is off", demo_login(is_active=False), []),
    ("a short key", setting(SECRET_KEY=KEY[:49]), ["ordersite.E003"]),
    ("a key of one character", setting(SECRET_KEY="x" * 60), ["ordersite.E003"]),
    ("a short key of encryption", setting(ENCRYPTION_KEYS=["short", KEY]), ["ordersite.E003"]),
    ("an old key of encryption that is short", setting(ENCRYPTION_KEYS=[KEY, "short"]), []),
    *(
        (f"mails by {name}", setting(EMAIL_BACKEND=f"django.core.mail.backends.{name}.EmailBackend"), found)
        for name, found in (("console", ["ordersite.E004"]), ("dummy", ["ordersite.E004"]), ("filebased", []))
    ),
    *(
        (f"a link to {host}", setting(PASSWORD_RESET_URL=f"https://{host}/{{uid}}/{{token}}"), found)
        for host, found in (
            ("localhost", ["ordersite.E005"]),
            ("LOCALHOST.:8000", ["ordersite.E005"]),
            ("shop.localhost", ["ordersite.E005"]),
            ("127.0.0.1", ["ordersite.E005"]),
            ("127.1.2.3", ["ordersite.E005"]),
            ("[::1]:8000", ["ordersite.E005"]),
            ("0.0.0.0", ["ordersite.E005"]),
            ("", ["ordersite.E005"]),
            ("localhost.example.com", []),
        )
    ),
    ("a public address on localhost", setting(SITE_URL="http://localhost"), ["ordersite.E005"]),
    ("a sender on localhost", setting(DEFAULT_FROM_EMAIL="orders@localhost"), []),
]


@pytest.mark.parametrize(("name", "make", "found"), FAULTS, ids=[name for name, *_ in FAULTS])
def test_each_fault_is_named_and_stops_the_start(name: str, make: Any, found: list[str], production: Any) -> None:
    make(production)
    deploy = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    ours = [fault.id for fault in deploy if fault.level >= checks.ERROR and str(fault.id).startswith("ordersite")]
    assert ours == found
    started = checks.run_checks(tags=["production"], include_deployment_checks=True)
    assert [fault.id for fault in started if fault.level >= checks.ERROR] == found
    production.DEVELOPMENT = True
    assert checks.run_checks(tags=["production"], include_deployment_checks=True) == []


@pytest.mark.django_db(transaction=True)
def test_a_start_is_refused_with_the_remedy(production: Any) -> None:
    refuse_unsafe_start()
    production.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    User.objects.create_user("staff@example.com", "demo")
    with pytest.raises(ImproperlyConfigured) as refused:
        refuse_unsafe_start()
    assert "Set EMAIL_URL" in str(refused.value)
    assert "The demo logins exist" in str(refused.value)
    production.DEVELOPMENT = True
    refuse_unsafe_start()


def run(command: list[str], directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    names = ("DATABASE_URL", "REDIS_URL", "ORDERSITE_PROCESS", "ENCRYPTION_KEYS", "PUBLIC_URL", "EMAIL_BACKEND")
    env = {name: value for name, value in os.environ.items() if name not in names}
    env |= {"DATA_DIR": str(directory), **variables}
    return subprocess.run(
        [sys.executable, *command],
        env=env,
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "serve", "--port", "0"],
        ["manage.py", "worker"],
        ["-c", "import ordersite.wsgi"],
        ["-c", "import asyncio\nasync def load(): import ordersite.asgi\nasyncio.run(load())"],
        ["manage.py", "check", "--deploy", "--fail-level", "ERROR"],
    ],
    ids=["serve", "worker", "wsgi", "asgi", "check"],
)
def test_no_process_starts_with_mails_to_the_log(command: list[str], tmp_path: Path) -> None:
    ended = run(command, tmp_path, **{**GOOD, "EMAIL_URL": "consolemail://"})
    assert ended.returncode == 1
    assert "EMAIL_URL" in ended.stderr
    assert "DEFAULT_FROM" not in ended.stderr
    assert KEY not in ended.stderr


@pytest.mark.parametrize("name", ["wsgi", "asgi"])
def test_what_is_in_order_starts(name: str, tmp_path: Path) -> None:
    """The database is empty here: that is for /readyz to tell."""
    ended = run(["-c", f"import ordersite.{name}"], tmp_path, **GOOD)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"EMAIL_URL": "mail.example.com"}, "EMAIL_URL must be like smtp+tls://"),
        ({"EMAIL_URL": "smtp://mail.example.com:port"}, "EMAIL_URL must be like smtp+tls://"),
        ({"EMAIL_URL": "pigeon://mail.example.com"}, "EMAIL_URL must be like smtp+tls://"),
        ({"PASSWORD_RESET_URL": "https://shop.example.com/reset"}, "PASSWORD_RESET_URL must hold {uid} and {token}"),
        ({"REGISTER_CONFIRM_URL": "https://a.example/{id}/{token}"}, "REGISTER_CONFIRM_URL must hold {uid} and"),
        ({"HASHES_AT_ONCE": "0"}, "HASHES_AT_ONCE must be 1 or more"),
        ({"KEEP_POSITIONS": "0"}, "KEEP_POSITIONS must be between 1 and 36500 days"),
        ({"KEEP_DRIVER_OFFERS": "36501"}, "KEEP_DRIVER_OFFERS must be between 1 and 36500 days"),
    ],
)
def test_nonsense_stops_the_start_with_a_sentence(variables: dict[str, str], sentence: str, tmp_path: Path) -> None:
    ended = run(["-c", "import ordersite.settings"], tmp_path, **variables)
    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]


def test_the_settings_of_smtp_are_read_from_one_address(tmp_path: Path) -> None:
    told = "EMAIL_BACKEND EMAIL_HOST EMAIL_PORT EMAIL_HOST_USER EMAIL_HOST_PASSWORD EMAIL_USE_TLS EMAIL_USE_SSL"
    script = f"from ordersite import settings as s; print([getattr(s, n) for n in {told.split()}])"
    ended = run(["-c", script], tmp_path, EMAIL_URL="smtp+tls://user:p%40ss@mail.example.com:587")
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    assert ended.stdout.strip() == str([smtp, "mail.example.com", 587, "user", "p@ss", True, False])


def test_a_command_whose_database_does_not_answer_says_so_in_a_line(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(command, cwd=django_settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("The database cannot be opened (connection failed")
    assert done.stderr.endswith("): start it, or correct DATABASE_URL or DATA_DIR.\n")


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"PORT": "8123"}, "http://127.0.0.1:8123"),
        ({"PORT": "8123", "PUBLIC_URL": "https://orders.example.com/"}, "https://orders.example.com"),
    ],
)
def test_mails_lead_to_where_the_site_says_that_it_is(variables: dict[str, str], address: str, tmp_path: Path) -> None:
    script = "from ordersite import settings as s; print(s.SITE_URL, s.PASSWORD_RESET_URL, s.REGISTER_CONFIRM_URL)"
    ended = run(["-c", script], tmp_path, **variables)
    paths = ("", "/password-reset/{uid}/{token}", "/register/{uid}/{token}")
    assert ended.stdout.split() == [address + path for path in paths]
