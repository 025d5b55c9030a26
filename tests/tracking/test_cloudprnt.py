"""A printer that asks for its tickets by CloudPRNT: who may, what it is given, and what its words come to."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import OrderEvent, PrintJob
from orders.services.printing.jobs import MOST_TRIES
from orders.services.printing.printers import QUIET
from tests.cast import Cast
from tests.orders.printing import Api, accepted, jobs_path, only_job, papers
from tests.orders.shopping import assert_nothing_changed
from tests.tracking.printer import PATH, TestPrinter, pair_printer
from tracking.feed.closings import WatchRefused
from tracking.feed.watchers import by_bearer
from vendors.models import Device


@pytest.fixture
def printer(cast: Cast) -> TestPrinter:
    device, token = pair_printer(cast.vendor)
    return TestPrinter(str(device.pk), token)


def pass_quiet(job: PrintJob) -> None:
    """So much time has passed since the printer was given its paper that it should have confirmed it."""
    PrintJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - QUIET)


def test_polls_gets_twice_and_deletes(cast: Cast, api: Api, printer: TestPrinter) -> None:
    assert printer.poll() == {"jobReady": False}
    order = accepted(cast, api)
    job = only_job(order)
    assert printer.poll() == {
        "jobReady": True,
        "mediaTypes": ["text/plain"],
        "jobToken": str(job.pk),
        "deleteMethod": "DELETE",
    }
    assert only_job(order).state == "waiting"  # nobody has it before it is fetched
    first = printer.get(str(job.pk))
    assert (first.status_code, first["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert order.called in first.content.decode()
    # The order changes; what was asked for twice is the same.
    type(order).objects.filter(pk=order.pk).update(comment="Not on this paper")
    assert printer.get(str(job.pk)).content == first.content
    assert (only_job(order).state, only_job(order).claimed_name) == ("claimed", "Kitchen printer")
    for _ in range(2):
        assert printer.delete(str(job.pk)).status_code == 200
    assert papers(order) == [("ticket", 1, "accepted", "printed", False)]
    event = OrderEvent.objects.get(order=order, reason="Ticket printed")
    assert (event.actor, event.role) == (f"device:{printer.name}", "vendor")
    assert printer.poll() == {"jobReady": False}
    assert printer.get(str(job.pk)).status_code == 404


def test_older_printers_name_no_job(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    first = printer.get()
    assert printer.get().content == first.content
    assert printer.delete(code="OK").status_code == 200
    assert only_job(order).state == "printed"


def test_of_two_printers_one_has_it(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    device, token = pair_printer(cast.vendor, "Bar printer")
    other = TestPrinter(str(device.pk), token)
    ready = [one.poll()["jobToken"] for one in (printer, other)]
    assert ready[0] == ready[1]
    assert printer.get(ready[0]).status_code == 200
    with assert_nothing_changed(order):
        assert other.get(ready[1]).status_code == 404
        # What it says of a job that is another's counts for nothing.
        assert other.delete(ready[1], code="520").status_code == 200
        assert other.delete(ready[1]).status_code == 200
        assert other.poll() == {"jobReady": False}
    assert only_job(order).state == "claimed"
    refused = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"))
    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "Kitchen printer")


@pytest.mark.parametrize("status", ["410%20Out%20of%20paper", "420 Cover open", "500"])
def test_a_printer_that_cannot_print_is_given_nothing(cast: Cast, api: Api, printer: TestPrinter, status: str) -> None:
    order = accepted(cast, api)
    printer.status = status
    assert printer.poll() == {"jobReady": False}
    assert only_job(order).state == "waiting"
    kept = Device.objects.get(pk=printer.name)
    assert kept.printer_status == status.replace("%20", " ")
    listed = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/devices").json()
    assert [row["printer_status"] for row in listed["results"]] == [kept.printer_status]


def test_an_error_in_the_middle_brings_a_marked_paper(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    printer.get(str(only_job(order).pk))
    printer.status = "410 Out of paper"
    assert printer.poll() == {"jobReady": False}
    assert papers(order) == [
        ("ticket", 1, "accepted", "failed", False),
        ("ticket", 2, "not_printed", "waiting", True),
    ]
    assert PrintJob.objects.get(order=order, number=1).failure == "410 Out of paper"
    printer.status = "200 OK"
    assert printer.work()
    assert "POSSIBLE DOUBLE" in printer.papers[0]
    assert [paper[3] for paper in papers(order)] == ["failed", "printed"]


def test_a_lost_word_brings_a_marked_paper_and_not_before_it_is_late(
    cast: Cast, api: Api, printer: TestPrinter
) -> None:
    order = accepted(cast, api)
    printer.get(str(only_job(order).pk))
    with assert_nothing_changed(order):
        assert printer.poll() == {"jobReady": False}
        assert printer.poll(printingInProgress=True) == {"jobReady": False}
    pass_quiet(only_job(order))
    with assert_nothing_changed(order):
        assert printer.poll(printingInProgress=True) == {"jobReady": False}
    told = printer.poll()
    second = PrintJob.objects.get(order=order, number=2)
    assert told["jobToken"] == str(second.pk)
    assert second.may_double


def test_a_printer_that_fails_again_and_again_is_given_up_for_people(
    cast: Cast, api: Api, printer: TestPrinter
) -> None:
    order = accepted(cast, api)
    for number in range(1, MOST_TRIES + 1):
        token = printer.poll()["jobToken"]
        assert printer.get(token).status_code == 200
        printer.delete(token, code="511%20Media%20error")
        assert PrintJob.objects.filter(order=order).count() == number + 1
    assert printer.poll() == {"jobReady": False}
    (row,) = api(cast.owner).get(jobs_path(cast)).json()["results"]
    assert (row["state"], row["tries"], row["copy"]) == ("waiting", 3, 4)
    assert api(cast.owner).post(jobs_path(cast, row["id"], "claim")).status_code == 200


def test_only_a_paired_printer_with_its_token_is_heard(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    board, token = pair_printer(cast.vendor, "A tablet")
    Device.objects.filter(pk=board.pk).update(kind=Device.Kind.BOARD)
    wrong = [
        TestPrinter(printer.name, "osd_wrong"),
        TestPrinter("1" + printer.name, printer.token),
        TestPrinter("", ""),
        TestPrinter(str(board.pk), token),
    ]
    with assert_nothing_changed(order):
        for one in wrong:
            answer = one.call("POST", body={"statusCode": "200 OK"})
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="printer"')
        for header in ("", "Basic", "Basic !!", f"Bearer {printer.token}", "Basic w6k="):
            assert Client().post(PATH, headers={"Authorization": header}).status_code == 401
    Device.objects.filter(pk=printer.name).update(revoked_at=timezone.now())
    assert printer.call("POST", body={}).status_code == 401


def test_a_printers_token_opens_no_board(cast: Cast, api: Api, printer: TestPrinter) -> None:
    """It lies in a printer, whose network may not be sealed: it gets papers, and neither reads nor moves an order."""
    order = accepted(cast, api)
    bearer, browser = APIClient(headers={"Authorization": f"Bearer {printer.token}"}), APIClient()
    browser.cookies[settings.DEVICE_COOKIE_NAME] = printer.token
    with assert_nothing_changed(order):
        for client in (bearer, browser):
            for path in (f"orders/{order.pk}", f"vendors/{cast.vendor.pk}/board", f"vendors/{cast.vendor.pk}/events"):
                assert client.get(f"/api/v1/{path}").status_code == 401
            answer = client.post(f"/api/v1/orders/{order.pk}/transitions", {"to": 4}, format="json")
            assert answer.status_code == 401
    with pytest.raises(WatchRefused):
        by_bearer(printer.token)
    assert printer.poll()["jobReady"] is True


def test_a_printer_of_another_vendor_sees_nothing(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    device, token = pair_printer(cast.other_vendor)
    other = TestPrinter(str(device.pk), token)
    with assert_nothing_changed(order):
        assert other.poll() == {"jobReady": False}
        assert other.get(str(only_job(order).pk)).status_code == 404
        other.delete(str(only_job(order).pk))


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"statusCode": null}', b'{"statusCode": 200}', b"\xff", b'"x"'])
def test_what_cannot_be_read_is_no_fault(cast: Cast, api: Api, printer: TestPrinter, body: bytes) -> None:
    accepted(cast, api)
    credential = printer.call("POST").wsgi_request.headers["Authorization"]
    answer = Client().generic("POST", PATH, body, "application/json", headers={"Authorization": credential})
    assert (answer.status_code, answer.json()["jobReady"]) == (200, True)
    for query in ("?type=text/plain&token=x", "?token=-1", f"?token={2**70}"):
        assert printer.call("GET", query).status_code == 404
        assert printer.call("DELETE", query).status_code == 200
    assert printer.get(media="image/png").status_code == 415
    assert printer.call("PUT").status_code == 405


def test_a_poll_costs_three_statements(cast: Cast, api: Api, printer: TestPrinter) -> None:
    for _ in range(3):
        accepted(cast, api)
    printer.poll()
    with CaptureQueriesContext(connection) as seen:
        printer.poll()
    statements = [one["sql"] for one in seen if "SAVEPOINT" not in one["sql"]]
    assert len(statements) == 3, statements


def test_the_lease_goes_on_with_each_get(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    token = str(only_job(order).pk)
    printer.get(token)
    PrintJob.objects.filter(order=order).update(lease_until=timezone.now() - timedelta(hours=1))
    printer.get(token)
    assert only_job(order).lease_until > timezone.now()


def test_a_busy_printer_is_left_alone(cast: Cast, api: Api, printer: TestPrinter) -> None:
    """Some say by their code that they print, or wait for their paper to be taken: that is no failure."""
    order = accepted(cast, api)
    printer.get(str(only_job(order).pk))
    pass_quiet(only_job(order))
    for printer.status in ("220 Printing in progress", "221"):
        with assert_nothing_changed(order):
            assert printer.poll() == {"jobReady": False}
    for printer.status in ("201", "211 Paper low", "230"):  # it can print, whatever it tells besides
        assert printer.poll()["jobReady"] is True


def test_fields_that_a_printer_leaves_empty(cast: Cast, api: Api, printer: TestPrinter) -> None:
    order = accepted(cast, api)
    empty = dict.fromkeys(("status", "printerMAC", "uniqueID", "jobToken", "printingInProgress", "clientAction"))
    assert printer.poll(**empty)["jobToken"] == str(only_job(order).pk)


def test_a_printer_that_also_speaks_mqtt_is_told_that_this_is_http(printer: TestPrinter) -> None:
    """It asks so below the address that it was given, and takes a 404 for an answer."""
    assert printer.call("GET", "/cloudprnt-setting.json").status_code == 404
