from importlib import import_module

from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "vendors"

    def ready(self) -> None:
        """Has drivers and companies hear of accounts that are switched on again."""
        import_module("vendors.services.drivers")
