"""Every page of the back-office as people see it: on a desk, a tablet and a telephone, in both themes (looks.js)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Account, PaymentStatus
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import make_order

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FAULTS_OF = (Path(__file__).parent / "looks.js").read_text()
# Words, and numbers with their units, that are broken within.
TORN_IN = r"""cells => cells.flatMap(cell => {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), torn = [];
  while (texts.nextNode())
    for (const word of texts.currentNode.data.matchAll(/[^ \n]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (range.getClientRects().length > 1) torn.push(word[0]);
    }
  return torn;
})"""
LOOKS: tuple[tuple[int, Any], ...] = ((1920, "dark"), (1280, "light"), (768, "dark"), (390, "light"))
# Wider than the demo's: what stands in a column of its own, or in a line beside others.
LONG_VENDOR = "Boulangerie-Pâtisserie Vandenpeereboom du Grand Sablon"
LONG_CONTACT: dict[str, Any] = {
    "contact_name": "Maximiliaan van den Abeele-Vandenbroucke",
    "contact_phone": "+4915112345678901",
}


@pytest.fixture
def busy_stage(stage: Cast) -> Cast:
    """An order in each status and each state of payment, with long names, for somebody with every right."""
    stage.staff.is_superuser = True
    stage.staff.save()
    stage.vendor.name = LONG_VENDOR
    stage.vendor.save()
    for status in Status:
        make_order(stage, status, **LONG_CONTACT)
    for state in PaymentStatus:
        make_order(stage, payment_method="transfer", payment_status=state, total=1_234_567_89, **LONG_CONTACT)
    place = Place(address="Rue Neuve 1", lat=50.851, lng=4.351)
    place_order(stage, fulfilment=Fulfilment.DELIVERY, place=place, lines=2, payment_method="wallet")
    return stage


def pages_of(cast: Cast) -> Iterator[str]:
    """The list of each model, its form for a new row and its first row's own page, and the pages beside them."""
    yield reverse("admin:index")
    for model, registered in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{base}_changelist")
        if type(registered).has_add_permission is admin.ModelAdmin.has_add_permission:
            yield reverse(f"{base}_add")
        if row := model._default_manager.first():
            yield reverse(f"{base}_change", args=[row.pk])
    shown = {"vendor": cast.vendor, "product": cast.products["burger"], "optiongroup": cast.groups["Size"]}
    for name, one in shown.items():
        yield reverse(f"admin:vendors_{name}_change", args=[one.pk])
    order = cast.customer_row.orders.latest("pk")
    for page in ("change", "items", "address"):
        yield reverse(f"admin:orders_order_{page}", args=[order.pk])
    phone = reverse("admin:orders_order_phone")
    yield from (phone, f"{phone}?vendor={cast.vendor.pk}")
    yield from (reverse(f"admin:{name}") for name in ("orders_account_payouts", "orders_account_top_up"))
    for account in Account.objects.exclude(vendor=None)[:1]:
        yield reverse("admin:orders_account_change", args=[account.pk])
    yield from (reverse("admin:orders_code_import"), reverse("admin:password_change"))


def test_every_page_can_be_read_and_used(
    busy_stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    faults: dict[str, list[str]] = {}

    def look_at(path: str) -> None:
        page.goto(path)
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            for fault in page.evaluate(FAULTS_OF):
                faults.setdefault(f"{path} {fault}", []).append(f"{width} {theme}")

    look_at("/admin/login/")
    sign_in(page, busy_stage.staff.email)
    for path in pages_of(busy_stage):
        look_at(path)
    assert faults == {}


@pytest.mark.parametrize("width", [1920, 1280, 1201])
def test_no_column_of_the_orders_is_cut(
    busy_stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None], width: int
) -> None:
    page = open_page(width=width)
    sign_in(page, busy_stage.staff.email)
    page.goto("/admin/orders/order/")
    shown, wide = page.locator(".results").evaluate("element => [element.clientWidth, element.scrollWidth]")
    assert page.locator("#result_list tbody tr").count() == len(Status) + len(PaymentStatus) + 1
    assert wide == shown
    assert page.locator("#result_list :is(.field-age, .field-due)").evaluate_all(TORN_IN) == []
