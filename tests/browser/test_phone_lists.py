"""Lists of texts on a telephone: nothing of a row lies beside the page, to be scrolled to."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from orders.models import WebhookEndpoint
from orders.services.outgoing.deliveries import send_test
from ordersite.core.crypto import encrypt
from ordersite.core.models import AuditRow
from tests.browser.test_board_looks import keep_picture
from tests.cast import Cast
from vendors.models import Category

pytestmark = pytest.mark.browser
WIDTHS = "box => [box.clientWidth, box.scrollWidth]"


def test_changes_and_webhooks_are_read_without_scrolling_sideways(
    stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    stage.staff.is_superuser = True
    stage.staff.save()
    url = f"https://hooks.example.com/{'in/' * 30}"
    hook = WebhookEndpoint.objects.create(url=url, types=["order.placed"], secret_sealed=encrypt("whsec_x"))
    send_test(hook)
    Category.objects.create(vendor=stage.vendor, name="Verjaardagstaarten-en-gebak " * 2)
    assert AuditRow.objects.filter(model="vendors.category").exists()
    page = open_page(width=390)
    sign_in(page, stage.staff.email)
    boxes = {
        reverse("admin:web_auditrow_changelist"): (".results", "#result_list tbody tr"),
        reverse("admin:orders_webhookdelivery_changelist"): (".results", "#result_list tbody tr"),
        reverse("admin:orders_webhookendpoint_change", args=[hook.pk]): (".scroll", ".scroll tbody tr"),
    }
    for path, (box, rows) in boxes.items():
        page.goto(path)
        keep_picture(page, f"phone{path.replace('/', '-')}")
        shown, wide = page.locator(box).first.evaluate(WIDTHS)
        assert page.locator(rows).count() >= 1, path
        assert wide == shown, path
