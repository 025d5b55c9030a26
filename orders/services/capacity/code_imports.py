"""Codes come in: read from a file, told from those that are known, encrypted, and given to the orders that wait.

A file is uploaded first and kept encrypted; somebody looks at its first rows, says where the codes are, and imports it.
"""

import csv
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from orders import models
from orders.lifecycle.table import Status
from orders.models import CodeUpload, Line, Order
from orders.services.record.order_update import move_timers
from ordersite.accounts.callers import Caller, lacks
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Fault, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.models import Product
from vendors.permissions import may_at

MOST_BYTES = 2_000_000
MOST_CODES = 50_000
SHORTEST, LONGEST = 4, 200
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
MOST_COLUMNS = 50
# What a heading over codes looks like: words without a digit. Only a guess, which somebody confirms.
HEADING = re.compile(r"[^0-9]*(code|pin|voucher|serial|key|coupon)[^0-9]*", re.IGNORECASE)
# How many rows of a file are shown before it is imported, and how long it may be looked at.
PREVIEWED = 10
KEPT_FOR = timedelta(hours=1)
BATCH = 500
LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no code: its line in the file, and what is wrong with it (never the row itself)."""

    line: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the codes are in a file: the column, from 1 on, what divides columns, and whether a heading comes first."""

    delimiter: str = "comma"
    column: int = 1
    has_heading: bool = False


# One code a line, and nothing else.
PLAIN = Layout()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A file before it is imported: its first rows in columns, and what would become of all of them."""

    rows: Sequence[Sequence[str]]
    columns: int
    codes: int
    doubles: int
    refused: Sequence[RefusedRow]


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


def keep_upload(*, caller: Caller, product_id: int, content: bytes, batch: str, now: datetime) -> CodeUpload:
    """Keeps a file, encrypted, until it is imported or KEPT_FOR is over. Must run in a transaction.

    Raises Forbidden; Invalid for a product that is not sold as codes, or not by a vendor that the caller acts for, and
    for a file that is no text, too large or empty.
    """
    if caller.user is None or not caller.may(Right.ADD_CODES):
        raise lacks(Right.ADD_CODES)
    read_codes(rows_of(content), guess_layout(content))
    product = Product.objects.filter(pk=product_id, is_digital=True).first()
    if product is None or not may_at(caller, Right.ADD_CODES, product.vendor_id):
        raise not_digital()
    sealed = encrypt(content.decode("utf-8-sig"))
    return CodeUpload.objects.create(
        user=caller.user, product_id=product_id, batch=batch, sealed=sealed, created_at=now
    )


def find_upload(*, upload_id: uuid.UUID, user_id: int, now: datetime, lock: bool = False) -> CodeUpload:
    """An upload of this user's own; raises NotFound where it was imported, or is older than KEPT_FOR."""
    uploads = CodeUpload.objects.filter(user=user_id, created_at__gt=now - KEPT_FOR)
    if lock:
        uploads = uploads.select_for_update()
    upload = uploads.filter(pk=upload_id).first()
    if upload is None:
        raise NotFound(FaultCode.NOT_FOUND_UPLOAD)
    return upload


def delete_old_uploads() -> int:
    """Deletes the uploads that nobody has imported in time; how many."""
    return CodeUpload.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()[0]


def preview_upload(upload: CodeUpload, layout: Layout) -> Preview:
    """What importing an upload would do with its rows. Reads only; raises Invalid for a file without a code."""
    rows = rows_of(content_of(upload))
    shown = [split_row(line, layout)[0] for _, line in rows[: PREVIEWED + 1]]
    texts, doubles, refused = read_codes(rows, layout)
    return Preview(
        rows=shown,
        columns=min(max(len(fields) for fields in shown), MOST_COLUMNS),
        codes=len(texts),
        doubles=doubles,
        refused=refused,
    )


def guess_layout(content: bytes) -> Layout:
    """What the first row of a file looks like; somebody looks at it before anything is imported. Raises Invalid."""
    _, first = rows_of(content)[0]
    delimiter = max(DELIMITERS, key=lambda name: first.count(DELIMITERS[name]))
    fields, _ = split_row(first, Layout(delimiter=delimiter))
    headed = [number for number, field in enumerate(fields, start=1) if HEADING.fullmatch(field)]
    column = headed[0] if headed and headed[0] <= MOST_COLUMNS else 1
    return Layout(delimiter=delimiter, column=column, has_heading=bool(headed))


def import_upload(*, upload_id: uuid.UUID, caller: Caller, layout: Layout, now: datetime) -> Imported:
    """Imports an upload, which is then gone: once. Must run in a transaction.

    Raises NotFound, Forbidden to who may not import for its vendor (any more), and as import_codes.
    """
    upload = find_upload(upload_id=upload_id, user_id=caller.user.pk if caller.user else 0, now=now, lock=True)
    if not may_at(caller, Right.ADD_CODES, upload.product.vendor_id):
        raise lacks(Right.ADD_CODES)
    imported = import_codes(
        product_id=upload.product_id, content=content_of(upload), batch=upload.batch, layout=layout, now=now
    )
    upload.delete()
    return imported


def content_of(upload: CodeUpload) -> bytes:
    """The file; raises NotFound where its key is not among ENCRYPTION_KEYS any more."""
    try:
        return decrypt(upload.sealed).encode()
    except InvalidToken as error:
        raise NotFound(FaultCode.NOT_FOUND_UPLOAD) from error


def not_digital() -> Invalid:
    return Invalid(FaultCode.NOT_DIGITAL, Field.PRODUCT)


def import_codes(*, product_id: int, content: bytes, batch: str, layout: Layout = PLAIN, now: datetime) -> Imported:
    """Adds the codes of a CSV file to a product's stock, in the transaction that the caller has opened.

    Orders that wait for them are tried at once after it. Raises Invalid for a product that is not sold as codes, and
    for a file that is no text, too large or empty; a single bad row is refused alone.
    """
    # Two imports for one product one after the other: the second knows the codes of the first.
    products = Product.objects.select_for_update(of=("self",), no_key=True).select_related("vendor")
    product = products.filter(pk=product_id, is_digital=True).first()
    if product is None:
        raise not_digital()
    texts, doubles, refused = read_codes(rows_of(content), layout)
    known = known_among(product, texts)
    new = [text for text in texts if text not in known]
    models.Code.objects.bulk_create(
        [
            models.Code(
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


Row = tuple[int, str]


def rows_of(content: bytes) -> list[Row]:
    """The lines of a file that are not blank, with their numbers; raises Invalid."""
    if len(content) > MOST_BYTES:
        raise Invalid(FaultCode.TOO_LARGE_FILE, Field.FILE, most=MOST_BYTES // 1_000_000)
    try:
        lines = LINE_ENDS.split(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        where = content.count(b"\n", 0, error.start) + 1
        raise Invalid(FaultCode.ENCODING, Field.FILE, line=where) from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise Invalid(FaultCode.EMPTY_FILE, Field.FILE)
    if len(rows) > MOST_CODES + 1:
        raise Invalid(FaultCode.TOO_MANY_ROWS, Field.FILE, most=MOST_CODES)
    return rows


def read_codes(rows: Sequence[Row], layout: Layout) -> tuple[list[str], int, list[RefusedRow]]:
    """The different codes in their order, how many rows came twice, and the refused rows; raises Invalid."""
    width = len(split_row(rows[0][1], layout)[0])
    rows = rows[1:] if layout.has_heading else rows
    if not rows:
        raise Invalid(FaultCode.EMPTY_FILE, Field.FILE)
    if len(rows) > MOST_CODES:
        raise Invalid(FaultCode.TOO_MANY_ROWS, Field.FILE, most=MOST_CODES)
    texts: dict[str, None] = {}
    refused = []
    for number, line in rows:
        text, fault = read_row(line, layout, width)
        if fault:
            refused.append(RefusedRow(number, fault))
        else:
            texts[text] = None
    return list(texts), len(rows) - len(refused) - len(texts), refused


def split_row(line: str, layout: Layout) -> tuple[list[str], Fault | None]:
    """The columns of a row, and what is wrong with it. Each stands alone: an open quotation mark spoils only it."""
    try:
        fields = next(csv.reader([line], delimiter=DELIMITERS[layout.delimiter], strict=True))
    except csv.Error:
        return [line], Fault(FaultCode.ROW_OPEN_QUOTE)
    fields = [field.strip() for field in fields]
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    return fields, None


def read_row(line: str, layout: Layout, width: int) -> tuple[str, Fault | None]:
    """The code of a row, and what is wrong with it; `width` is how many columns the first row has."""
    fields, fault = split_row(line, layout)
    if fault:
        return "", fault
    if len(fields) > width:
        return "", Fault(FaultCode.ROW_TOO_MANY_COLUMNS, columns=len(fields), width=width)
    if len(fields) < layout.column:
        return "", Fault(FaultCode.ROW_TOO_FEW_COLUMNS, column=layout.column)
    text = fields[layout.column - 1]
    if not text.isprintable():
        return "", Fault(FaultCode.ROW_UNPRINTABLE)
    if not SHORTEST <= len(text) <= LONGEST:
        return "", Fault(FaultCode.ROW_LENGTH, length=len(text), shortest=SHORTEST, longest=LONGEST)
    return text, None


def known_among(product: Product, texts: Sequence[str]) -> set[str]:
    """Those of the codes that the product has or had, under whichever key."""
    known: set[str] = set()
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        by_print = {fingerprint: text for text in part for fingerprint in fingerprints(text)}
        found = models.Code.objects.filter(product=product, fingerprint__in=by_print).values_list(
            "fingerprint", flat=True
        )
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
        return move_timers(Order.objects.filter(pk__in=ids), due_at=now, codes_tried_at=None)


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
        codes = list(models.Code.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:BATCH])
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
        models.Code.objects.bulk_update(codes, ["sealed", "fingerprint"])
        return Rotated(last=codes[-1].pk, count=len(codes), unreadable=unreadable)
