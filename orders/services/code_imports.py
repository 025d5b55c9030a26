"""Codes come in: read from a file, told from those that are known, encrypted, and given to the orders that wait."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from orders.lifecycle import Status
from orders.models import Code, Line, Order
from ordersite.web.crypto import decrypt, encrypt
from ordersite.web.problems import Invalid
from vendors.models import Product

MOST_BYTES = 2_000_000
MOST_CODES = 50_000
SHORTEST, LONGEST = 4, 200
HEADERS = ("code", "codes", "pin", "pins", "voucher", "vouchers")
BATCH = 500
LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no code: its line in the file, and what is wrong with it (never the row itself)."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a file: codes that are new, rows that were known or came twice, and refused rows."""

    product: Product
    batch: str
    imported: int
    doubles: int
    refused: Sequence[RefusedRow]


def fingerprints(text: str) -> list[str]:
    """Keyed hashes of a code, by each of ENCRYPTION_KEYS: the first is kept, by the others it may be known already."""
    keys = settings.ENCRYPTION_KEYS
    return [salted_hmac("orders.codes", text, secret=key, algorithm="sha256").hexdigest() for key in keys]


def last_of(text: str) -> str:
    """What is shown of a code to those who may not read it: its last four characters, of a short one at most half."""
    return text[-min(4, len(text) // 2) :]


def import_codes(*, product_id: int, content: bytes, batch: str, now: datetime) -> Imported:
    """Adds the codes of a CSV file to a product's stock, in the transaction that the caller has opened.

    Orders that wait for them are tried at once after it. Raises Invalid for a product that is not sold as codes, and
    for a file that is no text, too large or empty; a single bad row is refused alone.
    """
    # Two imports for one product one after the other: the second knows the codes of the first.
    rows = Product.objects.select_for_update(of=("self",), no_key=True).select_related("vendor")
    product = rows.filter(pk=product_id, is_digital=True).first()
    if product is None:
        raise Invalid("/product", "not_digital", "This product is not sold as codes: choose one that is.")
    texts, doubles, refused = read_codes(content)
    known = known_among(product, texts)
    new = [text for text in texts if text not in known]
    Code.objects.bulk_create(
        [
            Code(
                product=product,
                sealed=encrypt(text),
                fingerprint=fingerprints(text)[0],
                last4=last_of(text),
                batch=batch,
                imported_at=now,
            )
            for text in new
        ],
        batch_size=BATCH,
    )
    if new:
        # A try that is under way does not see the new codes: whoever waits for its row tries again after it.
        transaction.on_commit(partial(retry_waiting, product.pk, now), robust=True)
    return Imported(
        product=product, batch=batch, imported=len(new), doubles=doubles + len(known), refused=tuple(refused)
    )


def read_codes(content: bytes) -> tuple[list[str], int, list[RefusedRow]]:
    """The different codes of a file in its order, how many rows came twice, and the refused rows; raises Invalid."""
    if len(content) > MOST_BYTES:
        raise Invalid("/file", "too_large", f"The file is larger than {MOST_BYTES // 1_000_000} MB: divide it.")
    try:
        lines = LINE_ENDS.split(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        where = content.count(b"\n", 0, error.start) + 1
        raise Invalid("/file", "encoding", f"Line {where} is not UTF-8: save the file as CSV in UTF-8.") from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if rows and rows[0][1].strip().strip('"').lower() in HEADERS:
        del rows[0]
    if not rows:
        raise Invalid("/file", "empty", "There is no code in the file: send one a line.")
    if len(rows) > MOST_CODES:
        raise Invalid("/file", "too_many", f"The file has more than {MOST_CODES} rows: divide it.")
    texts: dict[str, None] = {}
    refused = []
    for number, line in rows:
        text, why = read_row(line)
        if why:
            refused.append(RefusedRow(number, why))
        else:
            texts[text] = None
    return list(texts), len(rows) - len(refused) - len(texts), refused


def read_row(line: str) -> tuple[str, str]:
    """The code of a row, and what is wrong with it. Each line stands alone: one open quotation mark spoils only it."""
    try:
        fields = next(csv.reader([line], delimiter=";" if ";" in line and "," not in line else ",", strict=True))
    except csv.Error:
        return "", "A quotation mark is not closed."
    fields = [field.strip() for field in fields]
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    text = fields[0]
    if len(fields) > 1:
        return "", f"There are {len(fields)} columns: send one code a line."
    if not text.isprintable():
        return "", "It holds a character that cannot be printed."
    if not SHORTEST <= len(text) <= LONGEST:
        return "", f"It has {len(text)} characters: a code has {SHORTEST} to {LONGEST}."
    return text, ""


def known_among(product: Product, texts: Sequence[str]) -> set[str]:
    """Those of the codes that the product has or had, under whichever key."""
    known: set[str] = set()
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        by_print = {fingerprint: text for text in part for fingerprint in fingerprints(text)}
        found = Code.objects.filter(product=product, fingerprint__in=by_print).values_list("fingerprint", flat=True)
        known.update(by_print[fingerprint] for fingerprint in found)
    return known


def retry_waiting(product_id: int, now: datetime) -> int:
    """Makes the timers of the orders that wait for codes of a product due, as if never tried; returns how many."""
    with transaction.atomic():
        waiting = Order.objects.filter(
            status=Status.ACCEPTED_BY_BUSINESS,
            codes_missing__gt=0,
            pk__in=Line.objects.filter(product=product_id).values("order"),
        )
        ids = list(waiting.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        return Order.objects.filter(pk__in=ids).update(due_at=now, codes_tried_at=None)


# --- rotation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A batch of codes under the newest key: where it ended, how many it had, and which cannot be read."""

    last: int
    count: int
    unreadable: Sequence[int]


def rotate_batch(*, after: int) -> Rotated | None:
    """Encrypts the next codes by id anew with the newest key, and takes their fingerprints by it; None at the end."""
    with transaction.atomic():
        codes = list(Code.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:BATCH])
        if not codes:
            return None
        unreadable = []
        for code in codes:
            try:
                text = decrypt(code.sealed)
            except InvalidToken:
                unreadable.append(code.pk)
                continue
            code.sealed, code.fingerprint = encrypt(text), fingerprints(text)[0]
        Code.objects.bulk_update(codes, ["sealed", "fingerprint"])
        return Rotated(last=codes[-1].pk, count=len(codes), unreadable=unreadable)
