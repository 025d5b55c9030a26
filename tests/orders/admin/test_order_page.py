"""The order's page in the back-office: pictures of the delivery, and a history in the desk's words."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from orders.admin.order_page import details_of
from orders.models import DeliveryProof, Order
from orders.services.moving.delivery_proofs import add_delivery_proof
from ordersite.accounts.callers import caller_of_user
from ordersite.core.images import clean_image
from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db


def pictured(cast: Cast, kind: str = "photo") -> tuple[Order, DeliveryProof]:
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
    raw = BytesIO()
    Image.new("RGB", (30, 20), "red").save(raw, "PNG")
    caller, photo = caller_of_user(cast.driver), clean_image(raw.getvalue())
    return order, add_delivery_proof(order_id=order.pk, caller=caller, kind=kind, photo=photo, done_at=timezone.now())


@pytest.mark.parametrize("kind", ["photo", "signature"])
def test_pictures_of_the_delivery_are_shown(cast: Cast, kind: str) -> None:
    order, proof = pictured(cast, kind)
    office = Client()
    office.force_login(cast.staff)
    text = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    address = f"/api/v1/orders/{order.pk}/delivery-proofs/{proof.uuid}"
    assert f'<img src="{address}" alt="{kind.capitalize()} 1 of the delivery of #{order.pk}"' in text
    assert str(proof.uuid) not in text.replace(address, "")
    assert f"A {kind} of the delivery came in" in text
    answer = office.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    other = make_order(cast, 7, stood="accepted")
    assert "Pictures of the delivery" not in office.get(f"/admin/orders/order/{other.pk}/change/").content.decode()


def test_the_history_speaks_as_the_desk_does(cast: Cast) -> None:
    """What is kept as data is said in words, and its times by the vendor's clock."""
    told = details_of(
        {
            "old": {"deliver_at": None},
            "new": {"deliver_at": "2031-07-01T10:00:00+00:00"},
            "kitchen": {"acknowledged": 3},
            "done_at": "2026-11-30T11:15:00+00:00",
            "seconds": 70,
            "inferred": "picked_up",
            "prepared_in": 20,
            "codes": [5, 6],
            "copy": 2,
            "proof": "0b5c",
        },
        cast.vendor.zone,
    )
    assert list(told) == [
        "deliver at: – → 1 Jul 2031 12:00 CEST",
        "The kitchen has seen the changes up to version 3",
        "By the device's clock at 30 Nov 2026 12:15 CET",
        "For 70 s no device had shown it",
        "Picked up was not told: the driver had left",
        "To be ready in 20 min",
        "2 codes issued",
        "Copy 2",
    ]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ({"item": 1, "name": "Soda", "ticked": True}, "Soda: ticked off in the kitchen"),
        ({"item": 1, "name": "Soda", "ticked": False}, "Soda: not ticked off any more in the kitchen"),
        ({"recalled": True}, "The ticket is shown again"),
        ({"recalled": False}, "The ticket is put away again"),
    ],
)
def test_what_the_kitchen_did_is_said(act: dict[str, Any], said: str) -> None:
    assert list(details_of({"kitchen": act}, UTC)) == [said]


def test_no_text_of_somebody_is_taken_for_a_moment() -> None:
    odd = ["2031-99-99T10:00:00Z", "2031-07-01", "soon", datetime(2031, 7, 1, tzinfo=UTC).isoformat() + "!"]
    assert [list(details_of({"place": text}, UTC)) for text in odd] == [[f"place: {text}"] for text in odd]
