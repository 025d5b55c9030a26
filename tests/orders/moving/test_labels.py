"""/orders/statuses: this instance's names for statuses, kept by staff, read by all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import StatusLabel
from tests.cast import Cast, make_clerk
from tests.office import form_of
from tests.orders.shopping import assert_nothing_changed, refused

Api = Callable[..., APIClient]
LABELS = "/api/v1/orders/statuses"


def test_every_status_has_one_from_the_beginning(cast: Cast, api: Api) -> None:
    rows = api().get(LABELS).json()["results"]
    assert {row["core_status"]["code"] for row in rows} == {status.value for status in Status}


def test_staff_add_rename_and_delete(cast: Cast, api: Api) -> None:
    staff = api(cast.staff)
    added = staff.post(LABELS, {"name": "In the oven", "core_status": 7, "message": "It is baking"})
    assert added.status_code == 201
    label = added.json()
    assert label == {
        "id": label["id"],
        "name": "In the oven",
        "core_status": {"code": 7, "name": "accepted_by_business"},
        "message": "It is baking",
    }
    renamed = staff.patch(f"{LABELS}/{label['id']}", {"name": "Baking", "core_status": "preparation_completed"})
    assert (renamed.json()["name"], renamed.json()["core_status"]["code"]) == ("Baking", 4)
    assert renamed.json()["message"] == "It is baking"
    assert staff.delete(f"{LABELS}/{label['id']}").status_code == 204
    assert not StatusLabel.objects.filter(name="Baking").exists()
    assert staff.delete(f"{LABELS}/{label['id']}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"name": ""}, "/name", "blank"),
        ({"name": "x" * 61}, "/name", "max_length"),
        ({"name": "Taken"}, "/name", "taken"),
        ({"core_status": 26}, "/core_status", "invalid"),
        ({"core_status": True}, "/core_status", "invalid"),
        ({"core_status": "baking"}, "/core_status", "invalid"),
        ({"colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_labels_that_are_refused(cast: Cast, api: Api, fields: dict[str, Any], pointer: str, code: str) -> None:
    StatusLabel.objects.create(name="Taken", core_status=0)
    own = StatusLabel.objects.create(name="Own", core_status=0)
    with assert_nothing_changed():
        body = {"name": "In the oven", "core_status": 7, **fields}
        refused(api(cast.staff).post(LABELS, body), 400, pointer, code)
        refused(api(cast.staff).patch(f"{LABELS}/{own.pk}", fields), 400, pointer, code)


def test_only_staff_keep_them(cast: Cast, api: Api) -> None:
    label = StatusLabel.objects.create(name="Own", core_status=0)
    with assert_nothing_changed():
        for user, status in ((cast.customer, 403), (cast.owner, 403), (None, 401)):
            client = api(user)
            assert client.post(LABELS, {"name": "In the oven", "core_status": 7}).status_code == status
            assert client.patch(f"{LABELS}/{label.pk}", {"name": "Mine"}).status_code == status
            assert client.delete(f"{LABELS}/{label.pk}").status_code == status
    assert StatusLabel.objects.get(pk=label.pk).name == "Own"


def test_who_may_only_add_adds_in_the_back_office(cast: Cast) -> None:
    """Adding asks for ADD_LABELS alone, changing for CHANGE_LABELS alone."""
    rights = ["accounts.act_everywhere", "orders.view_statuslabel"]
    add, form = "/admin/orders/statuslabel/add/", {"name": "Oven", "core_status": "7", "message": "Baking"}
    client = Client()
    client.force_login(make_clerk(*rights, "orders.add_statuslabel"))
    assert client.post(add, {**form, "position": "40"}).status_code == 302
    label = StatusLabel.objects.get(name="Oven")
    assert (label.core_status, label.message, label.position) == (7, "Baking", 40)
    page = f"/admin/orders/statuslabel/{label.pk}/change/"
    with assert_nothing_changed():
        assert client.post(page, {**form, "name": "Kiln", "position": "40"}).status_code == 403
    changer = Client()
    changer.force_login(make_clerk(*rights, "orders.change_statuslabel", name="Kim Clerk"))
    with assert_nothing_changed():
        assert changer.post(add, {**form, "name": "Other", "position": "0"}).status_code == 403
    changer.post(page, {**form_of(changer.get(page)), "name": "Kiln"})
    label.refresh_from_db()
    assert (label.name, label.position) == ("Kiln", 40)
