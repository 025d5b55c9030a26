"""The files of deploy/ before the programs that read them, as far as these run without a machine of its own."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
pytestmark = pytest.mark.slow
Read = Callable[[str], tuple[int, str]]


def require(command: str) -> str:
    """Its path; where it is not installed the test is skipped, which fails the full run."""
    found = shutil.which(command, path="/usr/bin:/usr/sbin:/bin:/sbin")
    return found or pytest.skip(f"{command} is not installed")


def ran(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    given = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=orders.example.com -keyout {path} -out {path}.crt"
    status, told = ran(require("openssl"), *given.split())
    assert status == 0, told
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.service")), ids=lambda path: path.stem)
def test_systemd_reads_each_unit(path: Path, tmp_path: Path) -> None:
    def verify(text: str) -> tuple[int, str]:
        # No program has to be installed for this.
        unit = tmp_path / path.name
        unit.write_text(text.replace("/srv/ordersite/.venv/bin/", "/bin/env "))
        return ran(require("systemd-analyze"), "verify", str(unit))

    assert verify(path.read_text()) == (0, "")
    assert "Unknown key 'Restrt'" in verify(path.read_text().replace("Restart=", "Restrt="))[1]


def test_haproxy_reads_its_configuration(certificate: Path, tmp_path: Path) -> None:
    def check(text: str) -> int:
        config = tmp_path / "haproxy.cfg"
        config.write_text(text.replace("/etc/haproxy/orders.example.com.pem", str(certificate)))
        return ran(require("haproxy"), "-c", "-f", str(config))[0]

    text = (DEPLOY / "haproxy.cfg").read_text()
    assert check(text) == 0
    assert check(text.replace("balance leastconn", "balance leastcon")) == 1


def test_nginx_reads_its_configuration(certificate: Path, tmp_path: Path) -> None:
    def check(text: str) -> tuple[int, str]:
        site = tmp_path / "site.conf"
        for name in ("fullchain", "privkey"):
            text = text.replace(f"/etc/letsencrypt/live/orders.example.com/{name}.pem", str(certificate))
        site.write_text(text)
        config = tmp_path / "nginx.conf"
        config.write_text(f"pid {tmp_path}/pid; events {{}} http {{ include {site}; }}")
        return ran(require("nginx"), "-t", "-q", "-e", "stderr", "-c", str(config))

    text = (DEPLOY / "nginx.conf").read_text()
    assert check(text)[0] == 0, check(text)
    assert check(text.replace("proxy_pass http://ordersite_http", "proxy_pas http://ordersite_http"))[0] == 1


def test_compose_reads_its_file(tmp_path: Path) -> None:
    def check(text: str) -> tuple[int, str]:
        for name in ("ordersite-db", "ordersite"):
            (tmp_path / f"{name}.env").touch()
        compose = tmp_path / "compose.yml"
        compose.write_text(text.replace("/etc/ordersite", f"{tmp_path}/ordersite"))
        return ran(require("docker-compose"), "--file", str(compose), "config", "--quiet")

    text = (DEPLOY / "compose.yml").read_text()
    assert check(text) == (0, "")
    assert check(text.replace("depends_on:", "depend_on:"))[0] == 1
