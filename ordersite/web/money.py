"""Money: integers of minor units inside, a decimal string with the currency's exponent outside."""

import re
from decimal import Decimal

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


class MoneyError(ValueError):
    """The text is no amount of this currency; the message says what to send instead."""


def exponent(currency: str) -> int:
    """How many digits the currency has after the point."""
    return EXPONENTS.get(currency, 2)


def to_text(minor: int, currency: str) -> str:
    """2430 EUR → "24.30"."""
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
        raise MoneyError(f"{currency} has {exponent(currency)} digits after the point: round the amount to that.")
    return int(scaled)


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
