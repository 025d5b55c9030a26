"""The stock of codes: its import, how it is kept, who reads it in the back-office, and what warns when it runs out."""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Code, CodeUpload, Order
from orders.services.capacity import code_imports
from orders.services.capacity.code_imports import Layout, delete_old_uploads
from ordersite.accounts.models import User
from ordersite.core.crypto import decrypt
from tests.cast import Cast
from tests.orders.gift_cards import FIRST, SECOND, THIRD, free_codes, gift_cart, make_gift_card, stock
from tests.orders.shopping import ORDERS, assert_nothing_changed, fill_wallet, place_order
from vendors.models import Product

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
LIST, IMPORT = "/admin/orders/code/", "/admin/orders/code/import/"


@pytest.fixture
def card(cast: Cast) -> Product:
    fill_wallet(cast.customer_row, 10_000)
    return make_gift_card(cast)


def clerk_with(*codenames: str) -> Client:
    """A client signed in as staff who has only these permissions."""
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", *codenames]))
    client = Client()
    client.force_login(clerk)
    return client


def upload(client: Client, product: Product, content: bytes, name: str = "codes.csv", **fields: Any) -> Any:
    """Sends a file; the page with its first rows, or the form that says what is wrong."""
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    response = client.post(IMPORT, {"product": product.pk, "file": file, **fields}, follow=True)
    assert response.status_code == 200
    return response


def press(client: Client, page: Any, **changed: Any) -> Any:
    """Presses Import on a page with rows as it stands, unless changed; the page that answers."""
    initial = page.context["layout_form"].initial
    form = {
        name: value for name, value in {**initial, "import": "yes", **changed}.items() if value not in (False, None)
    }
    response = client.post(page.request["PATH_INFO"], form, follow=True)
    assert response.status_code == 200
    return response


def text_of(response: Any) -> str:
    """A page, its white space made single."""
    return " ".join(response.content.decode().split())


def send(client: Client, product: Product, content: bytes, name: str = "codes.csv", **fields: Any) -> str:
    """Uploads a file and imports it as its page reads it; the page that answers."""
    page = upload(client, product, content, name, **fields)
    return text_of(press(client, page) if "layout_form" in page.context else page)


class TestImport:
    def test_a_file_is_told_row_by_row(self, office: Client, card: Product) -> None:
        stock(card, SECOND)
        rows = ["Code", FIRST, "", SECOND, FIRST, f'"{THIRD}"', "ABC", "ONE-CODE,TWO-CODE", '"OPEN-QUOTE', "X" * 201]
        page = send(office, card, "\r\n".join(rows).encode(), batch="November")
        assert "<strong>2</strong> imported as “November”" in page
        assert "<strong>2</strong> duplicates" in page
        assert "<strong>4</strong> refused" in page
        for line, why in {
            7: "It has 3 characters, but a code has 4 to 200.",
            8: "It has 2 columns, but the first row has 1.",
            9: "A quotation mark is not closed.",
            10: "It has 201 characters, but a code has 4 to 200.",
        }.items():
            assert f"<td>{line}</td><td>{why}</td>" in page
        # Neither a code nor a refused row is shown.
        for text in (FIRST, THIRD, "ONE-CODE", "OPEN-QUOTE"):
            assert text not in page
        codes = Code.objects.order_by("pk")
        assert [decrypt(code.sealed) for code in codes] == [SECOND, FIRST, THIRD]
        assert [(code.last4, code.batch, code.line) for code in codes] == [
            ("BBBB", "first", None),
            ("AAAA", "November", None),
            ("CCCC", "November", None),
        ]
        assert all(FIRST not in f"{code.sealed} {code.fingerprint}" for code in codes)

    def test_the_same_file_again_adds_nothing(self, office: Client, card: Product) -> None:
        content = f"{FIRST}\n{SECOND}\n".encode()
        assert "<strong>2</strong> imported as “codes.csv”" in send(office, card, content)
        page = send(office, card, content)
        assert "<strong>0</strong> imported" in page
        assert "<strong>2</strong> duplicates" in page
        assert Code.objects.count() == 2

    @pytest.mark.parametrize(
        "content",
        [
            f"\ufeff{FIRST}\n{SECOND}".encode(),
            f"\ufeffPIN\r\n{FIRST}\r\n{SECOND}\r\n".encode(),
            f"  {FIRST} ,,\n{SECOND},\n\n".encode(),
            f"  {FIRST} ;;\n{SECOND};\n\n".encode(),
            f'"code"\r"{FIRST}"\r"{SECOND}"'.encode(),
        ],
    )
    def test_what_spreadsheets_write(self, office: Client, card: Product, content: bytes) -> None:
        assert "<strong>2</strong> imported" in send(office, card, content)
        assert [decrypt(code.sealed) for code in Code.objects.order_by("pk")] == [FIRST, SECOND]

    @pytest.mark.parametrize(
        "heading",
        ["PIN code", "Voucher code", "Serial number", "Product key", "Coupon", "Gutscheincode", "code", "PIN"],
    )
    def test_a_heading_is_no_code(self, office: Client, card: Product, heading: str) -> None:
        page = upload(office, card, f"{heading}\n{FIRST}\n".encode())
        assert page.context["layout"] == Layout(delimiter="comma", column=1, has_heading=True)
        assert "(header, not imported)" in text_of(page)
        assert "<strong>1</strong> imported" in text_of(press(office, page))
        assert [decrypt(code.sealed) for code in Code.objects.all()] == [FIRST]

    @pytest.mark.parametrize("heading", ["Artikel", "GIFT", "Value 2026"])
    def test_a_heading_that_looks_like_none_is_seen_and_said(self, office: Client, card: Product, heading: str) -> None:
        page = upload(office, card, f"{heading}\n{FIRST}\n".encode())
        assert page.context["layout"].has_heading is False
        assert f"<code>{heading}</code>" in text_of(page)
        # Said otherwise than was shown, it is shown first.
        with assert_nothing_changed():
            again = press(office, page, has_heading="on")
        assert "Nothing has been imported yet. The file is now read like this:" in text_of(again)
        assert "<strong>1</strong> imported" in text_of(press(office, again))
        assert [decrypt(code.sealed) for code in Code.objects.all()] == [FIRST]

    @pytest.mark.parametrize(("name", "mark"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
    def test_the_column_is_chosen(self, office: Client, card: Product, name: str, mark: str) -> None:
        rows = [
            ["Nr", "Voucher code", "Value"],
            ["0001", FIRST, "50"],
            ["0002", SECOND],
            ["0003"],
            ["1", "2", "3", "4"],
        ]
        page = upload(office, card, "\n".join(mark.join(row) for row in rows).encode())
        assert page.context["layout"] == Layout(delimiter=name, column=2, has_heading=True)
        with assert_nothing_changed():
            other = press(office, page, column="1")
        assert "<strong>3</strong> codes to import" not in text_of(page)
        assert "<strong>1</strong> to be refused" in text_of(other)
        answer = text_of(press(office, page))
        assert "<strong>2</strong> imported" in answer
        assert "<td>4</td><td>It has no column 2.</td>" in answer
        assert "<td>5</td><td>It has 4 columns, but the first row has 3.</td>" in answer
        assert [decrypt(code.sealed) for code in Code.objects.order_by("pk")] == [FIRST, SECOND]

    def test_nothing_is_imported_or_kept_in_clear_before_it_is_seen(self, office: Client, card: Product) -> None:
        page = upload(office, card, f"{FIRST}\n{SECOND}\n".encode())
        assert "no-store" in page["Cache-Control"]
        assert FIRST in text_of(page)
        assert not Code.objects.exists()
        kept = CodeUpload.objects.get()
        assert FIRST not in f"{kept.sealed} {kept.batch}"
        assert decrypt(kept.sealed) == f"{FIRST}\n{SECOND}\n"
        with assert_nothing_changed():
            for wrong in ({"shown": ""}, {"column": "2"}, {"column": "x"}, {"delimiter": "pipe"}, {"column": "9" * 30}):
                assert "imported as" not in text_of(press(office, page, **wrong))

    def test_sent_twice_it_is_imported_once(self, office: Client, card: Product) -> None:
        page = upload(office, card, f"{FIRST}\nABC\n".encode())
        for _ in range(2):
            answer = text_of(press(office, page))
            assert "<strong>1</strong> imported as “codes.csv”" in answer
            assert "<td>2</td><td>It has 3 characters, but a code has 4 to 200.</td>" in answer
        assert "The form was sent twice" in answer
        assert (Code.objects.count(), CodeUpload.objects.count()) == (1, 0)
        gone = office.get(page.request["PATH_INFO"], follow=True)
        assert "This file was imported already, or was left too long: upload it again." in gone.content.decode()

    def test_a_file_waits_an_hour_and_for_who_sent_it(self, cast: Cast, office: Client, card: Product) -> None:
        page = upload(office, card, FIRST.encode())
        clerk = clerk_with("add_code", "view_code")
        path = page.request["PATH_INFO"]
        with assert_nothing_changed():
            assert "upload it again" in clerk.get(path, follow=True).content.decode()
            assert "upload it again" in text_of(press(clerk, page))
            with override_settings(ENCRYPTION_KEYS=["another key"]):
                assert "upload it again" in text_of(press(office, page))
            assert delete_old_uploads() == 0
        CodeUpload.objects.update(created_at=timezone.now() - timedelta(minutes=61))
        with assert_nothing_changed():
            assert "upload it again" in text_of(press(office, page))
        assert delete_old_uploads() == 1
        assert not CodeUpload.objects.exists()

    def test_another_products_code_is_another(self, cast: Cast, office: Client, card: Product) -> None:
        stock(card, FIRST)
        other = make_gift_card(cast, name="Other")
        assert "<strong>1</strong> imported" in send(office, other, FIRST.encode())

    def test_a_short_code_shows_at_most_its_half(self, office: Client, card: Product) -> None:
        stock(card, "1234", "56789", "ABCDEFG")
        assert list(Code.objects.order_by("pk").values_list("last4", flat=True)) == ["34", "89", "EFG"]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (f"{FIRST}\nG\xfcltig-0001\n".encode("latin-1"), "Line 2 is not UTF-8: save the file as CSV in UTF-8."),
            (FIRST.encode("utf-16"), "Line 1 is not UTF-8: save the file as CSV in UTF-8."),
            (b"code\n\n", "There is no code in the file: put one code on each line."),
            (b"A" * 2_000_001, "The file is larger than 2 MB: divide it into several files."),
            (b"ABCD\n" * 50_001, "The file has more than 50000 rows: divide it into several files."),
            (b"", "The submitted file is empty."),
        ],
    )
    def test_a_file_that_cannot_be_read_changes_nothing(
        self, office: Client, card: Product, content: bytes, why: str
    ) -> None:
        with assert_nothing_changed():
            page = send(office, card, content)
        assert why in page
        assert "imported" not in page

    def test_bytes_that_nobody_can_print_are_refused(self, office: Client, card: Product) -> None:
        page = send(office, card, b"GIFT\x00-0001\nGIFT\t0002\nGIFT\xe2\x80\xae0003\n" + FIRST.encode())
        assert "<strong>1</strong> imported" in page
        assert page.count("It holds a character that cannot be printed.") == 3

    def test_only_for_a_product_that_is_sold_as_codes(self, cast: Cast, office: Client) -> None:
        page = office.get(IMPORT).content.decode()
        assert "Soda" not in page
        for product in (cast.products["soda"].pk, "x", "9" * 30, ""):
            with assert_nothing_changed():
                file = SimpleUploadedFile("codes.csv", FIRST.encode())
                assert office.post(IMPORT, {"product": product, "file": file}).status_code == 200

    def test_needs_the_permission(self, cast: Cast, card: Product) -> None:
        for client in (clerk_with("view_code", "change_code", "view_order"), Client()):
            with assert_nothing_changed():
                file = SimpleUploadedFile("codes.csv", FIRST.encode())
                assert client.post(IMPORT, {"product": card.pk, "file": file}).status_code in (302, 403)
                assert client.get(IMPORT).status_code in (302, 403)
                assert client.get(f"{IMPORT}{uuid.uuid4()}/").status_code in (302, 403)
        assert not Code.objects.exists()

    def test_costs_by_batches_not_by_codes(self, card: Product) -> None:
        def cost(texts: list[str]) -> int:
            with CaptureQueriesContext(connection) as queries:
                assert stock(card, *texts).imported == len(texts)
            return len([query for query in queries if "orders_" in query["sql"]])

        assert cost([f"ONE-{number:05}" for number in range(2)]) == 2
        assert cost([f"TWO-{number:05}" for number in range(100)]) == 2
        # SQLite takes fewer rows a statement.
        assert cost([f"TEN-{number:05}" for number in range(1200)]) <= 14


class TestBackOffice:
    @pytest.fixture
    def order(self, cast: Cast, api: Api, card: Product) -> Order:
        stock(card, FIRST, SECOND)
        return place_order(api(cast.customer), gift_cart(card))

    def test_every_page_masks(self, office: Client, card: Product, order: Order) -> None:
        handed_out, free = Code.objects.order_by("pk")
        pages = [
            LIST,
            f"{LIST}{handed_out.pk}/change/",
            f"{LIST}{free.pk}/change/",
            f"/admin/orders/order/{order.pk}/change/",
        ]
        text = "".join(office.get(page).content.decode() for page in pages)
        assert "…AAAA" in text
        assert "…BBBB" in text
        assert FIRST not in text
        assert SECOND not in text
        assert handed_out.fingerprint not in text
        assert handed_out.sealed not in text

    def test_finds_by_order_product_and_state(self, cast: Cast, office: Client, card: Product, order: Order) -> None:
        make_gift_card(cast, name="Other")
        handed_out, free = Code.objects.order_by("pk")
        other = Product.objects.get(name="Other")
        for query, found in {
            f"q=%23{order.pk}": [handed_out],
            "q=999999": [],
            "q=AAAA": [],
            f"q={'9' * 40}": [],
            f"product={card.pk}": [handed_out, free],
            f"product={other.pk}": [],
            f"product={'9' * 30}": [handed_out, free],
            "state=free": [free],
            "state=issued": [handed_out],
            "state=spent": [],
        }.items():
            page = office.get(f"{LIST}?{query}").content.decode()
            shown = [code for code in (handed_out, free) if f"{LIST}{code.pk}/change/" in page]
            assert shown == found, query

    def test_the_list_costs_the_same_for_2_and_40(self, office: Client, card: Product, order: Order) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert office.get(LIST).status_code == 200
            return len(queries)

        few = cost()
        stock(card, *(f"GIFT-{number:05}" for number in range(38)))
        assert cost() == few <= 7

    def test_revealing_is_kept_in_the_orders_history_every_time(self, cast: Cast, office: Client, order: Order) -> None:
        code = Code.objects.get(line__order=order)
        for times in (1, 2):
            response = office.post(f"{LIST}{code.pk}/reveal/")
            assert response.status_code == 200
            assert FIRST in response.content.decode()
            assert "no-store" in response["Cache-Control"]
            now = Order.objects.get(pk=order.pk)
            event = order.events.latest("number")
            assert now.version == event.number == order.version + times
            assert (event.kind, event.role, event.actor) == ("note", "staff", cast.staff.caller_key)
            assert (event.reason, event.visible_to, event.data) == (
                "Code …AAAA revealed",
                "staff",
                {"codes": [code.pk]},
            )
        page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        assert page.count("Code …AAAA revealed") == 2
        assert "Stella Staff" in page
        # A reload shows nothing.
        assert FIRST not in office.get(f"{LIST}{code.pk}/change/").content.decode()
        assert office.get(f"{LIST}{code.pk}/reveal/").status_code == 405

    def test_revealing_needs_its_own_permission(self, order: Order) -> None:
        code = Code.objects.get(line__order=order)
        client = clerk_with("view_code", "change_code", "add_code", "view_order", "change_order")
        assert "Show the code" not in client.get(f"{LIST}{code.pk}/change/").content.decode()
        with assert_nothing_changed(order):
            assert client.post(f"{LIST}{code.pk}/reveal/").status_code == 403
        clerk = User.objects.get(email="clerk@example.org")
        clerk.user_permissions.add(Permission.objects.get(codename="reveal_code"))
        assert FIRST in client.post(f"{LIST}{code.pk}/reveal/").content.decode()

    def test_nobody_reads_what_was_not_handed_out(
        self, cast: Cast, api: Api, office: Client, card: Product, order: Order
    ) -> None:
        waiting = place_order(api(cast.customer), gift_cart(card, 2))
        assert waiting.codes_missing == 1
        set_aside = Code.objects.get(line__order=waiting)
        stock(card, THIRD)
        free = Code.objects.get(line__isnull=True)
        for code, text in ((set_aside, SECOND), (free, THIRD)):
            with assert_nothing_changed(waiting):
                page = office.post(f"{LIST}{code.pk}/reveal/").content.decode()
            assert "This code has not been issued to the customer yet: nobody may read it." in page
            assert text not in page
        for code_id in ("999999", "9" * 18):
            assert office.post(f"{LIST}{code_id}/reveal/", follow=True).status_code == 200

    def test_nothing_is_added_changed_or_deleted_by_hand(self, office: Client, order: Order) -> None:
        code = Code.objects.get(line__order=order)
        assert office.get(f"{LIST}add/").status_code == 403
        assert office.post(f"{LIST}{code.pk}/change/", {"last4": "XXXX"}).status_code == 403
        assert office.post(f"{LIST}{code.pk}/delete/", {"post": "yes"}).status_code == 403
        for nonsense in ("999999", "9" * 30, "x"):
            assert office.get(f"{LIST}{nonsense}/change/").status_code == 302


class TestLowStock:
    def test_the_first_page_tells_what_runs_low_and_who_waits(
        self, cast: Cast, api: Api, office: Client, card: Product
    ) -> None:
        Product.objects.filter(pk=card.pk).update(low_codes=2)
        enough = make_gift_card(cast, name="Enough", low_codes=1)
        make_gift_card(cast, name="Unwatched")
        stock(card, FIRST, SECOND)
        stock(enough, THIRD)
        page = office.get("/admin/").content.decode()
        assert "Digital codes are running low" not in page
        place_order(api(cast.customer), gift_cart(card))
        page = office.get("/admin/").content.decode()
        assert "Burger Bar: Gift card</a>: 1 free, wanted 2" in page
        assert "Enough" not in page
        assert "Unwatched" not in page
        place_order(api(cast.customer), gift_cart(card, 2))
        page = office.get("/admin/").content.decode()
        assert "Gift card</a>: 0 free, wanted 2" in page
        tally = page.split("?stuck=codes")[1].split('class="count">')[1].split("<")[0]
        assert tally == "1"
        waiting = Order.objects.get(codes_missing=1)
        page = office.get(f"/admin/orders/order/{waiting.pk}/change/").content.decode()
        assert f'<a href="/admin/orders/code/?q={waiting.pk}">Those of this order</a>' in page
        assert "1 missing" in page
        listed = office.get("/admin/orders/order/?stuck=codes").content.decode()
        assert f"/admin/orders/order/{waiting.pk}/change/" in listed
        assert "/change/" in listed
        with CaptureQueriesContext(connection) as queries:
            office.get("/admin/")
        assert len([query for query in queries if "orders_code" in query["sql"]]) == 1

    def test_one_line_in_the_log_when_the_threshold_is_crossed(
        self, cast: Cast, api: Api, card: Product, caplog: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        Product.objects.filter(pk=card.pk).update(low_codes=2)
        stock(card, FIRST, SECOND, THIRD)
        lines = []
        for _ in range(3):
            with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
                place_order(api(cast.customer), gift_cart(card))
            lines.append([record.getMessage() for record in caplog.records if "run low" in record.getMessage()])
            caplog.clear()
        assert lines == [[], [f"the codes of product {card.pk} run low: 1 left"], []]


class TestKeys:
    def test_rotation_brings_every_code_under_the_newest_key(
        self, cast: Cast, api: Api, card: Product, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(code_imports, "BATCH", 2)
        settings.ENCRYPTION_KEYS = ["old"]
        stock(card, FIRST, SECOND, THIRD)
        order = place_order(api(cast.customer), gift_cart(card))
        settings.ENCRYPTION_KEYS = ["new", "old"]
        # A code is known under the older key too.
        assert (stock(card, FIRST, "GIFT-0004-DDDD").doubles, Code.objects.count()) == (1, 4)
        out = StringIO()
        call_command("rotate_codes", stdout=out)
        assert out.getvalue().splitlines() == [
            "2 of 4 codes",
            "4 of 4 codes",
            "4 codes stand under the newest key and need no other.",
        ]
        settings.ENCRYPTION_KEYS = ["new"]
        assert [decrypt(code.sealed) for code in Code.objects.order_by("pk")] == [
            FIRST,
            SECOND,
            THIRD,
            "GIFT-0004-DDDD",
        ]
        assert (stock(card, FIRST, SECOND, THIRD).doubles, free_codes(card)) == (3, 3)
        assert api(cast.customer).get(f"{ORDERS}/{order.pk}/codes").json()["codes"][0]["code"] == FIRST

    def test_a_code_whose_key_is_lost_is_named_and_left(self, card: Product, settings: Any) -> None:
        settings.ENCRYPTION_KEYS = ["lost"]
        stock(card, FIRST)
        settings.ENCRYPTION_KEYS = ["old"]
        stock(card, SECOND)
        lost, kept = Code.objects.order_by("pk")
        settings.ENCRYPTION_KEYS = ["new", "old"]
        with pytest.raises(CommandError, match=rf"^1 codes can be read with none of the keys.*: {lost.pk}\."):
            call_command("rotate_codes", stdout=StringIO())
        assert Code.objects.get(pk=lost.pk).sealed == lost.sealed
        settings.ENCRYPTION_KEYS = ["new"]
        assert decrypt(Code.objects.get(pk=kept.pk).sealed) == SECOND
