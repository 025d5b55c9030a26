"""What the documents say of the code is so."""

import re
from pathlib import Path

from django.conf import settings

from ordersite.demo import sites

ROOT = Path(settings.BASE_DIR)


def test_every_variable_that_the_settings_read_is_documented_and_no_other() -> None:
    source = (ROOT / "ordersite/settings.py").read_text()
    read = set(re.findall(r"""env(?:\.\w+|iron\.get)\(\s*["']([A-Z_]+)["']""", source))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert read == documented


def test_the_readme_tells_every_login_and_its_links_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text()
    assert sites.PASSWORD in readme
    assert f"`{sites.TENANT}`" in readme
    assert all(f"`{fields['email']}`" in readme for fields, _ in sites.LOGINS)
    linked = re.findall(r"\]\(([\w/.]+)(?:#[\w-]+)?\)", readme)
    assert [path for path in linked if not (ROOT / path).exists()] in ([], ["docs/lifecycle.md"])
    pictures = [ROOT / path for path in linked if path.endswith(".png")]
    assert len(pictures) == 3
    assert all(path.stat().st_size < 200_000 for path in pictures)


def test_the_full_run_signs_in_with_the_demo_password() -> None:
    assert sites.PASSWORD in (ROOT / ".ci/run").read_text()
