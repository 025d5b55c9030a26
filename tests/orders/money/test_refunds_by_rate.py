"""What is given back is, by rate of tax, the same in credit notes and in day reports: one rule divides it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.models import IssuedDocument
from orders.services.money.day_reports import figures_of, start_of_day
from orders.services.money.taxes import NOTHING, TaxedSum, refund_by_rate, split_by_rate, taxed_sums
from tests.cast import Cast
from tests.orders.money import Api
from tests.orders.money.test_documents import completed, seller  # noqa: F401  the fixture
from tests.orders.shopping import ORDERS, eur, fill_wallet

GROSS = st.integers(0, 5_000)
SUMS = st.dictionaries(st.sampled_from([0, 600, 1200, 2100]), GROSS, min_size=1).map(
    lambda sums: {rate: TaxedSum(gross=gross, tax=gross * rate // (10_000 + rate)) for rate, gross in sums.items()}
)


def added(many: list[dict[int, TaxedSum]]) -> dict[int, TaxedSum]:
    whole: dict[int, TaxedSum] = {}
    for one in many:
        for rate, part in one.items():
            whole[rate] = whole.get(rate, NOTHING) + part
    return {rate: one for rate, one in sorted(whole.items()) if one.gross or one.tax}


@given(st.data())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_refunds_sum_to_what_credit_notes_say(data: Any) -> None:
    """In any parts, before an invoice and after it, with items named and without."""
    sums = data.draw(SUMS)
    left = sum(one.gross for one in sums.values())
    parts, notes, rest = [], [], dict(sums)
    before = 0
    for _ in range(data.draw(st.integers(0, 4))):
        amount = data.draw(st.integers(0, left))
        left -= amount
        parts.append(refund_by_rate(sums, [], before=before, amount=amount))
        before += amount
    first = split_by_rate(before, sums)
    assert added(parts) == added([first])
    notes.append(first)
    rest = {rate: one - first.get(rate, NOTHING) for rate, one in rest.items()}
    for _ in range(data.draw(st.integers(0, 4))):
        amount = data.draw(st.integers(0, left))
        left -= amount
        asked = data.draw(st.dictionaries(st.sampled_from([0, 600, 1200, 2100]), st.integers(0, amount)))
        note = split_by_rate(amount, rest, asked)
        rest = {rate: one - note.get(rate, NOTHING) for rate, one in rest.items()}
        notes.append(note)
        parts.append(refund_by_rate(sums, notes, before=before, amount=amount))
        before += amount
        assert added([parts[-1]]) == added([note])
    assert added(parts) == added(notes)
    assert sum(one.gross for one in added(parts).values()) == before


@pytest.mark.parametrize("invoiced_after", [0, 1, 3])
def test_the_day_says_what_its_credit_notes_say(cast: Cast, api: Api, invoiced_after: int) -> None:
    """A soda at 21 % given back, and amounts that do not divide evenly; the invoice comes before, between or after."""
    fill_wallet(cast.customer_row, 6000)
    order = completed(cast, api, payment_method="wallet")
    soda = order.lines.get(product=cast.products["soda"])
    staff = api(cast.staff)
    wishes = [{"amount": eur("3.33")}, {"items": [{"item": soda.pk, "quantity": 1}]}, {"amount": eur("1.01")}]
    for number, wish in enumerate(wishes):
        if number == invoiced_after:
            assert staff.post(f"{ORDERS}/{order.pk}/invoice").status_code == 201
        assert staff.post(f"{ORDERS}/{order.pk}/refunds", wish).status_code == 201, wish
    if invoiced_after == len(wishes):
        assert staff.post(f"{ORDERS}/{order.pk}/invoice").status_code == 201
    notes = IssuedDocument.objects.filter(kind=IssuedDocument.Kind.CREDIT_NOTE)
    moments = order.postings.order_by("created_at").values_list("created_at", flat=True)
    day = moments[0].astimezone(cast.vendor.zone).date()
    until = list(moments)[-1].replace(year=moments[0].year + 1)
    figures = figures_of(cast.vendor, start_of_day(cast.vendor, day), until, None)
    assert added([dict(figures.refunds)]) == added([taxed_sums(note) for note in notes])
    assert Counter(note.total for note in notes)
