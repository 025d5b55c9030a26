"""The back-office's pages in groups: each model in one, and to each reader what it may open."""

import re

import pytest
from django.contrib import admin
from django.test import Client

from ordersite.backoffice.desk_groups import DESK_GROUPS
from tests.cast import Cast, make_clerk

pytestmark = pytest.mark.django_db
CAPTION = re.compile(r'<caption><span class="section">([^<]+)</span></caption>')


def test_each_model_stands_in_one_group() -> None:
    named = [label for _, labels in DESK_GROUPS.values() for label in labels]
    assert sorted(named) == sorted({model._meta.label for model in admin.site._registry})


def groups_of(client: Client, path: str = "/admin/") -> list[str]:
    """The captions of a page, those of the menu beside it once."""
    return list(dict.fromkeys(CAPTION.findall(client.get(path).content.decode())))


def test_who_reads_sees_the_groups_of_its_pages(cast: Cast) -> None:
    client = Client()
    client.force_login(make_clerk("vendors.view_device", "vendors.view_driver", "accounts.act_everywhere"))
    assert groups_of(client) == ["Vendors", "Drivers"]
    assert groups_of(client, "/admin/vendors/device/") == ["Vendors", "Drivers"]
    # A single app's page has its models, as Django lists them.
    page = client.get("/admin/vendors/").content.decode()
    assert '<a href="/admin/vendors/device/"' in page
    client.force_login(make_clerk(name="Nora Nothing"))
    assert groups_of(client) == []
