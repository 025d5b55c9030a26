"""Transfers, shown by photos: placed with them or sent later, checked by staff, read by those who may."""

import io
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from orders.lifecycle.table import FAILURE
from orders.models import Entry, Order, OrderEvent, Payment, PaymentProof
from orders.services.moving import timers
from orders.services.paying.proofs import MOST_PROOFS
from orders.services.record.photos import delete_strays
from ordersite.core.images import CleanImage
from ordersite.web import multipart
from tests.cast import Cast
from tests.orders.money import held
from tests.orders.rows import make_order, state_of
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur, place, refused, sums
from tests.promises.crowd import together
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
TOTAL = 1200


def photo(colour: str = "red") -> SimpleUploadedFile:
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(raw, "PNG")
    return SimpleUploadedFile("IMG 0815.png", raw.getvalue(), "image/png")


def files() -> list[Path]:
    return [path for path in Path(django_settings.PRIVATE_ROOT).rglob("*") if path.is_file()]


@pytest.fixture
def takes_transfer(cast: Cast) -> None:
    """Both vendors take transfers besides."""
    Vendor.objects.update(payment_methods=["cash", "wallet", "transfer"])
    for vendor in (cast.vendor, cast.other_vendor):
        bump_menu_version(vendor.pk)


def place_with(client: APIClient, body: dict[str, Any], *photos: Any, **headers: str) -> Any:
    form = {"order": json.dumps(body), "photo": list(photos)}
    return client.post(ORDERS, form, format="multipart", headers={n.replace("_", "-"): v for n, v in headers.items()})


def place_transfer(client: APIClient, cast: Cast) -> Order:
    """A pizza for 12.00, to be paid by transfer."""
    return Order.objects.get(pk=place(client, cart(cast, payment_method="transfer"))["orders"][0]["id"])


def url_of(order: Order, call: str = "") -> str:
    payment = Payment.objects.get(purchase=order.purchase_id)
    return f"{ORDERS}/{order.pk}/payments/{payment.pk}{call}"


def send(client: APIClient, order: Order, *photos: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/payments", {"photo": list(photos)}, format="multipart")


def states(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.payment_status, Payment.objects.get(purchase=order.purchase_id).state


@pytest.fixture
def pending(cast: Cast, api: Api, takes_transfer: None) -> Order:
    """An order of Clara's whose photos wait to be checked."""
    order = place_transfer(api(cast.customer), cast)
    assert send(api(cast.customer), order, photo()).status_code == 201
    return order


@pytest.mark.usefixtures("takes_transfer")
class TestPlacing:
    def test_with_photos_the_method_is_transfer_and_staff_are_waited_for(self, cast: Cast, api: Api) -> None:
        answer = place_with(api(cast.customer), cart(cast, payment_method=None), photo(), photo("blue"))
        assert answer.status_code == 201, answer.json()
        order, payment = answer.json()["orders"][0], answer.json()["purchase"]["payments"][0]
        assert (order["payment_method"], order["payment_status"]) == ("transfer", "proof_pending")
        assert (payment["method"], payment["status"], payment["expires_at"]) == ("transfer", "proof_pending", None)
        assert payment["proofs"] == order["payments"][0]["proofs"]
        base = f"http://testserver/api/v1/orders/{order['id']}/payments/{payment['id']}/proofs"
        assert payment["proofs"] == [f"{base}/1", f"{base}/2"]
        shown = [Image.open(io.BytesIO(api(cast.customer).get(url).content)) for url in payment["proofs"]]
        assert [one.format for one in shown] == ["JPEG", "JPEG"]
        red, _, blue = shown[1].convert("RGB").getpixel((5, 5))
        assert blue > 200 > red

    def test_files_lie_under_random_names_outside_of_what_the_web_server_shows(self, cast: Cast, api: Api) -> None:
        assert place_with(api(cast.customer), cart(cast, payment_method=None), photo()).status_code == 201
        [path] = files()
        proof = PaymentProof.objects.get()
        assert path.name == Path(proof.photo.name).name
        assert "0815" not in path.name
        assert len(path.stem) == 36
        assert not path.is_relative_to(django_settings.MEDIA_ROOT)
        assert path.stat().st_mode & 0o077 == 0
        with pytest.raises(ValueError, match="no address"):
            _ = proof.photo.url

    def test_several_vendors_are_shown_one_transfer(self, cast: Cast, api: Api) -> None:
        Vendor.objects.filter(pk=cast.other_vendor.pk).update(currency="EUR")
        bump_menu_version(cast.other_vendor.pk)
        body = {
            "vendors": [
                {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]},
                {"vendor": cast.other_vendor.pk, "items": [{"product": cast.tea.pk}]},
            ],
            "delivery_type": "pickup",
        }
        answer = place_with(api(cast.customer), body, photo())
        assert answer.status_code == 201, answer.json()
        first, second = (Order.objects.get(pk=order["id"]) for order in answer.json()["orders"])
        assert (states(first), states(second)) == (("proof_pending",) * 2, ("proof_pending",) * 2)
        # Neither vendor sees what the other's customer paid, nor may it say that all was paid.
        for user, order in ((cast.owner, first), (cast.other_owner, second)):
            shown = api(user).get(f"{ORDERS}/{order.pk}").json()["payments"][0]["proofs"]
            assert shown == []
            refused_photo = api(user).get(url_of(order, "/proofs/1"))
            assert (refused_photo.status_code, refused_photo.json()["code"]) == (403, "forbidden")
            with assert_nothing_changed(order):
                assert api(user).post(url_of(order, "/approve")).status_code == 403
        assert api(cast.staff).post(url_of(second, "/approve")).status_code == 200
        assert (states(first), states(second)) == (("paid",) * 2, ("paid",) * 2)

    def test_a_form_without_photos_is_an_order_like_any_other(self, cast: Cast, api: Api) -> None:
        answer = place_with(api(cast.customer), cart(cast))
        assert (answer.status_code, answer.json()["orders"][0]["payment_status"]) == (201, "unpaid")

    def test_without_photos_a_method_is_required(self, cast: Cast, api: Api) -> None:
        with assert_nothing_changed():
            refused(place_with(api(cast.customer), cart(cast, payment_method=None)), 400, "/payment_method", "required")

    def test_photos_prove_no_other_method(self, cast: Cast, api: Api) -> None:
        with assert_nothing_changed():
            answer = place_with(api(cast.customer), cart(cast), photo())
            refused(answer, 400, "/payment_method", "not_transfer")
        assert files() == []

    def test_a_vendor_that_takes_no_transfers_takes_no_photos(self, cast: Cast, api: Api) -> None:
        Vendor.objects.update(payment_methods=["cash"])
        bump_menu_version(cast.vendor.pk)
        with assert_nothing_changed():
            answer = place_with(api(cast.customer), cart(cast, payment_method=None), photo())
            assert answer.json()["errors"][0]["pointer"] == "/payment_method"

    def test_what_is_no_picture_is_refused(self, cast: Cast, api: Api) -> None:
        with assert_nothing_changed():
            bad = SimpleUploadedFile("p.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
            answer = place_with(api(cast.customer), cart(cast, payment_method=None), photo(), bad)
            refused(answer, 400, "/photo/1", "invalid_image")
        assert files() == []

    def test_json_is_refused_as_in_a_plain_body(self, cast: Cast, api: Api) -> None:
        with assert_nothing_changed():
            answer = place_with(api(cast.customer), cart(cast, payment_method=None, total=eur("1.00")), photo())
            refused(answer, 400, "/total", "total_mismatch")

    def test_repeated_with_its_key_it_is_one_order(self, cast: Cast, api: Api) -> None:
        client, body = api(cast.customer), cart(cast, payment_method=None)
        first = place_with(client, body, photo(), Idempotency_Key="one")
        again = place_with(client, body, photo(), Idempotency_Key="one")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again["Idempotency-Replayed"] == "true"
        assert len(files()) == PaymentProof.objects.count() == 1
        assert place_with(client, body, photo("blue"), Idempotency_Key="one").status_code == 422

    def test_photos_are_cleaned_before_the_transaction(
        self, cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To decode them takes a second in which nobody else could write on SQLite."""
        seen: list[int] = []
        clean = multipart.clean_image  # type: ignore[attr-defined]

        def watched(raw: bytes) -> CleanImage:
            seen.append(len(connection.savepoint_ids))
            return clean(raw)

        monkeypatch.setattr(multipart, "clean_image", watched)
        assert place_with(api(cast.customer), cart(cast, payment_method=None), photo()).status_code == 201
        assert seen == [0]

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({}, "/vendor"), ({"payment_method": "cash"}, "/payment_method"), ({"payment_method": 7}, "/payment_method")],
    )
    def test_no_photo_is_decoded_before_the_order_is_in_order(
        self, cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], pointer: str
    ) -> None:
        """Nor where the payment method takes none."""
        monkeypatch.setattr(multipart, "clean_image", None)  # calling it fails
        order = cart(cast, guest={"name": "Greta", "phone": "+3225550199"}, **body) if body else {}
        answer = place_with(api(), order, photo(), photo("blue"))
        assert answer.status_code == 400, answer.json()
        assert pointer in [row["pointer"] for row in answer.json()["errors"]]
        assert Order.objects.count() == PaymentProof.objects.count() == len(files()) == 0

    @pytest.mark.parametrize(
        ("who", "what"),
        [
            ("nobody", "another's customer"),
            ("stranger", "another's customer"),
            ("owner", "another's customer"),
            ("customer", "a line by hand"),
            ("nobody", "a line by hand"),
            ("other_owner", "a line by hand"),
        ],
    )
    def test_no_photo_is_decoded_for_whoever_may_not_place_it(
        self, cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, who: str, what: str
    ) -> None:
        """For a customer of somebody else, or with a line by hand that is not theirs to add."""
        decoded: list[bytes] = []
        monkeypatch.setattr(multipart, "clean_image", decoded.append)
        more: dict[str, Any] = {  # type: ignore[assignment]
            "another's customer": {"customer": cast.customer_row.pk},
            "a line by hand": {"custom": [{"name": "Cake", "amount": eur("1.00")}]},
        }[what]
        client = api() if who == "nobody" else api(getattr(cast, who))
        with assert_nothing_changed():
            answer = place_with(client, cart(cast, payment_method=None, **more), photo(), photo("blue"))
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (decoded, files()) == ([], [])

    @pytest.mark.parametrize(
        ("who", "method", "status"),
        [("stranger", "transfer", 404), ("owner", "transfer", 403), ("customer", "cash", 409), ("customer", None, 404)],
    )
    def test_no_photo_is_decoded_for_whoever_may_not_send_it(
        self, cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, who: str, method: str | None, status: int
    ) -> None:
        """Nor for an order that waits for none, or that does not exist."""
        order = make_order(cast, payment_method=method or "transfer")
        before = Order.objects.filter(pk=order.pk).values().get()
        monkeypatch.setattr(multipart, "clean_image", None)  # calling it fails
        number = order.pk if method else order.pk + 1
        form = {"photo": [photo(), photo("blue")]}
        answer = api(getattr(cast, who)).post(f"{ORDERS}/{number}/payments", form, format="multipart")
        assert answer.status_code == status, answer.json()
        assert Order.objects.filter(pk=order.pk).values().get() == before
        assert PaymentProof.objects.count() == len(files()) == 0

    @pytest.mark.parametrize(
        ("code", "status"),
        [("too_many_proofs", 409), ("stale", 412), ("order_closed", 409), ("no_items", 409), ("no_transfer", 409)],
    )
    def test_no_photo_is_decoded_that_the_order_does_not_take(
        self, cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, takes_transfer: None, code: str, status: int
    ) -> None:
        """Two photos more than there is room for, of another version, of what is closed, empty or paid."""
        order = place_transfer(api(cast.customer), cast)
        payment = Payment.objects.get(purchase=order.purchase_id)
        if code == "too_many_proofs":
            rows = [PaymentProof(payment=payment, photo=f"proofs/{number}.jpg") for number in range(MOST_PROOFS - 1)]
            PaymentProof.objects.bulk_create(rows)
        changes: dict[str, dict[str, Any]] = {
            "order_closed": {"status": min(FAILURE)},
            "no_items": {"visible_at": None},
        }
        changed = changes.get(code, {})
        Order.objects.filter(pk=order.pk).update(version=order.version, **changed)
        if code == "no_transfer":
            Payment.objects.filter(pk=payment.pk).update(state="paid")
        order.refresh_from_db()
        headers = {"If-Match": f'"{order.version + (code == "stale")}"'}
        form = {"photo": [photo(), photo("blue")]}
        with monkeypatch.context() as patched, assert_nothing_changed(order):
            patched.setattr(multipart, "clean_image", None)  # calling it fails
            answer = api(cast.customer).post(f"{ORDERS}/{order.pk}/payments", form, format="multipart", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert files() == []

    def test_what_photos_take_is_bounded_together(self, cast: Cast, api: Api) -> None:
        """Each of them would be taken: a progressive JPEG is decoded whole, twice as slowly as a plain one."""
        raw = io.BytesIO()
        noise = Image.frombytes("RGB", (1600, 1500), os.urandom(3 * 1600 * 1500))
        noise.save(raw, "JPEG", quality=40, progressive=True, subsampling=0)
        slow = [SimpleUploadedFile("p.jpg", raw.getvalue(), "image/jpeg") for _ in range(5)]
        assert 1_000_000 < len(raw.getvalue()) < 2_000_000
        began = time.process_time()
        answer = place_with(api(cast.customer), cart(cast, payment_method=None), *slow)
        assert time.process_time() - began < 0.5
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert (error["code"], "together" in error["detail"].lower()) == ("invalid_image", True)
        assert Order.objects.count() == len(files()) == 0
        slow[0].seek(0)
        assert place_with(api(cast.customer), cart(cast, payment_method=None), slow[0]).status_code == 201

    def test_a_session_sends_its_token_in_the_header(self, cast: Cast) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.customer)
        order = json.dumps(cart(cast, payment_method=None))
        assert client.post(ORDERS, {"order": order, "photo": photo()}).status_code == 403
        client.cookies["csrftoken"] = "a" * 32
        answer = client.post(ORDERS, {"order": order, "photo": photo()}, headers={"X-CSRFToken": "a" * 32})
        assert answer.status_code == 201, answer.json()

    def test_a_guest_pays_by_photo_too(self, cast: Cast, api: Api) -> None:
        guest = {"name": "Greta", "phone": "+3225550199"}
        answer = place_with(api(), cart(cast, payment_method=None, guest=guest), photo())
        assert answer.status_code == 201, answer.json()
        url, token = answer.json()["purchase"]["payments"][0]["proofs"][0], answer.json()["purchase"]["guest_token"]
        assert api(order_token=token).get(url).status_code == 200
        assert api().get(url).status_code == 404

    def test_the_worker_does_not_cancel_what_staff_are_to_look_at(self, cast: Cast, api: Api) -> None:
        answer = place_with(api(cast.customer), cart(cast, payment_method=None), photo())
        order = Order.objects.get(pk=answer.json()["orders"][0]["id"])
        assert order.due_at is None
        waiting = place_transfer(api(cast.customer), cast)
        assert waiting.due_at == waiting.placed_at + timedelta(minutes=cast.vendor.transfer_minutes)


class TestSending:
    def test_the_customer_shows_that_it_paid(self, cast: Cast, api: Api, takes_transfer: None) -> None:
        order = place_transfer(api(cast.customer), cast)
        answer = send(api(cast.customer), order, photo(), photo())
        body = answer.json()
        assert (answer.status_code, answer["ETag"], body["payment_status"]) == (201, '"2"', "proof_pending")
        assert len(body["payments"][0]["proofs"]) == 2
        event = order.events.get(number=2)
        assert (event.kind, event.role, event.data) == ("payment", "customer", {"photos": 2})
        assert states(order) == ("proof_pending", "proof_pending")
        assert order.due_at is None

    @pytest.mark.parametrize("user", ["owner", "courier"])
    def test_others_of_the_order_may_not(self, user: str, cast: Cast, api: Api, pending: Order) -> None:
        Order.objects.filter(pk=pending.pk).update(driver=cast.courier_row)
        with assert_nothing_changed(pending):
            answer = send(api(getattr(cast, user)), pending, photo())
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert len(files()) == 1

    def test_who_does_not_see_it_finds_nothing(self, cast: Cast, api: Api, pending: Order) -> None:
        for client in (api(), api(cast.stranger), api(cast.other_owner)):
            with assert_nothing_changed(pending):
                assert send(client, pending, photo()).status_code == 404
                for call in ("/approve", "/refuse"):
                    assert client.post(url_of(pending, call), {"reason": "no"}).status_code == 404
                assert client.get(url_of(pending, "/proofs/1")).status_code == 404

    def test_a_payment_is_found_by_its_own_order_only(self, cast: Cast, api: Api, pending: Order) -> None:
        other = make_order(cast)
        payment = Payment.objects.get(purchase=pending.purchase_id)
        for call in ("approve", "refuse", "proofs/1"):
            url = f"{ORDERS}/{other.pk}/payments/{payment.pk}/{call}"
            answer = api(cast.staff).get(url) if call == "proofs/1" else api(cast.staff).post(url, {"reason": "no"})
            assert answer.status_code == 404

    def test_without_photos_it_says_so(self, cast: Cast, api: Api, pending: Order) -> None:
        with assert_nothing_changed(pending):
            refused(send(api(cast.customer), pending), 400, "/photo", "required")

    def test_cash_needs_no_photos(self, cast: Cast, api: Api) -> None:
        order = make_order(cast)
        with assert_nothing_changed(order):
            answer = send(api(cast.customer), order, photo())
            assert (answer.status_code, answer.json()["code"]) == (409, "no_transfer")

    def test_there_is_a_most(self, cast: Cast, api: Api, pending: Order) -> None:
        payment = Payment.objects.get(purchase=pending.purchase_id)
        rows = [PaymentProof(payment=payment, photo=f"proofs/{number}.jpg") for number in range(MOST_PROOFS - 2)]
        PaymentProof.objects.bulk_create(rows)
        assert send(api(cast.customer), pending, photo()).status_code == 201
        with assert_nothing_changed(pending):
            answer = send(api(cast.customer), pending, photo())
            assert (answer.status_code, answer.json()["code"]) == (409, "too_many_proofs")

    def test_a_stale_page_is_told(self, cast: Cast, api: Api, pending: Order) -> None:
        for url, body in ((url_of(pending, "/approve"), {}), (url_of(pending, "/refuse"), {"reason": "no"})):
            with assert_nothing_changed(pending):
                assert api(cast.staff).post(url, body, headers={"If-Match": '"1"'}).status_code == 412

    def test_an_unpaid_order_is_paid_in_another_way(self, cast: Cast, api: Api, takes_transfer: None) -> None:
        order = place_transfer(api(cast.customer), cast)
        answer = api(cast.customer).post(f"{ORDERS}/{order.pk}/payments", {"payment_method": "cash"})
        assert (answer.status_code, answer.json()["payment_method"]) == (201, "cash")
        assert states(order) == ("unpaid", "unpaid")


class TestChecking:
    def test_staff_approve_and_the_money_is_there(self, cast: Cast, api: Api, pending: Order) -> None:
        answer = api(cast.staff).post(url_of(pending, "/approve"))
        assert (answer.status_code, answer.json()["payment_status"]) == (200, "paid")
        payment = Payment.objects.get(purchase=pending.purchase_id)
        assert (payment.state, payment.checked_by, payment.paid_at is not None) == ("paid", cast.staff, True)
        assert sums() == {"clearing::EUR": TOTAL, "funding::EUR": -TOTAL}
        event = OrderEvent.objects.get(order=pending, number=3)
        assert (event.kind, event.role, event.actor) == ("payment", "staff", cast.staff.caller_key)

    def test_twice_is_once(self, cast: Cast, api: Api, pending: Order) -> None:
        assert api(cast.staff).post(url_of(pending, "/approve")).status_code == 200
        with assert_nothing_changed(pending):
            assert api(cast.staff).post(url_of(pending, "/approve")).status_code == 200

    def test_a_transfer_to_the_platform_is_approved_by_staff_alone(self, cast: Cast, api: Api, pending: Order) -> None:
        with assert_nothing_changed(pending):
            assert api(cast.owner).post(url_of(pending, "/approve")).status_code == 403
        assert api(cast.staff).post(url_of(pending, "/approve")).status_code == 200
        assert sums() == held(cast, clearing=pending.total, funding=-pending.total)

    def test_a_transfer_to_its_own_account_is_approved_by_the_vendor(
        self, cast: Cast, api: Api, pending: Order
    ) -> None:
        Payment.objects.update(to_vendor=True)
        assert api(cast.owner).post(url_of(pending, "/approve")).status_code == 200
        assert states(pending) == ("paid", "paid")
        assert pending.events.get(number=3).role == "vendor"
        assert sums() == held(cast, clearing=pending.total, cash=-pending.total)

    def test_cash_that_was_handed_over_is_in_the_vendor_s_hands(self, cast: Cast, api: Api) -> None:
        order = Order.objects.get(pk=place(api(cast.customer), cart(cast))["orders"][0]["id"])
        assert api(cast.owner).post(url_of(order, "/approve")).status_code == 200
        assert states(order) == ("paid", "paid")
        assert sums() == held(cast, clearing=order.total, cash=-order.total)

    def test_what_is_paid_online_is_told_by_its_provider(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, payment_method="mollie")
        with assert_nothing_changed(order):
            answer = api(cast.staff).post(url_of(order, "/approve"))
            assert (answer.status_code, answer.json()["code"]) == (409, "paid_online")

    def test_the_customer_approves_nothing(self, cast: Cast, api: Api, pending: Order) -> None:
        with assert_nothing_changed(pending):
            assert api(cast.customer).post(url_of(pending, "/approve")).status_code == 403
            assert api(cast.customer).post(url_of(pending, "/refuse"), {"reason": "no"}).status_code == 403
            assert api(cast.owner).post(url_of(pending, "/refuse"), {"reason": "no"}).status_code == 403

    def test_refused_the_customer_reads_why_and_sends_others(self, cast: Cast, api: Api, pending: Order) -> None:
        answer = api(cast.staff).post(url_of(pending, "/refuse"), {"reason": "Another amount"})
        assert (answer.status_code, answer.json()["payment_status"]) == (200, "failed")
        shown = api(cast.customer).get(f"{ORDERS}/{pending.pk}?expand=events").json()
        assert (shown["payments"][0]["status"], shown["payments"][0]["failure"]) == ("failed", "Another amount")
        assert (shown["events"][-1]["kind"], shown["events"][-1]["reason"]) == ("payment", "Another amount")
        assert Payment.objects.get(purchase=pending.purchase_id).checked_by == cast.staff
        assert send(api(cast.customer), pending, photo("blue")).status_code == 201
        assert states(pending) == ("proof_pending", "proof_pending")
        assert api(cast.customer).get(f"{ORDERS}/{pending.pk}").json()["payments"][0]["failure"] == ""
        assert api(cast.staff).get(url_of(pending, "/proofs/2")).status_code == 200

    def test_refused_late_there_is_still_a_day(self, cast: Cast, api: Api, pending: Order) -> None:
        long_ago = timezone.now() - timedelta(days=30)
        Order.objects.filter(pk=pending.pk).update(placed_at=long_ago)
        Payment.objects.update(created_at=long_ago)
        assert api(cast.staff).post(url_of(pending, "/refuse"), {"reason": "Unreadable"}).status_code == 200
        pending.refresh_from_db()
        assert pending.due_at
        assert timedelta(hours=23) < pending.due_at - timezone.now() <= timedelta(days=1)
        assert Payment.objects.get(purchase=pending.purchase_id).expires_at == pending.due_at
        assert timers.run_due() == 0
        Order.objects.filter(pk=pending.pk).update(due_at=timezone.now())
        Payment.objects.update(expires_at=timezone.now())
        assert timers.run_due() == 1
        pending.refresh_from_db()
        assert pending.status == 2

    def test_a_reason_is_required(self, cast: Cast, api: Api, pending: Order) -> None:
        with assert_nothing_changed(pending):
            refused(api(cast.staff).post(url_of(pending, "/refuse"), {}), 400, "/reason", "required")
            refused(api(cast.staff).post(url_of(pending, "/refuse"), {"reason": " "}), 400, "/reason", "blank")

    def test_what_does_not_wait_is_not_refused(self, cast: Cast, api: Api, pending: Order) -> None:
        assert api(cast.staff).post(url_of(pending, "/approve")).status_code == 200
        with assert_nothing_changed(pending):
            answer = api(cast.staff).post(url_of(pending, "/refuse"), {"reason": "no"})
            assert (answer.status_code, answer.json()["code"]) == (409, "no_proof_pending")
            assert send(api(cast.customer), pending, photo()).json()["code"] == "no_transfer"

    def test_money_that_came_for_a_cancelled_order_goes_back(self, cast: Cast, api: Api, pending: Order) -> None:
        body = {"transition": "cancel_by_customer"}
        assert api(cast.customer).post(f"{ORDERS}/{pending.pk}/transitions", body).status_code == 200
        with assert_nothing_changed(pending):
            assert send(api(cast.customer), pending, photo()).json()["code"] == "order_closed"
        assert api(cast.staff).post(url_of(pending, "/approve")).status_code == 200
        assert states(pending) == ("refunded", "refunded")
        assert sums() == {}


class TestReading:
    @pytest.mark.parametrize("user", ["customer", "staff", "owner"])
    def test_a_photo_is_a_picture_and_nothing_else(self, user: str, cast: Cast, api: Api, pending: Order) -> None:
        answer = api(getattr(cast, user)).get(url_of(pending, "/proofs/1"))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "no-store")
        assert answer["Content-Disposition"].startswith("inline")
        assert "sandbox" in answer["Content-Security-Policy"]
        assert Image.open(io.BytesIO(answer.content)).size == (40, 30)

    def test_there_is_no_other(self, cast: Cast, api: Api, pending: Order) -> None:
        for number in (0, 2, 10**17):
            assert api(cast.staff).get(url_of(pending, f"/proofs/{number}")).status_code == 404

    def test_no_address_shows_the_file_itself(self, cast: Cast, pending: Order) -> None:
        name = PaymentProof.objects.get().photo.name
        for path in (f"/media/{name}", f"/private/{name}", f"/media/../private/{name}"):
            assert Client().get(path).status_code in (400, 404)

    def test_a_file_that_was_taken_away_is_not_there(self, cast: Cast, api: Api, pending: Order) -> None:
        files()[0].unlink()
        assert api(cast.staff).get(url_of(pending, "/proofs/1")).status_code == 404

    def test_statements(self, cast: Cast, api: Api, pending: Order, django_assert_max_num_queries: Any) -> None:
        send(api(cast.customer), pending, *[photo() for _ in range(5)])
        client = api(cast.customer)
        with django_assert_max_num_queries(8):
            assert len(client.get(f"{ORDERS}/{pending.pk}").json()["payments"][0]["proofs"]) == 6


def test_files_without_a_row_are_deleted(cast: Cast, pending: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    [kept] = files()
    stray = kept.with_name("stray.jpg")
    stray.write_bytes(b"left over")
    assert delete_strays() == 0
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("orders.services.record.photos.timezone.now", lambda: later)
    assert delete_strays() == 1
    assert files() == [kept]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_approved_and_refused_at_once_one_holds(cast: Cast, api: Api) -> None:
    for _ in range(10):
        order = make_order(cast, payment_method="transfer", payment_status="proof_pending")
        # To the vendor's own account: it says so too.
        Payment.objects.filter(shares__order=order).update(to_vendor=True)
        calls = [
            (cast.staff, url_of(order, "/approve"), {}),
            (cast.staff, url_of(order, "/refuse"), {"reason": "no"}),
            (cast.owner, url_of(order, "/approve"), {}),
        ]
        answers = together(
            [lambda who=who, url=url, body=body: api(who).post(url, body) for who, url, body in calls], at_once=3
        )
        codes = [answer.status_code for answer in answers]
        assert set(codes) <= {200, 409}
        # Refused first, the transfer may still be seen on the account; approved first, there is nothing to refuse.
        assert states(order) == ("paid", "paid")
        assert order.events.filter(kind="payment", role__in=("staff", "vendor")).count() == 1 + codes.count(200) - 2
        assert Entry.objects.filter(posting__order=order, amount__gt=0).count() == 1


@pytest.mark.parametrize("status", sorted(FAILURE))
def test_no_cash_comes_in_for_what_was_closed_without_success(cast: Cast, api: Api, status: int) -> None:
    """At no door; nothing is booked in and out again."""
    order = make_order(cast, status)
    owner, before = api(cast.owner), state_of(order)
    answers = [
        owner.post(url_of(order, "/approve")),
        owner.put(f"/dialects/kesk/v1/orders/{order.pk}", {"payment_status": "Paid"}),
        owner.patch(f"/dialects/shop/System/Orders/{order.pk}/paid", {"value": True}),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert answers[0].json()["code"] == "order_closed"
    assert state_of(order) == before
