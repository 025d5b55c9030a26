"""A currency is no label to be swapped: it stays while amounts stand in it, and they stay with their vendor."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.services.capacity.offer_terms import save_offer
from ordersite.web.problems import problem_of
from tests.cast import Cast
from tests.office import change, form_of
from tests.orders.kinds import make_package_type, make_service
from tests.orders.shopping import assert_nothing_changed, cart, fill_wallet, place
from vendors.models import DeliveryZone, Offer, OpeningHours, OptionGroup, Product, Vendor
from vendors.services.offers import refresh_offer_flags

Api = Callable[..., APIClient]


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    refresh_offer_flags()
    return client


@pytest.fixture
def bare(cast: Cast) -> Vendor:
    """A vendor that has nothing yet."""
    return Vendor.objects.create(
        merchant=cast.merchant,
        type=cast.vendor.type,
        name="Bare",
        fulfilments=["pickup"],
        payment_methods=["cash"],
    )


def page_of(vendor: Vendor) -> str:
    return f"/admin/vendors/vendor/{vendor.pk}/change/"


# By hand, one thing at a time: what makes amounts stand, and how it is named.
STANDING: dict[str, Callable[[Vendor], Any]] = {
    "products": lambda vendor: Product.objects.create(
        vendor=vendor, category=vendor.categories.create(name="All"), name="Box", price=540
    ),
    "option groups": lambda vendor: OptionGroup.objects.create(vendor=vendor, name="Size"),
    "delivery zones": lambda vendor: DeliveryZone.objects.create(vendor=vendor, name="Near", radius=1, fee=100),
    "offers": lambda vendor: Offer.objects.create(vendor=vendor, name="Off", kind="amount", amount=100),
    "services": lambda vendor: make_service(vendor),
    "package types": lambda vendor: make_package_type(vendor),
    "accounts of the ledger": lambda vendor: vendor.accounts.create(name="vendor:x:EUR", kind="vendor", currency="EUR"),
    "a service fee": lambda vendor: Vendor.objects.filter(pk=vendor.pk).update(service_fee=50),
    "caps on the value of a slot": lambda vendor: OpeningHours.objects.create(
        vendor=vendor, weekday=0, opens="08:00", closes="20:00", slot_value=5000
    ),
}


@pytest.mark.parametrize("words", STANDING)
def test_it_stays_while_something_has_amounts(bare: Vendor, office: Client, words: str) -> None:
    STANDING[words](bare)
    before = form_of(office.get(page_of(bare)))
    with assert_nothing_changed():
        response = office.post(page_of(bare), {**before, "currency": "JPY"})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["currency"] == [
        f"It stays EUR while there are {words}: open another vendor for JPY."
    ]
    bare.refresh_from_db()
    assert (bare.currency, form_of(office.get(page_of(bare)))) == ("EUR", before)


def test_it_stays_while_orders_stand(cast: Cast, api: Api, office: Client) -> None:
    """All is named that has to be looked at; nothing else of the form is saved either."""
    place(api(cast.customer), cart(cast))
    form = form_of(office.get(page_of(cast.vendor)))
    response = office.post(page_of(cast.vendor), {**form, "currency": "JPY", "name": "Other"})
    [told] = response.context["adminform"].form.errors["currency"]
    assert told.startswith("It stays EUR while there are orders, products, option groups, delivery zones: ")
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    assert (vendor.currency, vendor.name, vendor.menu_version) == ("EUR", "Burger Bar", cast.vendor.menu_version)
    vendor.currency = "JPY"
    with pytest.raises(ValidationError) as refused:
        vendor.full_clean()
    assert list(refused.value.error_dict) == ["currency"]


def test_it_can_be_corrected_as_long_as_nothing_stands(bare: Vendor, office: Client) -> None:
    """The limit for guests that it began with does not become one of another currency: it goes together with it."""
    form = form_of(office.get(page_of(bare)))
    for limit in ("500.00", "200.00"):
        with assert_nothing_changed():
            response = office.post(page_of(bare), {**form, "currency": "USD", "guest_limit": limit})
        assert response.context["adminform"].form.errors["currency"] == [
            "The limit for guests is 500.00 EUR: empty it together with this change, then set it anew."
        ]
        bare.refresh_from_db()
        assert (bare.currency, bare.guest_limit) == ("EUR", 50_000)
    change(office, page_of(bare), currency="JPY", service_fee="0", guest_limit="")
    bare.refresh_from_db()
    assert (bare.currency, bare.guest_limit) == ("JPY", None)
    change(office, page_of(bare), guest_limit="80000")
    bare.refresh_from_db()
    assert (bare.currency, bare.guest_limit) == ("JPY", 80_000)


@pytest.mark.parametrize(
    ("currency", "limit"),
    [("EUR", 50_000), ("USD", 50_000), ("SGD", 50_000), ("VND", None), ("IDR", None), ("KWD", None), ("JPY", None)],
)
def test_a_new_vendor_begins_with_a_limit_for_guests_where_it_means_something(
    cast: Cast, currency: str, limit: int | None
) -> None:
    made = Vendor.objects.create(merchant=cast.merchant, type=cast.vendor.type, name="New", currency=currency)
    assert Vendor.objects.get(pk=made.pk).guest_limit == limit
    made.guest_limit = None
    made.save()
    assert Vendor.objects.get(pk=made.pk).guest_limit is None


def test_all_else_of_a_vendor_that_sells_is_changed_as_before(cast: Cast, api: Api, office: Client) -> None:
    place(api(cast.customer), cart(cast))
    change(office, page_of(cast.vendor), name="Other")
    assert Vendor.objects.get(pk=cast.vendor.pk).name == "Other"


@pytest.mark.parametrize(
    "amounts", [{"kind": "amount", "amount": 500}, {"kind": "percentage", "rate": 1000, "minimum": 3000}]
)
def test_an_offer_s_currency_stays_while_it_has_amounts(cast: Cast, amounts: dict[str, Any]) -> None:
    with transaction.atomic():
        offer = save_offer(offer=Offer(name="Off", **amounts))
    offer.currency = "JPY"
    with assert_nothing_changed(), pytest.raises(ValidationError) as refused, transaction.atomic():
        save_offer(offer=offer)
    assert problem_of(refused.value).errors[0]["pointer"] == "/currency"
    assert Offer.objects.get(pk=offer.pk).currency == "EUR"


def test_no_amount_moves_to_a_vendor_of_another_currency(cast: Cast, office: Client) -> None:
    """Of a part of the menu the vendor is chosen once; a zone is on its page; an offer has its currency."""
    soda, tea = cast.products["soda"], cast.other_vendor
    change(office, f"/admin/vendors/product/{soda.pk}/change/", vendor=str(tea.pk))
    soda.refresh_from_db()
    assert (soda.vendor_id, soda.price) == (cast.vendor.pk, 250)
    form = form_of(office.get(page_of(tea)))
    stolen = {**form, "delivery_zones-0-id": str(cast.zone.pk)}
    office.post(page_of(tea), stolen)
    assert DeliveryZone.objects.get(pk=cast.zone.pk).vendor_id == cast.vendor.pk
    with transaction.atomic():
        offer = save_offer(offer=Offer(name="Off", kind="amount", amount=500, vendor=cast.vendor))
    for currency in ("EUR", "USD"):
        moved = Offer.objects.get(pk=offer.pk)
        moved.vendor, moved.currency = tea, currency
        with pytest.raises(ValidationError), transaction.atomic():
            save_offer(offer=moved)
    assert list(Offer.objects.values_list("vendor", "currency", "amount")) == [(cast.vendor.pk, "EUR", 500)]


def test_a_wallet_keeps_its_currency(cast: Cast, office: Client) -> None:
    """The pages of accounts are read only."""
    fill_wallet(cast.customer_row, 1000)
    account = cast.customer_row.accounts.get()
    with assert_nothing_changed():
        assert office.post(f"/admin/orders/account/{account.pk}/change/", {"currency": "JPY"}).status_code in (403, 405)
    account.refresh_from_db()
    assert (account.currency, account.balance) == ("EUR", 1000)
