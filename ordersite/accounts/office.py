from django.contrib.admin.apps import AdminConfig


class OfficeConfig(AdminConfig):
    """Django's admin, with a site of our own."""

    default_site = "ordersite.accounts.admin_site.OfficeSite"
