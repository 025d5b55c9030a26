"""A package by phone: two addresses are looked up, the price is shown, and it is placed as by the API."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from rest_framework.test import APIClient

from orders.admin.address_fields import NOWHERE_KNOWN
from orders.models import Order, OrderEvent
from tests.cast import Cast, make_manager
from tests.office import form_of, posted_forms
from tests.orders.admin.test_phone_orders import GUEST, assert_said_to_people, said
from tests.orders.kinds import make_package_type, make_service, package_cart
from tests.orders.shopping import assert_nothing_changed, place
from tests.places.fake_geocoder import FakeGeocoder, nominatim
from vendors.models import PackageType, Product, Service
from vendors.services.vendors import bump_menu_version

pytestmark = pytest.mark.django_db
PHONE = "/admin/orders/order/phone/"
HAUTE = (50.8396, 4.3496)
SABLON = (50.8405, 4.3554)


@pytest.fixture
def box(cast: Cast) -> PackageType:
    return make_package_type(cast.vendor)


def path(cast: Cast, customer: Any = "") -> str:
    return f"{PHONE}?vendor={cast.vendor.pk}&customer={customer}&what=package"


def of_phone(box: PackageType, **changes: Any) -> dict[str, Any]:
    """What the browser sends for a guest's box from one street to another."""
    return {
        "key": str(uuid.uuid4()),
        **GUEST,
        "package_type": box.pk,
        "weight": "2001",
        "width": "300",
        "length": "400",
        "height": "200",
        "recipient_name": "Rita Recipient",
        "recipient_phone": "0470 12 34 57",
        "pickup-address": "Rue Haute 118",
        "pickup-address_notes": "Second bell",
        "dropoff-address": "Place du Grand Sablon 12",
        "payment_method": "cash",
        **changes,
    }


def errors_of(page: Any) -> dict[str, list[str]]:
    """What is marked on the page, by the field's name in it."""
    forms = [page.context["form"], *(stop for _, _, stop, _ in page.context["stops"])]
    return {form.add_prefix(name): list(told) for form in forms for name, told in form.errors.items()}


def test_the_price_first_then_the_order_as_by_the_api(cast: Cast, office: Client, box: PackageType) -> None:
    with assert_nothing_changed():
        page = office.post(path(cast), of_phone(box, quote="yes"))
    assert (errors_of(page), page.context["quote"].total) == ({}, 410)
    sent = form_of(page)
    assert (sent["pickup-lat"], sent["dropoff-lng"], sent["total"]) == ("50.8396", "4.3554", "410")
    response = office.post(path(cast), {**sent, "place": "yes"})
    order = Order.objects.get()
    assert response["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert (order.total, order.delivery_fee, order.distance, order.kind) == (410, 110, 419, "package")
    assert (order.address, order.lat, order.lng) == ("Place du Grand Sablon 12", *SABLON)
    package = order.package
    assert (package.pickup_address, package.pickup_notes, package.pickup_lat, package.pickup_lng) == (
        "Rue Haute 118",
        "Second bell",
        *HAUTE,
    )
    assert (package.recipient_name, package.recipient_phone, package.weight) == (
        "Rita Recipient",
        "+32470123457",
        2001,
    )
    assert (order.contact_name, order.contact_phone, order.customer.user_id) == ("Gina Guest", "+32470123456", None)
    event = OrderEvent.objects.get()
    assert (event.kind, event.role, event.actor) == ("placed", "staff", cast.staff.caller_key)
    # Twice is once.
    again = office.post(path(cast), {**sent, "place": "yes"})
    assert said(again)[-1] == "The form was sent twice, but the change was made only once."
    # By the API it costs the same.
    client = APIClient()
    client.force_authenticate(cast.customer)
    stops = {"pickup": {"address": "Rue Haute 118"}, "dropoff": {"address": "Place du Grand Sablon 12"}}
    body = place(client, package_cart(box, package=stops))
    assert body["orders"][0]["total"]["amount"] == "4.10"


def test_for_a_flat_fee_an_address_that_nobody_knows_will_do(cast: Cast, office: Client) -> None:
    flat = make_package_type(cast.vendor, per_km=0, max_distance=None)
    there = {"pickup-address": "Nowhere 1", "dropoff-address": "Nowhere 2"}
    page = office.post(path(cast), of_phone(flat, **there, quote="yes"))
    assert (errors_of(page), page.context["quote"].total, page.context["distance"]) == ({}, 360, None)
    assert office.post(path(cast), {**form_of(page), "place": "yes"}).status_code == 302
    order = Order.objects.get()
    assert (order.address, order.lat, order.package.pickup_lat, order.distance) == ("Nowhere 2", None, None, None)
    priced = make_package_type(cast.vendor)
    with assert_nothing_changed():
        page = office.post(path(cast), of_phone(priced, **there, quote="yes"))
    assert errors_of(page) == {f"{stop}-address": [NOWHERE_KNOWN] for stop in ("pickup", "dropoff")}


def test_for_a_customer_from_the_wallet_of_its_account(cast: Cast, office: Client, box: PackageType) -> None:
    where = path(cast, cast.customer_row.pk)
    sent = form_of(office.post(where, of_phone(box, comment="Fragile", quote="yes")))
    assert "guest_name" not in sent
    assert office.post(where, {**sent, "place": "yes"}).status_code == 302
    order = Order.objects.get()
    assert (order.customer_id, order.comment) == (cast.customer_row.pk, "Fragile")


@pytest.mark.parametrize("stop", ["pickup", "dropoff"])
def test_one_of_several_is_chosen(cast: Cast, office: Client, box: PackageType, stop: str) -> None:
    with assert_nothing_changed():
        page = office.post(path(cast), of_phone(box, **{f"{stop}-address": "Kerkstraat 1", "quote": "yes"}))
    assert errors_of(page) == {f"{stop}-address": ["This may mean several places: choose one of them."]}
    choices = next(choices for name, _, _, choices in page.context["stops"] if name == stop)
    assert f'name="{stop}-chosen_place" value="{escape(choices[0][0])}"' in page.content.decode()
    page = office.post(path(cast), {**form_of(page), f"{stop}-chosen_place": choices[0][0], "quote": "yes"})
    sent = form_of(page)
    assert (sent[f"{stop}-address"], sent[f"{stop}-lat"]) == ("Rue de l'Église 1, 1060 Brussels", "50.8274")
    assert office.post(path(cast), {**sent, "place": "yes"}).status_code == 302


def test_a_pin_counts_where_nobody_knows_the_address(cast: Cast, office: Client, box: PackageType) -> None:
    page = office.post(path(cast), of_phone(box, **{"dropoff-address": "Behind the barn", "quote": "yes"}))
    assert errors_of(page) == {"dropoff-address": [NOWHERE_KNOWN]}
    pin = {"dropoff-address": "Behind the barn", "dropoff-lat": "50.8405", "dropoff-lng": "4.3554"}
    sent = form_of(office.post(path(cast), of_phone(box, **pin, quote="yes")))
    assert office.post(path(cast), {**sent, "place": "yes"}).status_code == 302
    order = Order.objects.get()
    assert (order.address, order.lat, order.distance) == ("Behind the barn", 50.8405, 419)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"guest_name": ""}, "guest_name", "Fill in the customer's name."),
        ({"recipient_name": ""}, "recipient_name", "This field is required."),
        (
            {"recipient_phone": "soon"},
            "recipient_phone",
            "This is not a phone number: type it in full, such as +32 470 12 34 56.",
        ),
        ({"weight": ""}, "weight", "This field is required."),
        ({"weight": "10001"}, "weight", "Box may weigh 10000 g at most"),
        ({"width": "601"}, "width", "Box may be 600 mm long at most"),
        ({"height": ""}, "height", "A side is at most 600 mm: fill in the height."),
        ({"package_type": "987654"}, "package_type", "Select a valid choice."),
        ({"pickup-address": ""}, "pickup-address", "This field is required."),
        ({"pickup-lat": "91"}, "pickup-lat", "Ensure this value is less than or equal to 90."),
        ({"dropoff-lat": "50"}, "dropoff-lat", "Fill in both latitude and longitude, or neither."),
        ({"dropoff-lat": "53.0", "dropoff-lng": "4.35"}, "dropoff-address", "Box is carried 50000 m at most"),
        ({"deliver_at": "2020-01-01T12:00"}, "deliver_at", "This time has passed"),
        ({"offer": "NONE"}, "offer", ""),
        ({"payment_method": "fake"}, "payment_method", "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    cast: Cast, office: Client, box: PackageType, changes: dict[str, Any], field: str, text: str
) -> None:
    for button in ("quote", "place"):
        with assert_nothing_changed():
            page = office.post(path(cast), of_phone(box, **changes, **{button: "yes"}))
        errors = errors_of(page)
        assert list(errors) == [field], errors
        assert text in errors[field][0]
        assert_said_to_people(errors)
        assert f'<a href="#id_{field}">' in page.content.decode()


def test_not_at_a_price_that_was_not_shown(cast: Cast, office: Client, box: PackageType) -> None:
    for total in ({}, {"total": "409"}):
        with assert_nothing_changed():
            page = office.post(path(cast), of_phone(box, place="yes", **total))
        assert page.context["form"].non_field_errors() == [
            "The price is now 4.10\u00a0EUR: check it, and place the order again."
        ]


def test_who_carries_packages_offers_them(cast: Cast, office: Client, box: PackageType) -> None:
    plain = f"{PHONE}?vendor={cast.vendor.pk}&customer="
    assert "what=package" in office.get(plain).content.decode()
    PackageType.objects.update(is_active=False)
    assert "what=package" not in office.get(plain).content.decode()
    carrier = make_package_type(cast.other_vendor).vendor
    for page in (office.get(path(cast)), office.post(path(cast), of_phone(box))):
        assert page.context["form"].errors == {"vendor": ["Burger Bar carries no packages."]}
        assert list(page.context["carriers"]) == [carrier]
        assert f'?vendor={carrier.pk}&amp;customer=&amp;what=package">{carrier}</a>' in page.content.decode()
        assert posted_forms(page) == []


def test_appointments_are_not_taken_by_phone(cast: Cast, office: Client) -> None:
    service = make_service(cast.vendor)
    plain = f"{PHONE}?vendor={cast.vendor.pk}&customer="
    assert len(posted_forms(office.get(plain))) == 1
    Product.objects.filter(vendor=cast.vendor).delete()
    bump_menu_version(cast.vendor.pk)
    box = make_package_type(cast.other_vendor)
    with assert_nothing_changed():
        for page in (office.get(plain), office.post(plain, of_phone(box))):
            assert (
                page.context["form"].errors["vendor"][0].startswith("Appointments cannot be taken here: the customer")
            )
            assert posted_forms(page) == []
    Service.objects.filter(pk=service.pk).update(is_active=False)
    assert len(posted_forms(office.get(plain))) == 1


def test_who_only_carries_packages_is_called_for_one(cast: Cast, office: Client, box: PackageType) -> None:
    plain = f"{PHONE}?vendor={cast.vendor.pk}&customer="
    assert "package_type" not in form_of(office.get(plain))
    Product.objects.filter(vendor=cast.vendor).update(is_available=False)
    assert "package_type" not in form_of(office.get(plain))
    Product.objects.filter(vendor=cast.vendor).delete()
    bump_menu_version(cast.vendor.pk)
    assert form_of(office.get(plain))["package_type"] == str(box.pk)


def test_a_vendors_manager_sends_from_its_own(cast: Cast, box: PackageType) -> None:
    client = Client()
    client.force_login(make_manager(cast.vendor))
    sent = form_of(client.post(path(cast), of_phone(box, quote="yes")))
    assert client.post(path(cast), {**sent, "place": "yes"}).status_code == 302
    other = make_package_type(cast.other_vendor)
    page = client.get(f"{PHONE}?vendor={other.vendor_id}&customer=&what=package")
    assert list(page.context["form"].errors) == ["vendor"]
    client.force_login(cast.customer)
    assert client.get(path(cast)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_another_server_is_asked_before_the_transaction(
    cast: Cast, office: Client, box: PackageType, settings: Any, fake: FakeGeocoder
) -> None:
    settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
    fake.answers["/search"] = [nominatim("Rue Haute 118", *HAUTE)]
    page = office.post(path(cast), of_phone(box, quote="yes"))
    assert len(posted_forms(page)) == 1
    assert office.post(path(cast), {**form_of(page), "place": "yes"}).status_code == 302
    assert len(fake.asked) == 2
