"""Money as integers of minor units."""

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ordersite.core.money import CURRENCIES, MAX_MINOR, MoneyError, divide, exponent, from_text, half_up, to_text

minors = st.integers(-MAX_MINOR, MAX_MINOR)
currencies = st.sampled_from(sorted(CURRENCIES))
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("24.30", "EUR", 2430),
        ("24.3", "EUR", 2430),
        ("24", "EUR", 2400),
        ("24.3000", "EUR", 2430),
        ("-0.05", "EUR", -5),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("10000000000.00", "EUR", MAX_MINOR),
    ],
)
def test_reads_an_amount(text: str, currency: str, minor: int) -> None:
    assert from_text(text, currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(2430, "EUR", "24.30"), (-5, "EUR", "-0.05"), (0, "EUR", "0.00"), (500, "JPY", "500"), (1, "KWD", "0.001")],
)
def test_writes_an_amount(minor: int, currency: str, text: str) -> None:
    assert to_text(minor, currency) == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.234", "EUR"),
        ("0.5", "JPY"),
        ("", "EUR"),
        ("twelve", "EUR"),
        ("NaN", "EUR"),
        ("sNaN", "EUR"),
        ("Infinity", "EUR"),
        ("10000000000.01", "EUR"),
        ("1e999999999", "EUR"),
        ("1e-999999999", "EUR"),
        ("9" * 100_000, "EUR"),
        ("0." + "9" * 60, "EUR"),
        ("1,50", "EUR"),
        ("1e2", "EUR"),
        ("1_000", "EUR"),
        (" 1.00", "EUR"),
        ("١٢", "EUR"),
        ("12.50\n", "EUR"),
        ("+1", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
    ],
)
def test_refuses_what_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        from_text(text, currency)


@given(minors, currencies)
def test_what_is_written_reads_back(minor: int, currency: str) -> None:
    text = to_text(minor, currency)
    assert from_text(text, currency) == minor
    assert len(text.partition(".")[2]) == exponent(currency)


@given(st.text(max_size=30), currencies)
def test_any_text_is_an_amount_or_refused(text: str, currency: str) -> None:
    with suppress(MoneyError):
        assert abs(from_text(text, currency)) <= MAX_MINOR


@given(st.integers(-(10**12), 10**12), weights)
def test_the_parts_sum_to_the_total_and_are_within_one_of_their_due(total: int, parts: list[int]) -> None:
    shares = divide(total, parts)
    assert sum(shares) == total
    assert len(shares) == len(parts)
    whole = sum(parts)
    if whole:
        assert all(abs(share - Fraction(total * part, whole)) < 1 for share, part in zip(shares, parts, strict=True))


@given(st.integers(0, 10**12), weights)
def test_a_larger_weight_never_gets_less(total: int, parts: list[int]) -> None:
    if sum(parts):
        pairs = sorted(zip(parts, divide(total, parts), strict=True))
        assert all(low[1] <= high[1] for low, high in zip(pairs, pairs[1:], strict=False) if low[0] < high[0])


def test_ties_go_by_order() -> None:
    assert divide(100, [1, 1, 1]) == [34, 33, 33]
    assert divide(5, [2, 2, 2, 2]) == [2, 1, 1, 1]
    assert divide(7, [0, 0]) == [7, 0]
    assert divide(0, []) == []


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_half_up_is_the_nearest_and_half_goes_away_from_zero(numerator: int, denominator: int) -> None:
    rounded, exact = half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert half_up(-numerator, denominator) == -rounded
