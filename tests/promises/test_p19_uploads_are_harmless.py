"""Promise 19: uploads are harmless. What is sent as a photo is refused, or written anew without what was hidden."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings as django_settings
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator
from PIL import Image
from rest_framework.test import APIClient

from orders.models import Order, Payment, PaymentProof
from ordersite.core.images import ImageRefused, clean_image
from ordersite.web.image_fields import CleanImageField
from tests.cast import Cast
from tests.controls import careless_pictures
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, cart, row_counts
from tests.promises.pictures import PAYLOAD, bombs, encoded, heaviest, mutated, no_pictures, plain, soiled
from tests.promises.upload_memory import form_of
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

ROOT = Path(__file__).resolve().parents[2]
MOST_GROWN = 100  # MB
# Beginning and end, JFIF, tables, one baseline frame, one scan: no comment, no EXIF, no profile.
PARTS_OF_A_JPEG = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


@pytest.fixture
def shopper(cast: Cast) -> APIClient:
    """Clara, whose vendor takes transfers."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["cash", "transfer"])
    bump_menu_version(cast.vendor.pk)
    client = APIClient()
    client.force_authenticate(cast.customer)
    return client


def kept() -> list[bytes]:
    return [path.read_bytes() for path in Path(django_settings.PRIVATE_ROOT).rglob("*") if path.is_file()]


def parts_of(jpeg: bytes) -> set[int]:
    """The markers of a JPEG's segments up to its scan, which must end the file."""
    assert jpeg[:2] == b"\xff\xd8"
    assert jpeg.index(b"\xff\xd9") == len(jpeg) - 2
    place, markers = 2, set()
    while jpeg[place + 1] != 0xDA:
        assert jpeg[place] == 0xFF
        markers.add(jpeg[place + 1])
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    return markers | {0xDA}


def check_clean(jpeg: bytes) -> None:
    """Nothing but a picture is left: no words, no place, no second frame, nothing behind it."""
    assert PAYLOAD not in jpeg
    assert b"run.js" not in jpeg
    assert parts_of(jpeg) <= PARTS_OF_A_JPEG
    image = Image.open(io.BytesIO(jpeg))
    image.load()
    assert (image.format, image.mode, getattr(image, "n_frames", 1)) == ("JPEG", "RGB", 1)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def sent(client: APIClient, cast: Cast, raw: bytes, order: Order, carried: Order) -> list[Any]:
    """The photo at each door: with an order, for one that waits, and of a delivery. Its name and type are lies."""

    def photo() -> SimpleUploadedFile:
        return SimpleUploadedFile("../../evil.php.svg", raw, "image/svg+xml")

    form = {"order": json.dumps(cart(cast, payment_method=None)), "photo": photo()}
    of_delivery = {"proof": json.dumps({"kind": "photo"}), "photo": photo()}
    driver = APIClient()
    driver.force_authenticate(cast.driver)
    return [
        client.post(ORDERS, form, format="multipart"),
        client.post(f"{ORDERS}/{order.pk}/payments", {"photos": photo()}, format="multipart"),
        driver.post(f"{ORDERS}/{carried.pk}/delivery-proofs", of_delivery, format="multipart"),
    ]


def try_all(client: APIClient, cast: Cast, pictures: dict[str, bytes]) -> dict[str, bool]:
    """Sends every picture through every door; whether each was taken. What is refused leaves nothing."""
    taken = {}
    for name, raw in pictures.items():
        order = make_order(cast, payment_method="transfer")
        carried = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
        rows, files = row_counts(), kept()
        answers = sent(client, cast, raw, order, carried)
        assert len({answer.status_code for answer in answers}) == 1, name
        taken[name] = answers[0].status_code == 201
        if not taken[name]:
            assert all(answer.status_code == 400 for answer in answers), (name, answers[0].content)
            for answer in answers:
                [error] = answer.json()["errors"]
                assert error["pointer"] in ("/photo/0", "/photos/0"), name
                assert "send" in error["detail"], name
            assert (row_counts(), kept()) == (rows, files), name
    return taken


def test_what_is_hidden_in_a_picture_is_gone(cast: Cast, shopper: APIClient, figure: Callable[[str], None]) -> None:
    pictures, others = soiled(), no_pictures()
    assert all(PAYLOAD in raw for raw in pictures.values())
    taken = try_all(shopper, cast, pictures | others)
    assert {name for name, one in taken.items() if one} == set(pictures)
    files = kept()
    assert len(files) == 3 * len(pictures)
    for jpeg in files:
        check_clean(jpeg)
    payment = Payment.objects.filter(proofs__isnull=False).earliest("pk")
    order = payment.shares.get().order_id
    shown = shopper.get(f"{ORDERS}/{order}/payments/{payment.pk}/proofs/1")
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    check_clean(shown.content)
    figure(
        f"{len(pictures)} pictures with something hidden in them written anew, 0 bytes of it left; "
        f"{len(others)} polyglots, torn files and others refused; three doors"
    )


def test_control_a_file_kept_as_it_was_sent_is_found(
    cast: Cast, shopper: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ordersite.web.multipart.clean_image", careless_pictures.keep_as_sent)
    raw = soiled()["JPEG with HTML in a comment"]
    assert try_all(shopper, cast, {"kept": raw}) == {"kept": True}
    with pytest.raises(AssertionError):
        check_clean(kept()[0])


def test_every_door_is_known(cast: Cast) -> None:
    """Each call that takes a form is tried above; each picture of the back-office is cleaned by the same function."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    doors = {
        f"{method} {path}"
        for path, calls in paths.items()
        for method, call in calls.items()
        if "multipart/form-data" in call.get("requestBody", {}).get("content", {})
    }
    assert doors == {
        "post /api/v1/orders",
        "post /api/v1/orders/{order_id}/payments",
        "post /api/v1/orders/{order_id}/delivery-proofs",
    }
    request = RequestFactory().get("/")
    request.user = cast.staff
    pictures = 0
    for model_admin in admin.site._registry.values():
        if not (model_admin.has_add_permission(request) or model_admin.has_change_permission(request)):
            continue
        fields = dict(model_admin.get_form(request, change=False).base_fields)
        for inline in model_admin.get_inline_instances(request):
            fields |= inline.get_formset(request).form.base_fields
        for name, field in fields.items():
            if isinstance(field, forms.ImageField):
                pictures += 1
                assert isinstance(field, CleanImageField), (model_admin, name)
    assert pictures


def test_bombs_are_refused_unopened(cast: Cast, shopper: APIClient, figure: Callable[[str], None]) -> None:
    pictures = bombs()
    assert max(map(len, pictures.values())) < 1_000_000
    taken = try_all(shopper, cast, pictures)
    assert not any(taken.values()), taken
    assert PaymentProof.objects.count() == 0
    weight = sum(map(len, pictures.values())) // 1000
    figure(f"{len(pictures)} bombs of {weight:,} kB together refused unopened")


def grown(folder: Path, forms: dict[str, list[bytes]], *options: str) -> dict[str, Any]:
    """What reading these forms, one after the other, took in a process of its own."""
    paths = []
    for name, photos in {"first": [encoded(plain(), "JPEG")], **forms}.items():
        paths.append(folder / name)
        paths[-1].write_bytes(form_of(photos))
    command = [sys.executable, "-m", "tests.promises.upload_memory", *options, *map(str, paths)]
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "ordersite.settings"}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300, check=True)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def test_memory_stays_small(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    """The heaviest pictures that are taken, several in a form, and every bomb."""
    heavy = heaviest()
    if not full:
        heavy = {name: heavy[name] for name in ("PNG with alpha", "WEBP")}
    forms = {name: [raw] * 2 for name, raw in heavy.items()}
    told = grown(tmp_path, forms | {f"bomb {name}": [raw] for name, raw in bombs().items()})
    assert {name for name, one in told.items() if one["taken"]} == set(heavy)
    most = max(one["grown"] for one in told.values())
    assert most < MOST_GROWN, told
    figure(f"the heaviest pictures of {len(heavy)} kinds, several a form, and every bomb: memory + {most:.0f} MB")


@pytest.mark.slow
def test_control_decoding_whatever_comes_takes_more(tmp_path: Path) -> None:
    told = grown(tmp_path, {"bomb": [bombs()["PNG with alpha"]]}, "--careless")
    assert told["bomb"]["grown"] > MOST_GROWN


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_torn_pictures_are_refused_or_clean(full: bool, figure: Callable[[str], None]) -> None:
    number, clean = 10_000 if full else 300, 0
    for raw in mutated(number, seed=19):
        try:
            jpeg = clean_image(raw)
        except ImageRefused:
            continue
        check_clean(jpeg)
        clean += 1
    assert clean
    figure(f"{number:,} pictures with bytes changed at random: {clean:,} cleaned, the others refused, nothing raised")
