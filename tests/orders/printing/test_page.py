"""The page of a ticket: for whom it is, and what stands there as it was written."""

from typing import Any

from django.test import Client
from django.urls import reverse

from orders.models import Line, Order
from tests.cast import Cast
from tests.orders.printing import Api, accepted, jobs_path, only_job
from tests.tracking.printer import pair_printer
from vendors.models import Device


def test_who_has_claimed_the_job_prints_its_page(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    Order.objects.filter(pk=order.pk).update(comment="<script>alert(1)</script>")
    Line.objects.filter(order=order).update(name="<b>Pizza</b>")
    page, browser = reverse("ticket", args=[only_job(order).pk]), Client()
    browser.force_login(cast.owner)
    assert browser.get(page).status_code == 404  # nobody has claimed it
    api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"))
    answer = browser.get(page)
    text = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"], answer["X-Frame-Options"]) == (200, "no-store", "SAMEORIGIN")
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert f'<p class="number"><span dir="auto">P{order.number}</span></p>' in text
    assert '<p class="item"><span dir="auto">1 × &lt;b&gt;Pizza&lt;/b&gt;</span></p>' in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script" not in text
    for user in (cast.staff, cast.other_owner, cast.customer):
        other = Client()
        other.force_login(user)
        assert other.get(page).status_code == 404
    assert Client().get(page).status_code == 404
    api(cast.owner).post(jobs_path(cast, only_job(order).pk, "printed"))
    assert browser.get(page).status_code == 404


def test_a_paired_tablet_prints_by_its_cookie(cast: Cast, api: Api, settings: Any) -> None:
    order = accepted(cast, api)
    device, token = pair_printer(cast.vendor, "Counter")
    Device.objects.filter(pk=device.pk).update(kind=Device.Kind.BOARD)
    claimed = api(token=token).post(jobs_path(cast, only_job(order).pk, "claim"))
    assert (claimed.status_code, claimed.json()["claimed_by"]) == (200, "Counter")
    tablet = Client()
    tablet.cookies[settings.DEVICE_COOKIE_NAME] = token
    assert tablet.get(reverse("ticket", args=[only_job(order).pk])).status_code == 200
    Device.objects.filter(pk=device.pk).update(token_hash=None)
    assert tablet.get(reverse("ticket", args=[only_job(order).pk])).status_code == 404
