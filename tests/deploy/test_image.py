"""The steps of deploy/Dockerfile, run in a folder in place of an image: no Docker is needed, and nothing but Python.

What the base image has, and that layers and users are kept apart, only Docker shows.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = "/srv/ordersite"
NOBODY = 10001
pytestmark = pytest.mark.slow


class Image:
    """A folder that becomes what the steps make."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.env, self.command = folder, {}, []
        (folder / "bin").mkdir()
        (folder / "bin/python").symlink_to(sys.executable)

    def inside(self, text: str) -> str:
        """Paths of the image within the folder."""
        return text.replace(SITE, f"{self.folder}{SITE}").replace("/usr/local/bin", f"{self.folder}/usr/local/bin")

    @property
    def site(self) -> Path:
        return Path(self.inside(SITE))

    def build(self, dockerfile: str) -> None:
        for line in dockerfile.splitlines():
            word, _, rest = line.partition(" ")
            match word:
                case "" | "#" | "ARG" | "FROM":
                    pass
                case "WORKDIR":
                    Path(self.inside(rest)).mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self.copy(*rest.split())
                case "RUN":
                    self.run(["sh", "-ec", rest]).check_returncode()
                case "ENV":
                    self.env |= dict(part.split("=", 1) for part in self.inside(rest).split())
                case "USER":
                    assert rest == f"{NOBODY}:{NOBODY}"
                case "CMD":
                    self.command = json.loads(rest)
                case _:
                    pytest.fail(f"a step that nobody runs here: {line}")

    def copy(self, *given: str) -> None:
        *sources, target = given
        if sources[0].startswith("--from="):
            return  # both stages are this folder
        for source in sources:
            path, to = ROOT / source, self.site / self.inside(target)
            to.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(path, to)

    def environment(self, **given: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "http"))}
        path = f"{self.folder}/bin:{self.folder}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {**kept, "PATH": path, **self.env, **given}

    def run(self, command: list[str], **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, cwd=self.site, env=self.environment(**env), text=True, capture_output=True)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    if os.geteuid() != 0:
        pytest.skip("needs root: its steps give folders to another user")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        image = Image(Path(folder))
        image.build((ROOT / "deploy/Dockerfile").read_text())
        yield image


SETTINGS = {
    "SECRET_KEY": "of-this-test-alone-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "orders.example.com",
    "PUBLIC_URL": "https://orders.example.com",
    "BEHIND_PROXY": "on",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "orders@example.com",
    "PASSWORD_RESET_URL": "https://app.example.com/reset/{uid}/{token}",
}


def test_the_image_serves_as_a_user_who_may_write_to_uploads_alone(image: Image) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # Without a database server: SQLite in the only folder that may be written.
    env = image.environment(**SETTINGS)
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    migrated = image.run([*as_nobody, ".venv/bin/python", "manage.py", "migrate", "-v0"], **SETTINGS)
    assert migrated.returncode == 0, migrated.stderr
    command = [port if part == "8001" else part for part in image.command]
    with subprocess.Popen([*as_nobody, *command], cwd=image.site, env=env) as process:
        try:
            health = [*as_nobody, f"{image.folder}/usr/local/bin/check-health", port]
            script = Path(health[-2])
            script.write_text(image.inside(script.read_text()))
            for _ in range(300):
                checked = image.run(health, **SETTINGS)
                if checked.returncode == 0:
                    break
                time.sleep(0.2)
            assert checked.returncode == 0, checked.stderr
            headers = {"Host": "orders.example.com", "X-Forwarded-Proto": "https"}
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
                page = client.get("/sign-in").text
                style = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
                assert re.search(r"\.[0-9a-f]{12}\.css$", style)
                assert client.get(style).status_code == 200
        finally:
            process.terminate()
    assert image.run(health, **SETTINGS).stderr.startswith("not ready: ")
    # It makes the folder of its metrics by itself.
    writable = image.run(["find", ".", "-not", "-path", "./.venv/*", "-uid", str(NOBODY), "-type", "d"]).stdout.split()
    assert set(writable) == {"./var", "./var/media", "./var/metrics", "./var/private"}
