"""What the documents say of the code is so."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from ordersite.demo import sites

ROOT = Path(settings.BASE_DIR)
# The modules that read the environment.
READING = ("settings.py", "databases.py", "file_stores.py")


def test_every_variable_that_the_settings_read_is_documented_and_no_other() -> None:
    source = "".join((ROOT / "ordersite" / name).read_text() for name in READING)
    read = set(re.findall(r"""(?:kept_days|env(?:\.\w+|iron\.get))\(\s*["']([A-Z_]+)["']""", source))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert read == documented


def test_the_readme_tells_every_login_and_shows_three_pictures() -> None:
    readme = (ROOT / "README.md").read_text()
    assert sites.PASSWORD in readme
    assert f"`{sites.TENANT}`" in readme
    assert all(f"`{fields['email']}`" in readme for fields, _ in sites.LOGINS)
    pictures = [ROOT / path for path in re.findall(r"\]\(([\w/]+\.png)\)", readme)]
    assert len(pictures) == 3
    assert all(path.stat().st_size < 200_000 for path in pictures)


def test_the_full_run_signs_in_with_the_demo_password() -> None:
    assert sites.PASSWORD in (ROOT / ".ci/run").read_text()


def headings(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


PAGES = [path for path in sorted(ROOT.rglob("*.md")) if not {".venv", "var"} & set(path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_to_another_leads_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in headings(target.read_text())):
            dead.append(link)
    assert dead == []


def test_the_files_of_production_are_what_the_page_of_running_says() -> None:
    page = (ROOT / "docs/running.md").read_text()
    deploy = ROOT / "deploy"
    units = {path.stem for path in deploy.glob("*.service")}
    assert units == set(re.findall(r"`(ordersite-\w+@?)(?:PORT)?` \|", page))
    for path in deploy.iterdir():
        assert path.suffix == ".service" or f"](../deploy/{path.name})" in page or f"deploy/{path.name} " in page, path
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    given = set(re.findall(r"^#?([A-Z_]+)=", (deploy / "ordersite.env").read_text(), re.MULTILINE))
    assert given - documented == set()
    # Ports: what the units are started on is what the web servers hand on to.
    started = {f"{ten}{one}" for ten, ones in re.findall(r"@(80\d)\{(\d,\d)\}", page) for one in ones.split(",")}
    for name in ("nginx.conf", "haproxy.cfg"):
        assert set(re.findall(r"127\.0\.0\.1:(80\d\d)\b", (deploy / name).read_text())) - {"8080"} == started


@pytest.mark.parametrize("name", ["ordersite", "ordersite-pg", "backup"])
def test_the_scripts_of_production_are_ones_that_a_shell_reads(name: str) -> None:
    script = ROOT / "deploy" / name
    assert script.stat().st_mode & 0o111 == 0o111
    subprocess.run(["sh", "-n", str(script)], check=True)  # noqa: S603, S607


@pytest.mark.parametrize(
    ("url", "password", "told"),
    [
        ("postgres://ordersite:s%40crêt@127.0.0.1:5432/orders", "s@crêt", "postgres://ordersite@127.0.0.1:5432/orders"),
        ("postgres://o:secret@[::1]/orders?sslmode=require", "secret", "postgres://o@[::1]/orders?sslmode=require"),
        ("postgres://ordersite@db/orders", "", "postgres://ordersite@db/orders"),
    ],
)
def test_no_password_of_the_database_is_an_argument(tmp_path: Path, url: str, password: str, told: str) -> None:
    (tmp_path / "env").write_text(f"DATABASE_URL='{url}'\n")
    script = (ROOT / "deploy/ordersite-pg").read_text().replace("/etc/ordersite.env", str(tmp_path / "env"))
    command = 'echo "$PGPASSWORD"; tr "\\0" "\\n" < /proc/$$/cmdline; true'
    called = ["sh", "-c", script, "ordersite-pg", "sh", "-c", command]
    env = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
    ran = subprocess.run(called, check=True, capture_output=True, text=True, env=env)  # noqa: S603
    assert ran.stdout.splitlines() == [password, "sh", "-c", command, "--dbname", told]


def test_nothing_of_production_has_the_databases_address_as_an_argument() -> None:
    for path in (ROOT / "docs/running.md", *(ROOT / "deploy").iterdir()):
        assert "$DATABASE_URL" not in path.read_text(), path
        assert not re.search(r"(-c|-e) \"[^\"]*\$(password|\(random\))", path.read_text()), path
