"""Print jobs by the API: by itself on accepting, claimed once, confirmed, failed, called off."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import OrderEvent, PrintJob
from orders.services.printing.jobs import LEASE, MOST_COPIES
from tests.cast import Cast
from tests.orders.printing import Api, accepted, jobs_path, move, only_job, papers
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, place_order

TICKET = ("ticket", 1, "accepted", "waiting", False)
REASON = {"reason_code": "other", "reason": "No gas"}


def lapse(job: PrintJob) -> None:
    """The time of whoever has claimed the job is over."""
    PrintJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_accepting_asks_for_one_ticket_where_the_vendor_wants_it(cast: Cast, api: Api) -> None:
    plain = place_order(api(cast.customer), cart(cast))
    move(api, cast.owner, plain, transition="accept")
    assert papers(plain) == []
    order = accepted(cast, api)
    assert papers(order) == [TICKET]
    move(api, cast.owner, order, transition="accept")
    assert papers(order) == [TICKET]
    listed = api(cast.owner).get(jobs_path(cast)).json()
    assert listed["count"] == 1
    (row,) = listed["results"]
    assert (row["order"], row["number"], row["copy"], row["state"]) == (order.pk, order.number, 1, "waiting")


def test_one_claims_the_others_are_told_who(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    job = only_job(order)
    claim = jobs_path(cast, job.pk, "claim")
    first = api(cast.owner).post(claim, headers={"Idempotency-Key": "tablet-1-claims"})
    assert first.status_code == 200
    assert {row["kind"] for row in first.json()["rows"]} >= {"title", "number", "item", "sum"}
    assert first.json()["state"] == "claimed"
    with assert_nothing_changed(order):
        for user in (cast.staff, cast.owner):
            other = api(user).post(claim)
            assert (other.status_code, other.json()["code"]) == (409, "print_job_taken")
            assert (other.json()["claimed_by"], other.json()["state"]) == ("Olga Owner", "claimed")
        again = api(cast.owner).post(claim, headers={"Idempotency-Key": "tablet-1-claims"})
        assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
        assert again.json()["rows"] == first.json()["rows"]
        # While its time lasts nobody else answers for it.
        for act in ("printed", "failed"):
            assert api(cast.staff).post(jobs_path(cast, job.pk, act)).json()["code"] == "print_job_taken"


def test_printed_is_told_once_and_to_the_business_alone(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    job = only_job(order)
    api(cast.owner).post(jobs_path(cast, job.pk, "claim"))
    done = api(cast.owner).post(jobs_path(cast, job.pk, "printed"))
    assert (done.status_code, done.json()["state"]) == (200, "printed")
    event = OrderEvent.objects.filter(order=order).last()
    assert (event.kind, event.reason, event.visible_to) == ("note", "Ticket printed", "business")
    assert event.data == {"print_job": job.pk, "kind": "ticket", "copy": 1, "state": "printed"}
    with assert_nothing_changed(order):
        assert api(cast.owner).post(jobs_path(cast, job.pk, "printed")).json()["state"] == "printed"
        assert api(cast.owner).post(jobs_path(cast, job.pk, "failed")).json()["code"] == "print_job_settled"
        assert api(cast.owner).post(jobs_path(cast, job.pk, "claim")).json()["code"] == "print_job_settled"
    assert api(cast.owner).get(jobs_path(cast)).json()["count"] == 0
    assert only_job(order).content is None
    told = api(cast.customer).get(f"{ORDERS}/{order.pk}/history").json()["results"]
    assert "Ticket printed" not in [row["reason"] for row in told]


def test_an_unconfirmed_claim_is_asked_about_and_never_handed_out_again(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    job = only_job(order)
    api(cast.owner).post(jobs_path(cast, job.pk, "claim"))
    lapse(job)
    assert [row["state"] for row in api(cast.owner).get(jobs_path(cast)).json()["results"]] == ["unsure"]
    assert api(cast.staff).post(jobs_path(cast, job.pk, "claim")).json()["code"] == "print_job_taken"
    # Somebody has looked: there is none. The paper that takes its place says what it may be.
    no = api(cast.staff).post(jobs_path(cast, job.pk, "failed"), {"reason": "Nothing came out"})
    assert (no.status_code, no.json()["failure"]) == (200, "Nothing came out")
    assert papers(order) == [
        ("ticket", 1, "accepted", "failed", False),
        ("ticket", 2, "not_printed", "waiting", True),
    ]
    with assert_nothing_changed(order):
        api(cast.staff).post(jobs_path(cast, job.pk, "failed"))
    # The device is heard after all: the second paper is not needed.
    assert api(cast.owner).post(jobs_path(cast, job.pk, "printed")).json()["state"] == "printed"
    assert [paper[3] for paper in papers(order)] == ["printed", "withdrawn"]


def test_a_late_word_does_not_take_back_a_paper_that_is_claimed(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    job = only_job(order)
    api(cast.owner).post(jobs_path(cast, job.pk, "claim"))
    api(cast.owner).post(jobs_path(cast, job.pk, "failed"))
    second = PrintJob.objects.get(order=order, number=2)
    rows = api(cast.staff).post(jobs_path(cast, second.pk, "claim")).json()["rows"]
    assert [row["text"] for row in rows if row["kind"] == "mark"] == [
        "COPY 2",
        "POSSIBLE DOUBLE: another paper may have been printed",
    ]
    assert api(cast.owner).post(jobs_path(cast, job.pk, "printed")).status_code == 200
    assert [paper[3] for paper in papers(order)] == ["printed", "claimed"]


def test_a_reprint_is_marked_and_one_that_waits_is_not_doubled(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    ask = f"{ORDERS}/{order.pk}/print-jobs"
    with assert_nothing_changed(order):
        waiting = api(cast.owner).post(ask)
        assert (waiting.status_code, waiting.json()["copy"]) == (200, 1)
    job = only_job(order)
    api(cast.owner).post(jobs_path(cast, job.pk, "claim"))
    api(cast.owner).post(jobs_path(cast, job.pk, "printed"))
    asked = api(cast.owner).post(ask)
    assert (asked.status_code, asked.json()["copy"], asked.json()["may_double"]) == (201, 2, False)
    rows = api(cast.staff).post(jobs_path(cast, asked.json()["id"], "claim")).json()["rows"]
    assert [row["text"] for row in rows if row["kind"] == "mark"] == ["COPY 2"]
    # While it is not known whether that came out, the next one may be a double.
    assert api(cast.owner).post(ask).json()["may_double"] is True


def test_an_order_has_no_more_than_so_many_papers(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    PrintJob.objects.filter(order=order).update(number=MOST_COPIES, state="printed")
    with assert_nothing_changed(order):
        refused = api(cast.owner).post(f"{ORDERS}/{order.pk}/print-jobs")
        assert (refused.status_code, refused.json()["code"]) == (409, "too_many_copies")


def test_what_is_cancelled_before_it_is_claimed_is_not_printed(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    move(api, cast.owner, order, transition="reject", **REASON)
    assert [paper[3] for paper in papers(order)] == ["withdrawn"]
    with assert_nothing_changed(order):
        refused = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"))
        assert (refused.status_code, refused.json()["code"]) == (409, "print_job_settled")
    # It goes on after all: the ticket that nobody has seen is the first one again.
    move(api, cast.owner, order, transition="undo_reject", **REASON)
    assert papers(order) == [TICKET]


def test_what_may_lie_in_the_kitchen_is_called_off_on_paper(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    first = only_job(order)
    api(cast.owner).post(jobs_path(cast, first.pk, "claim"))
    move(api, cast.owner, order, transition="reject", **REASON)
    assert papers(order)[1:] == [("cancellation", 1, "cancelled", "waiting", False)]
    slip = PrintJob.objects.get(order=order, kind="cancellation")
    rows = api(cast.owner).post(jobs_path(cast, slip.pk, "claim")).json()["rows"]
    assert [row["text"] for row in rows if row["kind"] == "mark"] == ["CANCELLED: do not prepare"]
    assert not [row for row in rows if row["kind"] == "sum"]
    api(cast.owner).post(jobs_path(cast, slip.pk, "printed"))
    move(api, cast.owner, order, transition="undo_reject", **REASON)
    assert papers(order)[2:] == [("ticket", 2, "reopened", "waiting", False)]


def test_a_slip_that_nobody_has_seen_is_withdrawn_when_the_order_goes_on(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"))
    move(api, cast.owner, order, transition="reject", **REASON)
    move(api, cast.owner, order, transition="undo_reject", **REASON)
    assert [paper[3] for paper in papers(order)] == ["claimed", "withdrawn"]


def test_what_was_handed_over_unprinted_is_not_printed_but_what_was_asked_for_is(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    for wish in ({"transition": "mark_ready"}, {"to": 15, "code": order.collection_code}):
        move(api, cast.owner, order, **wish)
    assert [paper[3] for paper in papers(order)] == ["withdrawn"]
    api(cast.owner).post(f"{ORDERS}/{order.pk}/print-jobs")
    assert papers(order) == [("ticket", 1, "asked", "waiting", False)]


def test_nothing_is_told_of_what_nobody_has_claimed(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    with assert_nothing_changed(order):
        for act in ("printed", "failed"):
            refused = api(cast.owner).post(jobs_path(cast, only_job(order).pk, act))
            assert (refused.status_code, refused.json()["code"]) == (409, "print_job_not_claimed")
        too_long = api(cast.owner).post(jobs_path(cast, only_job(order).pk, "failed"), {"reason": "x" * 201})
        assert too_long.json()["errors"][0]["pointer"] == "/reason"
        assert api(cast.owner).post(jobs_path(cast, 2**62, "claim")).status_code == 404


@pytest.mark.parametrize("role", ["customer", "stranger", "other_owner", "courier", "driver", "dispatcher"])
def test_others_neither_see_nor_print(cast: Cast, api: Api, role: str) -> None:
    order = accepted(cast, api)
    job, client = only_job(order), api(getattr(cast, role))
    with assert_nothing_changed(order):
        assert client.get(jobs_path(cast)).status_code == 403
        assert client.post(jobs_path(cast, job.pk, "claim")).status_code == 403
        for act in ("printed", "failed"):
            assert client.post(jobs_path(cast, job.pk, act)).status_code in (403, 404)
        assert client.post(f"{ORDERS}/{order.pk}/print-jobs").status_code in (403, 404)
    assert only_job(order).state == "waiting"


def test_the_list_costs_the_same_for_one_and_for_many(cast: Cast, api: Api) -> None:
    counts = []
    for _ in range(2):
        accepted(cast, api)
        with CaptureQueriesContext(connection) as seen:
            api(cast.owner).get(jobs_path(cast))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5


def test_the_lease_is_told(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    api(cast.owner).post(jobs_path(cast, only_job(order).pk, "claim"))
    job = only_job(order)
    assert job.lease_until - job.claimed_at == LEASE
