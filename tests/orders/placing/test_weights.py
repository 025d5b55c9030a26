"""Goods sold by weight: a price for 1000 units, choices charged once a line, at every door and for the order's life."""

from typing import Any

import pytest
from django.test import Client

from orders.models import Line, Order, Posting
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from ordersite.core.money import unit_text
from tests.cast import Cast
from tests.dialects.ordering.asking import order_of as ordering_order
from tests.orders.editing import change, line_of
from tests.orders.money import COLLECTED, Api, set_terms, walk
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, eur, fill_wallet, place_order, refused
from vendors.models import Extra, Option, Product
from vendors.services.vendors import bump_menu_version, import_menu

MENU: dict[str, Any] = {
    "categories": [
        {
            "name": "Cheese",
            "products": [
                {
                    "name": "Cheese",
                    "price": 1890,
                    "price_per": 1000,
                    "unit": "gr",
                    "stock": 5000,
                    "groups": ["Cutting"],
                    "extras": [
                        {"name": "Tray", "price": 35, "max_quantity": 2},
                        {"name": "Paper", "price": 1, "charged": "unit"},
                    ],
                    "ingredients": ["Rind"],
                }
            ],
        }
    ],
    "groups": [{"name": "Cutting", "allows_halves": True, "options": [{"name": "Sliced", "price": 21}]}],
}


@pytest.fixture
def cheese(cast: Cast) -> Product:
    """At 18.90 a kilogram, sold in grams; slicing 0.21 and a tray 0.35 once, paper 0.01 a gram."""
    import_menu(vendor=cast.vendor, menu=MENU)
    set_terms(cast, service_fee=0, service_fee_rate=0, commission_rate=0)
    bump_menu_version(cast.vendor.pk)
    return Product.objects.get(name="Cheese")


def chosen(product: Product, quantity: int, **fields: Any) -> dict[str, Any]:
    """So many grams, the half of them sliced, on two trays, without the rind."""
    sliced, tray = Option.objects.get(name="Sliced"), Extra.objects.get(name="Tray")
    return {
        "product": product.pk,
        "quantity": quantity,
        "options": [{"option": sliced.pk, "position": "left"}],
        "extras": [{"extra": tray.pk, "quantity": 2}],
        "without": [product.ingredients.get().pk],
        **fields,
    }


def ordered(cast: Cast, api: Api, cheese: Product, quantity: int = 250, **fields: Any) -> Order:
    return place_order(api(cast.customer), cart(cast, items=[chosen(cheese, quantity)], **fields))


def test_the_menu_says_how_it_is_charged(cast: Cast, api: Api, cheese: Product) -> None:
    categories = api().get(f"/api/v1/vendors/{cast.vendor.pk}/menu").json()["categories"]
    shown = next(one for part in categories for one in part["products"] if one["name"] == "Cheese")
    assert (shown["price"], shown["price_per"], shown["unit"]) == (eur("18.90"), 1000, "gr")
    assert [one["charged"] for one in shown["extras"]] == ["auto", "unit"]
    assert shown["option_groups"][0]["options"][0]["charged"] == "auto"


def test_the_quote_and_the_order_tell_it(cast: Cast, api: Api, cheese: Product) -> None:
    body = cart(cast, items=[chosen(cheese, 250)])
    quoted = api(cast.customer).post(QUOTE, body).json()
    # 4.725, and once 0.105 and 0.70: 5.53.
    assert quoted["total"] == eur("5.53")
    line = quoted["items"][0]
    assert (line["unit_price"], line["price_per"], line["total"]) == (eur("18.90"), 1000, eur("5.53"))
    order = ordered(cast, api, cheese)
    shown = api(cast.customer).get(f"{ORDERS}/{order.pk}").json()["items"][0]
    assert (shown["unit_price"], shown["price_per"], shown["quantity"]) == (eur("18.90"), 1000, 250)
    of_line = [*shown["options"], *shown["extras"]]
    assert [(one["charged"], one["quantity"], one["total"]) for one in of_line] == [
        ("line", 1, eur("0.10")),  # half a cent went to the cheese: ties by order
        ("line", 2, eur("0.70")),
    ]
    cheese.stock.refresh_from_db()
    assert (order.total, cheese.stock.quantity) == (553, 4750)


def test_less_of_it_keeps_its_own_price_and_what_was_charged_once(cast: Cast, api: Api, cheese: Product) -> None:
    order = ordered(cast, api, cheese)
    Product.objects.filter(pk=cheese.pk).update(price=9999, price_per=1)
    Option.objects.filter(name="Sliced").update(price=500, charged="unit")
    bump_menu_version(cast.vendor.pk)
    line = line_of(order, "Cheese")
    assert change(api(cast.customer), order, line, **chosen(cheese, 200)).status_code == 200
    order.refresh_from_db()
    line.refresh_from_db()
    # 3.78, 0.105 and 0.70.
    assert (order.total, line.total, line.unit_price, line.price_per) == (459, 459, 1890, 1000)
    kept = line.options.order_by("pk").values_list("name", "charged", "is_halved", "total")
    assert list(kept) == [("Sliced", "line", True, 11), ("Tray", "line", False, 70), ("Rind", "line", False, 0)]
    assert change(api(cast.customer), order, line, **chosen(cheese, 1)).status_code == 200
    order.refresh_from_db()
    assert order.total == 82  # 0.0189, 0.105 and 0.70


def test_a_line_of_before_it_was_kept_how_often_choices_are_charged(cast: Cast, api: Api, cheese: Product) -> None:
    """It was charged for each unit, and less of it is reckoned so."""
    pizza = {"product": cast.products["pizza"].pk, "options": [{"option": cast.options["Olives"].pk}]}
    order = place_order(api(cast.customer), cart(cast, items=[{**pizza, "quantity": 3}]))
    Product.objects.filter(name="Pizza").update(unit="pers")
    bump_menu_version(cast.vendor.pk)
    line = line_of(order, "Pizza")
    assert line.total == 3 * 1301
    change(api(cast.customer), order, line, **{**pizza, "quantity": 2})
    line.refresh_from_db()
    assert line.total == 2 * 1301


def test_what_is_given_back_by_quantity_is_its_part_of_the_line(cast: Cast, api: Api, cheese: Product) -> None:
    """All grams together are the whole line, to the cent, and no gram more."""
    fill_wallet(cast.customer_row, 10_000)
    order = ordered(cast, api, cheese, payment_method="wallet")
    walk(cast, api, order, *COLLECTED)
    line, staff = line_of(order, "Cheese"), api(cast.staff)
    for grams, back in ((100, "2.21"), (150, "3.32")):
        body = {"items": [{"item": line.pk, "quantity": grams}], "to": "source", "reason": "Mouldy"}
        answer = staff.post(f"{ORDERS}/{order.pk}/refunds", body)
        assert answer.status_code == 201, answer.json()
        assert answer.json()["refunds"][0]["amount"] == eur(back)
    order.refresh_from_db()
    assert (order.refunded, Line.objects.get(pk=line.pk).refunded) == (553, 553)
    assert Posting.objects.filter(order=order, kind="refund").exists()


def test_the_till_reads_each_choice_as_often_as_it_is_charged(cast: Cast, api: Api, cheese: Product) -> None:
    ApiToken.objects.create(merchant=cast.merchant, name="Till", token_hash=token_hash("ost_till"), scopes=["read"])
    burger = {
        "product": cast.products["burger"].pk,
        "quantity": 3,
        "options": [{"option": cast.options["Large"].pk}, {"option": cast.options["Mayonnaise"].pk, "quantity": 2}],
        "extras": [{"extra": cast.extras["Bacon"].pk, "quantity": 2}],
        "without": [cast.ingredients["Onion"].pk],
    }
    weighed = chosen(cheese, 250, extras=[{"extra": one.pk} for one in cheese.extras.all()])
    order = place_order(api(cast.customer), cart(cast, items=[weighed, burger]))
    till = api(token="ost_till", x_tenant=str(cast.merchant.uuid))
    lines = till.get(f"/dialects/kaddy/v1/orders/{order.uuid}").json()["order_lines"]
    read = [[(one["name"], one["qty"], one["total"]) for one in (*row["options"], *row["extras"])] for row in lines]
    assert [(row["qty"], row["unit"]) for row in lines] == [(250, "gr"), (3, "st")]
    assert read == [
        [("Sliced (left half)", 1, "0.10"), ("No Rind", 1, "0.00"), ("Tray", 1, "0.35"), ("Paper", 250, "2.50")],
        [("Mayonnaise", 6, "3.60"), ("Large", 3, "6.00"), ("No Onion", 3, "0.00"), ("Bacon", 6, "7.20")],
    ]
    parts = [float(row["total"]) for row in lines] + [float(one[2]) for row in read for one in row]
    assert round(sum(parts) * 100) == order.total


def test_the_dialects_tell_what_one_gram_costs(cast: Cast, api: Api, cheese: Product) -> None:
    """Their clients multiply it by the quantity."""
    ours = ordered(cast, api, cheese)
    client = api(cast.customer)
    kesk = client.get(f"/dialects/kesk/v1/orders/{ours.pk}").json()["data"]["items"][0]
    assert (kesk["price"], kesk["quantity"], kesk["total"]) == (0.0189, 250, 5.53)
    shop = client.get(f"/dialects/shop/System/Orders/{ours.pk}").json()["items"][0]
    assert (float(shop["unitPrice"]), shop["price"]) == (0.0189, "5.53")
    placed = client.post(
        "/dialects/ordering/orders", ordering_order(cast, products=[{"id": cheese.pk, "quantity": 250}])
    )
    line = placed.json()["result"]["products"][0]
    assert (line["price"], line["total"]) == (0.0189, 4.73)


@pytest.mark.parametrize(
    ("minor", "currency", "per", "text"),
    [
        (1890, "EUR", 1, "18.90"),
        (1890, "EUR", 1000, "0.0189"),
        (1, "EUR", 1000, "0.00001"),
        (500, "JPY", 1000, "0.5"),
        (2500, "KWD", 1000, "0.0025"),
        (0, "EUR", 1000, "0.00"),
    ],
)
def test_a_unit_s_price_is_exact(minor: int, currency: str, per: int, text: str) -> None:
    assert unit_text(minor, currency, per) == text


def test_a_substitute_is_sold_in_the_same_unit(cast: Cast, api: Api, cheese: Product) -> None:
    """250 g of cheese are not 250 sodas."""
    item = {"product": cheese.pk, "quantity": 250, "substitute": {"product": cast.products["soda"].pk}}
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, cart(cast, items=[item])), 400, "/items/0/substitute", "other_unit")


def test_another_product_of_another_unit_needs_a_quantity(cast: Cast, api: Api, cheese: Product) -> None:
    """Nor are they in the shop's call that changes an item, whose quantity may be left out."""
    order = ordered(cast, api, cheese)
    line, soda = line_of(order, "Cheese"), cast.products["soda"].pk
    call, owner = f"/dialects/shop/System/Orders/{order.pk}/item", api(cast.owner)
    with assert_nothing_changed(order):
        answer = owner.put(call, {"itemId": line.pk, "productId": soda})
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json()["error"]["fields"]] == ["quantity"]
    assert owner.put(call, {"itemId": line.pk, "productId": soda, "quantity": 1}).json()["price"] == "2.50"


def test_the_back_office_shows_for_how_much_the_price_is(cast: Cast, api: Api, cheese: Product) -> None:
    order, office = ordered(cast, api, cheese), Client()
    office.force_login(cast.staff)
    assert "18.90 EUR / 1000 gr" in office.get("/admin/vendors/product/").content.decode()
    for path in (f"/admin/orders/order/{order.pk}/change/", f"/admin/orders/order/phone/?vendor={cast.vendor.pk}"):
        assert "18.90 EUR / 1000 gr" in " ".join(office.get(path, follow=True).content.decode().split()), path
