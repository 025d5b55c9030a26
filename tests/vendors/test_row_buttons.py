"""Buttons in the back-office's lists: sold out for a while, paused, and busy, each with its end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orders.lifecycle.table import Status
from ordersite.accounts.models import User
from tests.cast import Cast, in_roles, make_clerk
from tests.office import form_of
from tests.orders.rows import make_order
from vendors.models import Option, OptionGroup, Product, Vendor

# A Monday, 14:00 in Brussels.
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FIVE = datetime(2026, 6, 16, 3, 0, tzinfo=UTC)
PRODUCTS, VENDORS = "/admin/vendors/product/?q=Burger", "/admin/vendors/vendor/?q=Burger"
OPTIONS, GROUPS = "/admin/vendors/option/?q=Olives", "/admin/vendors/optiongroup/?q=Toppings"


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, path: str, button: str) -> Any:
    return client.post(path, {**form_of(client.get(path)), "_row_button": button}, follow=True)


@pytest.mark.parametrize(
    ("button", "until", "words"),
    [
        ("hours", NOW + timedelta(hours=4), "Burger is sold out until 15 Jun 2026 18:00 CEST."),
        ("today", FIVE, "Burger is sold out until 16 Jun 2026 05:00 CEST."),
        ("out", None, "Burger is sold out until it is put back."),
    ],
)
def test_a_product_is_sold_out_for_a_while(cast: Cast, button: str, until: datetime | None, words: str) -> None:
    office, burger = client_of(cast.staff), cast.products["burger"]
    version = cast.vendor.menu_version
    page = press(office, PRODUCTS, f"{button}:{burger.pk}")
    assert (page.redirect_chain, words in page.content.decode()) == ([(PRODUCTS, 302)], True)
    burger.refresh_from_db()
    assert (burger.is_available, burger.unavailable_until) == (False, until)
    assert "Back on sale" in page.content.decode()
    page = press(office, PRODUCTS, f"back:{burger.pk}")
    burger.refresh_from_db()
    assert (burger.is_available, burger.unavailable_until) == (True, None)
    assert "Burger is on sale again." in page.content.decode()
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 2


def test_an_option_is_sold_out_by_its_own_list(cast: Cast) -> None:
    office, olives = client_of(cast.staff), cast.options["Olives"]
    version = cast.vendor.menu_version
    page = press(office, OPTIONS, f"today:{olives.pk}").content.decode()
    assert "Olives is sold out until 16 Jun 2026 05:00 CEST." in page
    olives.refresh_from_db()
    assert (olives.is_available, olives.unavailable_until) == (False, FIVE)
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    assert "Olives is on sale again." in press(office, OPTIONS, f"back:{olives.pk}").content.decode()
    olives.refresh_from_db()
    assert (olives.is_available, olives.unavailable_until) == (True, None)


def test_a_group_is_sold_out_with_all_its_options(cast: Cast) -> None:
    office, group = client_of(cast.staff), cast.groups["Toppings"]
    press(office, OPTIONS, f"out:{cast.options['Olives'].pk}")
    assert "1 of 2 sold out" in office.get(GROUPS).content.decode()
    version = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    page = press(office, GROUPS, f"hours:{group.pk}").content.decode()
    assert "Toppings is sold out until 15 Jun 2026 18:00 CEST." in page
    ends = set(group.options.values_list("is_available", "unavailable_until"))
    assert ends == {(False, NOW + timedelta(hours=4))}
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    press(office, GROUPS, f"hours:{group.pk}")  # what stands is not written again
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    press(office, GROUPS, f"back:{group.pk}")
    assert set(group.options.values_list("is_available", "unavailable_until")) == {(True, None)}
    assert Option.objects.filter(is_available=False).count() == 0


def test_a_group_without_options_has_nothing_to_sell_out(cast: Cast) -> None:
    office = client_of(cast.staff)
    group = OptionGroup.objects.create(vendor=cast.vendor, name="Toppings for nothing")
    page = office.get(GROUPS).content.decode()
    assert "no options" in page
    assert f'value="hours:{group.pk}"' not in page
    before = state_of(cast)
    press(office, GROUPS, f"hours:{group.pk}")
    assert state_of(cast) == before


@pytest.mark.parametrize("path", ["option", "optiongroup"])
def test_lists_of_choices_ask_as_often_for_many_rows(cast: Cast, path: str, django_assert_max_num_queries: Any) -> None:
    office = client_of(cast.staff)
    for number in range(20):
        group = OptionGroup.objects.create(vendor=cast.vendor, name=f"Group {number}")
        Option.objects.bulk_create([Option(group=group, name=f"Option {one}") for one in range(3)])
    with django_assert_max_num_queries(15):
        assert office.get(f"/admin/vendors/{path}/").status_code == 200


@pytest.mark.parametrize(
    ("button", "fields", "words"),
    [
        ("half", {"paused_until": NOW + timedelta(minutes=30)}, "is paused until 15 Jun 2026 14:30 CEST."),
        ("hour", {"paused_until": NOW + timedelta(hours=1)}, "is paused until 15 Jun 2026 15:00 CEST."),
        ("day", {"paused_until": FIVE}, "is paused until 16 Jun 2026 05:00 CEST."),
        (
            "rush10",
            {"rush_minutes": 10, "rush_until": NOW + timedelta(hours=1)},
            "takes 10 minutes longer until 15 Jun 2026 15:00 CEST.",
        ),
        (
            "rush20",
            {"rush_minutes": 20, "rush_until": NOW + timedelta(hours=1)},
            "takes 20 minutes longer until 15 Jun 2026 15:00 CEST.",
        ),
    ],
)
def test_a_vendor_is_paused_or_busy_with_an_end(cast: Cast, button: str, fields: dict[str, Any], words: str) -> None:
    office = client_of(cast.staff)
    page = press(office, VENDORS, f"{button}:{cast.vendor.pk}")
    assert words in page.content.decode()
    names = ("paused_until", "rush_minutes", "rush_until")
    usual = {"paused_until": None, "rush_minutes": 0, "rush_until": None}
    assert Vendor.objects.values(*names).get(pk=cast.vendor.pk) == usual | fields
    back = "calm" if "rush" in button else "open"
    assert f'value="{back}:{cast.vendor.pk}"' in page.content.decode()
    press(office, VENDORS, f"{back}:{cast.vendor.pk}")
    assert Vendor.objects.values(*names).get(pk=cast.vendor.pk) == usual


def test_orders_that_a_pause_leaves_unserved_are_named(cast: Cast) -> None:
    order = make_order(cast, Status.PENDING, deliver_at=NOW + timedelta(minutes=45))
    page = press(client_of(cast.staff), VENDORS, f"hour:{cast.vendor.pk}")
    assert f"These orders cannot be served: #{order.pk} (paused)." in page.content.decode()


def state_of(cast: Cast) -> list[Any]:
    fields = ("paused_until", "rush_minutes", "menu_version")
    return [
        *Vendor.objects.order_by("pk").values(*fields),
        *Product.objects.order_by("pk").values("pk", "is_available"),
        *Option.objects.order_by("pk").values("pk", "is_available"),
    ]


@pytest.mark.parametrize(
    "button", ["hours:0", "hours:x", "hours:", "steal:1", "", "hours:99999999999999999999", ":", "\0"]
)
def test_what_is_no_button_does_nothing(cast: Cast, button: str) -> None:
    office, before = client_of(cast.staff), state_of(cast)
    assert office.post(PRODUCTS, {"_row_button": button}).status_code in (302, 400)
    assert state_of(cast) == before


def test_only_who_may_change_them_presses(cast: Cast) -> None:
    """A manager its own vendor's, who only looks none, and a catalogue's clerk without the vendor's right is told."""
    burger, before = cast.products["burger"], state_of(cast)
    viewer = make_clerk("vendors.view_product", "vendors.view_vendor", "accounts.act_everywhere")
    page = client_of(viewer).get(PRODUCTS).content.decode()
    assert "row-button" not in page
    client_of(viewer).post(PRODUCTS, {"_row_button": f"out:{burger.pk}"})
    clerk = make_clerk("vendors.view_product", "vendors.change_product", "accounts.act_everywhere", name="Kim Clerk")
    client_of(clerk).post(PRODUCTS, {"_row_button": f"out:{burger.pk}"})
    other = in_roles(cast.other_owner, "vendor manager")
    other.is_staff = True
    other.save()
    client_of(other).post(PRODUCTS, {"_row_button": f"out:{burger.pk}"})
    client_of(other).post(VENDORS, {"_row_button": f"hour:{cast.vendor.pk}"})
    assert state_of(cast) == before
    own = in_roles(cast.owner, "vendor manager")
    own.is_staff = True
    own.save()
    assert "sold out until it is put back" in press(client_of(own), PRODUCTS, f"out:{burger.pk}").content.decode()
    assert Product.objects.get(pk=burger.pk).is_available is False
