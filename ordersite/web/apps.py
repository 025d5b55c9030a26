from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "ordersite.web"
    label = "web"
