"""Adding, editing and deleting an order's items (rows 70–72): amounts, tax, payment and stock follow."""

import pytest

from orders.models import Line, Order, Payment
from tests.cast import Cast
from tests.dialects.shop.calling import ORDERS, WALK_IN, Api, at, body_of, created, label_of, refused, set_flag
from tests.orders.editing import line_of, ordered
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import assert_nothing_changed, cart, place_order

ADD = "POST /System/Orders/{id}/item"
EDIT = "PUT /System/Orders/{id}/item"
DELETE = "DELETE /System/Orders/{id}/item/{itemId}"


def stock_of(cast: Cast) -> int:
    stock = cast.products["soda"].stock
    stock.refresh_from_db()
    return int(stock.quantity)


@pytest.mark.rows(70, call=ADD)
def test_the_customers_own_item_is_added_at_once(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    item = {"productId": cast.products["cake"].pk, "quantity": 1}
    response = api(cast.customer).post(at(order, "/item"), item)
    shown = response.json()
    assert (response.status_code, shown["change"]) == (201, {"number": 1, "state": "applied", "difference": "25.00"})
    assert (shown["value"], shown["price"], shown["taxIncluded"]) == ("42.00", "42.00", "2.38")
    assert (shown["items"][-1]["name"], shown["items"][-1]["price"]) == ("Cake", "25.00")
    assert Payment.objects.get().amount == 4200


@pytest.mark.rows(70, call=ADD)
def test_a_rise_by_the_vendor_waits_for_the_customer(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    item = {"productId": cast.products["soda"].pk, "quantity": 1}
    response = api(cast.owner).post(at(order, "/item"), item)
    assert response.status_code == 202
    assert response.json()["change"] == {"number": 1, "state": "waiting", "difference": "2.50"}
    assert response.json()["history"][-1]["text"] == "Items: nothing → 1 × Soda (waits for the customer)"
    assert (response.json()["price"], stock_of(cast)) == ("17.00", 8)
    accepted = api(cast.customer).post(f"/api/v1/orders/{order.pk}/changes/1/accept")
    assert accepted.status_code == 200
    assert (api(cast.owner).get(at(order)).json()["price"], stock_of(cast)) == ("19.50", 7)


@pytest.mark.rows(70, 71, call=ADD)
def test_what_was_keyed_in_for_a_guest_waits_for_nobody(cast: Cast, api: Api) -> None:
    owner = api(cast.owner)
    order = created(owner.post(ORDERS, body_of(cast, customer=WALK_IN)))
    soda = {"productId": cast.products["soda"].pk, "quantity": 1}
    for client, price in ((owner, "14.50"), (api(cast.staff), "17.00")):
        added = client.post(at(order, "/item"), soda)
        assert (added.status_code, added.json()["change"]["state"], added.json()["price"]) == (201, "applied", price)
    assert owner.patch(at(order, "/status"), {"statusId": label_of(7).pk}).status_code == 200
    pizza = line_of(order, "Pizza")
    for client, quantity, price in ((owner, 2, "29.00"), (api(cast.staff), 3, "41.00")):
        edited = client.put(at(order, "/item"), {"itemId": pizza.pk, "quantity": quantity})
        assert (edited.status_code, edited.json()["change"]["state"], edited.json()["price"]) == (200, "applied", price)
    assert (Payment.objects.get().amount, stock_of(cast)) == (4100, 8)


@pytest.mark.rows(70, call=ADD)
def test_what_staff_keyed_in_for_an_account_is_asked_of_it_once_it_is_accepted(cast: Cast, api: Api) -> None:
    staff, owner = api(cast.staff), api(cast.owner)
    order = created(staff.post(ORDERS, body_of(cast, customer={"id": cast.customer_row.pk})))
    soda = {"productId": cast.products["soda"].pk, "quantity": 1}
    assert staff.post(at(order, "/item"), soda).json()["change"]["state"] == "applied"
    assert owner.post(at(order, "/item"), soda).json()["change"]["state"] == "waiting"
    assert owner.patch(at(order, "/status"), {"statusId": label_of(7).pk}).status_code == 200
    assert staff.post(at(order, "/item"), soda).status_code == 202
    own = created(owner.post(ORDERS, body_of(cast)))
    assert owner.patch(at(own, "/status"), {"statusId": label_of(7).pk}).status_code == 200
    assert owner.post(at(own, "/item"), soda).json()["change"]["state"] == "applied"
    assert staff.post(at(own, "/item"), soda).json()["change"]["state"] == "waiting"


@pytest.mark.rows(71, call=EDIT)
def test_another_quantity_and_another_product(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    soda, pizza = line_of(order, "Soda"), line_of(order, "Pizza")
    owner = api(cast.owner)
    less = owner.put(at(order, "/item"), {"itemId": soda.pk, "quantity": 1})
    assert (less.status_code, less.json()["price"], stock_of(cast)) == (200, "14.50", 9)
    other = owner.put(at(order, "/item"), {"itemId": pizza.pk, "productId": cast.products["soda"].pk})
    assert (other.status_code, other.json()["price"], stock_of(cast)) == (200, "5.00", 8)
    assert [item["itemId"] for item in other.json()["items"]] == [pizza.pk, soda.pk]
    with assert_nothing_changed(Order.objects.get()):
        same = owner.put(at(order, "/item"), {"itemId": soda.pk, "quantity": 1})
        assert (same.status_code, same.json()["change"]) == (200, None)


@pytest.mark.rows(71, call=EDIT)
def test_what_was_chosen_stays_with_another_quantity(cast: Cast, api: Api) -> None:
    burger = {
        "product": cast.products["burger"].pk,
        "quantity": 2,
        "comment": "Well done",
        "options": [{"option": cast.options["Large"].pk}],
        "without": [cast.ingredients["Onion"].pk],
    }
    order = place_order(api(cast.customer), cart(cast, items=[burger]))
    line = Line.objects.get()
    shown = api(cast.owner).put(at(order, "/item"), {"itemId": line.pk, "quantity": 1}).json()
    assert (shown["price"], [option["name"] for option in shown["items"][0]["options"]]) == (
        "10.50",
        ["Large", "No Onion"],
    )
    assert Line.objects.get().comment == "Well done"


@pytest.mark.rows(70, 71, call=EDIT)
def test_other_choices_and_a_product_that_asks_for_some(cast: Cast, api: Api) -> None:
    burger, large = cast.products["burger"].pk, {"optionId": cast.options["Large"].pk}
    line = {"product": burger, "quantity": 1, "options": [{"option": large["optionId"]}]}
    line |= {"without": [cast.ingredients["Onion"].pk], "comment": "Well done"}
    order = place_order(api(cast.customer), cart(cast, items=[line, {"product": cast.products["soda"].pk}]))
    owner, path = api(cast.owner), at(order, "/item")
    read, soda = owner.get(at(order)).json()["items"]
    assert [option["optionId"] for option in read["options"]] == [large["optionId"], None]
    with assert_nothing_changed(Order.objects.get()):
        assert owner.put(path, read).json()["change"] is None
        refused(owner.put(path, {"itemId": soda["itemId"], "productId": burger}), 400, "invalid", "options")
        refused(owner.put(path, {**read, "options": [{"quantity": 1}]}), 400, "invalid", "options[0].optionId")
    regular = [{"optionId": cast.options["Regular"].pk}]
    edited = owner.put(path, {"itemId": read["itemId"], "options": [*regular, {"optionId": None, "name": "No Onion"}]})
    shown = edited.json()["items"][0]
    assert (edited.status_code, shown["price"]) == (200, "8.50")
    assert [option["name"] for option in shown["options"]] == ["Regular", "No Onion"]
    assert line_of(order, "Burger").comment == "Well done"
    dearer = owner.put(path, {"itemId": soda["itemId"], "productId": burger, "options": [large]})
    added = api(cast.customer).post(path, {**read, "itemId": None})
    assert (dearer.status_code, added.status_code, added.json()["items"][-1]["price"]) == (202, 201, "10.50")


@pytest.mark.rows(72, call=DELETE)
def test_an_item_is_deleted(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    soda, pizza = line_of(order, "Soda"), line_of(order, "Pizza")
    response = api(cast.owner).delete(at(order, f"/item/{soda.pk}"))
    assert (response.status_code, response.json()["price"], stock_of(cast)) == (200, "12.00", 10)
    assert (response.json()["change"], Payment.objects.get().amount) == (
        {"number": 1, "state": "applied", "difference": "-5.00"},
        1200,
    )
    with assert_nothing_changed(Order.objects.get()):
        refused(api(cast.owner).delete(at(order, f"/item/{pizza.pk}")), 409, "last_item")
        refused(api(cast.owner).delete(at(order, f"/item/{soda.pk}")), 404, "not_found")


@pytest.mark.rows(70, 71, 72, call=ADD)
@pytest.mark.parametrize("flag", ["canceled", "delivered"])
def test_a_cancelled_or_delivered_order_refuses(cast: Cast, api: Api, flag: str) -> None:
    order = ordered(cast, api)
    assert set_flag(api(cast.staff), order, flag).json()[flag] is True
    line = line_of(order, "Soda")
    with assert_nothing_changed(Order.objects.get()):
        staff = api(cast.staff)
        refused(staff.post(at(order, "/item"), {"productId": line.product_id, "quantity": 1}), 409, "order_closed")
        refused(staff.put(at(order, "/item"), {"itemId": line.pk, "quantity": 1}), 409, "order_closed")
        refused(staff.delete(at(order, f"/item/{line.pk}")), 409, "order_closed")


@pytest.mark.rows(71, call=EDIT)
def test_a_prepared_order_is_changed_by_staff_in_the_shops_name(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    set_flag(api(cast.owner), order, "sent")
    line = line_of(order, "Soda")
    less = {"itemId": line.pk, "quantity": 1}
    with assert_nothing_changed(Order.objects.get()):
        refused(api(cast.owner).put(at(order, "/item"), less), 409, "prepared")
    shown = api(cast.staff).put(at(order, "/item"), less).json()
    assert (shown["price"], shown["history"][-1]["text"]) == ("14.50", "Items: 2 × Soda → 1 × Soda: Shop")
    assert shown["status"]["id"] == label_of(4).pk


@pytest.mark.rows(70, 71, 72, call=ADD)
def test_what_is_wrong_is_named(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    line, owner, path = line_of(order, "Soda"), api(cast.owner), at(order, "/item")
    with assert_nothing_changed(order):
        refused(owner.post(path, {"quantity": 1}), 400, "invalid", "productId")
        refused(owner.post(path, {"productId": line.product_id}), 400, "invalid", "quantity")
        tea = {"productId": cast.tea.pk, "quantity": 1}
        for answer in (owner.post(path, tea), owner.put(path, {**tea, "itemId": line.pk})):
            told = refused(answer, 400, "invalid", "productId")["message"]
            whose = cast.other_vendor.pk
            assert told == f"Another vendor sells this product: create an order for it with `vendorId` {whose}."
        unknown = refused(owner.post(path, {**tea, "productId": 10**9}), 400, "invalid", "productId")["message"]
        assert unknown == "This vendor has no such product: read its menu."
        refused(owner.post(path, {"productId": cast.products["burger"].pk, "quantity": 1}), 400, "invalid", "options")
        refused(owner.put(path, {"itemId": line.pk}), 400, "invalid", "quantity")
        refused(owner.put(path, {"itemId": line.pk, "quantity": 0}), 400, "invalid", "quantity")
        refused(owner.put(path, {"quantity": 1}), 400, "invalid", "itemId")
        refused(owner.put(path, {"itemId": 10**12, "quantity": 1}), 404, "not_found", "itemId")
    by_hand = make_order(cast, 0)
    free = add_line(by_hand, cast.products["pizza"])
    Line.objects.filter(pk=free.pk).update(product=None)
    with assert_nothing_changed(by_hand):
        edit = {"itemId": free.pk, "quantity": 2}
        refused(owner.put(at(by_hand, "/item"), edit), 400, "invalid", "productId")


@pytest.mark.rows(70, 71, 72, call=ADD)
def test_who_may_change_items(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    line = line_of(order, "Soda")
    item = {"productId": line.product_id, "quantity": 1}
    with assert_nothing_changed(order):
        for user, status in ((cast.stranger, 404), (cast.other_owner, 404), (cast.driver, 404), (None, 401)):
            client = api(user)
            assert client.post(at(order, "/item"), item).status_code == status
            assert client.put(at(order, "/item"), {"itemId": line.pk, "quantity": 1}).status_code == status
            assert client.delete(at(order, f"/item/{line.pk}")).status_code == status
    Order.objects.update(driver=cast.driver_row)
    with assert_nothing_changed():
        refused(api(cast.driver).post(at(order, "/item"), item), 403, "forbidden")
