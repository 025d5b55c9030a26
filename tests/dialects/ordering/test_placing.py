"""Placing an order (rows 12–20 and 108)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from orders.models import Kind, Order
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.dialects.forms import form_of
from tests.dialects.ordering.asking import ORDERS, Api, at, one, order_of, refused, result_of
from tests.orders.gift_cards import FIRST, make_gift_card, stock
from tests.orders.shopping import NEAR, assert_nothing_changed, fill_wallet
from vendors.models import Offer
from vendors.services.offers import refresh_offer_flags

HERE = {**NEAR, "address": "Naamsestraat 1"}


@pytest.mark.rows(12, 18, call="POST /orders")
def test_what_is_required_is_enough(cast: Cast, api: Api) -> None:
    shown = result_of(api(cast.customer).post(ORDERS, order_of(cast)))
    order = Order.objects.get()
    assert shown == {
        "id": order.pk,
        "uuid": str(order.uuid),
        "paymethod_id": 1,
        "business_id": cast.vendor.pk,
        "customer_id": cast.customer_row.pk,
        "delivery_type": 2,
        "delivery_datetime": at(order.placed_at),
        "status": 0,
        "status_group": "pending",
        "reason": None,
        "comment": "",
        "driver_id": None,
        "driver_tip": 0.0,
        "pay_data": None,
        "payment_status": "unpaid",
        "delivery_zone_id": None,
        "offer_id": None,
        "location": {**NEAR, "address": "", "address_notes": ""},
        "cash": None,
        "products": [
            {
                "id": cast.products["pizza"].pk,
                "name": "Pizza",
                "price": 12.0,
                "quantity": 1,
                "total": 12.0,
                "comment": "",
                "ingredients": [],
                "options": [],
                "extras": [],
                "ticket": [],
            }
        ],
        "customer": {
            "id": cast.customer_row.pk,
            "name": "Clara Customer",
            "email": cast.customer.email,
            "phone": "+3225550100",
            "cellphone": "+3225550100",
            "address": "",
            "address_notes": "",
            "location": NEAR,
        },
        "business": {
            "id": cast.vendor.pk,
            "name": "Burger Bar",
            "phone": "+3225550102",
            "email": "",
            "address": "Grote Markt 1",
            "location": {"lat": 50.85, "lng": 4.35},
        },
        "driver": None,
        "app_id": "",
        "prepared_in": None,
        "delivered_in": None,
        "currency": "EUR",
        "subtotal": 12.0,
        "discount": 0.0,
        "delivery_price": 0.0,
        "service_fee": 0.0,
        "tax": 0.68,
        "total": 12.0,
        "created_at": at(order.placed_at),
    }
    assert result_of(api(cast.customer).get(one(order.pk))) == shown


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


@pytest.mark.rows(12, call="POST /orders")
@pytest.mark.parametrize(
    "field", ["paymethod_id", "business_id", "delivery_type", "delivery_datetime", "location", "products"]
)
def test_what_is_required_is_named(cast: Cast, api: Api, field: str) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, without(order_of(cast), field)), 400, f"{field}: This field is missing")


@pytest.mark.rows(13, call="POST /orders")
def test_what_may_be_sent_besides(cast: Cast, api: Api) -> None:
    offer = Offer.objects.create(vendor=cast.vendor, name="Ten off", kind="percentage", rate=1000)
    refresh_offer_flags()
    body = order_of(
        cast,
        delivery_type=1,
        location={**NEAR, "address": "Naamsestraat 1", "address_notes": "2nd floor"},
        customer_id=cast.customer_row.pk,
        comment="No bell",
        driver_tip=2.5,
        pay_data="",
        delivery_zone_id=cast.zone.pk,
        offer_id=offer.pk,
        cash="50",
        unknown={"of": "their newer clients"},
    )
    shown = result_of(api(cast.customer).post(ORDERS, body))
    names = ("customer_id", "comment", "driver_tip", "delivery_zone_id", "offer_id", "cash", "delivery_type")
    assert {name: shown[name] for name in names} == {name: body[name] for name in names}
    assert shown["location"] == body["location"]
    assert (shown["subtotal"], shown["discount"], shown["delivery_price"], shown["total"]) == (12.0, 1.2, 2.5, 15.8)


@pytest.mark.rows(13, call="POST /orders")
@pytest.mark.parametrize(("user", "knows"), [("customer", False), ("staff", True), ("owner", True)])
def test_an_offer_with_a_code_is_named_by_those_who_know_it(cast: Cast, api: Api, user: str, knows: bool) -> None:
    """Its id can be guessed, its code cannot."""
    offer = Offer.objects.create(vendor=cast.vendor, name="Ten off", code="TEN", kind="percentage", rate=1000)
    refresh_offer_flags()
    response = api(getattr(cast, user)).post(ORDERS, order_of(cast, offer_id=offer.pk))
    if knows:
        assert (result_of(response)["offer_id"], result_of(response)["discount"]) == (offer.pk, 1.2)
    else:
        refused(response, 400, "offer_id: The business has no such offer: leave it out.")
        assert not Order.objects.exists()


@pytest.mark.rows(13, call="POST /orders")
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"offer_id": 999_999}, "offer_id: The business has no such offer"),
        ({"delivery_zone_id": 999_999, "delivery_type": 1, "location": HERE}, "delivery_zone_id: "),
        ({"customer_id": 999_999}, "Only staff can order for a customer: leave `customer_id` out."),
        ({"business_id": 999_999}, "business_id: There is no business with this id."),
        ({"paymethod_id": 9}, "paymethod_id: Send one of 1, 2, 3, 4, 5; 9 is none of them."),
        ({"paymethod_id": 3}, "paymethod_id: Burger Bar takes cash, wallet."),
        ({"driver_tip": -1}, "driver_tip: "),
        ({"driver_tip": "much"}, "driver_tip: Send an amount, such as 2.5."),
        ({"location": {"lat": 91, "lng": 4}}, "location.lat: "),
        ({"location": "{"}, "location: This is not valid JSON: correct it."),
        ({"delivery_type": 6}, "delivery_type: "),
        ({"delivery_datetime": "soon"}, "delivery_datetime: "),
        (
            {"delivery_datetime": "2020-01-01 10:00:00"},
            "has passed: send a later one, or the time that it is for as soon",
        ),
        ({"comment": "x" * 501}, "comment: "),
        ({"products": {"id": 1}}, "products: "),
        ({"products": []}, "products: The order is empty: send products"),
        ({"products": [{"quantity": 1}]}, "products.0.id: Send the product's id."),
        ({"products": [{"id": 999_999}]}, "products.0.id: This vendor has no such product"),
        ({"products": [{"id": 1, "ingredients": {"5": {"selected": False}}}]}, "products.0.ingredients: The key"),
        ({"products": [{"id": 1, "options": {"id:1": {"suboptions": {"id:2": {"position": "up"}}}}}]}, "position"),
        ({"products": [{"name": "Mystery", "price": 3}]}, "Only staff can add products by hand: leave products with"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(cast: Cast, api: Api, fields: dict[str, Any], told: str) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, order_of(cast, **fields))
    assert response.status_code in (400, 403)
    refused(response, response.status_code, told)


@pytest.mark.rows(13, call="POST /orders")
@pytest.mark.parametrize("body", [[], "text", 5, None, {"products": [[]]}])
def test_a_body_that_is_none_is_refused(cast: Cast, api: Api, body: Any) -> None:
    response = api(cast.customer).generic("POST", ORDERS, json.dumps(body), "application/json")
    refused(response, 400)
    refused(api(cast.customer).generic("POST", ORDERS, "{", "application/json"), 400, "The body is not valid JSON")


@pytest.mark.rows(14, call="POST /orders")
@pytest.mark.parametrize(("field", "value"), [("status", 0), ("driver_id", 4), ("driver_id", "x")])
def test_what_only_an_update_takes_is_refused_by_name(cast: Cast, api: Api, field: str, value: Any) -> None:
    with assert_nothing_changed():
        response = api(cast.staff).post(ORDERS, {**order_of(cast), field: value})
        refused(response, 400, f"{field}: Can only be sent when an order is updated")


@pytest.mark.rows(14, call="POST /orders")
@pytest.mark.parametrize("none", [0, "0", 0.0, {}, {"id": None}])
def test_no_driver_is_no_driver(cast: Cast, api: Api, none: Any) -> None:
    zero = dict.fromkeys(("driver_id", "customer_id", "delivery_zone_id", "offer_id"), none)
    shown = result_of(api(cast.customer).post(ORDERS, {**order_of(cast), **zero}))
    assert [shown[name] for name in zero] == [None, cast.customer_row.pk, None, None]


@pytest.mark.rows(15, call="POST /orders")
@pytest.mark.parametrize(
    ("cash", "told"),
    [
        ("12", "cash: Send the cash that the customer pays with, above the total of 12.00"),
        ("20.50", "cash: Send a whole amount without decimals"),
        ("much", "cash: Send a whole amount"),
        (20.5, "cash: Send a whole amount"),
    ],
)
def test_cash_is_above_the_total_and_whole(cast: Cast, api: Api, cash: Any, told: str) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, cash=cash)), 400, told)
    assert result_of(api(cast.customer).post(ORDERS, order_of(cast, cash="13")))["cash"] == "13"
    assert Order.objects.get().cash == 1300


@pytest.mark.rows(16, call="POST /orders")
@pytest.mark.parametrize("user", ["staff", "owner", "customer", "driver", "dispatcher"])
def test_any_kind_of_user_may_order(cast: Cast, api: Api, user: str) -> None:
    shown = result_of(api(getattr(cast, user)).post(ORDERS, order_of(cast)))
    assert Order.objects.get(pk=shown["id"]).customer.user == getattr(cast, user)


@pytest.mark.rows(17, call="POST /orders")
def test_the_header_of_the_app_is_kept(cast: Cast, api: Api) -> None:
    placed = result_of(api(cast.customer, X_APP_X="ios app").post(ORDERS, order_of(cast)))
    assert placed["app_id"] == "ios app"
    assert Order.objects.get().app_id == "ios app"


@pytest.mark.rows(18, call="POST /orders")
@pytest.mark.parametrize(("minutes", "status"), [(-30, 0), (0, 0), (4, 0), (30, 0), (90, 13)])
def test_beyond_the_preorder_time_it_is_a_preorder(cast: Cast, api: Api, minutes: int, status: int) -> None:
    when = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    placed = result_of(api(cast.customer).post(ORDERS, order_of(cast, delivery_datetime=at(when))))
    order = Order.objects.get()
    assert (placed["status"], order.status) == (status, status)
    assert order.deliver_at == (when if minutes > 5 else None)


@pytest.mark.rows(19, 108, call="POST /orders")
def test_a_product_line_with_all_that_it_may_have(cast: Cast, api: Api) -> None:
    options, extras, ingredients = cast.options, cast.extras, cast.ingredients
    line = {
        "id": cast.products["burger"].pk,
        "quantity": 2,
        "comment": "well done",
        "ingredients": {
            f"id:{ingredients['Onion'].pk}": {"selected": False},
            f"id:{ingredients['Ketchup'].pk}": {"selected": False},
            f"id:{ingredients['Cheese'].pk}": {"selected": True},
        },
        "options": {
            f"id:{cast.groups['Sauce'].pk}": {
                "suboptions": {
                    f"id:{options['Mayonnaise'].pk}": {"selected": True, "quantity": 2, "position": "whole"},
                    f"id:{options['Ketchup sauce'].pk}": {"selected": False},
                }
            },
            f"id:{cast.groups['Size'].pk}": {"suboptions": {f"id:{options['Large'].pk}": {"selected": True}}},
        },
        "extras": {f"id:{extras['Bacon'].pk}": {"selected": True, "quantity": 1}},
    }
    shown = result_of(api(cast.customer).post(ORDERS, order_of(cast, products=[line])))["products"][0]
    assert shown == {
        "id": line["id"],
        "name": "Burger",
        "price": 8.5,
        "quantity": 2,
        "total": 25.8,  # 2 × (8.50 + 2 × 0.60 + 2.00 + 1.20)
        "comment": "well done",
        "ingredients": [
            {"id": ingredients["Onion"].pk, "name": "No Onion", "selected": False},
            {"id": ingredients["Ketchup"].pk, "name": "No Ketchup", "selected": False},
        ],
        "options": [
            {
                "name": "Sauce",
                "suboptions": [
                    {
                        "id": options["Mayonnaise"].pk,
                        "name": "Mayonnaise",
                        "price": 0.6,
                        "quantity": 2,
                        "position": "whole",
                        "text": "",
                    }
                ],
            },
            {
                "name": "Size",
                "suboptions": [
                    {
                        "id": options["Large"].pk,
                        "name": "Large",
                        "price": 2.0,
                        "quantity": 1,
                        "position": "whole",
                        "text": "",
                    }
                ],
            },
        ],
        "extras": [{"id": extras["Bacon"].pk, "name": "Bacon", "price": 1.2, "quantity": 1}],
        "ticket": ["2 × Mayonnaise", "Large", "Bacon", "No Onion", "No Ketchup"],
    }
    assert "Cheese" not in json.dumps(shown)


@pytest.mark.rows(19, call="POST /orders")
@pytest.mark.parametrize(
    ("extras", "sauces", "ticket", "total"),
    [
        *(
            ({"Bacon": said}, {"Mayonnaise": said}, ["Mayonnaise", "Large", "Bacon"], 12.3)
            for said in ({"selected": True}, {}, {"quantity": None}, {"selected": "", "quantity": " "}, {"colour": 1})
        ),
        *(
            ({"Bacon": said}, {"Mayonnaise": said}, ["Large"], 10.5)
            for said in (None, "", {"selected": False}, {"selected": 0, "quantity": None})
        ),
        ({}, {"Mayonnaise": {}, "Ketchup sauce": {"selected": True}}, ["Mayonnaise", "Ketchup sauce", "Large"], 11.6),
        ({}, {"Mayonnaise": {}, "Ketchup sauce": None}, ["Mayonnaise", "Large"], 11.1),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_the_key_of_a_choice_chooses_it(
    cast: Cast,
    api: Api,
    extras: dict[str, Any],
    sauces: dict[str, Any],
    ticket: list[str],
    total: float,
    as_text: bool,
) -> None:
    line = {
        "id": cast.products["burger"].pk,
        "quantity": 1,
        "extras": {f"id:{cast.extras[name].pk}": said for name, said in extras.items()},
        "options": {
            f"id:{cast.groups[group].pk}": {
                "suboptions": {f"id:{cast.options[name].pk}": said for name, said in chosen.items()}
            }
            for group, chosen in (("Size", {"Large": {}}), ("Sauce", sauces))
        },
    }
    products = json.dumps([line]) if as_text else [line]
    shown = result_of(api(cast.customer).post(ORDERS, order_of(cast, products=products)))["products"][0]
    assert (shown["ticket"], shown["total"]) == (ticket, total)


@pytest.mark.rows(19, call="POST /orders")
def test_an_ingredient_is_selected_or_not(cast: Cast, api: Api) -> None:
    ingredients = {f"id:{cast.ingredients['Onion'].pk}": {}}
    products = [{"id": cast.products["burger"].pk, "quantity": 1, "ingredients": ingredients}]
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, products=products)), 400, "products.0.ingredients.")


@pytest.mark.rows(19, call="POST /orders")
@pytest.mark.parametrize(("position", "total"), [("whole", 13.5), ("left", 12.8), ("right", 12.8)])
def test_halves_cost_their_half_price(cast: Cast, api: Api, position: str, total: float) -> None:
    chosen = {f"id:{cast.options['Mushrooms'].pk}": {"selected": True, "position": position}}
    options = {f"id:{cast.groups['Toppings'].pk}": {"suboptions": chosen}}
    products = [{"id": cast.products["pizza"].pk, "quantity": 1, "options": options, "ingredients": []}]
    shown = result_of(api(cast.customer).post(ORDERS, order_of(cast, products=products)))
    assert shown["total"] == total
    assert shown["products"][0]["options"][0]["suboptions"][0]["position"] == position


@pytest.mark.rows(19, call="POST /orders")
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (
            {"options": {"Size": {"none": {}}}},
            "options.{Size}.suboptions.id:999999: Burger has no such option: read the menu again.",
        ),
        ({"options": {"Size": {"Large": {"quantity": 9}}}}, "options.{Size}.suboptions.{Large}.quantity: "),
        ({"options": {"none": {"Large": {}}}}, "options.id:999999.suboptions.{Large}: It is a choice of {Size}: "),
        ({"options": {"Size": {"Mayonnaise": {}}}}, "options.{Size}.suboptions.{Mayonnaise}: It is a choice of "),
        ({"options": {"Sauce": {"Mayonnaise": {"selected": 0}, "none": {}}}}, "options.{Sauce}.suboptions.id:999999: "),
        ({"extras": {"none": {}}}, "extras.id:999999: Burger has no such extra: read the menu again."),
        ({"ingredients": {"Onion": {"selected": 1}, "none": {"selected": 0}}}, "ingredients.id:999999: Burger"),
    ],
)
def test_what_is_wrong_with_a_choice_is_told_at_its_ids(cast: Cast, api: Api, sent: dict[str, Any], told: str) -> None:
    """Also behind a product by hand, which is none of the menu's."""
    named = {**cast.groups, **cast.options, **cast.extras, **cast.ingredients}
    ids = {name: f"id:{one.pk}" for name, one in named.items()} | {"none": "id:999999"}
    line: dict[str, Any] = {"id": cast.products["burger"].pk}
    for name, chosen in sent.items():
        line[name] = {ids[key]: {"selected": True, **one} for key, one in chosen.items()}
    for group, chosen in sent.get("options", {}).items():
        line["options"][ids[group]] = {
            "suboptions": {ids[key]: {"selected": True, **one} for key, one in chosen.items()}
        }
    by_hand = {"name": "Mystery", "price": 3}
    with assert_nothing_changed():
        answer = api(cast.staff).post(ORDERS, order_of(cast, products=[by_hand, line]))
        refused(answer, 400)
        assert any(one.startswith(f"products.1.{told.format(**ids)}") for one in answer.json()["result"]), answer.json()


@pytest.mark.rows(12, call="POST /orders")
@pytest.mark.parametrize("none", [None, "", {}, [], "{}", {"lat": None}])
def test_no_place_is_needed_where_nothing_is_delivered(cast: Cast, api: Api, none: Any) -> None:
    result_of(api(cast.customer).post(ORDERS, order_of(cast, location=none)))
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, location=none, delivery_type=1)), 400, "location")


@pytest.mark.rows(19, call="POST /orders")
def test_the_menus_rules_hold(cast: Cast, api: Api) -> None:
    soda = {"id": cast.products["soda"].pk, "quantity": 7}
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, products=[soda])), 400, "products.0.quantity: At most 6")


@pytest.mark.rows(12, 13, call="POST /orders")
def test_their_json_may_come_as_texts(cast: Cast, api: Api) -> None:
    body = order_of(cast)
    texts = {name: json.dumps(body[name]) for name in ("location", "products")}
    assert result_of(api(cast.customer).post(ORDERS, {**body, **texts}))["total"] == 12.0


@pytest.mark.rows(12, 13, 19, 20, call="POST /orders")
def test_forms_as_php_sends_them(cast: Cast, api: Api) -> None:
    """Nested keys, texts of JSON, and the two mixed: the same order."""
    chosen = {f"id:{cast.options['Large'].pk}": {"selected": True, "quantity": 1}}
    line = {
        "id": cast.products["burger"].pk,
        "quantity": 2,
        "comment": "a&b=c ü",
        "ingredients": {f"id:{cast.ingredients['Onion'].pk}": {"selected": False}},
        "options": {f"id:{cast.groups['Size'].pk}": {"suboptions": chosen}},
    }
    body = order_of(cast, delivery_type=1, customer=GUEST, products=[line])
    texts = {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in body.items()}
    mixed = {**line, "ingredients": json.dumps(line["ingredients"]), "options": json.dumps(line["options"])}
    shown = [
        result_of(api().generic("POST", ORDERS, form_of(form), "application/x-www-form-urlencoded; charset=UTF-8"))
        for form in (body, texts, {**body, "products": [mixed]})
    ]
    assert [one["products"] for one in shown] == [shown[0]["products"]] * 3
    assert [one["location"] for one in shown] == [
        {**NEAR, "address": "Naamsestraat 1", "address_notes": "Ring twice"}
    ] * 3
    assert (shown[0]["total"], shown[0]["products"][0]["comment"]) == (23.5, "a&b=c ü")
    wrong = {**body, "products": [{**line, "options": "{"}]}
    with assert_nothing_changed():
        answer = api().generic("POST", ORDERS, form_of(wrong), "application/x-www-form-urlencoded")
        refused(answer, 400, "products.0.options: This is not valid JSON: correct it.")


@pytest.mark.rows(19, call="POST /orders")
@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("options][5", "options"),
        ("options][5][suboptions][15][selected", "options"),
        ("options][id:5][suboptions][15][selected", "options.id:5.suboptions"),
        ("ingredients][15", "ingredients"),
        ("ingredients][15][selected", "ingredients"),
        ("extras][", "extras"),
    ],
)
def test_a_form_that_numbers_what_is_chosen_is_told_how_ids_are_written(
    cast: Cast, api: Api, key: str, field: str
) -> None:
    form = f"{form_of(order_of(cast))}&{quote(f'products[0][{key}]')}=1"
    with assert_nothing_changed():
        answer = api(cast.customer).generic("POST", ORDERS, form, "application/x-www-form-urlencoded")
        refused(answer, 400, f'products.0.{field}: Send an object whose keys name ids, such as {{"id:5": {{…}}}};')


GUEST = {
    "name": "Greta Guest",
    "cellphone": "+32470123456",
    "phone": "",
    "address": "Naamsestraat 1",
    "address_notes": "Ring twice",
    "location": NEAR,
}


@pytest.mark.rows(20, call="POST /orders")
def test_a_guest(cast: Cast, api: Api) -> None:
    shown = result_of(api().post(ORDERS, order_of(cast, delivery_type=1, customer=GUEST)))
    order = Order.objects.get()
    assert order.customer.user_id is None
    assert shown["customer"] == {
        "id": order.customer_id,
        **GUEST,
        "phone": "+32470123456",
        "email": "",
    }
    assert (order.address, order.address_notes, order.lat) == ("Naamsestraat 1", "Ring twice", NEAR["lat"])


@pytest.mark.rows(20, call="POST /orders")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"cellphone": "0470 12 34 56"}, "+32470123456"),
        ({"cellphone": 470123456}, "+32470123456"),
        ({"cellphone": "", "phone": "02/555.01.77"}, "+3225550177"),
        ({"cellphone": "+31 6 12345678"}, "+31612345678"),
    ],
)
def test_a_guests_number_is_of_the_businesss_country(cast: Cast, api: Api, said: dict[str, Any], kept: str) -> None:
    shown = result_of(api().post(ORDERS, order_of(cast, customer={**GUEST, **said})))
    assert (shown["customer"]["cellphone"], Order.objects.get().contact_phone) == (kept, kept)


@pytest.mark.rows(20, call="POST /orders")
@pytest.mark.parametrize(
    ("guest", "told"),
    [
        (None, "customer: Sign in, or send `customer` with a name and a phone or an e-mail."),
        ({"name": "Greta"}, "customer.cellphone: Send a cellphone"),
        ({**GUEST, "cellphone": "12"}, "customer.cellphone: This is not a phone number"),
        ({**GUEST, "location": {"lat": 1}}, "customer.location.lng: "),
        ("[", "customer: This is not valid JSON"),
    ],
)
def test_a_guest_is_named(cast: Cast, api: Api, guest: Any, told: str) -> None:
    with assert_nothing_changed():
        refused(api().post(ORDERS, order_of(cast, customer=guest)), 400, told)


@pytest.mark.rows(20, call="POST /orders")
def test_who_is_signed_in_is_no_guest(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, order_of(cast, customer=GUEST))
        refused(response, 400, "customer: You are signed in")


@pytest.mark.rows(20, call="POST /orders")
@pytest.mark.parametrize(
    ("fields", "names", "total"),
    [
        ({"products": [{"name": "Party platter", "price": 42.5, "quantity": 2}]}, ["Party platter"], 85.0),
        ({"products": [], "total": 19.95}, ["Total"], 19.95),
    ],
)
def test_staff_enter_an_order_by_hand(
    cast: Cast, api: Api, fields: dict[str, Any], names: list[str], total: float
) -> None:
    body = order_of(cast, customer_id=cast.customer_row.pk, **fields)
    shown = result_of(api(cast.staff).post(ORDERS, body))
    assert (shown["customer_id"], shown["total"]) == (cast.customer_row.pk, total)
    assert [line["name"] for line in shown["products"]] == names
    for_a_guest = result_of(api(cast.staff).post(ORDERS, order_of(cast, customer=GUEST)))
    assert for_a_guest["customer"]["name"] == "Greta Guest"


AS_TEXT = "50.8503, 4.3517"
POINT = {"lat": 50.8503, "lng": 4.3517}
# About 35 m and 60 m north of it.
CLOSE, TOO_FAR = {"lat": 50.85062, "lng": 4.3517}, {"lat": 50.85085, "lng": 4.3517}


def to_a_point(cast: Cast, **fields: Any) -> dict[str, Any]:
    """A delivery of which only the point is known."""
    return order_of(cast, delivery_type=1, **{"location": POINT, **fields})


@pytest.mark.rows(12, 16, call="POST /orders")
@pytest.mark.parametrize("user", ["staff", "owner", "customer", "driver", "dispatcher"])
def test_a_point_alone_is_a_destination(cast: Cast, api: Api, user: str) -> None:
    shown = result_of(api(getattr(cast, user)).post(ORDERS, to_a_point(cast)))
    assert shown["location"] == {**POINT, "address": AS_TEXT, "address_notes": ""}
    assert (shown["delivery_zone_id"], shown["delivery_price"]) == (cast.zone.pk, 2.5)


@pytest.mark.rows(12, 20, call="POST /orders")
@pytest.mark.parametrize(
    ("said", "address"), [({}, AS_TEXT), ({"address": "", "location": POINT}, AS_TEXT), ({"address": "Rue X"}, "Rue X")]
)
def test_a_guests_point_alone_is_a_destination(cast: Cast, api: Api, said: dict[str, Any], address: str) -> None:
    guest = {"name": "Greta Guest", "cellphone": "+32470123456", **said}
    shown = result_of(api().post(ORDERS, to_a_point(cast, customer=guest)))
    assert shown["location"] == {**POINT, "address": address, "address_notes": ""}


@pytest.mark.rows(12, 13, call="POST /orders")
@pytest.mark.parametrize(
    ("saved", "taken"), [(POINT, True), (CLOSE, True), (TOO_FAR, False), ({"lat": None, "lng": None}, False)]
)
def test_the_address_saved_near_the_point_is_taken(cast: Cast, api: Api, saved: dict[str, Any], taken: bool) -> None:
    """Within 50 m, with its notes; the point stays as it was sent."""
    Address.objects.create(customer=cast.stranger_row, address="Elsewhere", **POINT)
    Address.objects.create(customer=cast.customer_row, address="Naamsestraat 1", address_notes="Left bell", **saved)
    shown = result_of(api(cast.customer).post(ORDERS, to_a_point(cast)))["location"]
    text = ("Naamsestraat 1", "Left bell") if taken else (AS_TEXT, "")
    assert shown == {**POINT, "address": text[0], "address_notes": text[1]}
    by_phone = to_a_point(cast, customer_id=cast.customer_row.pk)
    assert result_of(api(cast.staff).post(ORDERS, by_phone))["location"]["address"] == text[0]
    with assert_nothing_changed():
        refused(api(cast.owner).post(ORDERS, by_phone), 403, "Only staff can order for a customer")


@pytest.mark.rows(12, 13, call="POST /orders")
def test_the_nearest_saved_address_is_taken(cast: Cast, api: Api) -> None:
    for text, point in (("Far", TOO_FAR), ("Here", POINT), ("Close", CLOSE)):
        Address.objects.create(customer=cast.customer_row, address=text, **point)
    assert result_of(api(cast.customer).post(ORDERS, to_a_point(cast)))["location"]["address"] == "Here"


@pytest.mark.rows(12, call="POST /orders")
def test_an_address_alone_is_looked_up(cast: Cast, api: Api) -> None:
    shown = result_of(api(cast.customer).post(ORDERS, to_a_point(cast, location={"address": "Grand-Place 1"})))
    assert shown["location"] == {"lat": 50.8467, "lng": 4.3524, "address": "Grand-Place 1", "address_notes": ""}
    with assert_nothing_changed():
        for location, told in (
            ({"address": "Nowhere 1"}, "location: A delivery needs a location, and this address has none"),
            ({"lat": 50.85, "address": "Grand-Place 1"}, "location.lng: Send a number of degrees"),
            ({"address_notes": "2nd floor"}, "location.lat: Send a number of degrees"),
        ):
            refused(api(cast.customer).post(ORDERS, to_a_point(cast, location=location)), 400, told)


@pytest.mark.rows(13, call="POST /orders")
def test_0_is_none_of_them_nor_is_an_empty_object(cast: Cast, api: Api) -> None:
    body = order_of(cast, offer_id=0, delivery_zone_id="0", customer_id=0.0, customer={})
    shown = result_of(api(cast.customer).post(ORDERS, body))
    assert (shown["offer_id"], shown["delivery_zone_id"], shown["customer_id"]) == (None, None, cast.customer_row.pk)


@pytest.mark.rows(12, call="POST /orders")
def test_a_text_that_is_clearly_elsewhere_is_refused(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        body = to_a_point(cast, location={**POINT, "address": "Lamb's Conduit Street 12, London"})
        refused(api(cast.customer).post(ORDERS, body), 400, "location: The address is at 51.5222")
        body = to_a_point(cast, location={**POINT, "address": "51.5222, -0.1187"})
        refused(api(cast.customer).post(ORDERS, body), 400, "location: The address is at 51.5222")
    for text in (AS_TEXT, " 50.85031,4.35171 "):
        body = to_a_point(cast, location={**POINT, "address": text})
        assert result_of(api(cast.customer).post(ORDERS, body))["location"]["address"] == text.strip()


@pytest.mark.rows(102, 103, 104, 105, 106, 107, call="POST /orders")
@pytest.mark.parametrize(
    ("number", "name"), [(1, "delivery"), (2, "pickup"), (3, "eat_in"), (4, "curbside"), (5, "drive_thru")]
)
def test_every_delivery_type(cast: Cast, api: Api, number: int, name: str) -> None:
    shown = result_of(api(cast.customer).post(ORDERS, order_of(cast, delivery_type=number, location=HERE)))
    order = Order.objects.get()
    assert (shown["delivery_type"], order.get_fulfilment_display()) == (number, name)


@pytest.mark.rows(13, call="POST /orders")
def test_codes_are_fetched_in_their_words(cast: Cast, api: Api) -> None:
    card = make_gift_card(cast)
    stock(card, FIRST)
    fill_wallet(cast.customer_row, 5000)
    body = order_of(cast, paymethod_id=2, products=[{"id": card.pk, "quantity": 1}])
    shown = result_of(api(cast.customer).post(ORDERS, body))
    assert (shown["delivery_type"], shown["status"], shown["status_group"]) == (2, 1, "completed")
    assert Order.objects.get().kind == Kind.DIGITAL
    with assert_nothing_changed():
        refused(
            api(cast.customer).post(ORDERS, {**body, "delivery_type": 3}),
            400,
            "delivery_type: Digital codes are issued at once",
        )


@pytest.mark.rows(12, call="POST /orders")
def test_repeated_with_its_key_it_is_placed_once(cast: Cast, api: Api) -> None:
    client = api(cast.customer, Idempotency_Key="once")
    body = order_of(cast)
    first, again = client.post(ORDERS, body), client.post(ORDERS, body)
    assert (first.json(), Order.objects.count()) == (again.json(), 1)
