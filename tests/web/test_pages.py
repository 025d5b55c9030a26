"""The first page, and what every page needs to be found."""

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client

from ordersite.demo import sites
from tests.cast import Cast


@pytest.mark.django_db
def test_the_first_page_leads_to_every_door(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    for address in ("/api/v1/docs", "/api/v1/schema", "/api/v1/asyncapi", "/admin/", "/board", "/board/pair", "/drive"):
        assert f'href="{address}"' in page.content.decode()


@pytest.mark.django_db
def test_the_icon_of_the_site_is_found_by_browsers_that_ask_and_by_pages(client: Client) -> None:
    asked = client.get("/favicon.ico")
    assert (asked.status_code, asked.headers["Location"]) == (302, "/static/favicon.svg")
    icon = client.get("/static/favicon.svg")
    assert (icon.status_code, icon.headers["Content-Type"]) == (200, "image/svg+xml")
    for page in ("/", "/api/v1/docs", "/nowhere"):
        assert 'href="/static/favicon.svg"' in client.get(page).content.decode(), page


@pytest.mark.django_db
def test_the_page_of_the_api_says_how_to_sign_in(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    for told in ("POST /api/v1/auth/token", "Authorize", "customer@example.com", sites.PASSWORD):
        assert told in page


@pytest.mark.django_db
def test_the_back_office_is_found_without_its_slash(client: Client) -> None:
    assert client.get("/admin").headers["Location"] == "/admin/"


@pytest.mark.django_db
def test_a_missing_page_says_so_and_leads_back(client: Client) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'href="/"' in page.content.decode()


@pytest.mark.django_db
def test_the_schema_is_built_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/api/v1/schema", headers={"Accept": "application/json"})
    monkeypatch.setattr("drf_spectacular.views.SpectacularAPIView._get_schema_response", None)
    again = client.get("/api/v1/schema", headers={"Accept": "application/json"})
    assert (again.status_code, again.content) == (200, first.content)


NONSENSE = "9" * 23


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_number_breaks_a_page_of_the_back_office(cast: Cast, client: Client, model: type[Model]) -> None:
    client.force_login(cast.staff)
    page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for query in (f"?id__in={NONSENSE}", f"?id={NONSENSE}", f"?q={NONSENSE}", f"?p={NONSENSE}", "?id=x", "?o=x.y"):
        with transaction.atomic():
            assert client.get(page + query).status_code < 500, query
            transaction.set_rollback(True)
    for path in (f"{NONSENSE}/change/", "x/change/"):
        assert client.get(page + path).status_code < 500, path
    with transaction.atomic():
        selected = {"action": "delete_selected", "_selected_action": [NONSENSE, "x"]}
        assert client.post(page, selected).status_code < 500
        transaction.set_rollback(True)
