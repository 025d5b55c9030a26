"""Pictures and photos in an S3-like store: what is kept where, and what happens when it is away."""

import io
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from moto.server import ThreadedMotoServer
from PIL import Image
from rest_framework.test import APIClient

from orders.models import Order, Payment, PaymentProof, PaymentStatus
from orders.services.paying.proofs import add_proofs, write_proofs
from orders.services.personal.ageing import erase_old_photos
from orders.services.record import photos
from ordersite.core.images import clean_image
from ordersite.core.models import FileToDelete
from ordersite.core.storage import delete_due_files
from ordersite.environment import Environment
from ordersite.file_stores import read_media_url, read_stores
from tests.cast import Cast
from tests.office import send as fill_in
from tests.orders.paying.test_proofs import place_transfer, send, url_of
from tests.orders.shopping import assert_nothing_changed
from tests.tracking.live import free_port
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
BUCKETS = {"S3_BUCKET": "pictures", "S3_PRIVATE_BUCKET": "photos"}
MEDIA = "https://cdn.example.com/shown/"
BUSY = "Files can neither be kept nor read at the moment: try again in a few seconds."


class Store:
    """moto's server of S3, which may be away for a while and then has all it had."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()
        reset = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset, timeout=60).close()  # it keeps what it has in this process
        for bucket in BUCKETS.values():
            self.client.create_bucket(Bucket=bucket)

    def start(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Any:
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.url, **keys)

    def names(self, bucket: str) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.fixture
def store(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store()
    access = {"S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret", "S3_REGION": "us-east-1"}
    for name, value in {**BUCKETS, **access, "MEDIA_URL": MEDIA, "S3_ENDPOINT_URL": store.url}.items():
        monkeypatch.setenv(name, value)
    settings.S3_BUCKET = BUCKETS["S3_BUCKET"]
    settings.STORAGES = {**settings.STORAGES, **read_stores(Environment())}
    yield store
    store.stop()


@pytest.fixture
def order(cast: Cast, api: Api) -> Order:
    """Clara's, whose transfer waits for photos."""
    Vendor.objects.update(payment_methods=["cash", "wallet", "transfer"])
    bump_menu_version(cast.vendor.pk)
    return place_transfer(api(cast.customer), cast)


def picture(colour: str = "red") -> SimpleUploadedFile:
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(raw, "PNG")
    return SimpleUploadedFile("me at home.png", raw.getvalue(), "image/png")


def test_a_photo_is_private_and_read_by_who_may(cast: Cast, api: Api, store: Store, order: Order) -> None:
    assert send(api(cast.customer), order, picture()).status_code == 201
    [name] = store.names("photos")
    assert name == PaymentProof.objects.get().photo.name
    assert store.names("pictures") == []
    with pytest.raises(ValueError, match="no address of its own"):
        _ = PaymentProof.objects.get().photo.url
    path = url_of(order, "/proofs/1")
    answer = api(cast.customer).get(path)
    assert (answer.status_code, answer["Cache-Control"], answer["Content-Type"]) == (200, "no-store", "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert api(cast.stranger).get(path).status_code == 404
    assert api().get(path).status_code == 404
    store.client.delete_object(Bucket="photos", Key=name)
    assert api(cast.customer).get(path).status_code == 404


def test_a_picture_is_shown_by_its_address(cast: Cast, api: Api, office: Client, store: Store) -> None:
    product = cast.products["pizza"]
    product.picture.save("any.jpg", picture())
    bump_menu_version(cast.vendor.pk)
    [name] = store.names("pictures")
    menu = api().get(f"/api/v1/vendors/{cast.vendor.pk}/menu").content.decode()
    assert f'"{MEDIA}{name}"' in menu
    kept = store.client.head_object(Bucket="pictures", Key=name)
    assert kept["CacheControl"] == "public, max-age=31536000, immutable"
    assert storages["default"].exists(name)


def test_without_its_store_nothing_is_changed_and_a_sentence_says_so(
    cast: Cast, api: Api, office: Client, store: Store, order: Order
) -> None:
    client = api(cast.customer)
    assert send(client, order, picture()).status_code == 201
    store.stop()
    with assert_nothing_changed():
        refused = send(client, order, picture("blue"))
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (503, "busy", BUSY)
    assert refused["Retry-After"] == "5"
    assert client.get(url_of(order, "/proofs/1")).json()["detail"] == BUSY
    page = f"/admin/vendors/product/{cast.products['pizza'].pk}/change/"
    with assert_nothing_changed():
        answer = fill_in(office, page, picture=picture())
    assert answer.status_code == 503
    assert BUSY in answer.content.decode()
    store.start()


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_file_whose_transaction_failed_goes(
    is_kept: bool, cast: Cast, store: Store, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = order.purchase.payments.get()
    clean = clean_image(picture().read())

    def add() -> None:
        with transaction.atomic():
            add_proofs(payment, write_proofs([clean], order.placed_at))
            if not is_kept:
                raise RuntimeError("anything")

    if is_kept:
        add()
    else:
        with pytest.raises(RuntimeError):
            add()
    assert len(store.names("photos")) == 1
    assert photos.delete_strays() == 0  # of somebody whose transaction may still be under way
    monkeypatch.setattr(photos, "STRAY_AFTER", -timedelta(minutes=1))
    assert photos.delete_strays() == (not is_kept)
    assert len(store.names("photos")) == is_kept


def test_what_is_erased_goes_once_the_store_is_back(
    cast: Cast, api: Api, store: Store, order: Order, django_capture_on_commit_callbacks: Any
) -> None:
    for colour in ("red", "blue"):
        assert send(api(cast.customer), order, picture(colour)).status_code == 201
    first, second = PaymentProof.objects.order_by("pk")
    later = second.uploaded_at + timedelta(seconds=1)
    Payment.objects.update(state=PaymentStatus.PAID)
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_old_photos(second.uploaded_at, 1000) == 1
    assert (store.names("photos"), FileToDelete.objects.count()) == ([second.photo.name], 0)
    store.stop()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_old_photos(later, 1000) == 1
    assert list(FileToDelete.objects.values_list("name", flat=True)) == [second.photo.name]
    assert delete_due_files(10) == 0
    store.start()
    assert store.names("photos") == [second.photo.name]
    assert delete_due_files(10) == 1
    assert (store.names("photos"), FileToDelete.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"S3_BUCKET": "a"}, "Files in S3 need S3_PRIVATE_BUCKET and MEDIA_URL too"),
        ({"S3_PRIVATE_BUCKET": "a", "MEDIA_URL": MEDIA}, "Files in S3 need S3_BUCKET too"),
        ({"S3_BUCKET": "a", "S3_PRIVATE_BUCKET": "a", "MEDIA_URL": MEDIA}, "S3_PRIVATE_BUCKET must be another"),
        ({**BUCKETS, "MEDIA_URL": "/pictures/"}, "with S3_BUCKET set it to a whole address"),
        *(
            ({"MEDIA_URL": url}, "MEDIA_URL is ")
            for url in ("cdn.example.com/", "//cdn.example.com/", "/media", "/m/?")
        ),
        ({"MEDIA_URL": MEDIA}, ""),
        ({"MEDIA_URL": "/pictures/"}, ""),
    ],
)
def test_nonsense_is_told(given: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    def read() -> object:
        return read_media_url(Environment()), read_stores(Environment())["private"]

    if not told:
        assert read() == (given["MEDIA_URL"], {"BACKEND": "ordersite.core.storage.PrivateFolder"})
        return
    with pytest.raises(ImproperlyConfigured, match=told):
        read()
