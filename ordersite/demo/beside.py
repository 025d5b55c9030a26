"""What `manage.py serve` starts beside the site in development, and tells once the site's port can be reached."""

from django.db import DatabaseError

from ordersite.demo import fake_provider, loading, sites


def serve_beside(port: int) -> list[str]:
    """Starts the payment provider; the lines to tell: where it is, and, with the demo loaded, where to go as whom."""
    return [*fake_provider.serve_provider(port), *demo_lines(port)]


def demo_lines(port: int) -> list[str]:
    """The addresses and logins of the demo; none where it is not loaded."""
    try:
        if not loading.is_loaded():
            return []
    except DatabaseError:  # no tables yet, or no database: the site itself says so
        return []
    pages = (("API", "/api/v1/docs"), ("its schema", "/api/v1/schema"), ("back-office", "/admin/"))
    return [
        "",
        *(f"  {name:<12} http://127.0.0.1:{port}{path}" for name, path in pages),
        "",
        f"  Logins, all with the password {sites.PASSWORD}",
        "",
        *(f"  {fields['email']:<24} {text}" for fields, text in sites.LOGINS),
        "",
        f"  The till's X-Tenant: {sites.TENANT}",
        "",
    ]
