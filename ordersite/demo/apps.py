from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "ordersite.demo"
    label = "demo"
