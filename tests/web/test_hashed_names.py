"""In production a file's name changes with its content, and a page's modules import each other by these names."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.web.test_production import GOOD

ROOT = Path(__file__).resolve().parent.parent.parent


def test_modules_import_each_other_by_their_hashed_names(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**GOOD, "DATA_DIR": str(tmp_path)}, check=True)
    static = tmp_path / "static"
    names = json.loads((static / "staticfiles.json").read_text())["paths"]
    modules = {name: hashed for name, hashed in names.items() if name.startswith("pages/") and name.endswith(".js")}
    assert "pages/board.js" in modules
    imported = set()
    for name, hashed in modules.items():
        assert re.fullmatch(rf"{name[:-3]}\.[0-9a-f]{{12}}\.js", hashed)
        source = (static / hashed).read_text()
        for found in re.findall(r"""^(?:import|export)\b[^"']*["']\./(.+?)["'];""", source, re.MULTILINE):
            imported.add(f"pages/{found}")
    assert imported
    assert imported <= set(modules.values())
