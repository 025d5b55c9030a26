from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders and money"

    def ready(self) -> None:
        """Has the orders hear of changes of their vendors."""
        import_module("orders.services.moving.due_times")
