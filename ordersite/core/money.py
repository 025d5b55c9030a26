"""Money: integers of minor units inside, a decimal string with the currency's exponent outside."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

# ISO 4217 currencies in use, by the number of digits after the point; all that are not listed here have two.
EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
CURRENCIES = frozenset(EXPONENTS) | frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST YER ZAR ZMW ZWG".split()
)
# The largest amount that one order, wallet entry or price may have, in minor units: far below a 64-bit sum.
MAX_MINOR = 10**12
# Few enough digits that Decimal's 28 hold them all: nothing is rounded on reading.
AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,10})?\Z")
# What people type: spaces, and nothing else, between thousands; one point or comma before the decimals.
TYPED = re.compile(r"([0-9]+|[0-9]{1,3}(?: [0-9]{3})+)(?:[.,]([0-9]+))?")
LONGEST_TYPED = 40
# No-break, figure, thin and narrow no-break, as spreadsheets and other pages write them.
SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
WHOLE = 10_000  # 100 %, in hundredths of a percent


class Money(NamedTuple):
    """An amount as a client sent it: minor units and their currency."""

    minor: int
    currency: str


class MoneyError(ValueError):
    """The text is no amount of this currency; the message says what to send instead."""


def exponent(currency: str) -> int:
    """How many digits the currency has after the point."""
    return EXPONENTS.get(currency, 2)


@lru_cache(maxsize=4096)
def to_text(minor: int, currency: str) -> str:
    """2430 EUR → "24.30". What was written last is at hand: pages and files repeat most of their amounts."""
    digits = exponent(currency)
    if digits == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}"


def unit_text(minor: int, currency: str, per: int) -> str:
    """What one unit costs at a price for `per` of them, a power of ten: 1890 EUR for 1000 → "0.0189", exactly."""
    return to_text(minor, currency) if per == 1 else f"{Decimal(to_text(minor, currency)) / per:f}"


def from_text(text: str, currency: str) -> int:
    """ "24.30" EUR → 2430; raises MoneyError for more digits than the currency has, or anything that is no number."""
    if len(text) > 40 or not AMOUNT.match(text):
        raise MoneyError(f'"{text[:40]}" is not an amount: send a decimal string such as "12.50".')
    scaled = Decimal(text).scaleb(exponent(currency))
    if abs(scaled) > MAX_MINOR:
        raise MoneyError(f"The amount is too large: at most {to_text(MAX_MINOR, currency)} {currency}.")
    if scaled != scaled.to_integral_value():
        raise MoneyError(
            f"{currency} has {exponent(currency)} digits after the decimal point: round the amount to that."
        )
    return int(scaled)


def rounded_minor(amount: Decimal, currency: str) -> int:
    """An amount in major units, of any number of digits, as minor units rounded half up: 1.635 EUR → 164."""
    return int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_UP))


def read_typed(text: str, currency: str) -> int:
    """What somebody typed into a form, "14.50" or "1 234,50", as minor units; raises MoneyError.

    A point or a comma is always the decimal mark. What could be read in two ways ("1.234" EUR) is refused.
    """
    digits = exponent(currency)
    whole, decimals = typed_parts(text, f'write an amount such as "{to_text(123450 * 10**digits // 100, currency)}"')
    if len(decimals) > digits:
        allowed = f"{digits} digits" if digits else "no digits"
        detail = (
            f"{currency} has {allowed} after the decimal point or comma: between thousands write a space, or nothing."
        )
        raise MoneyError(detail)
    minor = int(whole + decimals.ljust(digits, "0"))
    if minor > MAX_MINOR:
        raise MoneyError(f"The amount is too large: at most {to_text(MAX_MINOR, currency)} {currency}.")
    return minor


def read_percent(text: str) -> int:
    """What somebody typed as a percentage, "6" or "21,5 %", as hundredths of a percent; raises MoneyError."""
    whole, decimals = typed_parts(text.strip().removesuffix("%"), 'write a percentage such as "21.5"')
    if len(decimals) > 2:
        raise MoneyError("A percentage has at most 2 digits after the decimal point or comma.")
    hundredths = int(whole + decimals.ljust(2, "0"))
    if hundredths > WHOLE:
        raise MoneyError("A percentage is 100 at most.")
    return hundredths


def typed_parts(text: str, remedy: str) -> tuple[str, str]:
    """The digits before and after the decimal mark of what somebody typed; raises MoneyError for what is no number."""
    text = text.translate(SPACES).strip()
    if text.startswith(("-", "\u2212")):
        raise MoneyError("The amount must not be below zero.")
    found = TYPED.fullmatch(text) if len(text) <= LONGEST_TYPED else None
    if found is None:
        raise MoneyError(f'"{text[:LONGEST_TYPED]}" is not clear: {remedy}, with nothing but spaces between thousands.')
    return found[1].replace(" ", ""), found[2] or ""


def percent_text(hundredths: int) -> str:
    """2150 hundredths of a percent → "21.5"."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".")


def with_currency(minor: int | None, currency: str) -> str:
    """2430 EUR → "24.30 EUR"; nothing for None."""
    return "" if minor is None else f"{to_text(minor, currency)} {currency}"


def with_percent(hundredths: int | None) -> str:
    """2150 hundredths of a percent → "21.5 %"; nothing for None."""
    return "" if hundredths is None else f"{percent_text(hundredths)} %"


def as_json(minor: int, currency: str) -> dict[str, str]:
    """The API's shape: {"amount": "24.30", "currency": "EUR"}."""
    return {"amount": to_text(minor, currency), "currency": currency}


def divide(total: int, weights: list[int]) -> list[int]:
    """Splits minor units in proportion to the weights by largest remainder, ties by order; the parts sum to total."""
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1) if weights else []
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    left = total - sum(shares)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:left]:
        shares[index] += 1
    return shares


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half up (half away from zero for negative sums)."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
