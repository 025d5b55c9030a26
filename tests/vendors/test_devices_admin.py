"""Devices in the back-office: added with a code that is shown once, given a new one, renamed, revoked; by whom."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from ordersite.accounts.rights import Right
from ordersite.core.crypto import token_hash
from ordersite.core.models import AuditRow
from tests.cast import Cast, make_clerk, make_manager
from tests.office import form_of, posted_forms
from tests.orders.shopping import assert_nothing_changed
from vendors.models import Device, Member
from vendors.services.devices import hash_pairing_code, pair_device

pytestmark = pytest.mark.django_db
LIST = "/admin/vendors/device/"
NEW = f"{LIST}new/"


def page_of(device: Device) -> str:
    return f"{LIST}{device.pk}/change/"


def add(client: Client, **given: Any) -> Any:
    return client.post(NEW, {**form_of(client.get(NEW)), "name": "Kitchen", "kind": "board", **given})


def press(client: Client, device: Device, act: str, **given: Any) -> Any:
    sent = next(sent for _, sent, _ in posted_forms(client.get(page_of(device))) if "key" in sent)
    return client.post(f"{LIST}{device.pk}/do/{act}/", {**sent, **given}, follow=True)


def test_a_tablet_is_added_and_paired_by_its_code(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    sent = {**form_of(client.get(NEW)), "vendor": cast.vendor.pk, "name": "Kitchen", "kind": "board"}
    for _ in range(2):
        assert client.post(NEW, sent).status_code == 302
    device = Device.objects.get()
    assert (device.vendor, device.name, device.kind, device.created_by) == (cast.vendor, "Kitchen", "board", cast.staff)
    told = client.get(page_of(device)).context["told"]
    assert set(told) == {"Open on the tablet", "Code", "Until"}
    assert hash_pairing_code(told["Code"]) == device.code_hash
    again = client.get(page_of(device))
    assert (again.context["told"], told["Code"] in again.content.decode()) == ({}, False)
    kept = [*AuditRow.objects.values_list("new", flat=True), *LogEntry.objects.values_list("change_message", flat=True)]
    assert not [text for text in kept if told["Code"] in text]
    _, token = pair_device(code=told["Code"], address="192.0.2.1")
    # A new code leaves it paired until it is used.
    assert press(client, device, "code").context["told"]["Code"] != told["Code"]
    device.refresh_from_db()
    assert device.token_hash == token_hash(token)


def test_a_printer_is_told_where_to_sign_in(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    assert add(client, vendor=cast.vendor.pk, kind="printer").status_code == 302
    device = Device.objects.get()
    told = client.get(page_of(device)).context["told"]
    assert told["Address"].endswith("/cloudprnt")
    assert (told["User"], token_hash(told["Password"])) == (str(device.pk), device.token_hash)
    another = press(client, device, "code").context["told"]["Password"]
    device.refresh_from_db()
    assert (another != told["Password"], token_hash(another)) == (True, device.token_hash)


def test_it_is_renamed_and_revoked(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    add(client, vendor=cast.vendor.pk)
    device = Device.objects.get()
    page = press(client, device, "rename", name="Bar")
    device.refresh_from_db()
    assert device.name == "Bar"
    assert "It is called Bar now." in page.content.decode()
    for name in ("", "x" * 61, "a\0b"):
        with assert_nothing_changed():
            press(client, device, "rename", name=name)
    sent = next(sent for _, sent, _ in posted_forms(client.get(page_of(device))) if "key" in sent)
    press(client, device, "revoke")
    device.refresh_from_db()
    assert device.revoked_at is not None
    with assert_nothing_changed():
        for act in ("code", "rename", "revoke", "nothing"):
            client.post(f"{LIST}{device.pk}/do/{act}/", {**sent, "name": "Later"})


@pytest.mark.parametrize(
    ("given", "field"),
    [({"name": ""}, "name"), ({"name": "a\0"}, "name"), ({"kind": "phone"}, "kind"), ({"vendor": "9" * 30}, "vendor")],
)
def test_what_cannot_be_added_says_why(cast: Cast, client: Client, given: dict[str, Any], field: str) -> None:
    client.force_login(cast.staff)
    with assert_nothing_changed():
        answer = add(client, **{"vendor": cast.vendor.pk, **given})
    assert list(answer.context["form"].errors) == [field]


def test_a_manager_adds_to_its_own_vendors_alone(cast: Cast, client: Client) -> None:
    manager = make_manager(cast.vendor)
    client.force_login(manager)
    with assert_nothing_changed():
        assert list(add(client, vendor=cast.other_vendor.pk).context["form"].errors) == ["vendor"]
    Member.objects.filter(user=manager).update(role="staff")
    with assert_nothing_changed():
        assert "owner" in str(add(client, vendor=cast.vendor.pk).context["form"].errors)
    Member.objects.filter(user=manager).update(role="manager")
    assert add(client, vendor=cast.vendor.pk).status_code == 302
    # Another vendor's stands on no page of it.
    theirs = Device.objects.create(vendor=cast.other_vendor, name="Tea room")
    with assert_nothing_changed():
        client.post(f"{LIST}{theirs.pk}/do/revoke/", form_of(client.get(NEW)))


def test_who_may_only_look_has_no_buttons(cast: Cast, client: Client) -> None:
    device = Device.objects.create(vendor=cast.vendor, name="Kitchen")
    client.force_login(make_clerk(Right.ACT_EVERYWHERE, "vendors.view_device"))
    assert "do-title" not in client.get(page_of(device)).content.decode()
    with assert_nothing_changed():
        assert client.get(NEW).status_code == 403
        assert client.post(f"{LIST}{device.pk}/do/revoke/").status_code == 403
