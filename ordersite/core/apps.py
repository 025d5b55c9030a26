from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "ordersite.core"
    label = "web"
    verbose_name = "Audit"
