"""What `make test` leaves to the full run: modules that are there, and of no package or dialect all that there is."""

from pathlib import Path

from tests.conftest import FULL_RUN_ONLY, HERE, PURE

MODULES = [str(path.relative_to(HERE)) for path in sorted(HERE.rglob("test_*.py"))]


def test_what_is_listed_is_there() -> None:
    listed = [*FULL_RUN_ONLY, *PURE]
    assert [entry for entry in listed if not any(module.startswith(entry) for module in MODULES)] == []


def test_each_folder_has_quick_tests() -> None:
    """The browser's need Chromium, so they run beside the others."""
    quick = {str(Path(module).parent) for module in MODULES if not module.startswith(FULL_RUN_ONLY)}
    assert {str(Path(module).parent) for module in MODULES} - quick == set()
