"""The back-office looks at photos of payments: who may, at a fixed cost, and what approving and refusing do."""

import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from orders.models import Order, Payment, PaymentProof, PaymentStatus
from orders.services.paying.proofs import add_proofs, write_proofs
from ordersite.accounts.models import User
from ordersite.core.images import clean_image
from tests.cast import Cast
from tests.orders.confirming import asked, not_asked, told
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed, sums

pytestmark = pytest.mark.django_db
PAGE = "/admin/orders/paymentproof/"


def photographed(cast: Cast, photos: int = 1) -> tuple[Order, Payment]:
    """An order of 15.00 whose transfer is shown by photos."""
    order = make_order(cast, payment_method="transfer", payment_status=PaymentStatus.PROOF_PENDING)
    payment = Payment.objects.get(purchase=order.purchase_id)
    raw = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(raw, "PNG")
    add_proofs(payment, write_proofs([clean_image(raw.getvalue())] * photos, timezone.now()))
    return order, payment


def test_the_oldest_comes_first_and_the_first_page_counts(cast: Cast, office: Client) -> None:
    (first, _), (second, payment) = photographed(cast), photographed(cast, photos=2)
    Payment.objects.update(created_at=timezone.now() - timedelta(hours=3))
    make_order(cast, payment_method="transfer")
    text = office.get(PAGE).content.decode()
    assert text.index(f"#{first.pk}<") < text.index(f"#{second.pk}<")
    assert (text.count("<img "), text.count("15.00")) == (3, 2)
    for proof in payment.proofs.all():
        answer = office.get(f"{PAGE}{proof.pk}/photo/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert "no-store" in answer["Cache-Control"]
        assert Image.open(io.BytesIO(answer.content)).size == (30, 20)
    dashboard = office.get("/admin/").content.decode()
    panel = dashboard[dashboard.index(f'href="{PAGE}?stuck=to_check"') :]
    assert '<span class="count">2</span>' in panel[:200]
    assert "the oldest for 3\u00a0h" in panel[:400]


def test_the_page_costs_the_same_for_one_and_for_many(cast: Cast, office: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(PAGE).status_code == 200
        return len(queries)

    photographed(cast)
    cost()
    one = cost()
    for _ in range(5):
        photographed(cast, photos=3)
    assert cost() == one <= 8


def test_approved_the_money_is_there(cast: Cast, office: Client) -> None:
    order, payment = photographed(cast)
    url = f"{PAGE}{payment.pk}/approve/"
    assert f'href="{url}"' in office.get(PAGE).content.decode()
    with assert_nothing_changed(order):
        text, shown = asked(office, url)
        assert "Nothing was done" in told(office, url, {"version": order.version})[0]
    for fact in ("Clara Customer", "15.00\u00a0EUR was received", f"For order #{order.pk}", "Burger Bar"):
        assert fact in text
    assert told(office, url, shown) == ["The payment was marked as received."]
    assert "The form was sent twice" in told(office, url, shown)[0]
    payment.refresh_from_db()
    assert (payment.state, payment.checked_by) == ("paid", cast.staff)
    assert sums() == {"clearing::EUR": 1500, "funding::EUR": -1500}
    assert "No payments are waiting" in office.get(PAGE).content.decode()
    # What became of it is still to be seen.
    page = office.get(f"{PAGE}?payment={payment.pk}").content.decode()
    assert page.count("<img ") == 1
    assert "Approve" not in page
    assert f"?payment={payment.pk}" in office.get(f"/admin/orders/payment/{payment.pk}/change/").content.decode()
    proof = PaymentProof.objects.get()
    assert office.get(f"{PAGE}{proof.pk}/change/")["Location"].endswith(f"?payment={payment.pk}")


def test_refused_with_a_reason(cast: Cast, office: Client) -> None:
    order, payment = photographed(cast)
    with assert_nothing_changed(order):
        answer = office.post(f"{PAGE}{payment.pk}/refuse/", {"version": order.version, "reason": " "}, follow=True)
        assert "Why: This field is required." in answer.content.decode()
    given = {"version": order.version, "reason": "Another amount"}
    answer = office.post(f"{PAGE}{payment.pk}/refuse/", given, follow=True)
    assert "The payment was refused. The customer can read the reason." in answer.content.decode()
    payment.refresh_from_db()
    assert (payment.state, payment.failure) == ("failed", "Another amount")


def test_what_changed_meanwhile_is_not_approved(cast: Cast, office: Client) -> None:
    order, payment = photographed(cast)
    url = f"{PAGE}{payment.pk}/approve/"
    _, shown = asked(office, url)
    Order.objects.filter(pk=order.pk).update(version=2)
    with assert_nothing_changed(order):
        assert "Changed meanwhile" in told(office, url, shown)[0]
    _, shown = asked(office, url)
    Payment.objects.filter(pk=payment.pk).update(amount=1600)
    with assert_nothing_changed(order):
        assert told(office, url, shown) == ["The amount has changed: 16.00\u00a0EUR are due now. Nothing was done."]


def test_nonsense_leads_back(cast: Cast, office: Client) -> None:
    assert not_asked(office, f"{PAGE}999/approve/") == ["There is no payment 999 of an order."]
    given = {"version": 1, "reason": "no"}
    assert told(office, f"{PAGE}999/refuse/", given) == ["There is no payment 999 that waits for a decision."]
    assert office.get(f"{PAGE}999/photo/").status_code == 404
    assert office.get(f"{PAGE}?payment={10**40}&p=x").status_code == 200
    assert "There is no payment proof" in office.get(f"{PAGE}999/change/", follow=True).content.decode()
    assert office.get(f"{PAGE}add/").status_code == 403


def test_only_those_who_may(cast: Cast) -> None:
    order, payment = photographed(cast)
    proof = PaymentProof.objects.get()
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    client = Client()
    client.force_login(clerk)
    shown = (PAGE, f"{PAGE}{proof.pk}/photo/", f"{PAGE}{proof.pk}/change/")
    assert [client.get(page).status_code for page in shown] == [403] * 3
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", "view_paymentproof"]))
    assert [client.get(page).status_code for page in shown] == [200, 200, 302]
    assert "Approve" not in client.get(PAGE).content.decode()
    with assert_nothing_changed(order):
        for call in ("approve", "refuse"):
            answer = client.post(f"{PAGE}{payment.pk}/{call}/", {"version": 1, "reason": "no"})
            assert answer.status_code == 403
