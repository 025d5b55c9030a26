"""Who calls, and what they had: callers found by phone in any spelling, an order once more at today's prices."""

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import Line, LineOption, Order, Package
from ordersite.accounts.models import Address, Customer
from tests.cast import Cast, make_manager
from tests.orders.admin.test_phone_orders import GUEST, PHONE, of_phone, path, placed, send
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR, assert_nothing_changed
from vendors.models import Extra, Ingredient, Option, Product, Vendor
from vendors.services.vendors import bump_menu_version

pytestmark = pytest.mark.django_db
SPELLINGS = (
    "+32470123456",
    "+32 470 12 34 56",
    "0470123456",
    "0470/12.34.56",
    "0470-12 34 56",
    "0032470123456",
    "0032 (0)470 12 34 56",
    "+32 (0) 470/12 34 56",
)


def find(client: Client, who: str) -> Any:
    answer = client.get(PHONE, {"who": who})
    assert answer.status_code == 200
    return answer


def found(client: Client, who: str) -> list[tuple[str, list[int]]]:
    """Who is found, each with the ids of its orders as they are listed."""
    return [(one.name, [order.pk for order in one.orders]) for one in find(client, who).context["callers"]]


# --- who calls ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_guest_is_found_by_its_phone_in_any_spelling(cast: Cast, office: Client, spelling: str) -> None:
    old = placed(office, path(cast), of_phone(cast, soda=1))
    new = placed(office, path(cast), of_phone(cast, soda=2))
    make_order(cast, contact_phone="+32470999999")
    assert found(office, spelling) == [("Gina Guest", [new.pk, old.pk])]
    text = find(office, spelling).content.decode()
    assert "2 × Soda" in text
    assert f'href="?repeat={new.pk}"' in text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_account_is_found_by_its_phone_before_it_has_ordered(cast: Cast, office: Client, spelling: str) -> None:
    Customer.objects.filter(pk=cast.customer_row.pk).update(phone="+32470123456")
    assert found(office, spelling) == [(str(Customer.objects.get(pk=cast.customer_row.pk)), [])]
    assert f'href="?customer={cast.customer_row.pk}#start"' in find(office, spelling).content.decode()


def test_an_account_has_the_orders_that_it_placed_with_another_number(cast: Cast, office: Client) -> None:
    Customer.objects.filter(pk=cast.customer_row.pk).update(phone="+32470123456")
    order = make_order(cast, contact_phone="+32479000000")
    assert [orders for _, orders in found(office, "0470123456")] == [[order.pk]]


@pytest.mark.parametrize("who", ["", "  ", "x", "0470000000", "nobody@example.org", "'" * 200, "9" * 400, "%"])
def test_nobody_is_found_by_what_nobody_has(cast: Cast, office: Client, who: str) -> None:
    make_order(cast, contact_phone="+32470123456")
    assert found(office, who) == []


def test_who_is_not_known_takes_the_number_along(cast: Cast, office: Client) -> None:
    text = find(office, "0470 99 88 77").content.decode()
    assert "Nobody was found: take the order for a guest" in text
    assert '<input type="hidden" name="phone" value="0470 99 88 77">' in text
    page = office.get(f"{path(cast)}&phone=0470 99 88 77")
    assert page.context["form"]["guest_phone"].value() == "0470 99 88 77"


def test_a_vendors_people_find_their_own_callers_alone(cast: Cast) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    Customer.objects.filter(pk=cast.customer_row.pk).update(phone="+32470123456")
    own = make_order(cast, contact_phone="+32470123456", contact_name="Clara")
    make_order(cast, contact_phone="+32470123456", vendor=cast.other_vendor)
    assert [orders for _, orders in found(manager, "0470123456")] == [[own.pk]]
    assert cast.customer_row.email not in find(manager, "0470123456").content.decode()
    assert manager.get(PHONE, {"repeat": Order.objects.latest("pk").pk}).headers["Location"] == PHONE


def test_finding_costs_the_same_for_one_order_and_many(cast: Cast, office: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            find(office, "0470123456")
        return len(queries)

    Customer.objects.filter(pk=cast.customer_row.pk).update(phone="+32470123456")
    make_order(cast, contact_phone="+32470123456")
    few = cost()
    for _ in range(30):
        make_order(cast, contact_phone="+32470123456")
    assert cost() == few <= 15
    assert sum(len(orders) for _, orders in found(office, "0470123456")) == 20


# --- the same again -----------------------------------------------------------------------------------------------


def repeated(client: Client, order: Order, **query: str) -> Any:
    """The page that `?repeat=` leads to."""
    answer = client.get(PHONE, {"repeat": str(order.pk), **query}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain
    return answer


def ordered(client: Client, order: Order) -> Order:
    """The order that is placed from the page that repeats it, by what its form holds."""
    page = repeated(client, order)
    form, rows = page.context["form"], [row for _, rows in page.context["categories"] for row in rows]
    sent = {name: form[name].value() or "" for name in form.fields}
    for row in rows:
        if row.is_chosen:
            sent |= {f"quantity-{row.product.id}": row.quantity, f"note-{row.product.id}": row.note}
            for group in row.groups:
                if group.name:
                    sent[group.name] = str(group.chosen or "")
                sent |= {one.name: one.value for one in group.options if one.name}
            sent |= {one.name: one.value for one in row.extras}
            left_out = [one.ingredient.id for one in row.ingredients if one.left_out]
            sent |= {f"without-{row.product.id}-{key}": "1" for key in left_out}
    sent = {name: value for name, value in sent.items() if value not in ("", None)}
    url = page.redirect_chain[-1][0]
    answer = send(client, url, sent, "place", total=page.context["quote"].total)
    assert answer.status_code == 302, (answer.context["form"].errors, answer.context["marked"])
    return Order.objects.latest("pk")


def as_lines(order: Order) -> list[Any]:
    """What was ordered, as it is read."""
    return [
        (
            line.name,
            line.quantity,
            line.comment,
            sorted((one.kind, one.name, one.quantity, one.position, one.text) for one in line.options.all()),
        )
        for line in order.lines.all()
    ]


def test_the_same_again_is_the_same_order(cast: Cast, office: Client) -> None:
    option = {name: row.pk for name, row in cast.options.items()}
    burger, pizza, cake = (cast.products[name].pk for name in ("burger", "pizza", "cake"))
    first = placed(
        office,
        path(cast),
        of_phone(cast, burger=2, pizza=1, cake=1)
        | {
            f"group-{burger}-{cast.groups['Size'].pk}": str(option["Large"]),
            f"option-{burger}-{option['Mayonnaise']}": "2",
            f"extra-{burger}-{cast.extras['Bacon'].pk}": "1",
            f"without-{burger}-{cast.ingredients['Onion'].pk}": "1",
            f"note-{burger}": "Well done",
            f"option-{pizza}-{option['Mushrooms']}-left": "1",
            f"option-{cake}-{option['Plate text']}": "Happy birthday",
        },
    )
    again = ordered(office, first)
    assert again.pk != first.pk
    assert as_lines(again) == as_lines(first)
    same = ("total", "fulfilment", "payment_method", "contact_name", "contact_phone", "contact_email")
    assert [getattr(again, name) for name in same] == [getattr(first, name) for name in same]


def test_where_it_went_is_where_it_goes(cast: Cast, office: Client) -> None:
    order = place_order(
        cast, lines=2, fulfilment=Fulfilment.DELIVERY, place=Place(address="Rue Neuve 1", address_notes="2nd", **NEAR)
    )
    page = repeated(office, order)
    assert page.context["customer"] == cast.customer_row
    form = page.context["form"]
    assert [form[name].value() for name in ("address", "address_notes", "lat", "lng")] == [
        "Rue Neuve 1",
        "2nd",
        "50.851",
        "4.351",
    ]
    assert page.context["quote"].delivery_fee == 250
    Address.objects.create(customer=cast.customer_row, label="Home", address="Rue Neuve 1", **NEAR)
    form = repeated(office, order).context["form"]
    assert (form["saved_address"].value(), form["address"].value() or "") == (str(Address.objects.get().pk), "")


def test_something_else_there_has_who_and_where_without_products(cast: Cast, office: Client) -> None:
    first = placed(office, path(cast), of_phone(cast, soda=1))
    page = repeated(office, first, only="who")
    assert [page.context["form"][name].value() for name in ("guest_name", "guest_phone", "delivery_type")] == [
        "Gina Guest",
        "+32470123456",
        "pickup",
    ]
    assert not any(row.is_chosen for _, rows in page.context["categories"] for row in rows)
    assert not page.context["has_errors"]


def change_menu(cast: Cast, what: str) -> None:
    burger = cast.products["burger"]
    changes: dict[str, Any] = {
        "gone": lambda: Product.objects.filter(pk=burger.pk).delete(),
        "sold out": lambda: Product.objects.filter(pk=burger.pk).update(is_available=False),
        "dearer": lambda: Product.objects.filter(pk=burger.pk).update(price=900),
        "option gone": lambda: Option.objects.filter(name="Mayonnaise").update(is_available=False),
        "extra gone": lambda: Extra.objects.filter(name="Bacon").delete(),
        "ingredient gone": lambda: Ingredient.objects.filter(name="Onion").delete(),
        "nothing": lambda: None,
    }
    changes[what]()
    bump_menu_version(cast.vendor.pk)


TOLD = {
    "gone": ["1 × Burger is not on the menu any more, or never was: it was 10.30\u00a0EUR."],
    "sold out": ["1 × Burger is sold out."],
    "dearer": ["Burger costs 9.00\u00a0EUR now, it was 8.50\u00a0EUR."],
    "option gone": ["Burger: Mayonnaise is not to be had any more."],
    "extra gone": ["Burger: Bacon is not to be had any more."],
    "ingredient gone": ["Burger: No Onion is not to be had any more."],
    "nothing": [],
}
PRICES = {"gone": 250, "sold out": 250, "dearer": 1330, "option gone": 1220, "extra gone": 1160}


@pytest.mark.parametrize("what", TOLD)
def test_what_is_no_longer_sold_is_told(cast: Cast, office: Client, what: str) -> None:
    burger = cast.products["burger"].pk
    chosen = {
        f"group-{burger}-{cast.groups['Size'].pk}": str(cast.options["Regular"].pk),
        f"option-{burger}-{cast.options['Mayonnaise'].pk}": "1",
        f"extra-{burger}-{cast.extras['Bacon'].pk}": "1",
        f"without-{burger}-{cast.ingredients['Onion'].pk}": "1",
    }
    order = placed(office, path(cast), of_phone(cast, burger=1, soda=1) | chosen)
    change_menu(cast, what)
    with assert_nothing_changed():
        page = repeated(office, order)
    assert list(page.context["told"]) == TOLD[what]
    assert page.context["quote"].total == PRICES.get(what, 1280)


def test_two_lines_of_one_product_are_one_where_they_are_alike(cast: Cast, office: Client) -> None:
    order = place_order(cast, lines=2)
    page = repeated(office, order)
    quantities = [row.quantity for _, rows in page.context["categories"] for row in rows if row.is_chosen]
    assert (quantities, list(page.context["told"])) == (["2"], [])
    LineOption.objects.filter(line=Line.objects.filter(order=order).latest("position")).delete()
    page = repeated(office, order)
    assert list(page.context["told"]) == ["1 × Burger, with other choices than the one before it: order it apart."]
    assert page.context["quote"].total == 850


def test_what_the_vendor_takes_no_more_is_told(cast: Cast, office: Client) -> None:
    order = placed(office, path(cast), of_phone(cast, soda=1))
    fulfilments = [name for name in cast.vendor.fulfilments if name != "pickup"]
    Vendor.objects.filter(pk=cast.vendor.pk).update(fulfilments=fulfilments, payment_methods=["wallet"])
    told = list(repeated(office, order).context["told"])
    assert told == [
        "It was for pickup, which is not to be had here now.",
        "It was paid by cash, which is not to be had here now.",
    ]


def test_an_erased_customers_order_names_nobody(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    Customer.objects.filter(pk=cast.customer_row.pk).update(erased_at=timezone.now())
    page = repeated(office, order)
    assert page.context["customer"] is None


@pytest.mark.parametrize("repeat", ["", "x", "0", "9" * 30, "-1"])
def test_no_order_is_no_fault(cast: Cast, office: Client, repeat: str) -> None:
    assert office.get(PHONE, {"repeat": repeat}).status_code == 302
    page = office.get(f"{path(cast)}&repeat={repeat}")
    assert (page.status_code, list(page.context["told"])) == (200, [])


def test_the_orders_page_leads_there(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    text = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert re.search(rf'href="{PHONE}\?repeat={order.pk}"[^>]*>Order the same again …', text)


def test_what_is_of_no_menu_is_not_repeated(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    Order.objects.filter(pk=order.pk).update(kind="package", contact_phone="+32470123456")
    box = {"type_name": "Box", "weight": 1, "pickup_address": "Here", "recipient_name": "Rita", "recipient_phone": "1"}
    Package.objects.create(order=order, **box)
    text = find(office, "0470123456").content.decode()
    assert "Something else there" in text
    assert "The same again" not in text
    assert "Order the same again" not in office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()


def test_where_appointments_are_made_nothing_is_offered_by_phone(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    Order.objects.filter(pk=order.pk).update(kind="service", contact_phone="+32470123456")
    text = find(office, "0470123456").content.decode()
    assert f"#{order.pk}</a>" in text
    assert "?repeat=" not in text


# --- the price while one types ------------------------------------------------------------------------------------


def live(client: Client, cast: Cast, form: dict[str, Any]) -> Any:
    with assert_nothing_changed():
        answer = send(client, path(cast), form, "live")
    assert answer.status_code == 200
    return answer


def test_the_live_price_asks_not_yet_who_calls(cast: Cast, office: Client) -> None:
    form = of_phone(cast, soda=2) | dict.fromkeys(GUEST, "")
    answer = live(office, cast, form)
    text = answer.content.decode()
    assert answer.context["quote"].total == 500
    assert 'name="total" value="500"' in text
    assert "Place the order: 5.00\u00a0EUR" in text
    assert "phone-menu" not in text
    # Placed like that it is refused, at the fields of who calls.
    with assert_nothing_changed():
        refused = send(office, path(cast), form, "place", total=500)
    assert list(refused.context["form"].errors) == ["guest_name", "guest_phone"]


def test_the_live_price_says_what_is_missing(cast: Cast, office: Client) -> None:
    burger = cast.products["burger"].pk
    form = of_phone(cast, burger=1) | {f"group-{burger}-{cast.groups['Size'].pk}": ""}
    text = live(office, cast, form).content.decode()
    assert "Burger: Choose at least 1 of Size." in text
    assert "Place the order" not in text
    text = live(office, cast, of_phone(cast, soda=2) | {"delivery_type": "delivery"}).content.decode()
    assert "Type an address, or click the place on the map." in text


def test_the_live_price_places_nothing(cast: Cast, office: Client) -> None:
    form = of_phone(cast, soda=1) | {"key": str(uuid.uuid4())}
    live(office, cast, form)
    assert not Order.objects.exists()
