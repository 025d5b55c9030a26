"""What `make test` leaves to the full run: modules that are there, and of no package or dialect all that there is."""

from pathlib import Path

import pytest

from tests.conftest import FULL_RUN_ONLY, HERE, PURE

MODULES = [str(path.relative_to(HERE)) for path in sorted(HERE.rglob("test_*.py"))]


@pytest.mark.parametrize("entry", [*FULL_RUN_ONLY, *PURE])
def test_what_is_listed_is_there(entry: str) -> None:
    assert any(module.startswith(entry) for module in MODULES)


@pytest.mark.parametrize("folder", sorted({str(Path(module).parent) for module in MODULES} - {"browser"}))
def test_each_folder_has_quick_tests(folder: str) -> None:
    """The browser's need Chromium, so they run beside the others."""
    assert [module for module in MODULES if str(Path(module).parent) == folder and not module.startswith(FULL_RUN_ONLY)]
