"""What `manage.py serve` starts beside the site in development, and tells once the site's port can be reached."""

import logging
import threading

from django.conf import settings
from django.db import DatabaseError

from ordersite.demo import fake_provider, loading, sites
from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.run import RESIDENTS, simulate
from ordersite.demo.simulation.town import SimulationPlan


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
    pages = (
        ("API", "/api/v1/docs"),
        ("its schema", "/api/v1/schema"),
        ("back-office", "/admin/"),
        ("board", "/board"),
        ("driver page", "/drive"),
        ("dispatcher", "/dispatch"),
        ("customer", "/orders"),
    )
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
        *simulation_lines(port),
    ]


def simulation_lines(port: int) -> list[str]:
    """Where SIMULATE is on, begins to let customers, kitchens and drivers act; ends with the process."""
    if not settings.SIMULATE:
        return []
    plan = SimulationPlan(url=f"http://127.0.0.1:{port}")
    threading.Thread(target=live, args=(plan,), name="simulation", daemon=True).start()
    return ["  Simulated customers order once a minute, kitchens and drivers act; SIMULATE=0 make run is without.", ""]


def live(plan: SimulationPlan) -> None:
    """Plays on two threads, without end."""
    try:
        simulate(plan, RESIDENTS, RESIDENTS, threads=2)
    except (CallRefused, DatabaseError) as error:
        logging.getLogger(__name__).warning("The simulation could not begin: %s", error)
