"""Deployment checks: what must not reach production is told in a sentence by `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from ordersite.accounts.models import User


@register(Tags.security, deploy=True)
def check_environment(**kwargs: Any) -> list[CheckMessage]:
    """Refuses development settings on a deployment."""
    if settings.DEVELOPMENT:
        return [Error("ENVIRONMENT is development.", hint="Set ENVIRONMENT=production.", id="ordersite.E001")]
    return []


@register(Tags.database, deploy=True)
def check_demo_logins(*, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Refuses a database that still has the demo logins, whose password is public."""
    if settings.DEVELOPMENT or not databases:
        return []
    if User.objects.filter(email__in=settings.DEMO_EMAILS, is_active=True).exists():
        return [
            Error("The demo logins exist in this database.", hint="Deactivate or delete them.", id="ordersite.E002")
        ]
    return []
