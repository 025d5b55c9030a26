from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders and money"

    def ready(self) -> None:
        """Has the orders hear of changes of their vendors, and of drivers who come on duty."""
        for listening in ("due_times", "dispatch"):
            import_module(f"orders.services.moving.{listening}")
