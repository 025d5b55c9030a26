"""Finding an address."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.places.lookup import find_places
from ordersite.places.protocol import MOST_TEXT, Point
from ordersite.web.problems import BadRequest, Problem
from ordersite.web.serializers import LocationField
from ordersite.web.views import ApiView, render, who_asks

POINT = r"^-?\d{1,2}(\.\d{1,15})?,-?\d{1,3}(\.\d{1,15})?$"
Q = {"type": "string", "minLength": 1, "maxLength": MOST_TEXT}


class PlaceOutput(serializers.Serializer):
    text = serializers.CharField()
    location = LocationField()


class PlacesOutput(serializers.Serializer):
    results = PlaceOutput(many=True)


class PlacesView(ApiView):
    """Where an address is, for who types one."""

    @extend_schema(
        parameters=[
            OpenApiParameter("q", Q, required=True, description="The address."),
            OpenApiParameter(
                "near",
                {"type": "string", "pattern": POINT},
                description="Latitude and longitude separated by a comma: places near this point come first.",
            ),
        ],
        responses=PlacesOutput,
        operation_id="findPlaces",
    )
    def get(self, request: Request) -> Response:
        """The places that an address may mean, the likeliest first; at most five. 503 where none can be asked."""
        text = request.query_params.get("q", "").strip()
        if not text or len(text) > MOST_TEXT:
            raise BadRequest("?q", "invalid", f"Send the address to look up, of 1 to {MOST_TEXT} characters.")
        found = find_places(text, near_of(request), who=who_asks(request))
        if found is None:
            raise Problem(
                "places_unavailable",
                "Addresses cannot be looked up at the moment: send a location with the address.",
                status=503,
                headers={"Retry-After": "10"},
            )
        return Response(render(PlacesOutput, {"results": found}))


def near_of(request: Request) -> Point | None:
    given: Any = request.query_params.get("near")
    if given is None:
        return None
    try:
        lat, lng = (float(part) for part in given.split(","))
    except ValueError:
        lat = lng = float("nan")
    if not (abs(lat) <= 90 and abs(lng) <= 180):
        raise BadRequest(
            "?near", "invalid", "Send a latitude and a longitude separated by a comma, such as 50.85,4.35."
        )
    return Point(lat, lng)
