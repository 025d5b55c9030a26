"""Pages of devices: a paired browser opens its vendor's board, one that is revoked is led to pairing."""

from django.conf import settings
from django.test import Client

from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_user
from vendors.models import Device, Member

TOKEN = "osd_the-kitchens-tablet"


def tablet(cast: Cast) -> Client:
    Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash=token_hash(TOKEN))
    client = Client()
    client.cookies[settings.DEVICE_COOKIE_NAME] = TOKEN
    return client


def test_a_paired_browser_opens_its_vendors_board_alone(cast: Cast) -> None:
    client = tablet(cast)
    assert client.get("/board").headers["Location"] == f"/board/{cast.vendor.pk}"
    board = client.get(f"/board/{cast.vendor.pk}")
    text = board.content.decode()
    assert (board.status_code, "Burger Bar" in text) == (200, True)
    assert "csrftoken" in board.cookies
    assert not [one for one in ("/devices", "sign-out", TOKEN) if one in text]
    assert client.get(f"/board/{cast.other_vendor.pk}").status_code == 404
    assert client.get(f"/board/{cast.vendor.pk}/devices").headers["Location"].startswith("/sign-in")


def test_a_revoked_browser_is_led_to_pairing(cast: Cast) -> None:
    client = tablet(cast)
    Device.objects.update(token_hash=None)
    for path in ("/board", f"/board/{cast.vendor.pk}"):
        assert client.get(path).headers["Location"] == "/board/pair"
    assert Client().get("/board").headers["Location"].startswith("/sign-in")
    page = client.get("/board/pair")
    assert (page.status_code, 'id="code"' in page.content.decode()) == (200, True)


def test_the_page_of_devices_is_for_who_manages_them(cast: Cast) -> None:
    member, client = make_user("Siem Staff"), Client()
    Member.objects.create(user=member, merchant=cast.merchant, role=Member.Role.STAFF)
    path = f"/board/{cast.vendor.pk}/devices"
    for user, status in ((cast.owner, 200), (cast.staff, 200), (member, 404), (cast.other_owner, 404)):
        client.force_login(user)
        assert client.get(path).status_code == status, user
    client.force_login(cast.owner)
    assert path in client.get(f"/board/{cast.vendor.pk}").content.decode()
    client.force_login(member)
    assert path not in client.get(f"/board/{cast.vendor.pk}").content.decode()
    assert client.get("/board/999999/devices").status_code == 404
