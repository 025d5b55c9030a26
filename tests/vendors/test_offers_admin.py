"""The back-office's page of offers, and the service behind it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.services.capacity.offer_terms import delete_offer, save_offer, switch_offer
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound, Refusal
from ordersite.core.fields import Field
from ordersite.web.problems import problem_of
from tests.cast import Cast
from tests.office import choose, delete, form_of, send
from tests.orders.shopping import cart, place
from vendors.models import Offer, Vendor
from vendors.services.offers import refresh_offer_flags

Api = Callable[..., APIClient]
PAGES = "/admin/vendors/offer/"


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    refresh_offer_flags()
    return client


def add(office: Client, **fields: Any) -> Offer:
    """An offer entered on the page; a tenth off everything unless said otherwise."""
    given = {"name": "Autumn", "kind": "percentage", "rate": "10", **fields}
    response = send(office, f"{PAGES}add/", **{name: value for name, value in given.items() if value is not None})
    assert response.status_code == 302, response.context["errors"]
    return Offer.objects.latest("pk")


def flags(cast: Cast) -> tuple[bool, bool]:
    """Whether offers are looked for at Burger Bar and at Tea House."""
    return (
        Vendor.objects.get(pk=cast.vendor.pk).has_offers,
        Vendor.objects.get(pk=cast.other_vendor.pk).has_offers,
    )


def test_a_new_vendor_looks_for_offers_only_where_there_are_some(cast: Cast, office: Client) -> None:
    """Each order would cost a statement more."""
    adding = "/admin/vendors/vendor/add/"
    for number, has_offers in enumerate((False, True)):
        if has_offers:
            add(office)
        whose = {"merchant": cast.merchant.pk, "type": cast.vendor.type_id}
        takes = {"fulfilments": ["pickup"], "payment_methods": ["cash"]}
        response = send(office, adding, name=f"New {number}", **whose, **takes)
        assert response.status_code == 302, response.context["errors"]
        assert Vendor.objects.get(name=f"New {number}").has_offers is has_offers


def test_an_offer_is_entered_and_shown(cast: Cast, office: Client) -> None:
    offer = add(
        office,
        code=" ten-1 ",
        vendor=cast.vendor.pk,
        most="5.00",
        minimum="10,00",
        max_uses="10",
        starts_at_0="2026-11-01",
        starts_at_1="08:00:00",
        borne_by="platform",
    )
    assert (offer.code, offer.vendor, offer.rate, offer.most, offer.max_uses) == ("TEN-1", cast.vendor, 1000, 500, 10)
    assert offer.starts_at is not None
    assert offer.starts_at == datetime(2026, 11, 1, 8, tzinfo=cast.vendor.zone)
    page = office.get(PAGES).content.decode()
    for text in ("TEN-1", "Burger Bar", "10 %, at most 5.00 EUR", "0 of 10"):
        assert text in page
    add(office, kind="amount", rate=None, amount="2.50", ends_at_0="2020-01-01", ends_at_1="00:00:00")
    add(office, kind="free_delivery", rate=None)
    page = office.get(PAGES).content.decode()
    for text in ("given by itself", "2.50 EUR", "the delivery fee", "unlimited", "ended", "runs"):
        assert text in page


def test_nonsense_is_refused_in_plain_words(cast: Cast, office: Client) -> None:
    add(office, code="taken")
    given = {**form_of(office.get(f"{PAGES}add/")), "name": "Winter", "kind": "percentage", "rate": "10 %"}
    times = {"starts_at_0": "2026-11-02", "starts_at_1": "00:00", "ends_at_0": "2026-11-01", "ends_at_1": "00:00"}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"code": "TAKEN"}, ["Another offer has this code: choose another."]),
        ({"kind": "amount"}, ["An offer of this kind has no rate: leave it empty."]),
        (
            {"rate": "100.01", "currency": "XXX"},
            ["A percentage is 100 at most.", "XXX is no ISO 4217 currency."],
        ),
        (times, ["It ends before it starts."]),
    ]
    for fields, sentences in cases:
        response = office.post(f"{PAGES}add/", {**given, **fields})
        assert response.status_code == 200
        assert [fault for faults in response.context["errors"] for fault in faults] == sentences
    assert Offer.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "pointer", "sentence"),
    [
        ({"code": "a b"}, "/code", "A code is of letters from A to Z, digits, - and _, without spaces."),
        ({"code": "één"}, "/code", "A code is of letters from A to Z, digits, - and _, without spaces."),
        ({"rate": None}, "/rate", "An offer of this kind needs its rate."),
        ({"amount": 5}, "/amount", "An offer of this kind has no amount: leave it empty."),
        ({"kind": "amount", "rate": None}, "/amount", "An offer of this kind needs its amount."),
        ({"kind": "free_delivery"}, "/rate", "An offer of this kind has no rate: leave it empty."),
        ({"most": 0}, "/most", "Nobody would get it: leave it empty for no limit, or switch it off."),
        ({"max_uses": 0}, "/max_uses", "Nobody would get it: leave it empty for no limit, or switch it off."),
        ({"currency": "USD", "vendor": True}, "/currency", "Burger Bar sells in EUR: choose that."),
        ({"name": ""}, "/name", "This field cannot be blank."),
    ],
)
def test_the_service_refuses_nonsense_too(cast: Cast, fields: dict[str, Any], pointer: str, sentence: str) -> None:
    given = {"name": "Winter", "kind": "percentage", "rate": 1000, **fields}
    if "vendor" in fields:
        given["vendor"] = cast.vendor
    with pytest.raises((Refusal, ValidationError)) as problem, transaction.atomic():
        save_offer(offer=Offer(**given))
    faults = [(error["pointer"], error["detail"]) for error in problem_of(problem.value).errors]
    assert faults == [(pointer, sentence)]
    assert not Offer.objects.exists()


def test_one_that_orders_have_keeps_its_terms_and_is_switched_off(cast: Cast, office: Client, api: Api) -> None:
    offer = add(office, code="TEN")
    path = f"{PAGES}{offer.pk}/change/"
    assert send(office, path, rate="5").status_code == 302
    place(api(cast.customer), cart(cast, offer="TEN"))
    place(api(cast.customer), cart(cast, offer="TEN"))
    page = office.get(path)
    assert "By 2 purchases, on 2 orders: 1.20 EUR taken off." in page.content.decode()
    assert not {"kind", "rate", "amount", "vendor", "currency", "borne_by", "most"} & set(
        page.context["adminform"].form.fields
    )
    response = send(office, path, max_uses="1")
    faults = [fault for faults in response.context["errors"] for fault in faults]
    assert faults == ["It is used 2 times already: allow at least so many, or switch it off."]
    assert send(office, path, max_uses="2").status_code == 302
    assert Offer.objects.values_list("uses", "max_uses").get(pk=offer.pk) == (2, 2)
    assert "By 2 of 2 purchases" in office.get(path).content.decode()
    assert office.post(f"{PAGES}{offer.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [offer.pk], "post": "yes"}
    office.post(PAGES, action)
    assert Offer.objects.filter(pk=offer.pk).exists()
    choose(office, PAGES, "switch_off", [offer])
    assert "switched off" in office.get(PAGES).content.decode()
    offer.refresh_from_db()
    assert not offer.is_active
    choose(office, PAGES, "switch_on", [offer])
    offer.refresh_from_db()
    assert offer.is_active


def test_one_that_no_order_has_is_deleted(cast: Cast, office: Client) -> None:
    offer = add(office)
    assert flags(cast) == (True, True)
    assert delete(office, f"{PAGES}{offer.pk}/delete/").status_code == 302
    assert not Offer.objects.exists()
    assert flags(cast) == (False, False)


def test_the_service_refuses_what_the_page_does_not_offer(cast: Cast, office: Client, api: Api) -> None:
    offer = add(office, code="TEN")
    place(api(cast.customer), cart(cast, offer="TEN"))
    for name, value in (("rate", 500), ("borne_by", "platform"), ("vendor", cast.vendor), ("most", 1)):
        changed = Offer.objects.get(pk=offer.pk)
        setattr(changed, name, value)
        with pytest.raises(Conflict) as conflict, transaction.atomic():
            save_offer(offer=changed)
        assert conflict.value.code == "offer_in_use"
    with pytest.raises(Conflict), transaction.atomic():
        delete_offer(offer_id=offer.pk)
    with pytest.raises(NotFound), transaction.atomic():
        switch_offer(offer_id=offer.pk + 1, on=True)
    for fields, pointer in (
        ({"code": "ten", "kind": "percentage", "rate": 1}, "/code"),
        ({"kind": "percentage", "rate": 0}, "/rate"),
        ({"kind": "nonsense"}, "/kind"),
    ):
        with pytest.raises((Refusal, ValidationError)) as problem, transaction.atomic():
            save_offer(offer=Offer(name="Winter", **fields))
        assert problem_of(problem.value).errors[0]["pointer"] == pointer
    offer.max_uses = 0
    with pytest.raises((Refusal, ValidationError)), transaction.atomic():
        save_offer(offer=offer)
    assert Offer.objects.values_list("rate", "vendor", "borne_by", "max_uses").get() == (1000, None, "vendor", None)


def test_a_code_taken_in_the_same_moment_is_a_message(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*, offer: Offer) -> Offer:
        raise Invalid(FaultCode.TAKEN_OFFER_CODE, Field.CODE)

    monkeypatch.setattr("orders.admin.offers.save_offer", taken)
    response = send(office, f"{PAGES}add/", name="Autumn", kind="percentage", rate="10")
    assert response.status_code == 302
    assert "Another offer has this code" in office.get(PAGES).content.decode()
    assert not Offer.objects.exists()


def test_vendors_know_whether_one_could_be_given_by_itself(cast: Cast, office: Client) -> None:
    assert flags(cast) == (False, False)
    with transaction.atomic():
        offer = save_offer(offer=Offer(name="Autumn", kind="percentage", rate=1000, vendor=cast.vendor))
    assert flags(cast) == (True, False)
    path = f"{PAGES}{offer.pk}/change/"
    steps: list[tuple[dict[str, Any], tuple[bool, bool]]] = [
        ({"code": "TEN"}, (False, False)),
        ({"code": "", "vendor": ""}, (True, True)),
        ({"ends_at_0": "2020-01-01", "ends_at_1": "00:00"}, (False, False)),
        ({"ends_at_0": "2120-01-01", "starts_at_0": "2119-01-01", "starts_at_1": "00:00"}, (True, True)),
        ({"currency": "USD", "vendor": cast.other_vendor.pk}, (False, True)),
    ]
    for fields, expected in steps:
        response = send(office, path, **fields)
        assert response.status_code == 302, response.context["errors"]
        assert flags(cast) == expected
    choose(office, PAGES, "switch_off", [offer])
    assert flags(cast) == (False, False)


def test_the_list_takes_the_same_statements_for_thirty_offers(cast: Cast, office: Client, api: Api) -> None:
    def statements() -> list[int]:
        taken = []
        for path in (PAGES, f"{PAGES}?q=aut", f"{PAGES}?is_active__exact=1", f"{PAGES}{first.pk}/change/"):
            with CaptureQueriesContext(connection) as queries:
                assert office.get(path).status_code == 200
            taken.append(len(queries))
        return taken

    first = add(office, code="FIRST", vendor=cast.vendor.pk)
    place(api(cast.customer), cart(cast, offer="FIRST"))
    statements()
    few = statements()
    rows = [Offer(name=f"Autumn {n}", code=f"A{n}", kind="free_delivery", vendor=cast.vendor) for n in range(30)]
    Offer.objects.bulk_create(rows)
    for number in range(3):
        place(api(cast.customer), cart(cast, offer="FIRST", comment=str(number)))
    assert statements() == few


def test_pages_are_for_staff(cast: Cast) -> None:
    for user in (cast.owner, cast.customer):
        client = Client()
        client.force_login(user)
        assert client.get(PAGES).status_code == 302
        assert client.post(f"{PAGES}add/", {"name": "Mine"}).status_code == 302
    assert not Offer.objects.exists()


def test_time_is_shown_as_the_state(cast: Cast, office: Client) -> None:
    now = timezone.now()
    Offer.objects.create(name="Later", kind="free_delivery", starts_at=now + timedelta(hours=1))
    Offer.objects.create(name="Full", kind="free_delivery", max_uses=1, uses=1)
    page = office.get(PAGES).content.decode()
    assert "not begun" in page
    assert "used up" in page
