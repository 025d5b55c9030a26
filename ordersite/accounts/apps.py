from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "ordersite.accounts"
    label = "accounts"
