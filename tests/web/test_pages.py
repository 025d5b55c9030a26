"""The first page, and what every page needs to be found."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_the_first_page_leads_to_every_door(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    for address in ("/api/v1/docs", "/api/v1/schema", "/admin/"):
        assert f'href="{address}"' in page.content.decode()


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
