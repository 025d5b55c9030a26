"""A statement as XLSX: asked for, made by the worker, fetched by who asked for it while it may still read it."""

import re
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from orders.models import Account, FileExport, Posting
from orders.reading.file_exports import write_export
from orders.services.bulk import file_exports
from orders.services.bulk.file_exports import LeaseLost, claim_file, export_path, make_file, make_files, noting
from ordersite.accounts.models import User
from ordersite.core.storage import PrivateStorage
from tests.cast import Cast, make_clerk, make_manager
from tests.controls.unclaimed_files import claim_without_a_lock
from tests.orders.money import settled
from tests.orders.shopping import assert_nothing_changed, fill_wallet
from tests.promises.crowd import together
from tracking import retention


@pytest.fixture
def account(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Burger Bar's, with two lines; none is so short that a request makes its file."""
    monkeypatch.setattr("orders.admin.file_pages.AT_ONCE", 0)
    fill_wallet(cast.customer_row, 3000)
    settled(cast)
    settled(cast)
    return Account.objects.get(kind="vendor", vendor=cast.vendor)


def ask(client: Client, account: Account) -> Any:
    assert account.vendor is not None
    day = Posting.objects.latest("pk").created_at.astimezone(account.vendor.zone).date().isoformat()
    return client.post(f"/admin/orders/account/{account.pk}/statement/file/", {"first": day, "last": day})


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, page: str) -> str:
    return re.sub(r"\s+", " ", client.get(page).content.decode())


def rows_in(answer: Any) -> int:
    archive = zipfile.ZipFile(BytesIO(answer.getvalue()))
    return archive.read("xl/worksheets/sheet1.xml").count(b"<row ")


def test_it_is_made_by_the_worker_and_asked_for_twice_it_is_one(office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    assert ask(office, account)["Location"] == page
    export = FileExport.objects.get()
    assert (export.total, export.is_running) == (2, True)
    assert "Being made: 0 of 2 lines" in text_of(office, page)
    assert office.get(f"{page}fetch/").status_code == 302
    assert (make_files(5, write_export), make_files(5, write_export)) == (1, 0)
    assert f"{export.name}.xlsx can be fetched until" in text_of(office, page)
    answer = office.get(f"{page}fetch/")
    assert answer["Content-Disposition"] == f'attachment; filename="{export.name}.xlsx"'
    assert rows_in(answer) == 5
    # What is asked for after that is made anew: more may have been booked.
    assert ask(office, account)["Location"] != page


def test_a_short_one_is_there_at_once(office: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.file_pages.AT_ONCE", 2)
    page = ask(office, account)["Location"]
    assert "The file is made" in text_of(office, page)
    assert rows_in(office.get(f"{page}fetch/")) == 5


def test_days_that_are_none_make_nothing(office: Client, account: Account) -> None:
    url = f"/admin/orders/account/{account.pk}/statement/file/"
    other = Account.objects.get(kind="clearing")
    with assert_nothing_changed():
        for given in ({}, {"first": "x", "last": "y"}, {"first": "2026-02-02", "last": "2026-02-01"}):
            assert office.post(url, given).status_code == 302
        assert office.get(url).status_code == 405
        assert office.post(f"/admin/orders/account/{other.pk}/statement/file/", {}).status_code == 302
        assert office.post("/admin/orders/account/999999999999/statement/file/", {}).status_code == 302
    assert not FileExport.objects.exists()


def test_it_is_fetched_by_who_asked_for_it_alone(cast: Cast, office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    make_files(1, write_export)
    for other in (client_of(make_clerk("orders.view_account")), client_of(make_manager(cast.vendor))):
        for url in (page, f"{page}fetch/"):
            assert other.get(url).status_code in (302, 403)
    assert Client().get(f"{page}fetch/").status_code == 302


def test_who_may_not_see_the_account_any_more_fetches_nothing(cast: Cast, account: Account) -> None:
    clerk = make_clerk("orders.view_account", "accounts.act_everywhere")
    page = ask(client_of(clerk), account)["Location"]
    make_files(1, write_export)
    assert rows_in(client_of(clerk).get(f"{page}fetch/")) == 5
    clerk.user_permissions.clear()
    for url in (page, f"{page}fetch/"):
        assert client_of(clerk).get(url).status_code == 403


def test_the_next_worker_makes_what_a_dead_one_has_begun(office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    dead = claim_file()
    assert dead is not None
    assert make_files(1, write_export) == 0  # held
    FileExport.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert make_files(1, write_export) == 1
    # The first one wakes up: it writes nothing more.
    with pytest.raises(LeaseLost):
        list(noting(dead, iter(range(file_exports.NOTED_EVERY))))
    make_file(dead, write_export)
    assert FileExport.objects.get().tries == 2
    assert rows_in(office.get(f"{page}fetch/")) == 5


def test_what_cannot_be_made_is_given_up_and_said(
    office: Client, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    page = ask(office, account)["Location"]

    def fail(*given: Any) -> Any:
        raise ValueError("no room on the disk")

    assert [make_files(1, fail) for _ in range(file_exports.MOST_TRIES + 1)] == [1, 1, 1, 0]
    assert "could not be made" in caplog.text
    assert "The file could not be made" in text_of(office, page)
    assert ask(office, account)["Location"] != page


def test_what_kills_each_worker_is_given_up_and_said(office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    for tried in range(1, file_exports.MOST_TRIES + 1):
        assert claim_file() is not None  # and is killed
        assert make_files(1, write_export) == 0  # held
        told = text_of(office, page)
        assert ("Try" in told, f"Try {tried} of 3: the one before was not finished." in told) == (tried > 1,) * 2
        FileExport.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert (claim_file(), make_files(1, write_export)) == (None, 0)
    export = FileExport.objects.get()
    assert (export.tries, export.has_failed, export.is_running) == (3, True, False)
    told = text_of(office, page)
    assert "The file could not be made" in told
    assert "3 tries were begun, and none was finished: it is not tried again by itself." in told
    assert office.get(f"{page}fetch/").status_code == 302
    # Somebody may ask for it anew, and nobody waits for the old one any more.
    again = ask(office, account)["Location"]
    assert again != page
    assert make_files(5, write_export) == 1
    assert "can be fetched until" in text_of(office, again)


def test_it_is_kept_for_some_days(office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    make_files(1, write_export)
    export, storage = FileExport.objects.get(), PrivateStorage()
    assert retention.prune_exports() == 0
    FileExport.objects.update(created_at=timezone.now() - settings.KEEP_EXPORTS)
    assert retention.prune_exports() == 1
    assert office.get(f"{page}fetch/").status_code == 302
    assert storage.exists(export_path(export))  # written later than it was asked for
    file_exports.delete_old_files(timezone.now() + timedelta(seconds=5), 10)
    assert not storage.exists(export_path(export))


def test_a_file_that_was_taken_away_is_not_found(office: Client, account: Account) -> None:
    page = ask(office, account)["Location"]
    make_files(1, write_export)
    PrivateStorage().delete(export_path(FileExport.objects.get()))
    assert office.get(f"{page}fetch/").status_code == 302


def test_progress_is_noted(office: Client, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_exports, "NOTED_EVERY", 2)
    ask(office, account)
    noted: list[int] = []

    def write(export: FileExport, told: Any) -> Any:
        def rows() -> Iterator[int]:
            for number in range(5):
                noted.append(FileExport.objects.get().done)
                yield number

        assert list(told(rows())) == [0, 1, 2, 3, 4]
        return ContentFile(b"PK")

    make_files(1, write)
    assert noted == [0, 0, 2, 2, 4]
    assert FileExport.objects.get().is_made


def made_by_workers(count: int) -> int:
    """How often the files that wait are made, by so many workers at once."""
    begun: list[str] = []

    def write(*given: Any) -> Any:
        begun.append(threading.current_thread().name)
        return write_export(*given)

    together([lambda: make_files(1, write) for _ in range(count)], at_once=count)
    return len(begun)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_and_two_workers_make_one(cast: Cast, office: Client, account: Account) -> None:
    pages = together([lambda: ask(client_of(cast.staff), account)["Location"] for _ in range(6)], at_once=6)
    assert len(set(pages)) == 1
    assert made_by_workers(4) == 1
    assert FileExport.objects.get().is_made


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_workers_make_it(
    office: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(office, account)
    monkeypatch.setattr(file_exports, "claim_file", claim_without_a_lock)
    assert made_by_workers(2) == 2
