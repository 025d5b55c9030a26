from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "ordersite.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.contrib.auth.models import Group  # noqa: PLC0415

        from ordersite.accounts.browser_sessions import describe_session  # noqa: PLC0415  needs the models
        from ordersite.core.audit import follow_foreign  # noqa: PLC0415

        follow_foreign(Group)
        user_logged_in.connect(describe_session, dispatch_uid="ordersite.accounts.browser_sessions")
