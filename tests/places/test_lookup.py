"""Geocoders: what they are asked, what is made of their answers, and what happens where there is none."""

import time
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction

from ordersite.core.faults import Throttled
from ordersite.demo.sites import HOME, MERCHANTS
from ordersite.demo.stories import STORIES
from ordersite.places.lookup import find_places, geocoder_of, name_point, pause
from ordersite.places.protocol import FoundPlace, Point
from ordersite.web.problems import as_problem
from tests.places.fake_geocoder import FakeGeocoder, nominatim, photon

CENTRE = Point(50.8467, 4.3525)


@pytest.fixture
def asks_nominatim(fake: FakeGeocoder, settings: Any) -> FakeGeocoder:
    settings.GEOCODER_URL = f"nominatim+http://{fake.host}/osm?countrycodes=be"
    return fake


@pytest.fixture
def asks_photon(fake: FakeGeocoder, settings: Any) -> FakeGeocoder:
    settings.GEOCODER_URL = f"photon+http://{fake.host}?lang=fr"
    return fake


def found(*rows: tuple[str, float, float]) -> tuple[FoundPlace, ...]:
    return tuple(FoundPlace(text=text, lat=lat, lng=lng) for text, lat, lng in rows)


class TestNominatim:
    def test_what_it_is_asked_and_answers(self, asks_nominatim: FakeGeocoder, settings: Any) -> None:
        settings.PUBLIC_URL = "https://orders.example.com"
        asks_nominatim.answers["/osm/search"] = [nominatim("118, Rue Haute, Bruxelles", 50.8396, 4.3496)]
        assert find_places("  Rue  Haute 118 ", CENTRE) == found(("118, Rue Haute, Bruxelles", 50.8396, 4.3496))
        assert asks_nominatim.asked == [
            (
                "/osm/search",
                {
                    "countrycodes": "be",
                    "q": "Rue Haute 118",
                    "format": "jsonv2",
                    "limit": "5",
                    "viewbox": "4.0525,50.5467,4.6525,51.1467",
                },
            )
        ]
        assert asks_nominatim.agents == ["ordersite (https://orders.example.com)"]

    def test_the_address_of_a_point(self, asks_nominatim: FakeGeocoder) -> None:
        asks_nominatim.answers["/osm/reverse"] = nominatim("Rue Haute 120", 50.8395, 4.3495)
        assert name_point(Point(50.83951, 4.34951)) == found(("Rue Haute 120", 50.8395, 4.3495))
        asks_nominatim.answers["/osm/reverse"] = {"error": "Unable to geocode"}
        assert name_point(Point(0, 0)) == ()

    @pytest.mark.parametrize(
        "answer",
        [
            {"error": "no"},
            b"<html>",
            b"[" * 100_000,
            b" " * 600_000,
            b"\xff\xfe",
        ],
    )
    def test_nonsense_is_no_answer(self, asks_nominatim: FakeGeocoder, answer: Any) -> None:
        asks_nominatim.answers["/osm/search"] = answer
        assert find_places("Rue Haute 118") is None
        assert pause.until == 0

    @pytest.mark.parametrize(
        "row",
        [
            5,
            {"display_name": "x"},
            {"lat": "1", "lon": "1"},
            nominatim("x", 91, 0),
            {"display_name": "x", "lat": "nan", "lon": "1"},
            {"display_name": 5, "lat": "1", "lon": "1"},
            {"display_name": "  ", "lat": "1", "lon": "1"},
        ],
    )
    def test_a_row_that_is_no_place_is_left_out(self, asks_nominatim: FakeGeocoder, row: Any) -> None:
        asks_nominatim.answers["/osm/search"] = [row, nominatim("y", 50, 4)]
        assert find_places("Rue Haute 118") == found(("y", 50, 4))
        asks_nominatim.answers["/osm/reverse"] = row
        assert name_point(CENTRE) == ()
        assert pause.until == 0


class TestPhoton:
    def test_what_it_is_asked_and_answers(self, asks_photon: FakeGeocoder) -> None:
        parts = {"street": "Rue Haute", "housenumber": "118", "postcode": "1000", "city": "Bruxelles"}
        asks_photon.answers["/api"] = {
            "features": [
                photon(50.8396, 4.3496, **parts, name="Burger Haut", country="Belgique"),
                photon(50.9, 4.4, name="Rue Haute"),
            ]
        }
        assert find_places("Rue Haute 118", CENTRE) == found(
            ("Burger Haut, Rue Haute 118, 1000 Bruxelles, Belgique", 50.8396, 4.3496), ("Rue Haute", 50.9, 4.4)
        )
        assert asks_photon.asked == [
            ("/api", {"lang": "fr", "q": "Rue Haute 118", "limit": "5", "lat": "50.8467", "lon": "4.3525"})
        ]
        asks_photon.answers["/reverse"] = {"features": []}
        assert name_point(CENTRE) == ()

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ([], None),
            ({"features": 5}, None),
            ({"features": [{}]}, ()),
            ({"features": [photon(1, 200, name="x"), {"geometry": {"coordinates": [1]}, "properties": {}}]}, ()),
            ({"features": [{}, photon(50, 4, name="x")]}, found(("x", 50, 4))),
        ],
    )
    def test_nonsense_is_no_answer_or_no_place(self, asks_photon: FakeGeocoder, answer: Any, said: Any) -> None:
        asks_photon.answers["/api"] = answer
        assert find_places("Rue Haute 118") == said
        assert pause.until == 0


class TestEveryGeocoder:
    def test_an_answer_is_kept(self, asks_nominatim: FakeGeocoder) -> None:
        asks_nominatim.answers["/osm/search"] = [nominatim("x", 50, 4)]
        for text in ("Rue Haute 118", "rue haute  118"):
            assert find_places(text, CENTRE) == found(("x", 50, 4))
        assert len(asks_nominatim.asked) == 1
        assert find_places("Rue Haute 118", Point(48.8, 2.3)) == found(("x", 50, 4))
        assert len(asks_nominatim.asked) == 2

    @pytest.mark.parametrize(
        ("text", "lat", "told"),
        [
            ("a\ud800b", 50, found(("a b", 50, 4))),
            ("Rue Haute\r\n118\u2028Brussels\x00", 50, found(("Rue Haute 118 Brussels", 50, 4))),
            ("\u202e\x07", 50, ()),
            ("x", 10**400, ()),
        ],
    )
    def test_what_it_says_is_text_and_points_or_no_place(
        self, asks_nominatim: FakeGeocoder, text: str, lat: int, told: Any
    ) -> None:
        asks_nominatim.answers["/osm/search"] = [{"display_name": text, "lat": lat, "lon": 4}]
        assert find_places("Rue Haute 118") == told

    def test_no_more_are_kept_than_there_is_room_for(self) -> None:
        cache: Any = caches["places"]
        assert cache._max_entries == 10_000

    def test_the_same_place_twice_is_one_and_what_is_far_away_is_not_meant(self, asks_nominatim: FakeGeocoder) -> None:
        rows = [("A", 50.84, 4.35), ("A again", 50.8401, 4.35), ("B", 50.9, 4.35), ("Far", 48.8, 2.3)]
        asks_nominatim.answers["/osm/search"] = [nominatim(*row) for row in rows]
        assert find_places("x", CENTRE) == found(rows[0], rows[2])
        assert find_places("x") == found(rows[0], rows[2], rows[3])
        assert find_places("x", Point(0, 0)) == found(rows[0], rows[2], rows[3])

    @pytest.mark.parametrize("how", [{"slow": 5.0}, {"trickles": 0.1}, {"drips": 0.1}])
    def test_a_slow_one_is_given_up_and_then_left_alone(
        self, asks_nominatim: FakeGeocoder, settings: Any, how: dict[str, float]
    ) -> None:
        settings.GEOCODER_TIMEOUT = 0.3
        vars(asks_nominatim).update(how)
        asks_nominatim.answers["/osm/search"] = [nominatim("x" * 50, 50, 4)]
        begun = time.monotonic()
        assert find_places("Rue Haute 118") is None
        assert time.monotonic() - begun < 4.5
        assert find_places("Rue Haute 119") is None
        assert len(asks_nominatim.asked) == 1
        asks_nominatim.slow = asks_nominatim.trickles = asks_nominatim.drips = 0
        pause.until = 0
        assert find_places("Rue Haute 118") == found(("x" * 50, 50, 4))

    @pytest.mark.parametrize("status", [400, 403, 404, 414, 422, 428])
    def test_a_question_that_is_refused_stops_nobody_else(self, asks_nominatim: FakeGeocoder, status: int) -> None:
        asks_nominatim.status = status
        assert find_places("Rue Haute 118") == ()
        asks_nominatim.status = 200
        asks_nominatim.answers["/osm/search"] = [nominatim("x", 50, 4)]
        assert find_places("Rue Haute 118") == found(("x", 50, 4))

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_an_error_is_no_answer_and_not_kept(self, asks_nominatim: FakeGeocoder, status: int) -> None:
        asks_nominatim.status = status
        assert find_places("Rue Haute 118") is None
        assert pause.until > time.monotonic() + 5
        asks_nominatim.status, pause.until = 200, 0
        assert find_places("Rue Haute 118") == ()

    def test_one_that_is_not_there(self, settings: Any) -> None:
        settings.GEOCODER_URL = "photon+http://127.0.0.1:9"
        assert find_places("Rue Haute 118") is None
        settings.GEOCODER_URL = ""
        assert find_places("Rue Haute 118") is None

    def test_a_caller_asks_so_often_a_minute(self, asks_nominatim: FakeGeocoder, settings: Any) -> None:
        settings.THROTTLE_PLACES = 2
        answers = [find_places(f"Street {number}", who="user:7") for number in range(2)]
        assert answers == [(), ()]
        with pytest.raises(Throttled) as refused:
            find_places("Street 2", who="user:7")
        assert "Too many addresses were looked up" in as_problem(refused.value).detail
        assert find_places("Street 0", who="user:7") == ()
        assert find_places("Street 2", who="user:8") == ()

    @pytest.mark.django_db(transaction=True)
    def test_none_is_asked_inside_a_transaction(self, asks_nominatim: FakeGeocoder) -> None:
        with transaction.atomic(), pytest.raises(RuntimeError, match="never asked inside a transaction"):
            find_places("Rue Haute 118")
        assert asks_nominatim.asked == []
        assert find_places("Rue Haute 118") == ()


@pytest.mark.parametrize(
    "url", ["nominatim", "nominatim://", "https://x", "osm://x", "nominatim+ftp://x", "LOCAL", "photon+://"]
)
def test_a_url_that_names_no_geocoder(url: str) -> None:
    with pytest.raises(ValueError, match="GEOCODER_URL"):
        geocoder_of(url)


class TestLocal:
    def test_it_knows_every_address_of_the_demo(self) -> None:
        vendors = [vendor for merchant in MERCHANTS for vendor in merchant["vendors"]]
        for vendor in vendors:
            text = f"{vendor['address']}, {vendor['postal_code']} {vendor['city']}"
            (place,) = find_places(text) or ()
            assert (place.lat, place.lng) == (vendor["lat"], vendor["lng"]), text
        guests = [story.guest.place for story in STORIES if story.guest]
        assert {place.address for place in guests if not find_places(place.address)} == set()
        (home,) = find_places(str(HOME["address"])) or ()
        assert home == FoundPlace(text=str(HOME["address"]), lat=50.8472, lng=4.3547)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("rue haute 118", ("Rue Haute 118, 1000 Brussels", 50.8396, 4.3496)),
            ("HOOGSTRAAT 122A bus 3, 1000 Brussel, België", ("Rue Haute 122A, 1000 Brussels", 50.83935, 4.3494)),
            ("118 Rue Haute", ("Rue Haute 118, 1000 Brussels", 50.8396, 4.3496)),
            ("Rue Haute 999", ("Rue Haute 999, 1000 Brussels", 50.8349, 4.3466)),
            ("Rue du Marche aux Herbes 61", ("Rue du Marché aux Herbes 61, 1000 Brussels", 50.8472, 4.3547)),
            ("12 Lamb's Conduit Street, London WC1N", ("12 Lamb's Conduit Street, WC1N 3LN London", 51.5222, -0.1187)),
        ],
    )
    def test_as_people_write(self, text: str, expected: tuple[str, float, float]) -> None:
        assert find_places(text) == found(expected)

    @pytest.mark.parametrize(
        "text", ["Rue Haute 118, Liège", "Rue Haute 118, 4000", "Haute 118", "Naamsestraat 1", "Meir 1", "Here", "🏠"]
    )
    def test_what_it_does_not_know(self, text: str) -> None:
        assert find_places(text) == ()

    def test_two_streets_of_one_name(self) -> None:
        texts = ["Rue de l'Église 1, 1060 Brussels", "Rue de l'Église 1, 1082 Brussels"]
        assert [place.text for place in find_places("Rue de l’Église 1", CENTRE) or ()] == texts
        assert [place.text for place in find_places("Kerkstraat 1", Point(50.86, 4.30)) or ()] == texts[::-1]
        assert [place.text for place in find_places("Rue de l'Eglise 1, Saint-Gilles") or ()] == texts[:1]

    def test_the_address_of_a_point(self) -> None:
        (place,) = name_point(Point(50.8396, 4.3496)) or ()
        assert place.text == "Rue Haute 116, 1000 Brussels"
        assert name_point(Point(51.2, 4.4)) == ()
