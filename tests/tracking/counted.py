"""What this process has counted, for tests of metrics."""

from ordersite.core.metrics import REGISTRY


def clear_values() -> None:
    """Forgets all of it."""
    for metric in list(REGISTRY._collector_to_names):
        getattr(metric, "clear", lambda: None)()
