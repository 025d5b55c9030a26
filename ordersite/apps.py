from django.apps import AppConfig


class OrdersiteConfig(AppConfig):
    """Binds the project: deployment checks are registered here."""

    name = "ordersite"
    verbose_name = "ordersite"

    def ready(self) -> None:
        from ordersite import checks  # noqa: F401  registers itself
