"""The till's codes of products (`plu_code`): of a vendor each is one product's, so that a till can tell them apart.

No constraint says it, because menus that were made before may have a code twice; such a product is saved as it is.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from vendors.models import Product


def taken_codes(coming: Sequence[tuple[int | None, str]], standing: Mapping[int, str]) -> list[int]:
    """Which of the coming codes, by their places, another product has or gets before them.

    `coming` are those that are new or differ, each with its product's id, None for a new one; `standing` are the codes
    that products have now, by id. A code that its product gives up is free.
    """
    changing = {pk for pk, _ in coming}
    taken = {code for pk, code in standing.items() if pk not in changing}
    places = []
    for place, (_, code) in enumerate(coming):
        if code and code in taken:
            places.append(place)
        taken.add(code)
    return places


def standing_codes(vendor_id: int, codes: Collection[str]) -> dict[int, str]:
    """Which of the vendor's products have one of these codes; no statement where there is none."""
    asked = {code for code in codes if code}
    rows: Iterable[tuple[int, str]] = ()
    if asked:
        rows = Product.objects.filter(vendor=vendor_id, plu_code__in=asked).values_list("pk", "plu_code")
    return dict(rows)
