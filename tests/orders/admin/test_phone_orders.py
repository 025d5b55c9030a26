"""Orders by phone (docs/requirements.md, row 20): the quote, then the order, once; a refusal changes nothing."""

import re
import uuid
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order, OrderEvent, Payment, PaymentStatus
from ordersite.accounts.models import Address, Customer, User
from tests.cast import Cast
from tests.clock import Clock
from tests.office import form_of
from tests.orders.online import takes_online
from tests.orders.shopping import NEAR, assert_nothing_changed, fill_wallet
from tracking import mails
from vendors.models import OpeningHours, Product, Stock, Vendor
from vendors.services.vendors import bump_menu_version, import_menu

PHONE = "/admin/orders/order/phone/"
GUEST = {"guest_name": "Gina Guest", "guest_phone": "0470 12 34 56", "guest_email": "Gina@Example.net"}


def path(cast: Cast, customer: Customer | None = None) -> str:
    return f"{PHONE}?vendor={cast.vendor.pk}&customer={customer.pk if customer else ''}"


def of_phone(cast: Cast, **quantities: int) -> dict[str, Any]:
    """What the browser sends for so many of these products, for a guest who collects and pays in cash."""
    chosen = {f"quantity-{cast.products[name].pk}": count for name, count in quantities.items()}
    return {"key": str(uuid.uuid4()), "delivery_type": "pickup", "payment_method": "cash", **GUEST, **chosen}


def send(client: Client, where: str, form: dict[str, Any], button: str = "quote", **total: Any) -> Any:
    return client.post(where, {**form, **total, button: "yes"})


def quoted(client: Client, where: str, form: dict[str, Any]) -> int:
    """The total that the page shows."""
    response = send(client, where, form)
    assert response.status_code == 200
    quote = response.context["quote"]
    assert quote is not None, (response.context["form"].errors, faults(response))
    return int(quote.total)


def placed(client: Client, where: str, form: dict[str, Any]) -> Order:
    """Looks at the price and places; the order to whose page it leads."""
    response = send(client, where, form, "place", total=quoted(client, where, form))
    assert response.status_code == 302, (response.context["form"].errors, faults(response), said(response))
    order = Order.objects.latest("pk")
    assert response["Location"] == f"/admin/orders/order/{order.pk}/change/"
    return order


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def faults(response: Any) -> dict[str, list[str]]:
    """What is written beside products, by their names."""
    rows = [row for _, rows in response.context["categories"] for row in rows]
    return {row.product.name: row.errors for row in rows if row.errors}


def assert_said_to_people(errors: dict[str, list[str]]) -> None:
    """Nothing is told in the words of the API: no field's name, no address of its, nothing to be sent."""
    for text, *_ in errors.values():
        assert not re.search(r"\b[Ss]end\b|\bread\b|sign in|[{}_]| /", text), text


def test_the_quote_first_then_the_order(cast: Cast, office: Client) -> None:
    burger, options = cast.products["burger"].pk, cast.options
    form = {
        **of_phone(cast, burger=2, soda=1),
        f"group-{burger}-{cast.groups['Size'].pk}": options["Large"].pk,
        f"option-{burger}-{options['Mayonnaise'].pk}": "2",
        f"extra-{burger}-{cast.extras['Bacon'].pk}": "1",
        f"without-{burger}-{cast.ingredients['Onion'].pk}": "1",
        f"note-{burger}": "Well done",
        "free_name_2": "Balloon",
        "free_amount_2": "1.50",
        "comment": "Rings twice",
    }
    # 2 × (8.50 + 2.00 + 2 × 0.60 + 1.20) + 2.50 + 1.50
    with assert_nothing_changed():
        assert quoted(office, path(cast), form) == 2980
    order = placed(office, path(cast), form)
    assert (order.total, order.fulfilment, order.payment_method, order.payment_status) == (2980, 2, "cash", "unpaid")
    assert (order.contact_name, order.contact_phone, order.contact_email) == (
        "Gina Guest",
        "+32470123456",
        "gina@example.net",
    )
    assert (order.customer.user_id, order.comment) == (None, "Rings twice")
    assert list(order.lines.values_list("name", "quantity", "total", "comment")) == [
        ("Burger", 2, 2580, "Well done"),
        ("Soda", 1, 250, ""),
        ("Balloon", 1, 150, ""),
    ]
    assert list(order.lines.first().options.values_list("name", "quantity", "total")) == [
        ("Mayonnaise", 2, 240),
        ("Large", 1, 400),
        ("Bacon", 1, 240),
        ("Onion", 1, 0),
    ]
    event = OrderEvent.objects.get(order=order)
    assert (event.kind, event.actor, event.role) == ("placed", cast.staff.caller_key, "staff")
    assert order.purchase.placed_by_id == cast.staff.pk
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == 9


def test_the_page_after_it_has_the_payment_link(
    cast: Cast, office: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    takes_online(cast.vendor)
    settings.FAKE_PAYMENTS_URL = "http://127.0.0.1:9"  # never asked: the page is not opened
    order = placed(office, path(cast), {**of_phone(cast, pizza=1), "payment_method": "fake"})
    payment = Payment.objects.get()
    assert (order.visible_at, payment.state) == (None, PaymentStatus.UNPAID)
    address = f"/admin/orders/order/{order.pk}/"
    page = office.get(f"{address}change/")
    assert said(page) == ["The order was placed."]
    assert f'<a href="http://testserver/pay/{payment.token}">Payment link</a>' in page.content.decode()
    key = str(page.context["link_form"]["key"].value())
    for number in range(2):
        response = office.post(f"{address}payment-link/", {"key": key})
        assert response.status_code == 302
        mails.send_due()
        assert len(mail.outbox) == 1
        done = "The form was sent twice, but the change was made only once."
        assert said(response)[-1] == (done if number else "The payment link is being e-mailed to the customer.")
    assert mail.outbox[0].to == ["gina@example.net"]
    Payment.objects.update(state=PaymentStatus.PAID)
    assert "Payment link" not in office.get(f"{address}change/").content.decode()


def test_for_a_customer_to_its_saved_address(cast: Cast, office: Client) -> None:
    home = Address.objects.create(
        customer=cast.customer_row, label="Home", address="Naamsestraat 1", address_notes="Bell 2", **NEAR
    )
    where = path(cast, cast.customer_row)
    form = {
        **of_phone(cast, pizza=1),
        "delivery_type": "delivery",
        "saved_address": home.pk,
        "payment_method": "wallet",
    }
    assert "Home: Naamsestraat 1" in office.get(where).content.decode()
    with assert_nothing_changed():
        response = send(office, where, form, "place", total=1450)
    assert said(response) == ["The wallet balance is too low: top it up, or choose another payment method."]
    fill_wallet(cast.customer_row, 2000)
    order = placed(office, where, form)
    assert (order.customer_id, order.payment_status, order.total) == (cast.customer_row.pk, "paid", 1450)
    assert (order.address, order.address_notes, order.lat, order.lng) == ("Naamsestraat 1", "Bell 2", *NEAR.values())
    foreign = Address.objects.create(customer=cast.stranger_row, address="Elsewhere", **NEAR)
    response = send(office, where, {**form, "saved_address": foreign.pk})
    assert list(response.context["form"].errors) == ["saved_address"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"address": "Bondgenotenlaan 5"}, "address"),
        ({"lat": "50.86", "lng": "4.36"}, "lat"),
        ({"lat": str(NEAR["lat"]), "lng": "4.36"}, "lat"),
        ({"address": "Naamsestraat 1", "lat": str(NEAR["lat"]), "lng": str(NEAR["lng"])}, None),
    ],
)
def test_no_other_address_is_typed_beside_a_saved_one(
    cast: Cast, office: Client, typed: dict[str, str], field: str | None
) -> None:
    home = Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", **NEAR)
    where = path(cast, cast.customer_row)
    form = {**of_phone(cast, pizza=1), "delivery_type": "delivery", "saved_address": home.pk, **typed}
    if field is None:
        assert placed(office, where, form).address == "Naamsestraat 1"
        return
    with assert_nothing_changed():
        page = send(office, where, form, "place", total=1450)
    told = "A saved address is chosen: leave this empty, or choose “Another address”."
    assert page.context["form"].errors == {field: [told]}
    assert told in page.content.decode()
    # What was typed is what was meant.
    point = {name: str(value) for name, value in NEAR.items()}
    order = placed(office, where, {**form, "saved_address": "", "address": "Bondgenotenlaan 5", **point})
    assert order.address == "Bondgenotenlaan 5"


def test_a_hidden_field_that_is_too_long_is_refused_beside_a_saved_address(cast: Cast, office: Client) -> None:
    home = Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", **NEAR)
    form = {**of_phone(cast, pizza=1), "delivery_type": "delivery", "saved_address": home.pk}
    for name in ("chosen_place", "located"):
        with assert_nothing_changed():
            page = send(office, path(cast, cast.customer_row), {**form, name: "x" * 401}, "place", total=1450)
        assert list(page.context["form"].errors) == [name]


def test_only_a_total_to_any_address(cast: Cast, office: Client) -> None:
    form = {**of_phone(cast), "delivery_type": "delivery", "address": "Far Away 1", "free_amount_1": "37.50"}
    order = placed(office, path(cast), form)
    assert (order.total, order.delivery_fee, order.address, order.lat) == (3750, 0, "Far Away 1", None)
    assert list(order.lines.values_list("name", "total", "product")) == [("Order by phone", 3750, None)]


def test_for_later_in_the_vendors_time(cast: Cast, office: Client) -> None:
    at = (
        (timezone.now() + timedelta(days=2))
        .astimezone(cast.vendor.zone)
        .replace(hour=18, minute=30, second=0, microsecond=0)
    )
    order = placed(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": f"{at:%Y-%m-%dT%H:%M}"})
    assert (order.deliver_at, order.status) == (at, 13)


@pytest.mark.parametrize(
    ("today", "wall", "minutes", "begins"),
    [
        # 29 March 2026: 02:00 becomes 03:00. Twenty minutes before 03:10 it is 01:50.
        ("2026-03-28T12:00Z", "2026-03-29T03:10", 20, "2026-03-29T00:50Z"),
        # 25 October 2026: 03:00 becomes 02:00. Forty minutes before 03:10 it is 02:30 for the second time.
        ("2026-10-24T12:00Z", "2026-10-25T03:10", 40, "2026-10-25T01:30Z"),
    ],
)
def test_preparing_begins_as_long_before_on_days_on_which_the_clock_changes(
    cast: Cast, clock: Clock, today: str, wall: str, minutes: int, begins: str
) -> None:
    clock.now = datetime.fromisoformat(today)
    Vendor.objects.filter(pk=cast.vendor.pk).update(preparation_minutes=minutes)
    office = Client()
    office.force_login(cast.staff)
    order = placed(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": wall})
    assert order.due_at == datetime.fromisoformat(begins)


def test_the_same_form_places_once(cast: Cast, office: Client) -> None:
    form = of_phone(cast, pizza=1)
    order = placed(office, path(cast), form)
    response = send(office, path(cast), form, "place", total=1200)
    assert (response.status_code, response["Location"]) == (302, f"/admin/orders/order/{order.pk}/change/")
    assert said(response)[-1] == "The form was sent twice, but the change was made only once."
    assert Order.objects.count() == 1
    placed(office, path(cast), {**form, "key": str(uuid.uuid4())})
    assert Order.objects.count() == 2


def test_nothing_is_placed_at_a_price_that_was_not_shown(cast: Cast, office: Client) -> None:
    form = of_phone(cast, pizza=1)
    for total in ({}, {"total": 1199}, {"total": ""}):
        with assert_nothing_changed():
            response = send(office, path(cast), form, "place", **total)
        assert response.context["form"].non_field_errors() == [
            "The price is now 12.00\u00a0EUR: check it, and place the order again."
        ]
        assert response.context["quote"].total == 1200


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"guest_name": ""}, "guest_name", "Fill in the customer's name."),
        ({"guest_phone": "", "guest_email": ""}, "guest_phone", "Fill in a phone or an e-mail, so that"),
        (
            {"guest_phone": "12"},
            "guest_phone",
            "This is not a phone number: type it in full, such as +32 470 12 34 56.",
        ),
        ({"guest_name": "a\x00b"}, "guest_name", "Null characters are not allowed."),
        ({"delivery_type": "teleport"}, "delivery_type", "Select a valid choice."),
        ({"delivery_type": "delivery"}, "address", "Type an address, or click the place on the map."),
        (
            {"delivery_type": "delivery", "address": "Far Away 1"},
            "address",
            "This address has no location yet",
        ),
        ({"delivery_type": "delivery", **NEAR}, "address", "Type the address too."),
        (
            {"delivery_type": "delivery", "address": "X", "lat": "51.2", "lng": "4.4"},
            "address",
            "Burger Bar does not deliver there: choose another address, or a zone.",
        ),
        ({"lat": "50"}, "lat", "Fill in both latitude and longitude, or neither."),
        ({"lat": "nan", "lng": "inf"}, "lat", "Enter a number."),
        ({"deliver_at": "2020-01-01T12:00"}, "deliver_at", "This time has passed: choose a later one, or none"),
        ({"deliver_at": "0001-01-01T00:00"}, "deliver_at", "This is beyond the calendar: type another day."),
        ({"deliver_at": "9999-12-31T23:59"}, "deliver_at", "Orders are taken 7 days ahead: choose an earlier time."),
        ({"deliver_at": "2026-03-29T02:30"}, "deliver_at", "On 29 Mar 2026 the clocks of Europe/Brussels go forward"),
        ({"deliver_at": "soon"}, "deliver_at", "Enter a valid date/time."),
        ({"payment_method": "fake"}, "payment_method", "Select a valid choice."),
        ({"offer": "NONE"}, "offer", "There is no offer with this code"),
        ({"free_name_1": "Balloon"}, "free_amount_1", "Fill in the amount."),
        ({"free_amount_1": "-1"}, "free_amount_1", "The amount must not be below zero."),
        ({"free_amount_1": "1.234"}, "free_amount_1", "EUR has 2 digits after the decimal point"),
        ({"free_amount_1": "9" * 13}, "free_amount_1", "The amount is too large"),
        ({"key": "mine"}, "key", "Enter a valid UUID."),
        ({"total": "9" * 30}, "total", "Ensure this value is less"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    cast: Cast, office: Client, changes: dict[str, Any], field: str, text: str
) -> None:
    form = {**of_phone(cast, pizza=1), **changes}
    for button in ("quote", "place"):
        with assert_nothing_changed():
            response = send(office, path(cast), form, button)
        errors = response.context["form"].errors
        assert field in errors, errors
        assert text in errors[field][0]
        assert_said_to_people(errors)
        assert response.context["quote"] is None
        html = response.content.decode()
        assert 'role="alert"' in html
        bound = response.context["form"][field]
        assert (f'<a href="#{bound.id_for_label}">{bound.label}</a>' in html) == (not bound.is_hidden)
        assert bound.is_hidden or f'id="{bound.id_for_label}"' in html


def test_what_is_wrong_with_a_product_is_said_in_its_row(cast: Cast, office: Client) -> None:
    burger, pizza, soda = (cast.products[name].pk for name in ("burger", "pizza", "soda"))
    wrong: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
        ({f"quantity-{burger}": "1"}, {"Burger": ["Choose at least 1 of Size."]}),
        ({f"quantity-{soda}": "7"}, {"Soda": ["At most 6 × Soda in one order: lower the quantity."]}),
        ({f"quantity-{pizza}": "-1"}, {"Pizza": ["Ensure this value is greater than or equal to 0."]}),
        ({f"quantity-{pizza}": "many"}, {"Pizza": ["Enter a whole number."]}),
        ({f"quantity-{pizza}": "9" * 30}, {"Pizza": ["Ensure this value is less than or equal to 10000."]}),
        (
            {f"quantity-{pizza}": "1", f"note-{pizza}": "x" * 301},
            {"Pizza": ["Ensure this value has at most 300 characters (it has 301)."]},
        ),
        (
            {f"quantity-{pizza}": "1", f"option-{pizza}-{cast.options['Olives'].pk}": "2"},
            {"Pizza": ["In Toppings each option can be chosen once only: send quantity 1."]},
        ),
    ]
    for changes, expected in wrong:
        with assert_nothing_changed():
            response = send(office, path(cast), {**of_phone(cast), **changes}, "place", total=1)
        assert faults(response) == expected
        for name in expected:
            product = cast.products[name.lower()]
            assert f'<a href="#quantity-{product.pk}">{name}</a>' in response.content.decode()
        assert response.context["quote"] is None


def test_nothing_at_all_and_what_is_short(cast: Cast, office: Client) -> None:
    response = send(office, path(cast), of_phone(cast))
    assert response.context["form"].non_field_errors() == ["Choose at least one product."]
    assert response.content.decode().count("Choose at least one product.") == 1
    form = {**of_phone(cast, pizza=1), "payment_method": "wallet"}
    with assert_nothing_changed():
        response = send(office, path(cast), form, "place", total=1200)
    assert said(response) == ["A guest has no wallet: choose another way to pay, or a customer."]
    Stock.objects.update(quantity=1)
    with assert_nothing_changed():
        response = send(office, path(cast), of_phone(cast, soda=2), "place", total=500)
    assert said(response) == ["Only 1 × Soda left: lower the quantity."]


def test_a_full_slot_and_a_pause_are_told(cast: Cast, office: Client) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(slot_orders=0)
    with assert_nothing_changed():
        response = send(office, path(cast), of_phone(cast, pizza=1), "place", total=1200)
    assert said(response) == ["Burger Bar takes no more for that time: order less, or choose another time."]
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=timezone.now() + timedelta(hours=1))
    response = send(office, path(cast), of_phone(cast, pizza=1))
    assert response.context["form"].errors == {
        "deliver_at": ["Burger Bar takes no orders for now: choose a later time."]
    }
    later = timezone.now().astimezone(cast.vendor.zone) + timedelta(minutes=50)
    response = send(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": f"{later:%Y-%m-%dT%H:%M}"})
    assert response.context["form"].errors == {
        "deliver_at": ["Burger Bar takes no orders for that time: choose a later one."]
    }
    OpeningHours.objects.filter(vendor=cast.vendor).delete()
    OpeningHours.objects.create(vendor=cast.vendor, weekday=(later.weekday() + 3) % 7, opens=time(10), closes=time(11))
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=None)
    bump_menu_version(cast.vendor.pk)
    for at, expected in (
        ("", {"deliver_at": ["Burger Bar is closed: choose a time."]}),
        (f"{later:%Y-%m-%dT%H:%M}", {"deliver_at": ["Burger Bar is closed then: choose another time."]}),
    ):
        response = send(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": at})
        assert response.context["form"].errors == expected


def test_another_time_is_told_by_the_vendors_clock(cast: Cast, office: Client, clock: Clock) -> None:
    clock.now = datetime.fromisoformat("2026-06-10T10:00Z")
    office.force_login(cast.staff)
    Vendor.objects.filter(pk=cast.vendor.pk).update(preparation_minutes=60)
    response = send(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": "2026-06-10T12:30"})
    assert response.context["form"].errors == {
        "deliver_at": ["Burger Bar needs until 2026-06-10 13:00: choose a later time, or none for as soon as can be."]
    }
    Vendor.objects.filter(pk=cast.vendor.pk).update(slot_orders=1)
    placed(office, path(cast), {**of_phone(cast, pizza=1), "deliver_at": "2026-06-10T15:00"})
    full = {**of_phone(cast, pizza=1), "deliver_at": "2026-06-10T15:00"}
    with assert_nothing_changed():
        response = send(office, path(cast), full, "place", total=1200)
    assert said(response)[-1] == (
        "Burger Bar takes no more for that time: order less, or choose another time, such as 2026-06-10 15:15."
    )


def test_what_was_typed_stands_there_again(cast: Cast, office: Client) -> None:
    cake = cast.products["cake"].pk
    form = {
        **of_phone(cast, cake=1),
        f"option-{cake}-{cast.options['Plate text'].pk}": "Happy <birthday>",
        f"note-{cake}": 'A "note"',
        "free_amount_1": "2.00",
        "deliver_at": "",
    }
    page = send(office, path(cast), form).content.decode()
    assert 'value="Happy &lt;birthday&gt;"' in page
    assert 'value="A &quot;note&quot;"' in page
    assert f'name="quantity-{cake}" value="1"' in page
    assert 'name="free_amount_1" value="2.00"' in page
    order = placed(office, path(cast), form)
    assert list(order.lines.first().options.values_list("name", "text")) == [("Plate text", "Happy <birthday>")]


def test_first_the_vendor_and_for_whom(cast: Cast, office: Client) -> None:
    assert 'href="/admin/orders/order/phone/"' in office.get("/admin/orders/order/").content.decode()
    page = office.get(PHONE)
    assert page.status_code == 200
    assert not page.context["form"].errors
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(is_active=False)
    for query, field in (
        ("vendor=", "vendor"),
        ("vendor=x", "vendor"),
        (f"vendor={'9' * 30}", "vendor"),
        (f"vendor={cast.other_vendor.pk}", "vendor"),
        (f"vendor={cast.vendor.pk}&customer={'9' * 30}", "customer"),
    ):
        for response in (office.get(f"{PHONE}?{query}"), office.post(f"{PHONE}?{query}", of_phone(cast, pizza=1))):
            assert response.status_code == 200
            assert list(response.context["form"].errors) == [field], query


def test_only_those_who_may_place(cast: Cast) -> None:
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    client = Client()
    form = of_phone(cast, pizza=1)
    for user in (None, cast.customer, cast.owner):
        if user:
            client.force_login(user)
        with assert_nothing_changed():
            response = send(client, path(cast), form, "place", total=1200)
        assert (response.status_code, response["Location"][:13]) == (302, "/admin/login/")
    client.force_login(clerk)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", "view_order", "change_order"]))
    assert "New order by phone" not in client.get("/admin/orders/order/").content.decode()
    with assert_nothing_changed():
        assert client.get(path(cast)).status_code == 403
        assert send(client, path(cast), form, "place", total=1200).status_code == 403
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", "add_order"]))
    placed_by = send(client, path(cast), form, "place", total=1200)
    assert placed_by.status_code == 302
    assert Order.objects.get().purchase.placed_by_id == clerk.pk


@pytest.mark.parametrize("size", [1, 60])
def test_a_page_takes_the_same_statements_for_every_menu(cast: Cast, office: Client, size: int) -> None:
    products = [
        {"name": f"Dish {n}", "price": 100, "stock": 5, "groups": ["Size"], "extras": [{"name": "Rice"}]}
        for n in range(size)
    ]
    import_menu(vendor=cast.vendor, menu={"categories": [{"name": "All", "products": products}]})
    bump_menu_version(cast.vendor.pk)
    taken = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert office.get(path(cast, cast.customer_row)).status_code == 200
        taken.append(len(queries))
    assert taken == [13, 7]


def test_codes_alone_are_digital_and_come_at_once(cast: Cast, office: Client) -> None:
    cake = cast.products["cake"]
    Product.objects.filter(pk=cake.pk).update(is_digital=True)
    bump_menu_version(cast.vendor.pk)
    mixed = office.get(path(cast))
    assert [name for name, _ in mixed.context["form"].fields["delivery_type"].choices] == cast.vendor.fulfilments
    assert ("cash", "cash") in mixed.context["form"].fields["payment_method"].choices
    Product.objects.filter(vendor=cast.vendor).exclude(pk=cake.pk).delete()
    bump_menu_version(cast.vendor.pk)
    page = office.get(path(cast))
    assert page.context["form"].fields["delivery_type"].choices == [("digital", "digital")]
    assert page.context["form"].fields["payment_method"].choices == [("wallet", "wallet")]
    sent = form_of(page)
    assert not {"deliver_at", "free_name_1", "address", "table"} & sent.keys()
    with assert_nothing_changed():
        response = send(office, path(cast), {**sent, **GUEST})
        assert response.context["form"].errors == {"__all__": ["Choose at least one product."]}
    form = {**sent, **GUEST, f"quantity-{cake.pk}": "1", f"option-{cake.pk}-{cast.options['Plate text'].pk}": "Hi"}
    with assert_nothing_changed():
        response = send(office, path(cast), {**form, "payment_method": "cash"})
        assert list(response.context["form"].errors) == ["payment_method"]
        assert quoted(office, path(cast), {**form, "payment_method": "wallet"}) > 0


def test_the_trail_and_the_lists_have_one_name_each(cast: Cast, office: Client) -> None:
    front = office.get("/admin/").content.decode()
    assert "Payments to check" in front
    assert "Payment proofs" not in front
    assert [one["name"] for one in office.get(PHONE).context["available_apps"] if one["app_label"] == "orders"] == [
        "Orders"
    ]
    trail = office.get(PHONE).content.decode().split('<div class="breadcrumbs">')[1].split("</div>")[0]
    assert re.findall(r">([^<>]+)</a>", trail) == ["Home", "Orders and money", "Orders"]
