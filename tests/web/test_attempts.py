"""Counted tries, on whichever database the run is on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordersite.core.attempts import count_attempt, forget_attempts, refuse_if_locked
from ordersite.core.faults import Throttled
from ordersite.core.models import Attempt
from tests.promises.crowd import together

MINUTE = timedelta(minutes=1)


def count(subject: str = "ann@example.org", limit: int = 3) -> None:
    count_attempt("login", subject, limit=limit, window=MINUTE)


@pytest.mark.django_db
def test_refuses_beyond_the_limit_and_says_how_long() -> None:
    for _ in range(3):
        count()
    with pytest.raises(Throttled) as refused:
        count()
    assert refused.value.status == 429
    assert refused.value.keeps_writes
    assert 58 <= (refused.value.retry_after or 0) <= 60
    count("bob@example.org")


@pytest.mark.django_db
def test_the_subject_is_not_stored_in_clear() -> None:
    count()
    assert "ann" not in Attempt.objects.get().key


@pytest.mark.django_db
def test_the_window_does_not_move_with_further_tries_and_then_begins_anew() -> None:
    count()
    until = Attempt.objects.get().expires_at
    count()
    assert Attempt.objects.get().expires_at == until
    Attempt.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
    count()
    row = Attempt.objects.get()
    assert row.count == 1
    assert timedelta(seconds=58) < row.expires_at - timezone.now() <= MINUTE


@pytest.mark.django_db
def test_locked_only_while_the_tries_are_used_up() -> None:
    refuse_if_locked("login", "ann@example.org", limit=2)
    count()
    refuse_if_locked("login", "ann@example.org", limit=2)
    count()
    with pytest.raises(Throttled):
        refuse_if_locked("login", "ann@example.org", limit=2)
    Attempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refuse_if_locked("login", "ann@example.org", limit=2)


@pytest.mark.django_db
def test_a_success_forgets() -> None:
    count()
    forget_attempts("login", "ann@example.org")
    assert not Attempt.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_do_not_outrun_the_count() -> None:
    def is_let_through() -> bool:
        try:
            count(limit=7)
        except Throttled:
            return False
        return True

    assert sum(together([is_let_through] * 20, at_once=4)) == 7
    assert Attempt.objects.get().count == 20
