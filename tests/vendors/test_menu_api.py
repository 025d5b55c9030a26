"""A vendor's menu by its own software: read, changed one by one and many at once, by the till's codes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Line, LineOption, Order
from ordersite.core.models import AuditRow
from tests.cast import Cast
from tests.orders.walking import Api
from vendors.models import MOST_STOCK, Category, Extra, Ingredient, Option, OptionGroup, Product, Stock, Vendor
from vendors.services.menu_changes import MOST_ROWS


def url(cast: Cast, rest: str = "products") -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/{rest}"


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def version_of(cast: Cast) -> int:
    return Vendor.objects.values_list("menu_version", flat=True).get(pk=cast.vendor.pk)


def everything(cast: Cast) -> list[Any]:
    """All that these calls can change."""
    models = (Category, Product, Stock, OptionGroup, Option, Extra, Ingredient, AuditRow)
    rows: list[Any] = [list(model._default_manager.order_by("pk").values()) for model in models]
    return [*rows, version_of(cast)]


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def put_rows(api: Api, cast: Cast, *rows: dict[str, Any], **headers: str) -> Any:
    return api(cast.owner).patch(url(cast), {"products": list(rows)}, headers=headers)


# --- reading --------------------------------------------------------------------------------------------------------


def test_the_menu_is_read_as_its_managers_see_it(cast: Cast, api: Api) -> None:
    soda, burger = cast.products["soda"], cast.products["burger"]
    Product.objects.filter(pk=soda.pk).update(is_available=False)
    answer = api(cast.owner).get(url(cast), {"per_page": 3})
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{version_of(cast)}"')
    body = answer.json()
    assert (body["count"], [one["name"] for one in body["results"]]) == (4, ["Burger", "Pizza", "Soda"])
    assert body["results"][0] == {
        "id": burger.pk,
        "category": burger.category_id,
        "name": "Burger",
        "description": "",
        "picture": None,
        "plu_code": "100",
        "sku": "",
        "unit": "st",
        "is_digital": False,
        "price": eur("8.50"),
        "price_per": 1,
        "tax_rate": "6.00",
        "max_per_order": None,
        "is_available": True,
        "unavailable_until": None,
        "position": 0,
        "station": None,
        "allergens": None,
        "allergen_note": "",
        "stock": None,
        "option_groups": [cast.groups["Sauce"].pk, cast.groups["Size"].pk],
        "extras": [
            {
                "id": cast.extras["Bacon"].pk,
                "name": "Bacon",
                "plu_code": "901",
                "unit": "st",
                "price": eur("1.20"),
                "charged": "auto",
                "max_quantity": 3,
                "allergens": None,
                "allergen_note": "",
            }
        ],
        "ingredients": ["Onion", "Ketchup", "Cheese"],
    }
    assert (body["results"][2]["is_available"], body["results"][2]["stock"]) == (False, 10)
    found = api(cast.owner).get(url(cast), {"plu_code": "200"}).json()["results"]
    assert [one["id"] for one in found] == [soda.pk]
    assert api(cast.owner).get(url(cast), {"is_available": "true", "ordering": "-name"}).json()["count"] == 3


def test_what_reading_asks_of_the_database_does_not_grow(cast: Cast, api: Api) -> None:
    client = api(cast.owner)

    def asked(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path).status_code == 200
        return len(caught)

    paths = [url(cast, f"{name}?per_page=100") for name in ("products", "option-groups", "categories")]
    paths.append(url(cast, "hours"))
    few = [asked(path) for path in paths]
    category = cast.products["soda"].category_id
    products = Product.objects.bulk_create(
        Product(vendor=cast.vendor, category_id=category, name=f"P{number}", price=100) for number in range(40)
    )
    Extra.objects.bulk_create(Extra(product=product, name="X") for product in products)
    groups = OptionGroup.objects.bulk_create(OptionGroup(vendor=cast.vendor, name=f"G{n}") for n in range(20))
    Option.objects.bulk_create(Option(group=group, name="O") for group in groups)
    assert [asked(path) for path in paths] == few
    assert max(few) <= 9, few


# --- one product ----------------------------------------------------------------------------------------------------


def test_a_product_is_added_changed_and_taken_off(cast: Cast, api: Api) -> None:
    category = cast.products["soda"].category_id
    given = {
        "category": category,
        "name": "Lemonade",
        "description": "Of the house",
        "plu_code": "210",
        "price": eur("3.20"),
        "tax_rate": "21",
        "allergens": ["sulphites"],
        "allergen_note": "traces of nuts",
        "stock": 12,
        "option_groups": [cast.groups["Size"].pk],
        "extras": [{"name": "Lemon", "price": eur("0.30")}],
        "ingredients": ["Ice"],
    }
    before = version_of(cast)
    answer = api(cast.owner).post(url(cast), given)
    assert (answer.status_code, answer.headers["ETag"]) == (201, f'"{before + 1}"'), answer.json()
    made = answer.json()
    assert made == {**made, **given, "tax_rate": "21.00", "extras": made["extras"], "is_available": True}
    assert made["extras"][0] == {**made["extras"][0], "name": "Lemon", "price": eur("0.30"), "max_quantity": 1}
    path = url(cast, f"products/{made['id']}")
    # A customer reads it at once.
    menu = api(cast.customer).get(url(cast, "menu")).json()
    shown = {one["id"]: one for part in menu["categories"] for one in part["products"]}[made["id"]]
    assert (shown["price"], shown["stock"], shown["option_groups"][0]["name"]) == (eur("3.20"), 12, "Size")
    # What is not named stays, and the same again is no change.
    until = (timezone.now() + timedelta(hours=4)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    change = {"price": eur("3.50"), "is_available": False, "unavailable_until": until, "extras": given["extras"]}
    changed = api(cast.owner).patch(path, change)
    kept = {"extras": made["extras"]}
    assert changed.json() == {**made, **change, **kept}
    assert changed.headers["ETag"] == f'"{before + 2}"'
    stood = everything(cast)
    assert api(cast.owner).patch(path, {**change, "option_groups": given["option_groups"]}).json() == changed.json()
    assert everything(cast) == stood
    # What is available again does not wait for a time any more.
    again = api(cast.owner).patch(path, {"is_available": True, "allergens": [], "stock": None}).json()
    assert (again["unavailable_until"], again["allergens"], again["stock"]) == (None, [], None)
    assert api(cast.owner).get(path).json() == again
    assert api(cast.owner).delete(path).status_code == 204
    assert api(cast.owner).get(path).status_code == 404
    assert version_of(cast) == before + 4


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "/name", "blank"),
    ({"name": "a\x00b"}, "/name", "unstorable"),
    ({"name": "x" * 121}, "/name", "max_length"),
    ({"category": 2**62}, "/category", "unknown"),
    ({"category": "1"}, "/category", "invalid"),
    ({"station": 2**62}, "/station", "unknown"),
    ({"price": "3.20"}, "/price", "invalid"),
    ({"price": {"amount": "3.20", "currency": "USD"}}, "/price", "currency"),
    ({"price": eur("-1.00")}, "/price", "min_value"),
    ({"tax_rate": "101"}, "/tax_rate", "invalid"),
    ({"tax_rate": 6}, "/tax_rate", "invalid"),
    ({"tax_rate": "٦.00"}, "/tax_rate", "invalid"),
    ({"unit": "crate"}, "/unit", "invalid_choice"),
    ({"price_per": 1000, "is_digital": True}, "/price_per", "invalid"),
    ({"plu_code": "100"}, "/plu_code", "taken"),
    ({"stock": -1}, "/stock", "min_value"),
    ({"stock": 10**30}, "/stock", "max_value"),
    ({"stock_change": 1}, "/stock_change", "not_counted"),
    ({"stock": 3, "stock_change": 1}, "/stock_change", "duplicate"),
    ({"unavailable_until": "2020-01-01T00:00:00Z"}, "/unavailable_until", "past"),
    ({"is_available": True, "unavailable_until": "soon"}, "/unavailable_until", "invalid"),
    ({"allergens": ["gluten", "love"]}, "/allergens", "invalid"),
    ({"allergens": "milk"}, "/allergens", "invalid"),
    ({"option_groups": [2**62]}, "/option_groups", "unknown"),
    ({"option_groups": "all"}, "/option_groups", "not_a_list"),
    ({"extras": [{"name": "Ham"}]}, "/extras/0/price", "required"),
    ({"extras": [{"name": "Ham", "price": {"amount": "1", "currency": "USD"}}]}, "/extras/0/price", "currency"),
    ({"extras": [{"name": "Ham", "price": eur("1.00")}] * 2}, "/extras", "duplicate"),
    ({"ingredients": ["x"] * 51}, "/ingredients", "max_length"),
    ({"max_per_order": 0}, "/max_per_order", "min_value"),
    ({"position": -1}, "/position", "min_value"),
    ({"colour": "red"}, "/colour", "unknown_field"),
]


@pytest.mark.parametrize(("given", "pointer", "code"), WRONG)
def test_what_is_wrong_is_refused_by_its_field(
    cast: Cast, api: Api, given: dict[str, Any], pointer: str, code: str
) -> None:
    pizza = cast.products["pizza"]
    stood = everything(cast)
    refused = api(cast.owner).patch(url(cast, f"products/{pizza.pk}"), given)
    assert (refused.status_code, errors(refused)) == (400, [(pointer, code)])
    whole = {"category": pizza.category_id, "name": "New", "price": eur("1.00"), **given}
    added = api(cast.owner).post(url(cast), whole)
    assert (added.status_code, errors(added)) == (400, [(pointer, code)])
    if not {"extras", "ingredients", "option_groups"} & given.keys():
        many = put_rows(api, cast, {"id": cast.products["soda"].pk, "name": "Cola"}, {"id": pizza.pk, **given})
        assert (many.status_code, errors(many)) == (400, [(f"/products/1{pointer}", code)])
    assert everything(cast) == stood


def test_only_what_is_not_available_comes_back(cast: Cast, api: Api) -> None:
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    option = cast.options["Olives"]
    for path in (url(cast, f"products/{cast.products['pizza'].pk}"), url(cast, f"options/{option.pk}")):
        refused = api(cast.owner).patch(path, {"unavailable_until": later})
        assert errors(refused) == [("/unavailable_until", "until_of_available")]


def test_a_new_product_needs_three_fields(cast: Cast, api: Api) -> None:
    stood = everything(cast)
    refused = api(cast.owner).post(url(cast), {})
    assert errors(refused) == [("/category", "required"), ("/name", "required"), ("/price", "required")]
    many = put_rows(api, cast, {"plu_code": "999"})
    assert errors(many) == [(f"/products/0/{name}", "required") for name in ("name", "category", "price")]
    assert everything(cast) == stood


def test_what_was_ordered_stays_as_it_was(cast: Cast, api: Api) -> None:
    soda, burger = cast.products["soda"], cast.products["burger"]
    items = [
        {"product": soda.pk, "quantity": 2},
        {
            "product": burger.pk,
            "options": [{"option": cast.options["Regular"].pk}],
            "extras": [{"extra": cast.extras["Bacon"].pk, "quantity": 1}],
        },
    ]
    cart = {"vendor": cast.vendor.pk, "items": items, "delivery_type": "pickup", "payment_method": "cash"}
    placed = api(cast.customer).post("/api/v1/orders", cart)
    assert placed.status_code == 201, placed.json()

    def ordered() -> list[Any]:
        lines = Line.objects.order_by("pk").values("name", "plu_code", "unit_price", "total", "tax_rate", "tax")
        return [list(lines), list(LineOption.objects.order_by("pk").values()), list(Order.objects.values("total"))]

    stood = ordered()
    client = api(cast.owner)
    change = {"name": "Cola", "price": eur("9.99"), "plu_code": "777", "tax_rate": "21.00"}
    assert client.patch(url(cast, f"products/{soda.pk}"), change).status_code == 200
    assert client.patch(url(cast, f"options/{cast.options['Regular'].pk}"), {"name": "Small"}).status_code == 200
    assert client.delete(url(cast, f"products/{burger.pk}")).status_code == 204
    assert client.delete(url(cast, f"option-groups/{cast.groups['Sauce'].pk}")).status_code == 204
    assert ordered() == stood
    assert Line.objects.filter(product=None).count() == 1


# --- many at once ---------------------------------------------------------------------------------------------------


def test_a_till_addresses_products_by_its_own_codes(cast: Cast, api: Api) -> None:
    soda, pizza = cast.products["soda"], cast.products["pizza"]
    before = version_of(cast)
    rows: list[dict[str, Any]] = [
        {"plu_code": "200", "price": eur("2.60"), "stock": 30},
        {"plu_code": "888", "name": "Water", "category": soda.category_id, "price": eur("2.00"), "stock": 5},
        {"id": pizza.pk, "plu_code": "102"},
    ]
    answer = put_rows(api, cast, *rows)
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{before + 1}"'), answer.json()
    water = Product.objects.get(plu_code="888")
    told = [
        {"id": soda.pk, "plu_code": "200", "outcome": "changed", "stock": 30},
        {"id": water.pk, "plu_code": "888", "outcome": "added", "stock": 5},
        {"id": pizza.pk, "plu_code": "102", "outcome": "changed", "stock": None},
    ]
    assert answer.json() == {"version": before + 1, "results": told}
    soda.refresh_from_db()
    assert (soda.price, soda.name, Stock.objects.get(product=soda).quantity) == (260, "Soda", 30)
    stood = everything(cast)
    again = put_rows(api, cast, *rows)
    assert again.json()["results"] == [{**one, "outcome": "unchanged"} for one in told]
    assert everything(cast) == stood


def test_rows_are_refused_each_by_its_place_and_none_is_written(cast: Cast, api: Api) -> None:
    soda, burger = cast.products["soda"], cast.products["burger"]
    Product.objects.filter(pk=burger.pk).update(plu_code="101")
    stood = everything(cast)
    rows: list[dict[str, Any]] = [
        {"id": soda.pk, "price": eur("5.00")},
        {"id": cast.tea.pk, "price": eur("5.00")},
        {"plu_code": "101", "price": eur("5.00")},
        {"price": eur("5.00")},
        {"plu_code": "200", "stock": 4},
        {"plu_code": "777", "price": eur("5.00")},
        {"plu_code": "300", "category": cast.tea.category_id},
        {"id": burger.pk, "plu_code": "300"},
    ]
    refused = put_rows(api, cast, *rows)
    assert refused.status_code == 400
    assert errors(refused) == [
        ("/products/1/id", "unknown"),
        ("/products/2/plu_code", "ambiguous"),
        ("/products/3/plu_code", "required"),
        ("/products/4/plu_code", "duplicate"),
        ("/products/5/name", "required"),
        ("/products/5/category", "required"),
        ("/products/6/category", "unknown"),
        ("/products/7/plu_code", "taken"),
    ]
    assert refused.json()["errors"][1]["products"] == sorted([burger.pk, cast.products["pizza"].pk])
    assert everything(cast) == stood
    for wrong in ([], [{"id": soda.pk}] * (MOST_ROWS + 1), "all", [1], [{"id": True}]):
        assert api(cast.owner).patch(url(cast), {"products": wrong}).status_code == 400
    assert everything(cast) == stood


def test_a_new_code_twice_in_one_call_is_one_product_too_many(cast: Cast, api: Api) -> None:
    row = {"plu_code": "888", "name": "Water", "category": cast.products["soda"].category_id, "price": eur("2.00")}
    assert errors(put_rows(api, cast, row, row)) == [("/products/1/plu_code", "duplicate")]
    swapped = put_rows(api, cast, row, {"id": cast.products["soda"].pk, "plu_code": "888"})
    assert errors(swapped) == [("/products/1/plu_code", "taken")]
    assert not Product.objects.filter(plu_code="888").exists()


def test_stock_is_set_and_added_to(cast: Cast, api: Api) -> None:
    soda = cast.products["soda"]
    before = version_of(cast)
    assert put_rows(api, cast, {"plu_code": "200", "stock_change": 24}).json()["results"][0]["stock"] == 34
    assert put_rows(api, cast, {"plu_code": "200", "stock_change": -4}).json()["results"][0]["stock"] == 30
    # Whoever reads the menu reads how many are left beside it.
    assert version_of(cast) == before
    refused = put_rows(api, cast, {"plu_code": "200", "stock_change": -31}, {"plu_code": "100", "price": eur("1.00")})
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
    row = refused.json()["errors"][0]
    assert (row["pointer"], row["left"]) == ("/products/0/stock_change", 30)
    assert (Stock.objects.get(product=soda).quantity, version_of(cast)) == (30, before)
    beyond = put_rows(api, cast, {"plu_code": "200", "stock_change": MOST_STOCK})
    assert (beyond.status_code, errors(beyond)) == (400, [("/products/0/stock_change", "too_large")])
    key = {"Idempotency-Key": "delivery-note-17"}
    for _ in range(3):
        assert put_rows(api, cast, {"plu_code": "200", "stock_change": 10}, **key).status_code == 200
    assert Stock.objects.get(product=soda).quantity == 40
    told = AuditRow.objects.filter(model="vendors.stock", field="quantity").order_by("pk").values_list("old", "new")
    assert list(told) == [("10", "34"), ("34", "30"), ("30", "40")]


def test_what_many_rows_ask_of_the_database_does_not_grow(cast: Cast, api: Api) -> None:
    category = cast.products["soda"].category_id
    made = Product.objects.bulk_create(
        Product(vendor=cast.vendor, category_id=category, name=f"P{n}", price=100, plu_code=f"N{n}")
        for n in range(MOST_ROWS)
    )
    Stock.objects.bulk_create(Stock(product=product, quantity=5) for product in made)
    client = api(cast.owner)

    def asked(number: int, price: str) -> int:
        rows = [
            {"plu_code": f"N{n}", "price": eur(price), "is_available": False, "stock": int(price[0])}
            for n in range(number)
        ]
        client.get(url(cast, "categories"))
        with CaptureQueriesContext(connection) as caught:
            assert client.patch(url(cast), {"products": rows}).status_code == 200
        return len(caught)

    few = asked(2, "2.00")
    assert asked(MOST_ROWS, "3.00") == few
    assert few <= 25, few


# --- two at once ----------------------------------------------------------------------------------------------------


def test_who_saw_another_menu_changes_nothing(cast: Cast, api: Api) -> None:
    client, soda = api(cast.owner), cast.products["soda"]
    seen = client.get(url(cast)).headers["ETag"]
    assert client.post(url(cast, f"products/{soda.pk}/out-of-stock"), {"until": None}).status_code == 200
    stood = everything(cast)
    calls: list[tuple[str, str, Any]] = [
        ("post", "products", {"category": soda.category_id, "name": "New", "price": eur("1.00")}),
        ("patch", "products", {"products": [{"id": soda.pk, "price": eur("1.00")}]}),
        ("patch", f"products/{soda.pk}", {"price": eur("1.00")}),
        ("delete", f"products/{soda.pk}", None),
        ("post", "categories", {"name": "New"}),
        ("post", "option-groups", {"name": "New"}),
        ("put", "hours", {"hours": []}),
    ]
    for method, path, body in calls:
        refused = getattr(client, method)(url(cast, path), body, headers={"If-Match": seen})
        assert (refused.status_code, refused.json()["code"]) == (412, "stale"), path
        assert f"its version is {version_of(cast)}" in refused.json()["detail"]
    assert everything(cast) == stood
    fresh = {"If-Match": client.get(url(cast)).headers["ETag"]}
    assert client.patch(url(cast, f"products/{soda.pk}"), {"price": eur("1.00")}, headers=fresh).status_code == 200
    assert client.patch(url(cast, f"products/{soda.pk}"), {}, headers={"If-Match": "x"}).status_code == 400


# --- categories, option groups, options -----------------------------------------------------------------------------


def test_a_category_is_added_changed_and_deleted(cast: Cast, api: Api) -> None:
    client = api(cast.owner)
    made = client.post(url(cast, "categories"), {"name": "Sweets", "position": 7})
    assert (made.status_code, made.json()) == (201, {**made.json(), "name": "Sweets", "position": 7, "station": None})
    path = url(cast, f"categories/{made.json()['id']}")
    assert client.patch(path, {"name": "Desserts"}).json()["name"] == "Desserts"
    stood = everything(cast)
    assert client.patch(path, {"name": "Desserts", "position": 7}).status_code == 200
    assert everything(cast) == stood
    listed = client.get(url(cast, "categories"), {"ordering": "-position"}).json()
    assert (listed["count"], listed["results"][0]["name"]) == (3, "Desserts")
    needed = client.delete(url(cast, f"categories/{cast.products['soda'].category_id}"))
    assert (needed.status_code, needed.json()["code"]) == (409, "needed_by_menu")
    assert "products" in needed.json()["detail"]
    assert everything(cast) == stood
    assert client.delete(path).status_code == 204


def test_what_is_new_stands_last_in_its_list_unless_it_is_told_where(cast: Cast, api: Api) -> None:
    """Also a product of a call of many, behind what stands in its own category once that call has moved it."""
    client, food = api(cast.owner), cast.products["soda"].category_id
    Category.objects.filter(vendor=cast.vendor).update(position=4)
    Category.objects.create(vendor=cast.other_vendor, name="Elsewhere", position=90)
    places = [
        client.post(url(cast, "categories"), {"name": name, **given}).json()["position"]
        for name, given in (("A", {}), ("B", {"position": 0}), ("C", {}), ("D", {"position": 32767}), ("E", {}))
    ]
    assert places == [5, 0, 6, 32767, 32767]
    listed = [row["name"] for row in client.get(url(cast, "categories")).json()["results"]]
    assert (listed[0], listed[-4:]) == ("B", ["A", "C", "D", "E"])
    Product.objects.filter(vendor=cast.vendor).update(position=2)
    product = {"category": food, "price": eur("1.00")}
    made = client.post(url(cast, "products"), {**product, "name": "One"})
    assert (made.status_code, made.json()["position"]) == (201, 3)
    first, second = Category.objects.filter(vendor=cast.vendor, name__in="AC").order_by("name")
    rows = [
        {"id": cast.products["soda"].pk, "position": 7},
        {**product, "name": "Two", "plu_code": "902"},
        {**product, "name": "Three", "plu_code": "903", "category": first.pk},
        {**product, "name": "Four", "plu_code": "904", "position": 1},
        {**product, "name": "Five", "plu_code": "905"},
        {**product, "name": "Six", "plu_code": "906", "category": first.pk},
        {**product, "name": "Seven", "plu_code": "907", "category": second.pk},
    ]
    assert client.patch(url(cast, "products"), {"products": rows}).status_code == 200
    found = dict(Product.objects.filter(plu_code__startswith="90").values_list("name", "position"))
    assert found == {"Two": 8, "Three": 0, "Four": 1, "Five": 9, "Six": 1, "Seven": 0}
    Option.objects.filter(group=cast.groups["Size"]).update(position=5)
    path = url(cast, f"option-groups/{cast.groups['Size'].pk}/options")
    assert [client.post(path, {"name": name}).json()["position"] for name in ("Huge", "Tiny")] == [6, 7]
    # What stands keeps its place, whatever else of it is changed.
    assert client.patch(url(cast, f"products/{made.json()['id']}"), {"name": "Once"}).json()["position"] == 3


def test_an_option_group_is_added_changed_and_deleted(cast: Cast, api: Api) -> None:
    client = api(cast.owner)
    given = {
        "name": "Milk",
        "minimum": 1,
        "maximum": 2,
        "condition": cast.options["Large"].pk,
        "options": [{"name": "Oat", "price": eur("0.50"), "plu_code": "601"}, {"name": "Cow", "allergens": ["milk"]}],
    }
    made = client.post(url(cast, "option-groups"), given)
    assert made.status_code == 201, made.json()
    oat, cow = made.json()["options"]
    assert (oat["price"], oat["plu_code"], cow["price"], cow["allergens"]) == (
        eur("0.50"),
        "601",
        eur("0.00"),
        ["milk"],
    )
    path = url(cast, f"option-groups/{made.json()['id']}")
    changed = client.patch(path, {"maximum": 1, "condition": None})
    assert (changed.json()["maximum"], changed.json()["condition"]) == (1, None)
    assert errors(client.patch(path, {"maximum": 0})) == [("/maximum", "below_minimum")]
    assert errors(client.patch(path, {"condition": oat["id"]})) == [("/condition", "unknown")]
    soy = client.post(f"{path}/options", {"name": "Soy", "price": eur("0.60"), "position": 3})
    assert (soy.status_code, soy.json()["group"]) == (201, made.json()["id"])
    one = url(cast, f"options/{soy.json()['id']}")
    sold_out = client.patch(one, {"is_available": False, "half_price": eur("0.20")})
    assert (sold_out.json()["is_available"], sold_out.json()["half_price"]) == (False, eur("0.20"))
    assert client.delete(one).status_code == 204
    listed = client.get(url(cast, "option-groups")).json()
    assert [row["name"] for row in listed["results"]] == ["Milk", "Plate", "Sauce", "Size", "Toppings"]
    # An option that brings up a group stays while it does.
    assert client.patch(path, {"condition": cast.options["Large"].pk}).status_code == 200
    for needed in (f"options/{cast.options['Large'].pk}", f"option-groups/{cast.groups['Size'].pk}"):
        stood = everything(cast)
        refused = client.delete(url(cast, needed))
        assert (refused.status_code, refused.json()["code"]) == (409, "needed_by_menu")
        assert everything(cast) == stood
    assert client.delete(path).status_code == 204
    assert not Option.objects.filter(pk__in=[oat["id"], cow["id"]]).exists()


def test_a_wrong_option_of_a_new_group_is_refused_by_its_place(cast: Cast, api: Api) -> None:
    stood = everything(cast)
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"name": "Soy", "unavailable_until": later}, "unavailable_until", "until_of_available"),
        ({"name": "Soy", "price": {"amount": "1.00", "currency": "USD"}}, "price", "currency"),
        ({"price": eur("1.00")}, "name", "required"),
    ]
    for option, field, code in wrong:
        refused = api(cast.owner).post(
            url(cast, "option-groups"), {"name": "Milk", "options": [{"name": "Oat"}, option]}
        )
        assert errors(refused) == [(f"/options/1/{field}", code)]
    assert everything(cast) == stood


def test_parts_of_another_vendor_are_not_there(cast: Cast, api: Api) -> None:
    client, tea = api(cast.owner), cast.tea
    group = OptionGroup.objects.create(vendor=cast.other_vendor, name="Milk")
    option = Option.objects.create(group=group, name="Oat")
    stood = everything(cast)
    for path in (f"products/{tea.pk}", f"categories/{tea.category_id}", f"options/{option.pk}"):
        assert client.patch(url(cast, path), {"name": "Mine"}).status_code == 404
        assert client.delete(url(cast, path)).status_code == 404
    assert client.post(url(cast, f"option-groups/{group.pk}/options"), {"name": "Mine"}).status_code == 404
    assert client.patch(url(cast, f"option-groups/{group.pk}"), {"name": "Mine"}).status_code == 404
    assert everything(cast) == stood


def test_no_more_parts_than_there_is_room_for(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    most = dict.fromkeys((Category, Product, OptionGroup, Option), 4)
    monkeypatch.setattr("vendors.services.menu_changes.MOST_PARTS", most)
    category = cast.products["soda"].category_id
    stood = everything(cast)
    row = {"plu_code": "888", "name": "Water", "category": category, "price": eur("2.00")}
    for answer in (
        api(cast.owner).post(url(cast), row),
        put_rows(api, cast, row),
        api(cast.owner).post(url(cast, "option-groups"), {"name": "Milk"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "too_many")
    assert everything(cast) == stood
