"""Looks addresses up with the geocoder of GEOCODER_URL, and keeps what it said for a day."""

import hashlib
import time
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.cache import caches

from ordersite.core.call_counts import count_call
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Throttled
from ordersite.places.geometry import distance
from ordersite.places.local import Local
from ordersite.places.nominatim import Nominatim
from ordersite.places.photon import Photon
from ordersite.places.protocol import (
    FoundPlace,
    Geocoder,
    GeocoderRefused,
    Point,
    Unavailable,
    UnreadableAnswer,
    point_in,
)
from ordersite.places.streets import STREETS

# What was found; None where the geocoder was not asked, or did not answer.
Answer = tuple[FoundPlace, ...] | None
KEPT = 86_400  # seconds
# Where a place lies within so many metres, those farther away are not meant.
NEAR = 50_000
# Two places so close are one, metres.
SAME = 60
# Seconds for which a geocoder is left alone that did not answer, failed (5xx) or asks for less (429).
REST = 10.0
SERVERS: dict[str, type[Nominatim] | type[Photon]] = {"nominatim": Nominatim, "photon": Photon}


@lru_cache(maxsize=4)
def geocoder_of(url: str) -> Geocoder | None:
    """The geocoder that a GEOCODER_URL names: "local", nominatim://host/path?…, photon://…; "" is none.

    Its scheme is https, http with +http (nominatim+http://127.0.0.1:8080). Raises ValueError for any other text.
    """
    if url in ("", "local"):
        return Local(STREETS) if url else None
    parts = urlsplit(url)
    kind, _, scheme = parts.scheme.partition("+")
    if kind not in SERVERS or scheme not in ("", "http", "https") or not parts.hostname:
        raise ValueError("GEOCODER_URL is local, nominatim://… or photon://…, with +http for plain HTTP.")
    return SERVERS[kind](f"{scheme or 'https'}://{parts.netloc}{parts.path.rstrip('/')}", dict(parse_qsl(parts.query)))


class Pause:
    """After a failure nobody waits for the geocoder again for REST seconds."""

    def __init__(self) -> None:
        self.until = 0.0


pause = Pause()


def find_places(text: str, near: Point | None = None, *, who: str = "") -> Answer:
    """The places that a text may mean, the likeliest first. `who` is counted by THROTTLE_PLACES where it is asked: 429.

    Of a text that is a point ("50.8466, 4.3528") nobody is asked.
    """
    words = " ".join(text.split())
    if not words:
        return ()
    if point := point_in(words):
        return (FoundPlace(text=words, lat=point.lat, lng=point.lng),)
    around = f"{near.lat:.1f},{near.lng:.1f}" if near else ""
    return kept_answer(
        f"find|{words.casefold()}|{around}", who, lambda geocoder: choose_places(geocoder.find(words, near), near)
    )


def name_point(point: Point, *, who: str = "") -> Answer:
    """The address at a point: one place, or none."""

    def ask(geocoder: Geocoder) -> tuple[FoundPlace, ...]:
        place = geocoder.name(point)
        return (place,) if place else ()

    return kept_answer(f"name|{point.lat:.5f},{point.lng:.5f}", who, ask)


def kept_answer(question: str, who: str, ask: Callable[[Geocoder], tuple[FoundPlace, ...]]) -> Answer:
    """The answer that is kept, else the geocoder's."""
    geocoder = geocoder_of(settings.GEOCODER_URL)
    if geocoder is None:
        return None
    cache = caches["places"]
    key = hashlib.sha256(f"{settings.GEOCODER_URL}|{question}".encode()).hexdigest()
    answer: Answer = cache.get(key)
    if answer is not None:
        return answer
    if time.monotonic() < pause.until:
        return None
    count_lookup(who)
    try:
        answer = ask(geocoder)
    except Unavailable:
        pause.until = time.monotonic() + REST
        return None
    except UnreadableAnswer:
        return None
    except GeocoderRefused:
        # Not kept: the next time it may take it.
        return ()
    cache.set(key, answer, KEPT)
    return answer


def count_lookup(who: str) -> None:
    """Counts a look-up; who is not named is not counted. Raises Throttled beyond THROTTLE_PLACES a minute.

    Not "as nobody knows it": who has used up its own would choose what an address is checked against.
    """
    if who and settings.THROTTLE_PLACES and count_call(f"places:{who}") > settings.THROTTLE_PLACES:
        raise Throttled(FaultCode.THROTTLED_PLACES, retry_after=60)


def choose_places(found: list[FoundPlace], near: Point | None) -> tuple[FoundPlace, ...]:
    """Each place once, and those near the point alone where there are any."""
    places: list[FoundPlace] = []
    for one in found:
        if all(distance(one.lat, one.lng, other.lat, other.lng) > SAME for other in places):
            places.append(one)
    close = [one for one in places if near and distance(near.lat, near.lng, one.lat, one.lng) <= NEAR]
    return tuple(close or places)
