from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders and money"

    def ready(self) -> None:
        """Has the orders hear of changes of their vendors, and of drivers who come on duty."""
        for listening in ("moving.due_times", "moving.dispatch", "outgoing.vendor_changes", "record.harm"):
            import_module(f"orders.services.{listening}")
