"""Pictures that show that an order was handed over, and when a device says that something was done."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import DeliveryProof, Order, OrderEvent
from orders.services.record.photos import delete_strays
from tests.cast import Cast
from tests.orders.rows import CODE, make_order
from tests.orders.shopping import assert_nothing_changed
from tests.promises.pictures import encoded, plain

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
ON_THE_WAY = "accepted prepared driver_accepted picked_up"


@pytest.fixture
def order(cast: Cast) -> Order:
    """One that the driver has picked up, of a vendor who asks for a photo."""
    cast.vendor.proof = "photo"
    cast.vendor.save()
    placed = timezone.now() - timedelta(hours=1)
    return make_order(cast, 9, driver=cast.driver_row, stood=ON_THE_WAY, placed_at=placed)


def show(client: APIClient, order: Order, *, kind: str = "photo", side: int = 24, raw: bytes = b"", **more: Any) -> Any:
    photo = raw or encoded(plain(size=(side, side)), "PNG")
    body = {"proof": json.dumps({"kind": kind, **more}), "photo": SimpleUploadedFile("a.png", photo, "image/png")}
    return client.post(f"/api/v1/orders/{order.pk}/delivery-proofs", body, format="multipart")


def deliver(client: APIClient, order: Order, **body: Any) -> Any:
    return client.post(f"/api/v1/orders/{order.pk}/transitions", {"to": 11, **body}, format="json")


def test_the_driver_shows_the_handover_then_completes_with_it(cast: Cast, api: Api, order: Order) -> None:
    taken = (timezone.now() - timedelta(minutes=1)).isoformat()
    shown = show(api(cast.driver), order, done_at=taken)
    assert shown.status_code == 201, shown.data
    assert datetime.fromisoformat(shown.data["done_at"]) == datetime.fromisoformat(taken)
    # Sent again, as after a lost answer: the first one, and nothing is written.
    assert show(api(cast.driver), order).data["id"] == shown.data["id"]
    assert (DeliveryProof.objects.count(), Order.objects.get(pk=order.pk).version) == (1, 2)
    done = deliver(api(cast.driver), order, proof=shown.data["id"], done_at=taken)
    assert done.status_code == 200, done.data
    event = OrderEvent.objects.get(order=order, number=3)
    assert event.data == {"done_at": datetime.fromisoformat(taken).isoformat(), "proof": shown.data["id"]}


def test_a_time_that_cannot_be_is_refused_and_nothing_is_kept(cast: Cast, api: Api, order: Order) -> None:
    early, late = order.placed_at - timedelta(seconds=1), timezone.now() + timedelta(minutes=3)
    for at in (early.isoformat(), late.isoformat(), "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        answer = show(api(cast.driver), order, done_at=at)
        assert (answer.status_code, [error["pointer"] for error in answer.data["errors"]]) == (400, ["/done_at"])
    assert (DeliveryProof.objects.count(), Order.objects.get(pk=order.pk).version) == (0, 1)


@pytest.mark.parametrize("who", ["customer", "owner", "staff", "driver"])
def test_the_parties_look_at_it(cast: Cast, api: Api, order: Order, who: str) -> None:
    proof = show(api(cast.driver), order).data
    client = api(getattr(cast, who))
    listed = client.get(f"/api/v1/orders/{order.pk}/delivery-proofs")
    assert [row["id"] for row in listed.data["results"]] == [proof["id"]]
    photo = client.get(f"/api/v1/orders/{order.pk}/delivery-proofs/{proof['id']}")
    assert (photo.status_code, photo["Content-Type"], photo.content[:2]) == (200, "image/jpeg", b"\xff\xd8")


@pytest.mark.parametrize("who", ["stranger", "other_owner", "other_driver", None])
def test_nobody_else_does(cast: Cast, api: Api, order: Order, who: str | None) -> None:
    proof = show(api(cast.driver), order).data
    client = api(getattr(cast, who)) if who else APIClient()
    for path in ("", f"/{proof['id']}"):
        assert client.get(f"/api/v1/orders/{order.pk}/delivery-proofs{path}").status_code in (401, 404)
    assert show(client, order, side=30).status_code in (401, 404)
    assert DeliveryProof.objects.count() == 1


def test_who_does_not_carry_it_shows_nothing(cast: Cast, api: Api, order: Order) -> None:
    answer = show(api(cast.customer), order)
    assert (answer.status_code, answer.data["code"]) == (403, "forbidden")
    Order.objects.filter(pk=order.pk).update(picked_up_at=None, status=8)
    answer = show(api(cast.driver), order)
    assert (answer.status_code, answer.data["code"]) == (409, "not_on_its_way")
    assert (DeliveryProof.objects.count(), Order.objects.get(pk=order.pk).version) == (0, 1)


def test_a_proof_belongs_to_its_order_and_kind(cast: Cast, api: Api, order: Order) -> None:
    other = make_order(cast, 9, driver=cast.driver_row, stood=ON_THE_WAY)
    of_other = show(api(cast.driver), other).data["id"]
    signature = show(api(cast.driver), order, kind="signature").data["id"]
    with assert_nothing_changed(order):
        for named in (of_other, signature, "00000000-0000-4000-8000-000000000000", "left at the door", CODE):
            refused = deliver(api(cast.driver), order, proof=named)
            assert (refused.status_code, refused.data["errors"][0]["pointer"]) == (400, "/proof")
            told = "This is no photo of this order's delivery: send the picture first, then its id."
            assert (refused.data["detail"], refused.data["order_status"]["code"]) == (told, 9)


def test_staff_force_without_one_and_a_text_is_not_kept_as_one(cast: Cast, api: Api, order: Order) -> None:
    assert deliver(api(cast.staff), order, proof="left at the door", reason_code="mistake").status_code == 200
    event = OrderEvent.objects.get(order=order, number=2)
    assert (event.forced, event.data) == (True, {})


def test_a_delivery_has_six_pictures_at_most(cast: Cast, api: Api, order: Order) -> None:
    for side in range(20, 26):
        assert show(api(cast.driver), order, side=side).status_code == 201
    last = show(api(cast.driver), order, side=26)
    assert (last.status_code, last.data["code"], DeliveryProof.objects.count()) == (409, "too_many_proofs", 6)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"raw": b"no picture"}, "/photo/0"),
        ({"kind": "video"}, "/kind"),
        ({"done_at": "yesterday"}, "/done_at"),
        ({"note": "hi"}, "/note"),
    ],
)
def test_what_is_no_picture_is_refused(cast: Cast, api: Api, order: Order, sent: Any, pointer: str) -> None:
    answer = show(api(cast.driver), order, **sent)
    assert (answer.status_code, answer.data["errors"][0]["pointer"], DeliveryProof.objects.count()) == (400, pointer, 0)


@pytest.mark.parametrize("minutes", [-100_000, 3])
def test_a_device_cannot_have_done_it_at_that_time(cast: Cast, api: Api, order: Order, minutes: int) -> None:
    at = (timezone.now() + timedelta(minutes=minutes)).isoformat()
    answer = deliver(api(cast.driver), order, proof="seen", done_at=at)
    assert (answer.status_code, answer.data["errors"][0]["pointer"]) == (400, "/done_at")
    assert Order.objects.get(pk=order.pk).version == 1


def test_a_file_that_no_row_knows_is_deleted(
    cast: Cast, api: Api, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(api(cast.driver), order)
    show(api(cast.driver), order, side=30)
    DeliveryProof.objects.order_by("pk").last().delete()
    assert delete_strays() == 0
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("orders.services.record.photos.timezone.now", lambda: later)
    assert (delete_strays(), DeliveryProof.objects.count()) == (1, 1)
