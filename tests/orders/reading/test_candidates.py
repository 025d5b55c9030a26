"""Who is merely asked to carry an order reads nothing that tells its contact, at any door."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import models

from orders.models import ItemChange, LineOption, Order, OrderEvent, Package
from orders.reading.order_view import view_for_public
from tests.cast import Cast
from tests.dialects.kesk.calling import url as kesk_url
from tests.dialects.ordering.asking import one as ordering_url
from tests.dialects.shop.calling import at as shop_url
from tests.orders.moving.test_transitions import move
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import ORDERS
from tests.orders.walking import Api

# What was written and changed before; each is to be read by nobody who could merely take the order.
SECRETS = ("Door 4711", "Bell Smith", "Inner word", "Told to all 0488", "Late 77", "+3225550100", "Customer")
BUSINESS = "Inner word"


def written(cast: Cast, api: Api, **fields: Any) -> Order:
    order = make_order(cast, 7, stood="accepted", **fields)
    path, owner, staff = f"{ORDERS}/{order.pk}", api(cast.owner), api(cast.staff)
    assert api(cast.customer).patch(path, {"address_notes": "Door 4711"}).status_code == 200
    assert api(cast.customer).patch(path, {"address_notes": "Bell Smith", "comment": ""}).status_code == 200
    assert owner.post(f"{path}/history", {"text": "Inner word", "visible_to": "business"}).status_code == 201
    assert owner.post(f"{path}/history", {"text": "Told to all 0488"}).status_code == 201
    late = {"delivered_in": 60, "reason_code": "other", "reason": "Late 77"}
    assert owner.patch(path, late).status_code == 200
    # Somebody else was asked before.
    for driver in (cast.courier_row.pk, None):
        assert staff.patch(path, {"driver": driver}).status_code == 200
    return order


# The doors that answer otherwise than with 200, by who asks: an order of one's own, a dashboard, a driver's offers.
CANDIDATE = {"ordering": 404, "dashboard": 403, "ordering dashboard": 403}
HOLDER = {"ordering": 404, "offers": 403}
REFUSED: dict[str, dict[str, int]] = {
    "driver": CANDIDATE,
    "courier": CANDIDATE,
    "company_driver": CANDIDATE,
    "dispatcher": {**CANDIDATE, "offers": 403},
    "owner": HOLDER,
    "staff": HOLDER,
    "customer": {"dashboard": 403, "ordering dashboard": 403, "offers": 403},
    # Who is named as its driver: the order is its own.
    "named": {},
}
# Where the lists have their rows, and how many a candidate finds: those of one's own orders hold none of it.
ROWS = {"list": "results", "offers": "results", "kesk list": "data", "shop list": "orders", "ordering list": "result"}
FOUND = {"list": 0, "offers": 1, "kesk list": 1, "shop list": 1, "ordering list": 0}


def read(client: Any, who: str, paths: dict[str, str]) -> dict[str, str]:
    """What each door tells, as text; each answers as it should."""
    answers = {door: client.get(path) for door, path in paths.items()}
    statuses = {door: answer.status_code for door, answer in answers.items()}
    assert statuses == {door: REFUSED[who].get(door, 200) for door in paths}
    return {
        door: json.dumps(answer.json(), ensure_ascii=False)
        for door, answer in answers.items()
        if answer.status_code == 200
    }


def doors(client: Any, order: Order, who: str) -> dict[str, str]:
    """All that somebody is told of the order, as text."""
    paths = {
        "detail": f"{ORDERS}/{order.pk}?expand=events,items",
        "history": f"{ORDERS}/{order.pk}/history",
        "transitions": f"{ORDERS}/{order.pk}/transitions",
        "kesk": kesk_url(order),
        "ordering": ordering_url(order.pk),
        "shop": shop_url(order),
    }
    return read(client, who, paths)


@pytest.mark.parametrize("who", ["driver", "courier", "dispatcher"])
def test_a_candidate_reads_nothing_that_tells_the_contact(cast: Cast, api: Api, who: str) -> None:
    order = written(cast, api)
    assert move(api, cast.owner, order, to=22).status_code == 200
    client = api(getattr(cast, who))
    told = doors(client, order, who)
    found = [(door, secret) for door, text in told.items() for secret in SECRETS if secret in text]
    assert found == []
    events = client.get(f"{ORDERS}/{order.pk}/history").data["results"]
    assert [(event["kind"], event["reason"], event["data"]) for event in events] == [
        ("placed", "", {}),
        ("delay", "", {}),
        ("driver", "", {}),
        ("driver", "", {}),
        ("status", "", {}),
    ]
    assert [event["reason_code"] for event in events] == ["", "other", "", "", ""]


def test_who_is_named_reads_the_contact_and_who_accepts_the_notes_of_the_business(cast: Cast, api: Api) -> None:
    order = written(cast, api)
    path = f"{ORDERS}/{order.pk}"
    assert api(cast.owner).patch(path, {"driver": cast.driver_row.pk}).status_code == 200
    named = doors(api(cast.driver), order, "named")
    assert all("Bell Smith" in named[door] for door in ("detail", "history"))
    assert not [door for door, text in named.items() if BUSINESS in text]
    # Who was asked before is for none of those who are asked.
    events = api(cast.driver).get(f"{path}/history").data["results"]
    assert [event["data"] for event in events if event["kind"] == "driver"] == [{"old": {}, "new": {}}] * 3
    assert move(api, cast.driver, order, to=8).status_code == 200
    holding = doors(api(cast.driver), order, "named")
    assert [door for door in ("detail", "history", "kesk", "shop") if BUSINESS not in holding[door]] == []


@pytest.mark.slow
def test_a_company_that_accepted_holds_it_and_its_drivers_are_asked(cast: Cast, api: Api) -> None:
    order = written(cast, api)
    assert move(api, cast.owner, order, to=22).status_code == 200
    assert move(api, cast.dispatcher, order, to=25).status_code == 200
    assert BUSINESS in doors(api(cast.dispatcher), order, "dispatcher")["history"]
    told = doors(api(cast.company_driver), order, "company_driver")
    assert [(door, secret) for door, text in told.items() for secret in SECRETS if secret in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("who", ["owner", "staff", "customer"])
def test_the_others_read_what_they_read(cast: Cast, api: Api, who: str) -> None:
    order = written(cast, api)
    told = doors(api(getattr(cast, who)), order, who)["history"]
    assert all(secret in told for secret in ("Door 4711", "Told to all 0488", "Late 77"))
    assert (BUSINESS in told) == (who != "customer")


# Text columns that nobody writes freely: codes, kinds, what programs and the vendor's menu say.
GIVEN = {
    *("tracking_hash", "tracking_sealed", "collection_code", "standing_changes", "currency", "payment_method"),
    *("guest_token_hash", "placed_by_key", "actor", "role", "sku", "plu_code", "unit", "provider", "token"),
    *("reference", "method", "redirect_url", "app_id", "external_code", "disputed_currency", "type_name"),
    *("allergens", "allergen_note"),
}
# What a candidate reads of what is written: where it goes, by whom it is carried, what it is.
SHOWN = {
    "Order.address",
    "Order.carrier",
    "Order.tracking_number",
    "Line.name",
    "LineOption.name",
    "LineOption.group",
    "Package.pickup_address",
}
KINDS = ("regular", "package")


def sentinel(number: int) -> str:
    """A text found nowhere else, of letters alone: a name with a digit is shown to nobody."""
    return f"Zq{chr(97 + number // 26)}{chr(97 + number % 26)}z"


def fill(rows: Iterable[models.Model]) -> dict[str, str]:
    """Writes a text of its own to every column that holds what somebody wrote: "Order.comment" and its text."""
    texts: dict[str, str] = {}
    for row in rows:
        model = type(row)
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
            and not field.choices
            and field.attname not in GIVEN
        ]
        mine = {name: sentinel(len(texts) + number) for number, name in enumerate(names)}
        written = {name: f"First {text}" if name.endswith("name") else text for name, text in mine.items()}
        model._default_manager.filter(pk=row.pk).update(**written)
        texts.update((f"{model.__name__}.{name}", text) for name, text in mine.items())
    return texts


def filled(cast: Cast, kind: str) -> tuple[Order, dict[str, str]]:
    """An order in search of a driver, with something written in each column that takes text."""
    order = make_order(cast, 22, stood="accepted search_started", kind=kind, version=3)
    line = add_line(order, cast.products["pizza"])
    option = LineOption.objects.create(line=line, kind="option", menu_id=1)
    change = ItemChange.objects.create(
        order=order, number=1, action="add", state="waiting", old_total=1500, new_total=2700, role="vendor",
        item={"product": cast.products["pizza"].pk, "comment": "Zq-item-z"},
    )  # fmt: skip
    event = OrderEvent.objects.create(
        order=order, number=2, kind="note", role="customer", data={"new": {"comment": "Zq-data-z"}}
    )
    rows: list[models.Model] = [order, order.customer, line, option, change, event, order.shares.get().payment]
    if kind == "package":
        rows.append(Package.objects.create(order=order, weight=800))
    texts = {**fill(rows), "ItemChange.item": "Zq-item-z", "OrderEvent.data": "Zq-data-z"}
    return order, texts


def lists_and_more(client: Any, order: Order, who: str) -> dict[str, str]:
    """What else shows an order, as text: lists, what drivers are offered, changes of items."""
    paths = {
        "list": f"{ORDERS}?expand=items,events",
        "dashboard": f"{ORDERS}?mode=dashboard&expand=items,events",
        "offers": "/api/v1/drivers/me/offers",
        "changes": f"{ORDERS}/{order.pk}/changes",
        "kesk list": kesk_url(order).rpartition("/")[0],
        "shop list": shop_url(order).rpartition("/")[0],
        "ordering list": ordering_url(order.pk).rpartition("/")[0],
        "ordering dashboard": f"{ordering_url(order.pk).rpartition('/')[0]}?mode=dashboard",
    }
    return read(client, who, paths)


@pytest.mark.parametrize("kind", ["regular", pytest.param("package", marks=pytest.mark.slow)])
@pytest.mark.parametrize("who", ["driver", "courier", "dispatcher"])
def test_of_every_column_that_takes_text_a_candidate_reads_only_what_it_needs(
    cast: Cast, api: Api, who: str, kind: str
) -> None:
    order, texts = filled(cast, kind)
    client = api(getattr(cast, who))
    told = {**doors(client, order, who), **lists_and_more(client, order, who)}
    rows = {door: len(json.loads(told[door])[name]) for door, name in ROWS.items() if door in told}
    assert rows == {door: count for door, count in FOUND.items() if door in told}
    found = {(name, door) for name, text in texts.items() for door, answer in told.items() if text in answer}
    assert {(name, door) for name, door in found if name not in SHOWN} == set()
    # The items are there, without words: nothing is left out whole.
    detail = client.get(f"{ORDERS}/{order.pk}").data
    assert (len(detail["items"]), len(detail["items"][0]["options"]), detail["contact"]["name"]) == (1, 1, "First")
    assert texts["Order.address"] in told["detail"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_holds_the_order_reads_every_column_that_takes_text(cast: Cast, api: Api, kind: str) -> None:
    order, texts = filled(cast, kind)
    client = api(cast.owner)
    told = " ".join([*doors(client, order, "owner").values(), *lists_and_more(client, order, "owner").values()])
    unread = {name for name, text in texts.items() if text not in told}
    # The order's contact is told instead of its customer's; who ticked a line stands on the board alone.
    assert unread == {"Customer.phone", "Customer.email", "Line.ticked_by"}
    order.refresh_from_db()
    assert texts["Order.comment"] == order.comment  # reading writes nothing


def test_a_guest_who_follows_by_the_uuid_reads_nothing_that_is_written(cast: Cast, api: Api) -> None:
    order, texts = filled(cast, "regular")
    cast.customer_row.user = None
    cast.customer_row.save()
    answer = api(None).get(ordering_url(order.pk), headers={"X-uuid-access-X": str(order.uuid)})
    assert answer.status_code == 200
    told = json.dumps(answer.json())
    assert {name for name, text in texts.items() if text in told} <= SHOWN
    assert texts["Order.address"] in told


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_concealed_is_a_copy(cast: Cast, kind: str) -> None:
    """The order itself may be told to the next reader: its rows keep every word."""
    order, texts = filled(cast, kind)
    order = Order.objects.select_related("customer", "purchase").prefetch_related("lines__options").get(pk=order.pk)
    told = view_for_public(order)
    assert (told.comment, told.lines[0].comment, told.lines[0].options[0].text) == ("", "", "")
    line = order.lines.all()[0]
    read = (order.comment, line.comment, line.options.all()[0].text)
    assert read == (texts["Order.comment"], texts["Line.comment"], texts["LineOption.text"])
    assert order.customer.name == f"First {texts['Customer.name']}"
    assert told.lines[0] is not line


@pytest.mark.parametrize("who", ["driver", "courier", "dispatcher"])
def test_a_candidate_finds_nothing_by_the_contact(cast: Cast, api: Api, who: str) -> None:
    order, _ = filled(cast, "regular")
    order.contact_email = "hidden@example.org"
    order.save()
    asked = [f"customerId={order.customer_id}", "email=hidden@example.org"]

    def found(client: Any) -> list[int]:
        return [len(client.get(f"/dialects/shop/System/Orders?{query}").json()["orders"]) for query in ["", *asked]]

    assert found(api(cast.owner)) == [1, 1, 1]
    assert found(api(getattr(cast, who))) == [1, 0, 0]


@pytest.mark.parametrize("who", ["driver", "courier", "dispatcher"])
def test_a_candidate_writes_no_note(cast: Cast, api: Api, who: str) -> None:
    order, _ = filled(cast, "regular")
    written = OrderEvent.objects.count()
    client, path = api(getattr(cast, who)), f"{ORDERS}/{order.pk}"
    for address, body in [(f"{path}/history", {"text": "Pay again"}), (f"{shop_url(order)}/history", {"text": "Pay"})]:
        assert client.post(address, body).status_code == 403
    order.refresh_from_db()
    assert (order.version, OrderEvent.objects.count()) == (3, written)
