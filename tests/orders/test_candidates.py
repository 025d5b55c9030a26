"""Who is merely asked to carry an order reads nothing that tells its contact, at any door."""

import json
from typing import Any

import pytest

from orders.models import Order
from tests.cast import Cast
from tests.dialects.kesk.calling import url as kesk_url
from tests.dialects.ordering.asking import one as ordering_url
from tests.dialects.shop.calling import at as shop_url
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.orders.test_transitions import move
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


def doors(client: Any, order: Order) -> dict[str, str]:
    """All that somebody is told of the order, as text."""
    answers = {
        "detail": client.get(f"{ORDERS}/{order.pk}?expand=events,items"),
        "history": client.get(f"{ORDERS}/{order.pk}/history"),
        "transitions": client.get(f"{ORDERS}/{order.pk}/transitions"),
        "kesk": client.get(kesk_url(order)),
        "ordering": client.get(ordering_url(order.pk)),
        "shop": client.get(shop_url(order)),
    }
    return {
        door: json.dumps(answer.json(), ensure_ascii=False)
        for door, answer in answers.items()
        if answer.status_code == 200
    }


@pytest.mark.parametrize("who", ["driver", "courier", "dispatcher"])
def test_a_candidate_reads_nothing_that_tells_the_contact(cast: Cast, api: Api, who: str) -> None:
    order = written(cast, api)
    assert move(api, cast.owner, order, to=22).status_code == 200
    client = api(getattr(cast, who))
    told = doors(client, order)
    assert {"detail", "history", "kesk", "shop"} <= told.keys()
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
    named = doors(api(cast.driver), order)
    assert all("Bell Smith" in named[door] for door in ("detail", "history"))
    assert not [door for door, text in named.items() if BUSINESS in text]
    # Who was asked before is for none of those who are asked.
    events = api(cast.driver).get(f"{path}/history").data["results"]
    assert [event["data"] for event in events if event["kind"] == "driver"] == [{"old": {}, "new": {}}] * 3
    assert move(api, cast.driver, order, to=8).status_code == 200
    holding = doors(api(cast.driver), order)
    assert [door for door in ("detail", "history", "kesk", "shop") if BUSINESS not in holding[door]] == []


def test_a_company_that_accepted_holds_it_and_its_drivers_are_asked(cast: Cast, api: Api) -> None:
    order = written(cast, api)
    assert move(api, cast.owner, order, to=22).status_code == 200
    assert move(api, cast.dispatcher, order, to=25).status_code == 200
    assert BUSINESS in doors(api(cast.dispatcher), order)["history"]
    told = doors(api(cast.company_driver), order)
    assert "history" in told
    assert [(door, secret) for door, text in told.items() for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("who", ["owner", "staff", "customer"])
def test_the_others_read_what_they_read(cast: Cast, api: Api, who: str) -> None:
    order = written(cast, api)
    told = doors(api(getattr(cast, who)), order)["history"]
    assert all(secret in told for secret in ("Door 4711", "Told to all 0488", "Late 77"))
    assert (BUSINESS in told) == (who != "customer")
