"""GET /places."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ordersite.core.faults import Throttled
from ordersite.places.lookup import find_places
from ordersite.web.problems import as_problem
from tests.cast import Cast
from tests.orders.shopping import refused
from tests.places.fake_geocoder import FakeGeocoder

Api = Callable[..., APIClient]
PATH = "/api/v1/places"
pytestmark = pytest.mark.django_db


def test_places_with_what_is_near_first(cast: Cast, api: Api) -> None:
    for user in (cast.staff, cast.owner, cast.customer):
        answer = api(user).get(PATH, {"q": "Rue de l'Église 1", "near": "50.86,4.30"})
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "results": [
                    {"text": "Rue de l'Église 1, 1082 Brussels", "location": {"lat": 50.865, "lng": 4.2912}},
                    {"text": "Rue de l'Église 1, 1060 Brussels", "location": {"lat": 50.8274, "lng": 4.3452}},
                ]
            },
        )
    assert api(cast.customer).get(PATH, {"q": "Nowhere 1"}).json() == {"results": []}


def test_nobody_asks_without_a_name(api: Api) -> None:
    assert api().get(PATH, {"q": "Rue Haute 1"}).status_code == 401


@pytest.mark.parametrize("q", [None, "", "  ", "x" * 301])
def test_what_is_no_address(cast: Cast, api: Api, q: str | None) -> None:
    refused(api(cast.customer).get(PATH, {} if q is None else {"q": q}), 400, "?q", "invalid")


@pytest.mark.parametrize("near", ["", "50", "50,4,3", "north,east", "91,0", "0,181", "nan,1", "inf,1"])
def test_what_is_no_point(cast: Cast, api: Api, near: str) -> None:
    refused(api(cast.customer).get(PATH, {"q": "Rue Haute 1", "near": near}), 400, "?near", "invalid")


def test_so_often_a_minute(cast: Cast, api: Api, settings: Any) -> None:
    settings.THROTTLE_PLACES = 2
    numbers = (1, 2, 2, 3, 1)
    answers = [api(cast.customer).get(PATH, {"q": f"Rue Haute {number}"}) for number in numbers]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 200]  # what is kept asks nobody
    assert (answers[3].json()["code"], answers[3]["Retry-After"]) == ("throttled", "60")
    assert api(cast.stranger).get(PATH, {"q": "Rue Haute 3"}).status_code == 200


def test_what_placing_and_finding_look_up_is_counted_together(cast: Cast, api: Api, settings: Any) -> None:
    settings.THROTTLE_PLACES = 1
    assert api(cast.customer).get(PATH, {"q": "Rue Haute 1"}).status_code == 200
    with pytest.raises(Throttled) as counted:
        find_places("Rue Haute 2", who=cast.customer.caller_key)
    assert "Too many addresses were looked up" in as_problem(counted.value).detail


def test_a_geocoder_that_fails(cast: Cast, api: Api, settings: Any, fake: FakeGeocoder) -> None:
    fake.status = 500
    settings.GEOCODER_URL = f"nominatim+http://{fake.host}"
    answer = api(cast.customer).get(PATH, {"q": "Rue Haute 1"})
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "places_unavailable", "10")
