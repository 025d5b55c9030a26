"""Who may watch is asked again for everybody at once."""

from ordersite.accounts.models import User
from tests.cast import Cast
from tests.tracking.live import jwt, make_order
from tracking.watchers import Watcher, as_dispatcher, as_driver, at_vendor, by_bearer, refusals


def at_work(cast: Cast, user: User) -> Watcher:
    return at_vendor(cast.vendor.pk, *by_bearer(jwt(user)))


def test_those_who_may_stay(cast: Cast) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    watchers = [
        at_work(cast, cast.owner),
        at_work(cast, cast.staff),
        as_driver(*by_bearer(jwt(cast.driver))),
        as_dispatcher(by_bearer(jwt(cast.dispatcher))[1], None),
        Watcher(stream=f"order:{order.pk}"),
    ]
    assert refusals(watchers) == {}
