"""Allergens: from the menu to the order, where they stay as they were told on placing, and to all who read it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Line, Order
from tests.cast import Cast
from tests.office import change, send
from tests.orders.printing import accepted, jobs_path, only_job
from tests.orders.shopping import ORDERS, cart, place_order
from tests.orders.walking import Api
from vendors.allergens import ALLERGENS, NONE, allergens_text
from vendors.models import Extra, Option, Product
from vendors.services.vendors import bump_menu_version

NOTE = "may contain traces of nuts"
TOLD = {
    "product": {"allergens": "gluten milk", "allergen_note": NOTE},
    "option": {"allergens": "eggs mustard", "allergen_note": ""},
    "extra": {"allergens": "milk sulphites", "allergen_note": "smoked"},
}
ALL = ["gluten", "eggs", "milk", "mustard", "sulphites"]
ALL_NOTES = f"{NOTE}; smoked"


@pytest.fixture
def told(cast: Cast) -> None:
    Product.objects.filter(pk=cast.products["burger"].pk).update(**TOLD["product"])
    Option.objects.filter(pk=cast.options["Mayonnaise"].pk).update(**TOLD["option"])
    Extra.objects.filter(pk=cast.extras["Bacon"].pk).update(**TOLD["extra"])
    bump_menu_version(cast.vendor.pk)


def burger(cast: Cast) -> dict[str, Any]:
    options = [{"option": cast.options[name].pk} for name in ("Regular", "Mayonnaise")]
    return {"product": cast.products["burger"].pk, "options": options, "extras": [{"extra": cast.extras["Bacon"].pk}]}


@pytest.mark.usefixtures("told")
def test_the_menu_tells_them_of_products_options_and_extras(cast: Cast, api: Api) -> None:
    menu = api(None).get(f"/api/v1/vendors/{cast.vendor.pk}/menu").data
    found = menu["categories"][0]["products"][0]
    mayonnaise = next(one for one in found["option_groups"][0]["options"] if one["name"] == "Mayonnaise")
    assert (found["allergens"], found["allergen_note"]) == (["gluten", "milk"], NOTE)
    assert (mayonnaise["allergens"], mayonnaise["allergen_note"]) == (["eggs", "mustard"], "")
    assert (found["extras"][0]["allergens"], found["extras"][0]["allergen_note"]) == (["milk", "sulphites"], "smoked")


@pytest.mark.usefixtures("told")
def test_an_order_keeps_what_the_menu_said_when_it_was_placed(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast, items=[burger(cast)]))
    Product.objects.filter(pk=cast.products["burger"].pk).update(allergens="fish", allergen_note="")
    bump_menu_version(cast.vendor.pk)
    item = api(cast.customer).get(f"{ORDERS}/{order.pk}").data["items"][0]
    assert (item["allergens"], item["allergen_note"]) == (ALL, ALL_NOTES)
    chosen = {one["name"]: one["allergens"] for one in [*item["options"], *item["extras"]]}
    assert chosen == {"Regular": None, "Mayonnaise": ["eggs", "mustard"], "Bacon": ["milk", "sulphites"]}
    # A line that is changed is another agreement: it is told by the menu of now.
    path = f"{ORDERS}/{order.pk}/items/{item['id']}"
    assert api(cast.customer).put(path, {**burger(cast), "quantity": 2}).status_code == 200
    again = api(cast.customer).get(f"{ORDERS}/{order.pk}").data["items"][0]
    assert (again["quantity"], again["allergens"]) == (2, ["eggs", "fish", "milk", "mustard", "sulphites"])


@pytest.mark.usefixtures("told")
def test_another_line_that_changes_leaves_them(cast: Cast, api: Api) -> None:
    items = [burger(cast), {"product": cast.products["soda"].pk, "quantity": 2}]
    order = place_order(api(cast.customer), cart(cast, items=items))
    Product.objects.filter(pk=cast.products["burger"].pk).update(allergens="fish")
    bump_menu_version(cast.vendor.pk)
    soda = order.lines.get(name="Soda")
    assert api(cast.staff).delete(f"{ORDERS}/{order.pk}/items/{soda.pk}").status_code == 200
    assert Line.objects.get(order=order).allergens == "gluten milk"


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", f"Allergens: Gluten, Eggs, Milk, Mustard, Sulphites; {ALL_NOTES}"),
        ("fr", f"Allergènes : Gluten, Œufs, Lait, Moutarde, Sulfites; {ALL_NOTES}"),
        ("nl", f"Allergenen: Gluten, Eieren, Melk, Mosterd, Sulfieten; {ALL_NOTES}"),
        ("es", f"Alérgenos: Gluten, Huevos, Leche, Mostaza, Sulfitos; {ALL_NOTES}"),
    ],
)
def test_ticket_names_them_in_the_vendors_language(cast: Cast, api: Api, language: str, text: str) -> None:
    cast.vendor.language = language
    cast.vendor.save(update_fields=["language"])
    soda = {"product": cast.products["soda"].pk}
    order = accepted(cast, api, items=[burger(cast), soda])
    rows = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim")).json()["rows"]
    texts = [row["text"] for row in rows]
    assert texts.count(text) == 1
    assert texts.index(text) < texts.index("1 × Soda")
    # What tells nothing has no row.
    assert sum(one.startswith("Al") and ":" in one for one in texts) == 1


@pytest.mark.usefixtures("told")
def test_board_and_back_office_show_them(cast: Cast, api: Api, client: Client) -> None:
    order = place_order(api(cast.customer), cart(cast, items=[burger(cast)]))
    ticket = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board").json()["orders"][0]
    line = ticket["lines"][0]
    assert (line["allergens"], line["allergen_note"]) == (ALL, ALL_NOTES)
    client.force_login(cast.staff)
    page = client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert f"Allergens: Gluten, Eggs, Milk, Mustard, Sulphites; {ALL_NOTES}" in page


def test_the_menus_form_takes_them_from_the_list_only(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    product = cast.products["pizza"]
    url = reverse("admin:vendors_product_change", args=[product.pk])
    change(client, url, allergens=["milk", "gluten"], allergen_note=NOTE)
    product.refresh_from_db()
    assert (product.allergens, product.allergen_note) == ("gluten milk", NOTE)
    page = client.get(url).content.decode()
    assert [code for code in [*ALLERGENS, NONE] if f'value="{code}"' in page] == [*ALLERGENS, NONE]
    refused = send(client, url, allergens=["milk", "dust"])
    assert refused.status_code == 200
    assert "dust is not one of the available choices" in refused.content.decode()
    product.refresh_from_db()
    assert product.allergens == "gluten milk"


def test_there_are_the_fourteen_that_the_law_names() -> None:
    assert len(ALLERGENS) == 14
    assert allergens_text(reversed(list(ALLERGENS))) == " ".join(ALLERGENS)
    assert len(allergens_text(ALLERGENS)) <= Product._meta.get_field("allergens").max_length
    with pytest.raises(ValueError, match="No such allergens: dust"):
        allergens_text(["milk", "dust"])


def test_what_was_never_told_is_not_told_to_be_none(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast))
    item = api(cast.customer).get(f"{ORDERS}/{order.pk}").data["items"][0]
    assert (item["allergens"], item["allergen_note"]) == (None, "")
    assert Order.objects.get(pk=order.pk).lines.get().allergens == ""


# What the menu tells of the burger, its size, its sauce and the bacon; what the item tells.
PARTS: dict[str, tuple[tuple[str, str, str, str], list[str] | None]] = {
    "nothing of any": (("", "", "", ""), None),
    "none of all": (("none", "none", "none", "none"), []),
    "none of all but one": (("none", "none", "", "none"), None),
    "nothing of the product": (("", "none", "none", "none"), None),
    "codes of one, nothing of the others": (("", "", "milk", ""), ["milk"]),
    "codes of one, none of the others": (("none", "none", "milk", "none"), ["milk"]),
}


@pytest.mark.parametrize(("told", "item_tells"), PARTS.values(), ids=PARTS)
def test_none_is_said_of_an_item_where_it_is_known_of_all_its_parts(
    cast: Cast, api: Api, told: tuple[str, str, str, str], item_tells: list[str] | None
) -> None:
    """What is left out counts for nothing: nobody tells of an ingredient by itself."""
    parts = (cast.products["burger"], cast.options["Regular"], cast.options["Mayonnaise"], cast.extras["Bacon"])
    for part, text in zip(parts, told, strict=True):
        type(part)._default_manager.filter(pk=part.pk).update(allergens=text)
    bump_menu_version(cast.vendor.pk)
    alone = {"": None, "none": []}
    menu = api(None).get(f"/api/v1/vendors/{cast.vendor.pk}/menu").data["categories"][0]["products"][0]
    assert menu["allergens"] == alone[told[0]]
    assert menu["extras"][0]["allergens"] == alone[told[3]]
    asked = {**burger(cast), "without": [cast.ingredients["Onion"].pk]}
    order = place_order(api(cast.customer), cart(cast, items=[asked]))
    item = api(cast.customer).get(f"{ORDERS}/{order.pk}").data["items"][0]
    assert item["allergens"] == item_tells
    assert item["extras"][0]["allergens"] == alone[told[3]]
    line = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board").json()["orders"][0]["lines"][0]
    assert line["allergens"] == item_tells
    # Never told what is known later: an order keeps what it was told.
    for part in parts:
        type(part)._default_manager.filter(pk=part.pk).update(allergens="fish")
    bump_menu_version(cast.vendor.pk)
    assert api(cast.customer).get(f"{ORDERS}/{order.pk}").data["items"][0]["allergens"] == item_tells


def test_a_ticket_says_that_there_are_none_only_where_it_was_told(cast: Cast, api: Api) -> None:
    for product, text in (("burger", "none"), ("soda", "")):
        Product.objects.filter(pk=cast.products[product].pk).update(allergens=text)
    Option.objects.filter(pk=cast.options["Regular"].pk).update(allergens="none")
    bump_menu_version(cast.vendor.pk)
    asked = {"product": cast.products["burger"].pk, "options": [{"option": cast.options["Regular"].pk}]}
    order = accepted(cast, api, items=[asked, {"product": cast.products["soda"].pk}])
    rows = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim")).json()["rows"]
    assert [row["text"] for row in rows if "Allergens" in row["text"]] == ["Allergens: none of the fourteen"]


def test_the_menus_form_tells_none_apart_from_nothing(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    product = cast.products["pizza"]
    url = reverse("admin:vendors_product_change", args=[product.pk])
    for chosen, kept in ((["none"], "none"), (["milk"], "milk"), ([], "")):
        change(client, url, allergens=chosen)
        product.refresh_from_db()
        assert product.allergens == kept
    refused = send(client, url, allergens=["milk", "none"])
    assert refused.status_code == 200
    assert "Choose either allergens, or that there are none." in refused.content.decode()
    product.refresh_from_db()
    assert product.allergens == ""
