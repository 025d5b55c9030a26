"""Deployment checks: what must not reach production is told by `manage.py check --deploy`, and stops the start."""

from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from orders.lifecycle.geofences import FENCES
from orders.services.record.archive import SOONEST
from ordersite.accounts.models import User
from ordersite.databases import BOUNDS, PLANNING, SERVING
from ordersite.web.start_checks import PRODUCTION

# Backends that send nothing: the console's writes links that let somebody in to the log.
NO_MAIL = [f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "locmem")]
NO_MAIL.append("ordersite.accounts.mail_file.EmailBackend")
KEY_LENGTH, KEY_VARIETY = 50, 5
# By the variable that sets each.
LINKS = {
    "PASSWORD_RESET_URL": "PASSWORD_RESET_URL",
    "REGISTER_CONFIRM_URL": "REGISTER_CONFIRM_URL",
    "PUBLIC_URL": "SITE_URL",
}


@register(Tags.security, deploy=True)
def check_environment(**kwargs: Any) -> list[CheckMessage]:
    """Refuses development settings on a deployment."""
    if settings.DEVELOPMENT:
        return [Error("ENVIRONMENT is development.", hint="Set ENVIRONMENT=production.", id="ordersite.E001")]
    return []


@register(Tags.security, PRODUCTION, deploy=True)
def check_demo_logins(**kwargs: Any) -> list[CheckMessage]:
    """Refuses a database that still has the demo logins, whose password is public."""
    if settings.DEVELOPMENT:
        return []
    try:
        present = User.objects.filter(email__in=settings.DEMO_EMAILS, is_active=True).exists()
    except DatabaseError:  # not there yet, or not migrated: nobody can sign in
        return []
    if present:
        return [
            Error("The demo logins exist in this database.", hint="Deactivate or delete them.", id="ordersite.E002")
        ]
    return []


@register(Tags.security, PRODUCTION, deploy=True)
def check_secret_keys(**kwargs: Any) -> list[CheckMessage]:
    """Refuses keys that can be guessed."""
    if settings.DEVELOPMENT:
        return []
    keys = {"SECRET_KEY": settings.SECRET_KEY, "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0]}
    return [
        Error(
            f"{name} is shorter than {KEY_LENGTH} characters, or repeats a few.",
            hint='Make one with `python -c "import secrets; print(secrets.token_urlsafe(50))"`.',
            id="ordersite.E003",
        )
        for name, key in keys.items()
        if len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY
    ]


@register(Tags.security, PRODUCTION, deploy=True)
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """Refuses a site that sends no mails; warns of a sender that nobody takes mails from."""
    if settings.DEVELOPMENT:
        return []
    found: list[CheckMessage] = []
    if settings.EMAIL_BACKEND in NO_MAIL:
        hint = "Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587."
        found.append(
            Error("E-mails are not sent: they are written to the log, or discarded.", hint=hint, id="ordersite.E004")
        )
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        hint = "Set DEFAULT_FROM_EMAIL, such as orders@example.com."
        found.append(Warning("E-mails are sent from an address on localhost.", hint=hint, id="ordersite.W001"))
    return found


@register(Tags.security, PRODUCTION, deploy=True)
def check_links(**kwargs: Any) -> list[CheckMessage]:
    """Refuses links to customers and vendors that lead to their own machine."""
    if settings.DEVELOPMENT:
        return []
    return [
        Error(
            f"{name} leads to {is_local(link) or 'no host'}, which nobody else can reach.",
            hint=f"Set {name} to an address of your site, such as https://orders.example.com/…",
            id="ordersite.E005",
        )
        for name, setting in LINKS.items()
        if (link := getattr(settings, setting)) and is_local(link) is not None
    ]


@register(PRODUCTION)
def check_geofences(**kwargs: Any) -> list[CheckMessage]:
    """Refuses radii of geofences that there are not: they would count for nothing, in silence."""
    known = [fence.name for fence in FENCES]
    return [
        Error(f"GEOFENCES names {name}, which is none.", hint=f"Name {', '.join(known)}.", id="ordersite.E006")
        for name in settings.GEOFENCES
        if name not in known
    ]


@register(PRODUCTION)
def check_archive(**kwargs: Any) -> list[CheckMessage]:
    """Refuses to pack histories that somebody still asks for: orders that may be disputed, mails that are kept."""
    least = max(SOONEST, settings.KEEP_MAILS, settings.KEEP_OUTBOX, settings.KEEP_FEED, settings.TRACKING_LAPSES)
    if settings.ARCHIVE_AFTER is None or least <= settings.ARCHIVE_AFTER:
        return []
    hint = f"Set it to {least.days} days or more, or to 0: then nothing is archived."
    return [Error(f"ARCHIVE_AFTER is {settings.ARCHIVE_AFTER.days} days.", hint=hint, id="ordersite.E009")]


@register(PRODUCTION)
def check_sessions(**kwargs: Any) -> list[CheckMessage]:
    """Refuses a pooler that DATABASE_POOLER does not name, and one whose sessions have not the site's limits.

    A pooler's client is told another process id than its session has.
    """
    if settings.DEVELOPMENT or settings.PROCESS not in SERVING or connection.vendor != "postgresql":
        return []
    own = connection.copy()  # a connection of its own: a pool tells no reason why it has none
    own.settings_dict["OPTIONS"] = {**own.settings_dict["OPTIONS"]}
    own.settings_dict["OPTIONS"].pop("pool", None)
    is_named = own.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
    try:
        with own.cursor() as cursor:
            told = cast(Any, own.connection).info.backend_pid
            names = sorted(PLANNING | BOUNDS)
            cursor.execute("SELECT name, setting = boot_val FROM pg_settings WHERE name = ANY(%s)", [names])
            left = sorted(name for name, is_left in cursor.fetchall() if is_left)
            cursor.execute("SELECT pg_backend_pid()")
            is_between = cursor.fetchone() != (told,)
    except DatabaseError as error:
        # Any other reason is for /readyz to tell.
        is_between, left = "startup parameter" in str(error), []
    finally:
        own.close()
    if is_between and not is_named:
        hint = "Set DATABASE_POOLER=transaction and DATABASE_DIRECT_URL (docs/scaling.md), or lead it to PostgreSQL."
        return [Error("DATABASE_URL leads to a pooler.", hint=hint, id="ordersite.E007")]
    if is_between and left:
        limits = "; ".join(f"SET {name} = {(PLANNING | BOUNDS)[name]}" for name in left)
        hint = f"Give the pooler's database connect_query='{limits}' (docs/scaling.md)."
        return [Error(f"The database's sessions have no {', '.join(left)}.", hint=hint, id="ordersite.E008")]
    return []


def is_local(link: str) -> str | None:
    """The host of a link that leads to the reader's own machine, "" for none; None for any other host."""
    host = (urlsplit(link).hostname or "").rstrip(".").lower()
    local = host in ("", "localhost", "::1", "0.0.0.0") or host.endswith(".localhost") or host.startswith("127.")  # noqa: S104
    return host if local else None
