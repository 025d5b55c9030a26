"""manage.py lifecycle_docs: the page and the picture of the life cycle."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orders.lifecycle.table import RULES, Status


def test_what_is_committed_is_current() -> None:
    call_command("lifecycle_docs", "--check")


def test_old_docs_are_named_and_written_anew(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"docs/lifecycle\.md, docs/lifecycle\.svg. Run"):
        call_command("lifecycle_docs", "--check")
    assert not (tmp_path / "docs").exists()
    call_command("lifecycle_docs")
    call_command("lifecycle_docs", "--check")
    page = (tmp_path / "docs/lifecycle.md").read_text()
    assert "191 changes of status" in page
    assert all(f"| `{rule.name}` |" in page for rule in RULES)
    (tmp_path / "docs/lifecycle.svg").write_text("<svg/>")
    with pytest.raises(CommandError, match=r"^Not current: docs/lifecycle\.svg\. Run"):
        call_command("lifecycle_docs", "--check")


def test_the_picture_fits_a_phone_and_is_told_in_words(settings: Any) -> None:
    svg = ET.parse(settings.BASE_DIR / "docs/lifecycle.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    names = [svg.find(f"{space}{tag}") for tag in ("title", "desc")]
    assert [svg.get("role"), svg.get("aria-labelledby")] == ["img", "title desc"]
    assert all(name is not None and name.text for name in names)
    width = float(str(svg.get("viewBox")).split()[2])
    assert width <= 390
    for box in svg.findall(f"{space}rect")[1:]:
        assert 0 <= float(box.get("x", -1)) <= width - float(box.get("width", width))
    for words in svg.findall(f"{space}text"):
        assert float(words.get("font-size", 0)) >= 12
    drawn = " ".join(words.text or "" for words in svg.findall(f"{space}text"))
    assert all(f"{status.value} {status.label.split()[0]}" in drawn for status in Status if status not in (2, 5, 16))
