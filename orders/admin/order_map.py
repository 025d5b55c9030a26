"""A map of an order, drawn by the server as an SVG without streets or tiles, so that no other host is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians
from typing import NamedTuple

from orders.admin.display import span
from orders.kinds import package_of
from orders.lifecycle.positions import CURRENT
from orders.models import DriverPosition, Order
from ordersite.places.geometry import distance
from vendors.models import DeliveryZone

# Of the drawing, in its own units.
WIDTH, HEIGHT, MARGIN, LABEL = 600, 300, 56, 18
METRES = 111_195  # of a degree of latitude
# Metres that a map shows at least; a zone so many times wider than the points is cut off at its edge.
LEAST, WIDEST = 300.0, 2.0
SCALES = [digit * 10**power for power in range(1, 7) for digit in (1, 2, 5)]
LONGEST_SCALE = 140


class MapPlace(NamedTuple):
    """A place to draw: degrees, and what it is."""

    kind: str
    label: str
    lat: float
    lng: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place as it is drawn; its label stands beside it, on the side where there is room."""

    kind: str
    label: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMap:
    """What the template draws: places, the zone as a circle (x, y, radius) or corners, and a bar of some metres."""

    marks: Sequence[Mark]
    circle: tuple[float, float, float] | None
    corners: str
    scale: float
    scale_text: str
    told: Sequence[str]

    @property
    def in_words(self) -> str:
        return "; ".join(self.told)


class Projection:
    """Degrees to units of the drawing: near enough to the ground for what one order covers."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        lats, self.lng = [lat for lat, _ in points], points[0][1]
        self.lat = (min(lats) + max(lats)) / 2
        self.width = METRES * max(cos(radians(self.lat)), 0.01)
        metres = [self.metres(lat, lng) for lat, lng in points]
        xs, ys = [x for x, _ in metres], [y for _, y in metres]
        self.centre = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        across, down = max(max(xs) - min(xs), LEAST), max(max(ys) - min(ys), LEAST / 2)
        self.scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2 * MARGIN) / down)

    def metres(self, lat: float, lng: float) -> tuple[float, float]:
        """Eastwards and southwards, the short way round the earth."""
        east = (lng - self.lng + 180) % 360 - 180
        return east * self.width, (self.lat - lat) * METRES

    def place(self, lat: float, lng: float) -> tuple[float, float]:
        x, y = self.metres(lat, lng)
        return (
            round(WIDTH / 2 + (x - self.centre[0]) * self.scale, 1),
            round(HEIGHT / 2 + (y - self.centre[1]) * self.scale, 1),
        )


def map_of_order(order: Order, position: DriverPosition | None, now: datetime) -> OrderMap | None:
    """The map of an order that goes somewhere; None where no point of it is known but the vendor's."""
    spots = list(spots_of(order, position))
    if all(spot.kind == "pickup" for spot in spots):
        return None
    zone = order.delivery_zone
    points = [(spot.lat, spot.lng) for spot in spots]
    edge = list(edge_of(zone, order)) if zone else []
    shown = Projection([*points, *edge] if edge and is_near(points, edge) else points)
    metres = next(metres for metres in reversed(SCALES) if metres * shown.scale <= LONGEST_SCALE or metres == 10)
    return OrderMap(
        marks=list(place_marks(spots, shown)),
        circle=circle_of(zone, order, shown),
        corners=" ".join("{},{}".format(*shown.place(lat, lng)) for lat, lng in edge) if zone and zone.polygon else "",
        scale=round(metres * shown.scale, 1),
        scale_text=in_metres(metres),
        told=list(map_in_words(spots, zone, position, now)),
    )


def spots_of(order: Order, position: DriverPosition | None) -> Iterator[MapPlace]:
    package = package_of(order)
    if package is not None:
        if package.pickup_lat is not None and package.pickup_lng is not None:
            yield MapPlace("pickup", "Pick-up", package.pickup_lat, package.pickup_lng)
    elif order.vendor.lat is not None and order.vendor.lng is not None:
        yield MapPlace("pickup", order.vendor.name, order.vendor.lat, order.vendor.lng)
    if order.lat is not None and order.lng is not None:
        yield MapPlace("dropoff", "Drop-off", order.lat, order.lng)
    if position is not None:
        yield MapPlace("driver", "Driver", position.lat, position.lng)


def edge_of(zone: DeliveryZone, order: Order) -> Iterator[tuple[float, float]]:
    """Points of the edge of a zone: its corners, or the four sides of its circle around the vendor."""
    if zone.polygon:
        yield from ((float(lat), float(lng)) for lat, lng in zone.polygon)
    elif zone.radius and order.vendor.lat is not None and order.vendor.lng is not None:
        lat, lng = order.vendor.lat, order.vendor.lng
        north = zone.radius / METRES
        east = north / max(cos(radians(lat)), 0.01)
        yield from ((lat + north, lng), (lat - north, lng), (lat, lng + east), (lat, lng - east))


def is_near(points: Sequence[tuple[float, float]], edge: Sequence[tuple[float, float]]) -> bool:
    """Whether a zone may be shown whole, without the points becoming one."""
    across = max(max(distance(*points[0], *point) for point in points), LEAST)
    return max(distance(*points[0], *point) for point in edge) <= WIDEST * across


def circle_of(zone: DeliveryZone | None, order: Order, shown: Projection) -> tuple[float, float, float] | None:
    if zone is None or zone.polygon or not zone.radius or order.vendor.lat is None or order.vendor.lng is None:
        return None
    return *shown.place(order.vendor.lat, order.vendor.lng), round(zone.radius * shown.scale, 1)


def place_marks(spots: Sequence[MapPlace], shown: Projection) -> Iterator[Mark]:
    """The places; a label that would stand on another one stands below it."""
    taken: list[tuple[float, float]] = []
    for spot in spots:
        x, y = shown.place(spot.lat, spot.lng)
        at = y
        while any(abs(at - other_y) < LABEL and abs(x - other_x) < WIDTH / 3 for other_x, other_y in taken):
            at += LABEL
        taken.append((x, at))
        is_left = x > WIDTH / 2
        yield Mark(
            kind=spot.kind,
            label=spot.label,
            x=x,
            y=y,
            label_x=round(x - 12 if is_left else x + 12, 1),
            label_y=round(at + 4, 1),
            anchor="end" if is_left else "start",
        )


def map_in_words(
    spots: Sequence[MapPlace], zone: DeliveryZone | None, position: DriverPosition | None, now: datetime
) -> Iterator[str]:
    """What the map shows, in words."""
    places = {spot.kind: spot for spot in spots}
    pickup, dropoff = places.get("pickup"), places.get("dropoff")
    if pickup and dropoff:
        metres = distance(pickup.lat, pickup.lng, dropoff.lat, dropoff.lng)
        yield f"{in_metres(metres)} from {pickup.label} to the drop-off, as the crow flies"
    if position is not None:
        old = now - position.at
        age = f"{span(old)} ago" if old >= CURRENT else "just now"
        left = distance(position.lat, position.lng, dropoff.lat, dropoff.lng) if dropoff else None
        yield f"Driver {'' if left is None else f'{in_metres(left)} from the drop-off, '}{age}"
    if zone is not None:
        yield f"Zone {zone.name}"


def in_metres(metres: float) -> str:
    return f"{metres / 1000:.3g} km" if metres >= 1000 else f"{metres:.0f} m"
