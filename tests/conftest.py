"""What every test may use: the cast, and an API client that signs in as anybody of it."""

import importlib
import itertools
import os
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import timezone
from hypothesis import settings as hypothesis_settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.admin import first_page
from orders.reading import estimates
from orders.services.placing import terms
from ordersite.accounts.models import ApiToken, User
from ordersite.core import call_counts
from ordersite.core.crypto import token_hash
from ordersite.core.redis import Breaker
from ordersite.places import lookup as places
from tests.cast import Cast, make_cast, standing
from tests.clock import NOON, Clock
from tests.migrated import copy_migrated, drop_database, empty_quickly
from tracking import mails
from vendors.services import menus

HERE = Path(__file__).parent
# What the quick run leaves to the full one: whole features beside the core, each of which it shows by a scenario
# (tests/orders/test_scenarios.py) or by one of its other modules.
FULL_RUN_ONLY = (
    "accounts/test_mails_migration",
    "accounts/test_namesakes",
    "accounts/test_password_tries",
    "accounts/test_sessions_migration",
    "orders/test_estimates_kept",
    "demo/test_load_demo",
    "demo/test_no_page_is_empty",
    "dialects/kaddy/test_drawn",
    "dialects/kesk/test_placing",
    "dialects/kesk/test_reading",
    "dialects/ordering/test_reading",
    "dialects/ordering/test_updating",
    "dialects/shop/test_orders",
    "dialects/shop/test_states",
    "dialects/test_half_way",
    "dialects/test_leniency",
    "orders/admin/test_admin_buttons",
    "orders/admin/test_admin_kept",
    "orders/admin/test_admin_money",
    "orders/admin/test_admin_proofs",
    "orders/admin/test_edits_admin",
    "orders/admin/test_kinds_admin",
    "orders/admin/test_phone_orders",
    "orders/capacity/test_codes",
    "orders/capacity/test_offers",
    "orders/capacity/test_times",
    "orders/editing/test_edits",
    "orders/kinds/test_digital",
    "orders/kinds/test_services",
    "orders/migrations/test_migrations_money",
    "orders/migrations/test_terms_migration",
    "orders/money/test_check_ledger",
    "orders/money/test_ledgers",
    "orders/money/test_money_rules",
    "orders/moving/test_dispatch_ways",
    "orders/moving/test_reckoning",
    "orders/moving/test_timers_agreed",
    "orders/moving/test_timers_drivers",
    "orders/moving/test_timers_of_the_board",
    "orders/moving/test_transitions_rows",
    "orders/paying/test_payment_links",
    "orders/paying/test_payments_notices",
    "orders/paying/test_payments_providers",
    "orders/paying/test_payments_saved",
    "orders/paying/test_payments_worker",
    "orders/paying/test_proofs",
    "orders/paying/test_refunds",
    "orders/placing/test_halves",
    "orders/placing/test_terms",
    "orders/placing/test_weights",
    "orders/printing/test_jobs",
    "orders/printing/test_page",
    "orders/positions/test_geofences",
    "orders/positions/test_reports",
    "orders/reading/test_driver_offers",
    "orders/reading/test_permissions",
    "orders/reading/test_statement",
    "places/test_address_admin",
    "places/test_changing",
    "places/test_phone_package",
    "places/test_phone_places",
    "places/test_together",
    "promises/test_p05",
    "promises/test_p07_from_now",
    "promises/test_p11",
    "promises/test_p16",
    "promises/test_p19",
    "promises/test_p31",
    "tracking/test_cloudprnt",
    "tracking/test_epochs",
    "tracking/test_feed_examples",
    "tracking/test_floods",
    "tracking/test_sockets",
    "vendors/test_admin",
    "vendors/test_bookable_admin",
    "vendors/test_currencies",
    "vendors/test_offers_admin",
    "web/test_admin_lists",
    "web/test_amounts",
    "web/test_chosen",
    "web/test_depth",
    "web/test_environment",
    "web/test_files",
    "web/test_hashed_names",
    "web/test_hostile_forms",
    "web/test_links",
    "web/test_moments",
    "web/test_multipart",
    "web/test_production",
    "web/test_shown",
)
# What never asks a database, or starts processes with an environment of their own: the full run does it on SQLite only.
PURE = (
    "demo/test_replay_reading",
    "dialects/test_documents",
    "dialects/test_reading",
    "orders/placing/test_weights",
    "orders/test_pricing",
    "places/test_splitting",
    "promises/test_p05",
    "promises/test_p19",
    "promises/test_p23",
    "promises/test_p27_no_status",
    "vendors/test_bookable_times",
    "vendors/test_hours",
    "vendors/test_slots",
    "vendors/test_zones",
    "web/test_amounts",
    "web/test_environment",
    "web/test_hashed_names",
    "web/test_money",
    "web/test_multipart",
    "web/test_names",
    "web/test_ports",
    "web/test_production",
)
# How a module says that the quick run leaves all of it out.
LEFT_OUT_WHOLE = re.compile(r"^pytestmark = (?:\[[^\]]*)?pytest\.mark\.(?:slow|postgres|redis|browser)\b", re.MULTILINE)
# A Redis that is never asked.
AWAY = Breaker()
AWAY.open_until = float("inf")
# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("patient", deadline=None, max_examples=200)
hypothesis_settings.register_profile("quick", deadline=None, max_examples=25)
FAST_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"


def is_quick(config: pytest.Config) -> bool:
    """Whether neither slow tests nor the browser's are asked for (QUICK of the Makefile)."""
    return {"not slow", "not browser"} <= set(config.option.markexpr.split(" and "))


def pytest_configure(config: pytest.Config) -> None:
    """The quick run tries fewer examples, where a test does not say how many.

    TEST_NOW=2027-03-28T00:55Z sets the clock of the whole run: no test may depend on the hour or the day.

    Only of this process: a server that a test starts has the real time.
    """
    hypothesis_settings.load_profile("quick" if is_quick(config) else "patient")
    if instant := os.environ.get("TEST_NOW"):
        importlib.import_module("time_machine").travel(datetime.fromisoformat(instant)).start()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The quick run does not even read what it leaves out: to read all modules takes seconds of every worker."""
    if not is_quick(config):
        return None
    if collection_path.is_dir():
        return collection_path.name == "browser" or None
    if not collection_path.match("test_*.py"):
        return None
    listed = str(collection_path.relative_to(HERE)).startswith(FULL_RUN_ONLY)
    return listed or LEFT_OUT_WHOLE.search(collection_path.read_text()) is not None or None


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Marks what runs in the full run only, or on one database; skips what needs a server that is not named.

    SHARE=1/3 leaves the first of three parts of equal size, each with a part of every module and every table. What asks
    no database is in all of them.
    """
    needs = {"postgres": django_settings.DATABASE_URL, "redis": django_settings.REDIS_URL}
    for item in items:
        module = str(item.path.relative_to(HERE))
        if module.startswith(FULL_RUN_ONLY):
            item.add_marker(pytest.mark.slow)
        # Without one of these pytest-django lets nobody at the database.
        asks = item.get_closest_marker("django_db") or {"db", "transactional_db"}.intersection(item.fixturenames)
        if module.startswith(PURE) and not asks:
            item.add_marker(pytest.mark.pure)
        for name, given in needs.items():
            if item.get_closest_marker(name) and not given:
                item.add_marker(pytest.mark.skip(reason=f"needs {name}: set its URL"))
    if share := os.environ.get("SHARE"):
        number, parts = map(int, share.split("/"))
        items[:] = [item for item in items if item.get_closest_marker("pure") or part_of(item, parts) == number]


def part_of(item: pytest.Function, parts: int) -> int:
    """Into which of so many parts a test falls, from 1 on: the same on every machine."""
    return zlib.crc32(item.nodeid.encode()) % parts + 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """With STRICT=1 (the full run) a test that was skipped is a fault."""
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if os.environ.get("STRICT") == "1" and skipped:
        terminalreporter.write_line(f"STRICT: {skipped} skipped, where nothing may be.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With STRICT=1 a session that skipped a test fails (under xdist the controller has all the reports)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter is not None and reporter.stats.get("skipped")
    if os.environ.get("STRICT") == "1" and skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Lets the cast stand again where the last test missed it: within a test's transaction each test after it would
    write its own."""
    if standing.was_missed:
        standing.write()


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For each test a folder for its files. It is made where a file is kept: few tests keep any."""
    files = tmp_path_factory.mktemp("files")
    return (files / str(number) for number in itertools.count())


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests() -> Iterator[None]:
    """What differs from the site's settings in every test. Set once: to set one takes 0.2 ms and slows all the others
    down."""
    with override_settings(
        PASSWORD_HASHERS=[FAST_HASHER],
        # Every client builds the middleware anew: to look through all static files each time took 30 ms of it.
        WHITENOISE_AUTOREFRESH=True,
        # A test of throttles sets its own limit.
        THROTTLE_ANONYMOUS=0,
        THROTTLE_CALLER=0,
        THROTTLE_PLACES=0,
        THROTTLE_POSITIONS=0,
        PAYMENT_ASKS=0,
        GUEST_ORDERS_PER_ADDRESS=0,
        GUEST_ORDERS_PER_PHONE=0,
        # Set up, so that it can be chosen, and out of reach: tests of payments start one (tests/orders/online.py).
        FAKE_PAYMENTS_URL="http://127.0.0.1:9",
    ):
        yield


@pytest.fixture(autouse=True)
def clean_process(settings: Any, monkeypatch: pytest.MonkeyPatch, folders: Iterator[Path]) -> None:
    """Forgets what a process remembers: a test that is rolled back gives its ids to the next one."""
    # A test of throttles counts in its process, where no other test counts the same ids, and no minute ends within it.
    monkeypatch.setattr(call_counts, "breaker", AWAY)
    monkeypatch.setattr(call_counts, "window_now", lambda: 1)
    menus.held.clear()
    terms.held.clear()
    estimates.held_rows.clear()
    for kept in (first_page.kept, first_page.kept_bulk, first_page.kept_figures):
        kept.clear()
    call_counts.windows.counts.clear()
    caches["places"].clear()
    places.pause.until = 0.0
    mails.PAUSE.end()
    files = next(folders)
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = f"{files}/media", f"{files}/private"


@pytest.fixture(scope="session")
def django_db_keepdb(
    django_db_use_migrations: bool, django_db_modify_db_settings: None, django_db_blocker: Any
) -> bool:
    """Whether pytest-django finds a migrated database in the place of the tests' (tests/migrated.py)."""
    if django_db_use_migrations:
        with django_db_blocker.unblock():
            copy_migrated()
    return django_db_use_migrations


@pytest.fixture(scope="session")
def django_db_setup(
    settings_of_tests: None, django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any
) -> Iterator[None]:
    """The cast is written before any test's transaction: to write it for each is half of many a test's time."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            empty_quickly()
        # Django asks SQLite once a process, by three statements: no test that counts them is to be the one.
        assert connection.features.supports_json_field
    standing.unblock = django_db_blocker.unblock
    standing.write()
    yield
    if django_db_keepdb:
        with django_db_blocker.unblock():
            if connection.vendor == "postgresql":
                drop_database()
            else:
                connection.creation.destroy_test_db(verbosity=0)


@pytest.fixture
def cast(db: None) -> Cast:
    """The small fixed cast (tests/cast.py), each time as if newly written."""
    return make_cast()


@pytest.fixture
def office(cast: Cast) -> Client:
    """Staff at the back-office, with every right."""
    client = Client()
    client.force_login(cast.staff)
    return client


@pytest.fixture
def empty(db: None) -> None:
    """A database without the cast, for tests that count from nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.app_label in ("accounts", "vendors"):
                # Foreign keys are checked at the end of the transaction, so the order does not matter.
                cursor.execute(f"DELETE FROM {model._meta.db_table}")


def bearer_of(user: User) -> str:
    """A real access token of this user, for an Authorization header."""
    return f"Bearer {AccessToken.for_user(user)}"


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """`api(user)`, `api(token="ost_…")` or `api()` for nobody; further headers as `order_token="…"`."""

    def client(user: User | None = None, token: str | None = None, **headers: str) -> APIClient:
        credential = bearer_of(user) if user else f"Bearer {token}" if token else None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if credential:
            sent["Authorization"] = credential
        return APIClient(headers=sent)

    return client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands still from NOON on. Access tokens are made with the real time: callers are guests, and a till's token."""
    clock = Clock(NOON)
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def till(cast: Cast, api: Callable[..., APIClient]) -> APIClient:
    """The vendor's till, whose token knows no time."""
    token = "ost_a-till-of-the-vendors"
    ApiToken.objects.create(
        name="Till", merchant=cast.merchant, token_hash=token_hash(token), hint="ost_a", scopes=["read", "write"]
    )
    return api(token=token)
