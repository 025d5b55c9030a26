"""Every page of the back-office as people see it: on a desk, a tablet and a telephone, in both themes (looks.js)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Account, PaymentStatus, WebhookEndpoint
from orders.services.outgoing.deliveries import send_test
from ordersite.core.crypto import encrypt
from ordersite.web.urls import IdConverter
from tests.browser.test_board_looks import RULES, axe
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.promises.acts import BUTTONS
from tests.promises.test_p31_back_office import named_pages
from vendors.models import Device

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
# Sheets are not read a second time: the page's own policy would refuse it.
RULES_HERE = {**RULES, "preload": False}
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
    Device.objects.create(vendor=stage.vendor, name="Kitchen, the tablet beside the door to the yard")
    hook = WebhookEndpoint.objects.create(
        url=f"https://hooks.example.com/{'in/' * 30}", types=["order.placed"], secret_sealed=encrypt("whsec_x")
    )
    send_test(hook)
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
    yield from pages_beside(cast)
    for account in Account.objects.exclude(vendor=None)[:1]:
        yield reverse("admin:orders_account_change", args=[account.pk])
    yield reverse("admin:password_change")


def pages_beside(cast: Cast) -> Iterator[str]:
    """What stands in the table of pages and buttons and can be looked at: of a model, or of its first row."""
    client = Client()
    client.force_login(cast.staff)
    for name, pattern in named_pages():
        taken = list(pattern.pattern.converters)
        if name not in BUTTONS or len(taken) > 1:
            continue
        app, model = name.split("_")[:2]
        kind = apps.get_model(app, "vendor" if model == "menu" else model)  # a menu is a vendor's
        row = kind._default_manager.first() if taken and admin.site.is_registered(kind) else None
        if taken and (row is None or not isinstance(pattern.pattern.converters[taken[0]], IdConverter)):
            continue
        path = reverse(f"admin:{name}", args=[row.pk] if row else [])
        answer = client.get(path)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            yield path


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
    assert faults == {}, "\n".join(faults)


def broken_rules(page: Page) -> list[str]:
    """What axe finds on a page as it stands, each with the first element that breaks the rule."""
    found = axe.run(page, options=RULES_HERE).response["violations"]
    return [f"{rule['id']} {str(rule['nodes'][0]['html'])[:160]}" for rule in found]


def test_axe_finds_nothing_on_any_page(
    busy_stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    page.goto("/admin/login/")
    faults = {"/admin/login/": broken_rules(page)}
    sign_in(page, busy_stage.staff.email)
    for path in pages_of(busy_stage):
        page.goto(path)
        faults[path] = broken_rules(page)
    assert {path: found for path, found in faults.items() if found} == {}


def test_choosers_of_rows_are_called_what_their_fields_are(
    busy_stage: Cast, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page()
    sign_in(page, busy_stage.staff.email)
    page.goto("/admin/orders/order/phone/")
    chooser = page.get_by_role("combobox", name="Vendor")
    chooser.click()
    assert broken_rules(page) == []
    page.get_by_role("searchbox", name="Vendor").fill(LONG_VENDOR[:6])
    page.get_by_role("listbox", name="Vendor").get_by_role("option", name=LONG_VENDOR).click()
    expect(page.get_by_role("combobox", name=f"Vendor {LONG_VENDOR}")).to_be_visible()
    assert broken_rules(page) == []
    page.goto(reverse("admin:vendors_vendor_change", args=[busy_stage.vendor.pk]))
    several = page.locator(".select2-selection--multiple").first
    assert several.get_attribute("aria-label")
    assert several.get_by_role("searchbox", name=str(several.get_attribute("aria-label"))).count() == 1


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
