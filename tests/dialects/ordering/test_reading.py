"""Lists and one order: `where`, levels and modes, pages, a guest's uuid (rows 32–39, 57, 100 and 101)."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Fulfilment
from orders.models import Order
from orders.reading.following import TRIES, count_try
from ordersite.accounts.models import ApiToken, Customer
from ordersite.core.crypto import new_token, token_hash
from tests.cast import Cast
from tests.dialects.ordering.asking import ORDERS, Api, at, one, refused, result_of
from tests.orders.rows import add_line, make_order
from vendors.models import Dispatcher, Offer


def ask(api: Api, user: Any, where: Any = None, **query: Any) -> Any:
    """The list, of a dashboard unless it is said otherwise."""
    asked = {} if where is None else {"where": where if isinstance(where, str) else json.dumps(where)}
    return api(user).get(ORDERS, {"mode": "dashboard", **asked, **query})


def found(api: Api, user: Any, where: Any = None, **query: Any) -> set[int]:
    return {order["id"] for order in result_of(ask(api, user, where, **query))}


@pytest.fixture
def orders(cast: Cast) -> dict[str, Order]:
    """Orders that differ in whatever may be asked for."""
    offer = Offer.objects.create(vendor=cast.vendor, name="One off", kind="amount", amount=100)
    named: dict[str, Any] = {"driver": cast.driver_row, "stood": "accepted driver_accepted"}
    return {
        "plain": make_order(cast, 0, Fulfilment.PICKUP, comment="No bell", app_id="web"),
        "driven": make_order(cast, 8, driver_tip=250, delivery_zone=cast.zone, **named),
        "paid": make_order(cast, 7, Fulfilment.EAT_IN, payment_method="wallet", offer=offer, app_id="ios app"),
        "codes": make_order(cast, 1, Fulfilment.DIGITAL, payment_method="wallet", kind="digital", comment="bell"),
        "elsewhere": make_order(cast, 7, vendor=cast.other_vendor, customer=cast.stranger_row, driver_tip=100),
    }


def named(orders: dict[str, Order], *names: str) -> set[int]:
    return {orders[name].pk for name in names}


@pytest.mark.rows(32, 35, call="GET /orders")
def test_a_list_in_its_envelope(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    body = ask(api, cast.owner, page_size=3).json()
    newest = [orders[name].pk for name in ("codes", "paid", "driven")]
    assert (body["error"], [order["id"] for order in body["result"]]) == (False, newest)
    assert body["pagination"] == {"current_page": 1, "page_size": 3, "total_pages": 2, "total": 4, "from": 1, "to": 3}
    last = ask(api, cast.owner, page_size=3, page=2).json()
    assert [order["id"] for order in last["result"]] == [orders["plain"].pk]
    assert (last["pagination"]["from"], last["pagination"]["to"]) == (4, 4)
    past = ask(api, cast.owner, page_size=3, page=3).json()
    assert (past["result"], past["pagination"]["from"], past["pagination"]["total"]) == ([], None, 4)


@pytest.mark.rows(32, call="GET /orders/{order_id}")
def test_one_order_as_in_the_list(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    driven = orders["driven"]
    listed = next(one for one in result_of(ask(api, cast.owner)) if one["id"] == driven.pk)
    assert result_of(api(cast.owner).get(one(driven.pk), {"mode": "dashboard"})) == listed
    assert (listed["driver_id"], listed["driver"]["name"]) == (cast.driver.pk, "Dora Driver")


WHERES: list[tuple[Any, tuple[str, ...]]] = [
    ({"paymethod_id": 2}, ("paid", "codes")),
    ({"paymethod_id": [1, 2]}, ("plain", "driven", "paid", "codes", "elsewhere")),
    ({"paymethod_id": 99}, ()),
    ({"business_id": "vendor"}, ("plain", "driven", "paid", "codes")),
    ({"customer_id": "stranger"}, ("elsewhere",)),
    ({"delivery_type": 1}, ("driven", "elsewhere")),
    ({"delivery_type": 2}, ("plain", "codes")),
    ({"delivery_type": [2, 3]}, ("plain", "codes", "paid")),
    ({"status": 7}, ("paid", "elsewhere")),
    ({"status": "7"}, ("paid", "elsewhere")),
    ({"status": [0, 8]}, ("plain", "driven")),
    ({"status": []}, ()),
    ({"status": 99}, ()),
    ({"status": {"condition": ">", "value": 1}}, ("driven", "paid", "elsewhere")),
    ({"status": {"condition": "<=", "value": 1}}, ("plain", "codes")),
    ({"status": {"condition": "!=", "value": [0, 1]}}, ("driven", "paid", "elsewhere")),
    ({"comment": "No bell"}, ("plain",)),
    ({"comment": {"condition": "like", "value": "%bell"}}, ("plain", "codes")),
    ({"comment": {"condition": "ilike", "value": "%BEL%"}}, ("plain", "codes")),
    ({"comment": {"condition": "like", "value": "No%"}}, ("plain",)),
    ({"driver_id": "driver"}, ("driven",)),
    ({"driver_id": None}, ("plain", "paid", "codes", "elsewhere")),
    ({"driver_id": {"condition": "!=", "value": None}}, ("driven",)),
    ({"driver_tip": 2.5}, ("driven",)),
    ({"driver_tip": {"condition": ">", "value": 0.995}}, ("driven", "elsewhere")),
    ({"driver_tip": {"condition": ">", "value": "1"}}, ("driven",)),
    ({"driver_tip": {"condition": "<", "value": 1.005}}, ("plain", "paid", "codes", "elsewhere")),
    ({"driver_tip": 1.005}, ()),
    ({"driver_tip": [1.005, 2.5, "1"]}, ("driven", "elsewhere")),
    ({"driver_tip": {"condition": "!=", "value": [1.005, 2.5, 1]}}, ("plain", "paid", "codes")),
    ({"offer_id": ["offer", None]}, ("plain", "driven", "paid", "codes", "elsewhere")),
    ({"driver_id": {"condition": "!=", "value": ["driver", None]}}, ()),
    ({"delivery_zone_id": "zone"}, ("driven",)),
    ({"offer_id": "offer"}, ("paid",)),
    ({"offer_id": {"condition": "!=", "value": "offer"}}, ("plain", "driven", "codes", "elsewhere")),
    ({"app_id": ["web", "ios app"]}, ("plain", "paid")),
    ({"status": 7, "paymethod_id": 1}, ("elsewhere",)),
    ({}, ("plain", "driven", "paid", "codes", "elsewhere")),
    ([{"attribute": "status", "value": 7}, {"attribute": "paymethod_id", "value": 2}], ("paid",)),
    (
        {
            "conector": "OR",
            "conditions": [
                {"attribute": "status", "value": 0},
                {"conditions": [{"attribute": "status", "value": 7}, {"attribute": "paymethod_id", "value": 1}]},
            ],
        },
        ("plain", "elsewhere"),
    ),
]


@pytest.mark.rows(33, 35, call="GET /orders")
def test_where(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    ids = {
        "vendor": cast.vendor.pk,
        "stranger": cast.stranger_row.pk,
        "driver": cast.driver.pk,
        "zone": cast.zone.pk,
        "offer": orders["paid"].offer_id,
    }
    for where, names in WHERES:
        text = json.dumps(where)
        for name, pk in ids.items():
            text = text.replace(f'"{name}"', str(pk))
        assert found(api, cast.staff, text) == named(orders, *names), where


@pytest.mark.rows(35, call="GET /orders")
@pytest.mark.parametrize(("conector", "names"), [("AND", ()), ("OR", ("plain", "paid", "elsewhere")), ("or", None)])
def test_the_conector_joins_a_list(
    cast: Cast, api: Api, orders: dict[str, Order], conector: str, names: tuple[str, ...] | None
) -> None:
    where = [{"attribute": "status", "value": 7}, {"attribute": "status", "value": 0}]
    wanted = named(orders, *(("plain", "paid", "elsewhere") if names is None else names))
    assert found(api, cast.staff, where, conector=conector) == wanted


ALL = ("plain", "driven", "paid", "codes", "elsewhere")
LIVE = ("plain", "paid", "elsewhere")
# As clients write them that have no JSON in a query: PHP, jQuery, axios.
SHAPES: list[tuple[str, tuple[str, ...]]] = [
    ("where[status]=0", ("plain",)),
    ("where%5Bstatus%5D=0.0", ("plain",)),
    ("where[status]=7&where[paymethod_id]=2", ("paid",)),
    ("where[status][]=0&where[status][]=8", ("plain", "driven")),
    ("where[status][0]=0&where[status][1]=8", ("plain", "driven")),
    ("where[status][condition]=%3E&where[status][value]=1", ("driven", "paid", "elsewhere")),
    ("where[status][condition]=!=&where[status][value][]=7", ("plain", "driven", "codes")),
    ("where[0][attribute]=status&where[0][value]=7&where[1][attribute]=status&where[1][value]=0&conector=or", LIVE),
    ('where[]={"attribute":"status","value":7}&where[]={"attribute":"paymethod_id","value":1}', ("elsewhere",)),
    ("where[conditions][0][attribute]=status&where[conditions][0][value]=0&where[conector]=OR", ("plain",)),
    ('where=[{"attribute":"status","condition":">","value":7}]', ("driven",)),
    ("where[driver_id]=%s", ("driven",)),
    ('where={"driver_id":""}', ("plain", "paid", "codes", "elsewhere")),
    ("where={}&where[status]=0", ("plain",)),
    *((f"where={nothing}&conector={nothing}&orderBy={nothing}", ALL) for nothing in ("", "null", "undefined", "%20")),
    *((f'where=[{{"attribute":"status","value":{nothing}}}]', ALL) for nothing in ('""', '" "')),
    ('where={"status":" ","paymethod_id":"","driver_tip":{"condition":">","value":""},"business_id":""}', ALL),
    ('where=[{"attribute":"status","value":7},{"attribute":"status","value":""}]', ("paid", "elsewhere")),
    *((f"where={nothing}", ALL) for nothing in ("[]", "{}", '""')),
    ("params=null&page=undefined&page_size=null", ALL),
    ("page=1.0&page_size=%205%20", ALL),
]


@pytest.mark.rows(33, 35, call="GET /orders")
@pytest.mark.parametrize(("query", "names"), SHAPES)
def test_where_in_every_shape(
    cast: Cast, api: Api, orders: dict[str, Order], query: str, names: tuple[str, ...]
) -> None:
    answer = api(cast.staff).get(f"{ORDERS}?mode=dashboard&{query.replace('%s', str(cast.driver.pk))}")
    assert {order["id"] for order in result_of(answer)} == named(orders, *names)


@pytest.mark.rows(34, 35, call="GET /orders")
@pytest.mark.parametrize(
    "query",
    [
        "where[total]=1",
        "where[status]=seven",
        "where[status][like]=7",
        "where[][attribute]=status",
        "where[]=status",
        "where[comment]=%00",
        "where[status][condition]=>",
        f"where{'[conditions][0]' * 5}[attribute]=status",
        f"where{'[a]' * 40}=1",
        "&".join(f"where[{at}][attribute]=status&where[{at}][value]=0" for at in range(31)),
    ],
)
def test_what_no_shape_means_is_an_error(cast: Cast, api: Api, orders: dict[str, Order], query: str) -> None:
    refused(api(cast.staff).get(f"{ORDERS}?mode=dashboard&{query}"), 400)


UNDRIVEN = ("plain", "paid", "codes", "elsewhere")
# The same as JSON and as parameters; None is a refusal that names the attribute.
NULLS: list[tuple[Any, str, tuple[str, ...] | None]] = [
    *(({"driver_id": null}, f"where[driver_id]={text}", UNDRIVEN) for null, text in ((None, "null"), ("", ""))),
    ({"driver_id": None}, "where[driver_id]=undefined", UNDRIVEN),
    ({"driver_id": [None]}, "where[driver_id][]=null", UNDRIVEN),
    ({"driver_id": [""]}, "where[driver_id][]=", UNDRIVEN),
    ({"driver_id": ["%s", None]}, "where[driver_id][]=%s&where[driver_id][]=null", ALL),
    (
        {"driver_id": {"condition": "!=", "value": None}},
        "where[driver_id][condition]=!=&where[driver_id][value]=null",
        ("driven",),
    ),
    (
        [{"attribute": "driver_id", "value": None}, {"attribute": "status", "value": 7}],
        "where[0][attribute]=driver_id&where[0][value]=null&where[1][attribute]=status&where[1][value]=7",
        ("paid", "elsewhere"),
    ),
    ({"delivery_zone_id": None, "status": ""}, "where[delivery_zone_id]=null&where[status]=", UNDRIVEN),
    ({"offer_id": None}, "where[offer_id]=%20null", ("plain", "driven", "codes", "elsewhere")),
    ({"comment": ""}, "where[comment]=", ("driven", "paid", "elsewhere")),
    (
        {"conditions": [{"attribute": "status", "value": 7}], "conector": None},
        "where[conditions][0][attribute]=status&where[conditions][0][value]=7&where[conector]=null",
        ("paid", "elsewhere"),
    ),
    ([""], "where[]=", ALL),
    *(({name: ""}, f"where[{name}]=", ALL) for name in ("status", "business_id", "driver_tip", "paymethod_id")),
    *(
        ({name: null}, f"where[{name}]{text}", None)
        for name in ("status", "business_id", "driver_tip", "paymethod_id", "delivery_type", "comment", "app_id")
        for null, text in ((None, "=null"), ([None], "[]=null"))
    ),
    ([None], "where[]=null", None),
]


@pytest.mark.rows(33, 34, 35, call="GET /orders")
def test_null_asks_alike_in_every_shape(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    for where, query, names in NULLS:
        driver = str(cast.driver.pk)
        as_json = ask(api, cast.staff, json.dumps(where).replace("%s", driver))
        as_parameters = api(cast.staff).get(f"{ORDERS}?mode=dashboard&{query.replace('%s', driver)}")
        assert as_json.json() == as_parameters.json(), query
        if names is None:
            name = next(iter(where)) if isinstance(where, dict) else "each condition"
            refused(as_parameters, 400, name)
        else:
            assert {order["id"] for order in result_of(as_parameters)} == named(orders, *names), query


NOT_WHEREABLE = ("delivery_datetime", "pay_data", "location", "cash", "products", "customer", "id", "total", "nonsense")


@pytest.mark.rows(34, call="GET /orders")
@pytest.mark.parametrize("name", NOT_WHEREABLE)
def test_what_is_not_whereable_is_refused_by_name(cast: Cast, api: Api, name: str) -> None:
    for where in ({name: 1}, [{"attribute": name, "value": {"condition": "=", "value": 1}}]):
        refused(
            ask(api, cast.staff, where),
            400,
            f"where: {name} cannot be searched by: send any of paymethod_id, business_id",
        )


def nested(depth: int) -> Any:
    where: Any = {"conditions": [{"attribute": "status", "value": 7}]}
    for _ in range(depth):
        where = {"conditions": [where]}
    return where


NONSENSE = [
    "{",
    "7",
    '"status"',
    "[7]",
    "[[]]",
    '{"status": NaN}',
    '{"status": 1e999}',
    '{"status": ' + "9" * 3000 + "}",
    '{"comment": "\\u0000"}',
    '{"comment": "\\ud800"}',
    '{"conditions": [{"attribute": "comment", "value": "\\u0000"}]}',
    "[" * 2000 + "]" * 2000,
    '{"comment": "' + "x" * 5000 + '"}',
    {"status": True},
    {"status": 7.5},
    {"status": "seven"},
    {"status": [[7]]},
    {"status": {"value": 7}},
    {"status": {"condition": "like", "value": "7%"}},
    {"status": {"condition": ["="], "value": 7}},
    {"status": {"condition": ">", "value": [1, 2]}},
    {"status": list(range(101))},
    {"status": None},
    {"paymethod_id": {"condition": ">", "value": 1}},
    {"comment": 7},
    {"comment": "x" * 201},
    {"comment": {"condition": "like", "value": "a%b"}},
    {"driver_tip": "much"},
    {"driver_tip": -1},
    {"driver_tip": 10**15},
    {"business_id": 10**19},
    {"conditions": {}, "conector": "OR"},
    {"conditions": [], "conector": "XOR"},
    {"conditions": [], "conector": 5},
    {"conditions": [], "status": 7},
    [{"attribute": "status"}],
    [{"attribute": 5, "value": 7}],
    [{"attribute": "status", "value": 7, "conector": "OR"}],
    [{"attribute": "status", "value": 7}] * 31,
    nested(4),
    nested(40),
]


@pytest.mark.rows(34, 35, call="GET /orders")
def test_nonsense_is_their_error(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    for where in NONSENSE:
        refused(ask(api, cast.staff, where), 400, "")
    assert found(api, cast.staff, nested(3)) == named(orders, "paid", "elsewhere")
    for query in ({"orderBy": "total"}, {"params": "id,nonsense"}, {"page": "0"}, {"page_size": "0"}, {"page": "x"}):
        refused(ask(api, cast.staff, **query), 400, f"{next(iter(query))}: ")
    refused(ask(api, cast.staff, conector="XOR"), 400, "conector: Send AND or OR.")
    refused(ask(api, cast.staff, mode="kiosk"), 400, "mode: Send mode=dashboard, or leave mode out.")


TIPS = [at / 100 for at in range(100, 200)]
TOO_MANY = "where: Send 100 values at most in all lists together."
TIP_LISTS = [json.dumps({"attribute": "driver_tip", "value": TIPS[:51]})] * 2
TOO_MANY_VALUES: list[dict[str, Any]] = [
    {"where": json.dumps({"status": [1] * 101})},
    {"where": json.dumps({"status": {"condition": "!=", "value": [1] * 101}})},
    {"where": json.dumps({"status": [1] * 51, "comment": ["a"] * 50})},
    {"where": f"[{','.join(TIP_LISTS)}]"},
    {"where": f'{{"conditions":[{{"conditions":[{TIP_LISTS[0]}]}},{TIP_LISTS[1]}],"conector":"OR"}}'},
    {"where[]": TIP_LISTS, "conector": "OR"},
    {"where[status][]": [1] * 51, "where[driver_tip][]": TIPS[:50]},
    {"where[0][attribute]": "status", "where[0][value][]": [1] * 101},
]


@pytest.mark.rows(34, 35, call="GET /orders")
def test_values_of_all_lists_are_counted_together(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    for query in TOO_MANY_VALUES:
        assert api(cast.staff).get(ORDERS, {"mode": "dashboard", **query}).json() == {
            "error": True,
            "result": [TOO_MANY],
        }


LARGEST: list[Any] = [
    {"driver_tip": TIPS},
    {"driver_tip": {"condition": "!=", "value": TIPS}},
    {"comment": ["x" * 30] * 100},
    {"driver_id": [None, *range(99)]},
    {"paymethod_id": [2] * 100},
    [*[{"attribute": "driver_tip", "condition": ">", "value": 1}] * 29, {"attribute": "driver_tip", "value": TIPS}],
    [{"attribute": "driver_tip", "condition": "!=", "value": [1, 2, 3]}] * 30,
]


@pytest.mark.rows(35, call="GET /orders")
@pytest.mark.parametrize("conector", ["AND", "OR"])
def test_the_largest_where_is_a_short_statement(cast: Cast, api: Api, orders: dict[str, Order], conector: str) -> None:
    for where in LARGEST:
        with CaptureQueriesContext(connection) as asked:
            result_of(ask(api, cast.staff, json.dumps(where, separators=(",", ":")), conector=conector))
        assert max(len(query["sql"]) for query in asked) < 30_000, where


@pytest.mark.rows(35, call="GET /orders")
def test_params_and_ordering(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    rows = result_of(ask(api, cast.staff, params="id,status", orderBy="id"))
    assert rows == [{"id": order.pk, "status": order.status} for order in orders.values()]
    for several in ({"params": '["id", "status"]'}, {"params[]": ["id", "status"]}, {"params": "id,,status "}):
        assert result_of(ask(api, cast.staff, orderBy="id", **several)) == rows
    assert [row["id"] for row in result_of(ask(api, cast.staff, orderBy="-id"))] == [row["id"] for row in rows[::-1]]
    statuses = [row["status"] for row in result_of(ask(api, cast.staff, orderBy="-status"))]
    assert statuses == [8, 7, 7, 1, 0]
    late = orders["plain"]
    Order.objects.filter(pk=late.pk).update(deliver_at=timezone.now() + timedelta(days=1))
    for name in ("delivery_datetime", "created_at", "business_id", "customer_id"):
        assert len(result_of(ask(api, cast.staff, orderBy=name))) == 5
    assert result_of(ask(api, cast.staff, orderBy="-delivery_datetime"))[0]["id"] == late.pk
    only = result_of(api(cast.customer).get(one(late.pk), {"params": "uuid"}))
    assert only == {"uuid": str(late.uuid)}


@pytest.mark.rows(35, call="GET /orders")
@pytest.mark.parametrize("dispatches", [False, True])
def test_a_list_has_a_fixed_number_of_statements(
    cast: Cast, api: Api, orders: dict[str, Order], dispatches: bool
) -> None:
    if dispatches:
        Dispatcher.objects.create(user=cast.owner, company=cast.company)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(api, cast.owner, WHERES[-1][0])
            ask(api, cast.owner)
        return len(captured)

    for order in orders.values():
        add_line(order, cast.products["soda"])
    before = statements()
    for _ in range(3):
        add_line(make_order(cast, 7, driver=cast.other_driver_row), cast.products["soda"])
    assert statements() == before


@contextmanager
def merchant_token(cast: Cast) -> Iterator[str]:
    token = f"ost_{new_token()}"
    ApiToken.objects.create(
        name="x", merchant=cast.merchant, token_hash=token_hash(token), hint="ost_", scopes=["read"]
    )
    yield token


@pytest.mark.rows(36, 37, 38, 39, call="GET /orders")
def test_levels_and_modes(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    everything, business = named(orders, *orders), named(orders, "plain", "driven", "paid", "codes")
    dashboards = {
        "staff": everything,
        "owner": business,
        "other_owner": named(orders, "elsewhere"),
        "customer": None,
        "stranger": None,
        "driver": None,
        "courier": None,
        "dispatcher": None,
    }
    own = {"customer": business, "stranger": named(orders, "elsewhere"), "driver": named(orders, "driven")}
    for name, seen in dashboards.items():
        user = getattr(cast, name)
        assert {order["id"] for order in result_of(api(user).get(ORDERS))} == own.get(name, set()), name
        if seen is None:
            refused(ask(api, user), 403, "The dashboard is for staff and vendors.")
            refused(api(user).get(one(orders["driven"].pk), {"mode": "dashboard"}), 403, "The dashboard is for")
        else:
            assert found(api, user) == seen, name
    with merchant_token(cast) as token:
        listed = result_of(api(token=token).get(ORDERS, {"mode": "dashboard"}))
        assert {order["id"] for order in listed} == business


@pytest.mark.rows(38, 39, call="GET /orders")
def test_where_opens_no_door(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    """Whatever is asked for, only what one sees is found."""
    for where in ({"business_id": cast.other_vendor.pk}, {"customer_id": cast.stranger_row.pk}):
        assert found(api, cast.owner, where) == set()
    anything = {"conector": "OR", "conditions": [{"attribute": "status", "value": {"condition": ">=", "value": 0}}]}
    assert found(api, cast.stranger, anything, mode="") == named(orders, "elsewhere")


@pytest.mark.rows(36, 37, 38, 39, call="GET /orders/{order_id}")
def test_without_the_dashboard_one_reads_ones_own(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    """As in the list: the customer its orders, a driver those that it is named for, nobody else's work."""
    driven = orders["driven"].pk
    for name in ("customer", "driver"):
        assert result_of(api(getattr(cast, name)).get(one(driven)))["id"] == driven
    for name in ("staff", "owner"):
        client = api(getattr(cast, name))
        refused(client.get(one(driven)), 404, "This is not your own order: send mode=dashboard to read it.")
        assert result_of(client.get(one(driven), {"mode": "dashboard"}))["id"] == driven
        mine = make_order(cast, 0, customer=Customer.objects.create(user=getattr(cast, name), name="Me"))
        assert result_of(client.get(one(mine.pk)))["id"] == mine.pk
    for name in ("stranger", "other_owner", "other_driver", "dispatcher"):
        refused(api(getattr(cast, name)).get(one(driven)), 404, "This does not exist, or you may not see it.")
    refused(api(cast.owner).get(one(orders["elsewhere"].pk), {"mode": "dashboard"}), 404, "This does not exist")
    refused(api(cast.owner).get(one(orders["elsewhere"].pk)), 404, "This does not exist")
    for mode in ({}, {"mode": "dashboard"}):
        refused(api(cast.staff).get(one(10**17), mode), 404, "This does not exist")
    with merchant_token(cast) as token:
        refused(api(token=token).get(one(driven)), 404, "This is not your own order")
        assert result_of(api(token=token).get(one(driven), {"mode": "dashboard"}))["id"] == driven


@pytest.mark.rows(39, call="GET /orders")
def test_who_is_not_known_is_asked_who_he_is(cast: Cast, api: Api, orders: dict[str, Order]) -> None:
    for client in (api(), api(token="ost_nonsense")):
        refused(client.get(ORDERS), 401, "")
        refused(client.get(one(orders["plain"].pk)), 401, "")
        refused(client.put(one(orders["plain"].pk), {"status": 7}), 401, "")
        refused(client.delete(one(orders["plain"].pk)), 401, "")


@pytest.mark.rows(39, 104, call="PUT /orders/{order_id}")
def test_who_could_drive_an_order_reads_it_once_it_is_its_own(cast: Cast, api: Api) -> None:
    """What is on offer is read natively (/drivers/me/offers); here a driver accepts it by its number."""
    order = make_order(cast, 22, stood="accepted search_started", address_notes="Key under the mat")
    client = api(cast.driver)
    refused(client.get(one(order.pk)), 404, "This does not exist, or you may not see it.")
    refused(client.put(one(order.pk), {"status": 4}), 403)
    shown = result_of(client.put(one(order.pk), {"status": 8}))
    assert (shown["status"], shown["location"]["address_notes"]) == (8, "Key under the mat")
    assert result_of(client.get(one(order.pk))) == shown


@pytest.fixture
def guests(cast: Cast) -> Order:
    greta = Customer.objects.create(name="Greta Guest", phone="+3225550199")
    return make_order(cast, 7, Fulfilment.PICKUP, customer=greta, contact_name="Greta Guest", guest_token="t")


@pytest.mark.rows(57, call="GET /orders/{order_id}")
def test_a_guest_reads_its_order_by_its_uuid(cast: Cast, api: Api, guests: Order) -> None:
    client = api(X_uuid_access_X=str(guests.uuid))
    shown = result_of(client.get(one(guests.pk)))
    assert (shown["id"], shown["status"], shown["total"]) == (guests.pk, 7, 15.0)
    # The business and the driver have seen the uuid too: it shows nobody whom to call.
    assert (shown["customer"]["name"], shown["customer"]["phone"]) == ("Greta", "")
    assert result_of(client.get(one(guests.pk), {"params": "status"})) == {"status": 7}


@pytest.mark.rows(57, call="GET /orders/{order_id}")
def test_the_uuid_opens_that_one_order_to_read(cast: Cast, api: Api, guests: Order) -> None:
    claras = make_order(cast, 0)
    other = make_order(cast, 0, customer=Customer.objects.create(name="Gus"))
    for text, pk in (
        (str(claras.uuid), claras.pk),
        (str(guests.uuid), other.pk),
        (str(uuid.uuid4()), guests.pk),
        ("nonsense", guests.pk),
        (str(guests.purchase.uuid), guests.pk),
    ):
        refused(api(X_uuid_access_X=text).get(one(pk)), 404, "This does not exist, or you may not see it.")
    client = api(X_uuid_access_X=str(guests.uuid))
    refused(client.get(ORDERS), 401, "")
    refused(client.put(one(guests.pk), {"status": 16}), 401, "")
    refused(client.delete(one(guests.pk)), 401, "")
    Order.objects.filter(pk=guests.pk).update(closed_at=timezone.now() - settings.TRACKING_LAPSES - timedelta(days=1))
    refused(client.get(one(guests.pk)), 404, "")


@pytest.mark.rows(57, call="GET /orders/{order_id}")
def test_tries_of_uuids_are_counted(cast: Cast, api: Api, guests: Order) -> None:
    for _ in range(TRIES - 1):
        count_try("127.0.0.1")
    assert api(X_uuid_access_X=str(uuid.uuid4())).get(one(guests.pk)).status_code == 404
    locked = api(X_uuid_access_X=str(guests.uuid)).get(one(guests.pk))
    refused(locked, 429, "Too many attempts")
    assert int(locked["Retry-After"]) > 0


GROUPS = {
    "pending": (0, 13),
    "in progress": (3, 4, 7, 8, 9, 14, *range(18, 26)),
    "completed": (1, 11, 15),
    "cancelled": (2, 5, 6, 10, 12, 16, 17),
}


@pytest.mark.rows(*range(74, 100), call="GET /orders")
def test_every_status_reads_as_its_number_and_group(cast: Cast, api: Api) -> None:
    made = {status: make_order(cast, status) for status in range(26)}
    listed = result_of(ask(api, cast.staff, page_size=100))
    assert {order["id"]: order["status"] for order in listed} == {made[n].pk: n for n in range(26)}
    groups = {word: tuple(sorted(o["status"] for o in listed if o["status_group"] == word)) for word in GROUPS}
    assert groups == GROUPS


@pytest.mark.rows(100, 101, call="GET /orders")
def test_a_package_is_a_delivery(cast: Cast, api: Api) -> None:
    make_order(cast, 7, Fulfilment.DELIVERY, kind="package")
    assert [row["delivery_type"] for row in result_of(ask(api, cast.staff, {"delivery_type": 1}))] == [1]


@pytest.mark.rows(109, call="GET /orders/{order_id}")
def test_a_refusal_tells_its_reason(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    answer = api(cast.owner).put(one(order.pk), {"status": 5, "reason": "too_busy"})
    assert result_of(answer)["reason"] == {"code": "too_busy", "text": "The vendor is too busy"}
    assert result_of(api(cast.customer).get(one(order.pk)))["reason"]["code"] == "too_busy"


def test_times_are_in_utc(cast: Cast, api: Api) -> None:
    moment = timezone.now() + timedelta(hours=3)
    order = make_order(cast, 13, deliver_at=moment)
    assert result_of(api(cast.customer).get(one(order.pk)))["delivery_datetime"] == at(moment)
