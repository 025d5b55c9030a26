"""Who may open which board; what the page holds, and what it does not."""

import json
import re

import pytest
from django.test import Client

from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Fulfilment, Status
from orders.pages.words import CHANGES, FULFILMENTS, STATUSES, change_names
from orders.reading.reason_words import WHY
from ordersite.accounts.callers import caller_of_user
from ordersite.web.pages import page_build
from tests.cast import Cast
from vendors.services.devices import add_device, pair_device, revoke_device

pytestmark = pytest.mark.django_db


def data_of(client: Client, vendor: int) -> dict[str, object]:
    page = client.get(f"/board/{vendor}")
    assert page.status_code == 200
    found = re.search(r'<script id="page" type="application/json">(.*?)</script>', page.content.decode())
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize(
    ("who", "own", "other"),
    [("owner", 200, 404), ("other_owner", 404, 200), ("staff", 200, 200)]
    + [(name, 404, 404) for name in ("customer", "courier", "driver", "dispatcher")],
)
def test_a_board_is_its_vendors(client: Client, cast: Cast, who: str, own: int, other: int) -> None:
    client.force_login(getattr(cast, who))
    for vendor, status in ((cast.vendor, own), (cast.other_vendor, other)):
        page = client.get(f"/board/{vendor.pk}")
        assert page.status_code == status
        assert (vendor.name in page.content.decode()) == (status == 200)
    assert client.get("/board/999999").status_code == 404
    assert client.post(f"/board/{cast.vendor.pk}").status_code == 405


def test_which_board(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    assert client.get("/board").headers["Location"] == f"/board/{cast.vendor.pk}"
    client.force_login(cast.staff)
    page = client.get("/board").content.decode()
    assert [f'href="/board/{vendor.pk}"' in page for vendor in (cast.vendor, cast.other_vendor)] == [True, True]
    client.force_login(cast.customer)
    refused = client.get("/board")
    assert refused.status_code == 403
    assert "You work at no vendor yet." in refused.content.decode()


def test_a_paired_tablet_has_its_vendors_board_until_it_is_revoked(client: Client, cast: Cast) -> None:
    owner = caller_of_user(cast.owner)
    device, code = add_device(owner, cast.vendor.pk, name="Counter", kind="board")
    _, token = pair_device(code=code.code, address="127.0.0.1")
    client.cookies["device"] = token
    assert client.get("/board").headers["Location"] == f"/board/{cast.vendor.pk}"
    assert data_of(client, cast.vendor.pk)["reads_invoices"] is False
    assert client.get(f"/board/{cast.other_vendor.pk}").status_code == 404
    revoke_device(owner, cast.vendor.pk, device.pk)
    assert client.get(f"/board/{cast.vendor.pk}").headers["Location"] == "/board/pair"


def test_the_page_holds_words_and_no_orders(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    data = data_of(client, cast.vendor.pk)
    told = {"language", "build", "csrf_cookie", "catalogue", "vendor", "tells_seen", "most_handed_over"}
    assert set(data) == told | {"time_zone", "reads_invoices", "words"}
    assert data["reads_invoices"] is True
    assert (data["language"], data["build"], data["catalogue"]) == ("en", page_build(), {})
    assert data["vendor"] == {"id": cast.vendor.pk, "name": "Burger Bar", "currency": "EUR"}
    assert data["time_zone"] == "Europe/Brussels"
    client.post("/language", {"language": "fr"})
    french = data_of(client, cast.vendor.pk)
    assert french["words"]["changes"]["accept"] == "Accepter"  # type: ignore[index]
    assert french["catalogue"]["Start shift"] == "Commencer le service"  # type: ignore[index]


def test_everything_of_the_life_cycle_has_its_word() -> None:
    assert set(CHANGES) == set(change_names())
    assert set(STATUSES) == {status.slug for status in Status}
    assert set(FULFILMENTS) == {fulfilment.slug for fulfilment in Fulfilment}
    assert set(WHY) == set(REASONS)


def test_only_screens_of_the_vendor_tell_what_they_have_shown(client: Client, cast: Cast) -> None:
    for user, tells in ((cast.owner, True), (cast.staff, False)):
        client.force_login(user)
        assert data_of(client, cast.vendor.pk)["tells_seen"] is tells
