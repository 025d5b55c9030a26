"""Pages speak four languages, and so do refusals that they ask for; nothing else listens to Accept-Language."""

import ast
import gettext as gnu
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import get_language

from ordersite.core.catalogue import ON_PAGES, SENTENCES
from ordersite.core.codes import FaultCode
from ordersite.web.pages import page_build, script_catalogue
from tests.cast import Cast
from tests.orders.rows import make_order

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "locale"
OTHERS = [code for code, _ in settings.LANGUAGES if code != "en"]
PACKAGES = ("orders", "ordersite", "tracking", "vendors")
DOMAINS = ("django", "djangojs")
TEXT = r'"((?:[^"\\\n]|\\.)*)"'
HEADING = {"en": "Sign in", "fr": "Se connecter", "nl": "Aanmelden", "es": "Iniciar sesión"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[\w.:]+\}")


def unquoted(text: str) -> str:
    return str(ast.literal_eval(f'"{text}"'))


def said() -> Iterator[tuple[str, str]]:
    """The domain and each sentence that pages, papers and mails say, read from where they stand."""
    for path in sorted(path for part in ("pages", "pay") for path in (ROOT / "templates" / part).rglob("*.html")):
        for _, text in re.findall(r"""{% translate (["'])(.*?)\1""", path.read_text()):
            yield "django", text
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        if path.is_relative_to(ROOT / "ordersite/core"):
            continue  # the catalogue of refusals, of which below
        for call in re.findall(rf"(?:\b_|\bgettext|\bgettext_noop|\bngettext)\(\s*{TEXT}", path.read_text()):
            yield "django", unquoted(call)
    yield from (("django", text) for module in ON_PAGES for text in module.SENTENCES.values())
    for path in sorted((ROOT / "static/pages").rglob("*.js")):
        for call in re.findall(rf"\bn?gettext\(\s*{TEXT}", path.read_text()):
            yield "djangojs", unquoted(call)


def read_po(path: Path) -> dict[tuple[str, int | None], str]:
    """The sentences of a .po file: a single one under None, those that count under their form."""
    found: dict[tuple[str, int | None], str] = {}
    for block in path.read_text().split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if match := re.match(r'(msgid|msgid_plural|msgstr|msgstr\[\d\]) (".*")$', line):
                name = match[1]
                fields[name] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                fields[name] += ast.literal_eval(line)
        assert "fuzzy" not in block.partition("msgid")[0], block
        for name, text in fields.items():
            if name.startswith("msgstr"):
                found[fields["msgid"], int(name[7]) if "[" in name else None] = text
    return found


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_every_sentence_is_translated_and_compiled(language: str, domain: str) -> None:
    folder = LOCALE / language / "LC_MESSAGES"
    written = read_po(folder / f"{domain}.po")
    with (folder / f"{domain}.mo").open("rb") as compiled:
        catalogue = gnu.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]
    as_compiled = {key if isinstance(key, tuple) else (key, None): text for key, text in catalogue.items()}
    assert {key: text for key, text in written.items() if key[0]} == {
        key: text for key, text in as_compiled.items() if key[0]
    }
    wanted = {text for of, text in said() if of == domain}
    assert len(wanted) > 10
    assert wanted == {text for text, _ in written if text}
    for (text, form), translated in written.items():
        assert translated, text
        if text and form is None:
            assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(text)), text


@pytest.mark.parametrize("language", OTHERS)
def test_scripts_get_their_sentences(language: str) -> None:
    texts = script_catalogue(language)
    assert set(texts) == {text for of, text in said() if of == "djangojs"}
    assert all(all(text) if isinstance(text, list) else text for text in texts.values())
    assert script_catalogue("en") == {}


def heading(client: Client, **headers: str) -> str:
    page = client.get("/sign-in", headers=headers).content.decode()
    language = re.search(r'<html lang="(\w+)">', page)
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert language is not None
    assert found is not None
    assert HEADING[language[1]] == found[1]
    return language[1]


@pytest.mark.django_db
def test_a_page_is_in_its_readers_language(client: Client, cast: Cast) -> None:
    assert heading(client) == "en"
    for language in HEADING:
        assert heading(client, accept_language=f"{language}-BE,{language};q=0.9") == language
    assert heading(client, accept_language="de,pt;q=0.5") == "en"
    # What was chosen counts above the browser's.
    chosen = client.post("/language", {"language": "nl", "next": "/sign-in?next=/board"})
    assert chosen.headers["Location"] == "/sign-in?next=/board"
    assert heading(client, accept_language="fr") == "nl"
    # What the account chose counts above the browser that it signs in with.
    client.force_login(cast.owner)
    client.post("/language", {"language": "es", "next": "//evil.example"})
    cast.owner.refresh_from_db()
    assert cast.owner.language == "es"
    other = Client()
    other.force_login(cast.owner)
    assert heading(other, accept_language="fr") == "es"
    # What is no language of ours changes nothing.
    assert client.post("/language", {"language": "xx"}).headers["Location"] == "/"
    cast.owner.refresh_from_db()
    assert cast.owner.language == "es"
    assert client.get("/language").status_code == 405


@pytest.mark.django_db
def test_nothing_else_listens(client: Client, cast: Cast) -> None:
    client.force_login(cast.staff)
    asked = (
        "/api/v1/orders?mode=nonsense",
        "/api/v1/orders/0",
        "/api/v1/nowhere",
        "/dialects/kesk/v1/orders?page=x",
        "/dialects/shop/System/Orders/0",
        "/admin/orders/order/",
        "/admin/login/",
        "/nowhere",
    )
    hide = re.compile(rb'value="\w{64}"')  # the form's token
    for path in asked:
        answers = [
            client.get(path, headers={"Accept-Language": language, "X-Request-ID": "one-and-the-same"})
            for language in ("en", "fr")
        ]
        assert answers[0].status_code == answers[1].status_code, path
        assert hide.sub(b"", answers[0].content) == hide.sub(b"", answers[1].content), path
    # Nor after a page in that language was answered by the same thread.
    client.get("/sign-in", headers={"Accept-Language": "fr"})
    assert get_language() == "en"


@pytest.mark.django_db
def test_a_page_learns_of_a_newer_build(client: Client) -> None:
    answer = client.get("/build")
    assert answer.json() == {"build": page_build()}
    assert len(page_build()) == 12
    assert answer["Cache-Control"] == "no-store"
    assert client.post("/build").status_code == 405


REFUSED = {
    "fr": "Cela n’existe pas, ou vous ne pouvez pas le voir.",
    "nl": "Dit bestaat niet, of u mag het niet zien.",
    "es": "Esto no existe, o no puede verlo.",
}
HANDED = {
    "fr": "Seul le client d’une commande peut y signaler un problème.",
    "nl": "Alleen de klant van een bestelling kan er een probleem mee melden.",
    "es": "Solo el cliente de un pedido puede comunicar un problema con él.",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", OTHERS)
def test_refusals_are_told_in_the_language_that_a_call_asks_for(client: Client, cast: Cast, language: str) -> None:
    """Sentences of the services and of a door; all else of the answer is that of an English one."""
    order = make_order(cast, 7, stood="accepted")
    client.force_login(cast.owner)
    calls = (
        ("get", "/api/v1/orders/0", {}, REFUSED),
        ("get", "/api/v1/orders/999999", {}, REFUSED),
        ("post", f"/api/v1/orders/{order.pk}/problems", {"reason": "late"}, HANDED),
    )
    for method, path, body, told in calls:
        ask = {"path": path, "data": body, "content_type": "application/json"}
        english, answer = (
            getattr(client, method)(
                **ask, headers={"Problem-Language": asked, "X-Request-ID": "one-and-the-same"}
            ).json()
            for asked in ("xx", language)
        )
        assert answer["detail"] == told[language]
        assert {**answer, "detail": ""} == {**english, "detail": ""}
        assert get_language() == "en"
    # A field's refusal: code and pointer stay, the names of fields in its sentence too.
    given = {"transition": "reject", "reason_code": "other"}
    headers = {"Problem-Language": language, "Accept-Language": "en"}
    path = f"/api/v1/orders/{order.pk}/transitions"
    problem = client.post(path, given, content_type="application/json", headers=headers).json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("guard_failed", "/reason")
    assert "reason" in problem["detail"]
    assert problem["detail"] == problem["errors"][0]["detail"] != SENTENCES[FaultCode.GUARD_FAILED_REASON]
    # As browsers name theirs; what is no language is English.
    for asked in (f"{language}-BE", language.upper(), f" {language}"):
        assert client.get("/api/v1/orders/0", headers={"Problem-Language": asked}).json()["detail"] == REFUSED[language]
    for asked in ("", "-", f"{language};q=1", f"{language},en", "x" * 4000, "é"):
        assert "exist" in client.get("/api/v1/orders/0", headers={"Problem-Language": asked}).json()["detail"]
    # A foreign API tells its own sentences, whatever is asked.
    foreign = [
        client.get(
            "/dialects/kesk/v1/orders?page=x", headers={"Problem-Language": asked, "X-Request-ID": "one-and-same"}
        )
        for asked in ("en", language)
    ]
    assert foreign[0].content == foreign[1].content


def test_sentences_of_pages_are_the_catalogues() -> None:
    """What is not translated is named once, in the Makefile."""
    makefile = re.search(r"^ENGLISH := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert makefile
    english = {f"ordersite.core.catalogue.{name}" for name in makefile[1].split()}
    modules = {path.stem for path in (ROOT / "ordersite/core/catalogue").glob("*.py")} - {"__init__"}
    assert {module.__name__ for module in ON_PAGES} == {
        f"ordersite.core.catalogue.{name}" for name in modules
    } - english
