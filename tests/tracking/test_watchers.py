"""Who may watch is asked again for everybody at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order
from orders.services.record.epochs import current_epoch
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.sign_ins import begin_sign_in, end_sign_in
from tests.cast import Cast
from tests.tracking.live import happen, jwt, make_order
from tracking.feed.closings import WatchRefused
from tracking.feed.hub import Admission, Knock, admissions
from tracking.feed.watchers import (
    Credential,
    Watcher,
    admit,
    as_dispatcher,
    as_driver,
    at_vendor,
    by_bearer,
    refusals,
)
from vendors.models import Member


def at_work(cast: Cast, user: User) -> Watcher:
    return at_vendor(cast.vendor.pk, by_bearer(jwt(user)))


def codes(watchers: list[Watcher]) -> dict[Watcher, int]:
    return {watcher: closing.code for watcher, closing in refusals(watchers).items()}


def everybody(cast: Cast, order: Order) -> list[Watcher]:
    token = ApiToken.objects.create(
        name="till", merchant=cast.merchant, token_hash=f"hash {order.pk}", hint="", scopes=["read"]
    )
    shown = Credential(merchant_id=cast.merchant.pk, token_id=token.pk)
    return [
        at_work(cast, cast.owner),
        at_work(cast, cast.staff),
        as_driver(by_bearer(jwt(cast.driver))),
        as_dispatcher(by_bearer(jwt(cast.dispatcher)), None),
        Watcher(stream=f"order:{order.pk}"),
        Watcher(stream=f"vendor:{cast.vendor.pk}", credential=shown),
    ]


def test_those_who_may_stay(cast: Cast) -> None:
    watchers = everybody(cast, make_order(cast.vendor, cast.customer_row))
    assert refusals(watchers) == {}


def test_as_many_statements_for_many_as_for_few(cast: Cast) -> None:
    few = everybody(cast, make_order(cast.vendor, cast.customer_row))
    many = few + [watcher for _ in range(10) for watcher in everybody(cast, make_order(cast.vendor, cast.customer_row))]
    counts = []
    for watchers in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            refusals(watchers)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


def test_many_are_admitted_by_as_many_statements_as_few(cast: Cast) -> None:
    """Each signed in by itself, each behind by another number of events."""
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(10):
        happen(order)
    users = User.objects.bulk_create(User(email=f"t{n}@example.org", name="T", password="!") for n in range(60))
    Member.objects.bulk_create(Member(user=user, merchant=cast.merchant, all_vendors=True) for user in users)
    epoch, counts = current_epoch(), []
    for few in (users[:6], users):
        knocks = [
            Knock(partial(at_work, cast, user), number % 10, epoch if number else None)
            for number, user in enumerate(few)
        ]
        with CaptureQueriesContext(connection) as queries:
            found = admissions(knocks)
        counts.append(len(queries))
        for number, one in enumerate(found):
            assert isinstance(one, Admission)
            assert [entry.position for entry in one.first.entries] == list(range(number % 10 + 1, 11))
    assert counts[0] == counts[1] <= 10


def test_who_may_not_come_in_leaves_the_others_alone(cast: Cast) -> None:
    def fails() -> Watcher:
        raise ValueError("a bug")

    doors: list[Callable[[], Watcher]] = [
        fails,
        partial(at_work, cast, cast.owner),
        partial(at_work, cast, cast.customer),
        by_nobody,
    ]
    codes = [one.code if isinstance(one, WatchRefused) else None for one in admit(doors)]
    assert codes == [1013, None, 4403, 4401]


def by_nobody() -> Watcher:
    return at_vendor(1, by_bearer("nonsense"))


def test_a_member_of_some_vendors_watches_those(cast: Cast) -> None:
    watcher = at_work(cast, cast.owner)
    member = Member.objects.get(user=cast.owner)
    member.all_vendors = False
    member.save()
    assert codes([watcher]) == {watcher: 4403}
    member.vendors.add(cast.vendor)
    assert refusals([watcher]) == {}
    # A vendor of another merchant that is named by mistake opens nothing.
    foreign = Watcher(stream=f"vendor:{cast.other_vendor.pk}", credential=watcher.credential)
    member.vendors.add(cast.other_vendor)
    assert codes([watcher, foreign]) == {foreign: 4403}


def test_a_token_that_may_not_read_any_more(cast: Cast) -> None:
    *_, merchant = everybody(cast, make_order(cast.vendor, cast.customer_row))
    tokens = ApiToken.objects.filter(pk=merchant.credential.token_id)
    for change in ({"scopes": ["write"]}, {"scopes": ["read"], "expires_at": timezone.now() - timedelta(seconds=1)}):
        tokens.update(**change)
        assert codes([merchant]) == {merchant: 4401}


def test_a_merchants_token_whose_maker_has_left(cast: Cast) -> None:
    *_, merchant = everybody(cast, make_order(cast.vendor, cast.customer_row))
    ApiToken.objects.filter(pk=merchant.credential.token_id).update(created_by=cast.owner)
    assert refusals([merchant]) == {}
    Member.objects.filter(user=cast.owner).update(role=Member.Role.STAFF)
    assert codes([merchant]) == {merchant: 4401}
    Member.objects.filter(user=cast.owner).update(role=Member.Role.OWNER)
    assert refusals([merchant]) == {}
    User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    assert codes([merchant]) == {merchant: 4401}


def test_a_sign_in_that_has_ended(cast: Cast) -> None:
    tokens = [begin_sign_in(cast.owner) for _ in range(2)]
    ended, stays = (at_vendor(cast.vendor.pk, by_bearer(one.access)) for one in tokens)
    assert refusals([ended, stays]) == {}
    end_sign_in(tokens[0].refresh)
    assert codes([ended, stays]) == {ended: 4401}


def test_a_lapsed_code(cast: Cast) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    watcher = Watcher(stream=f"order:{order.pk}")
    for days, refused in ((6, {}), (8, {watcher: 4404})):
        Order.objects.filter(pk=order.pk).update(closed_at=timezone.now() - timedelta(days=days))
        assert codes([watcher]) == refused
