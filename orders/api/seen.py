"""What a device of a vendor has shown."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.services.moving.sightings import mark_shown
from ordersite.accounts.authentication import caller_of
from ordersite.web.serializers import Input, LineField, StrictIntegerField
from ordersite.web.views import ApiView, parse, render

MOST_POSITION = 10**15


class ShownInput(Input):
    """How far a device has shown a vendor's feed: everything up to that position stood on its screen."""

    epoch = LineField(max_length=32, help_text="The epoch of the position, as the feed told it.")
    position = StrictIntegerField(
        min_value=0, max_value=MOST_POSITION, help_text="The last position that was shown, not merely received."
    )


class FeedHeadOutput(serializers.Serializer):
    """Where the feed stands now."""

    epoch = serializers.CharField(help_text="The epoch that holds.")
    position = serializers.IntegerField(help_text="The last position of the feed.")


class ShownView(ApiView):
    devices = ("POST",)

    @extend_schema(request=ShownInput, responses={200: FeedHeadOutput}, operation_id="markShown")
    def post(self, request: Request, vendor_id: int) -> Response:
        """Say how far a device has shown the feed. An order that none shows in the vendor's time is mailed to it.

        A position of another epoch, or one that the feed has not reached, is a 409 with the `epoch` and `position`
        that hold.
        """
        given = parse(ShownInput, request.data)
        return Response(render(FeedHeadOutput, mark_shown(caller=caller_of(request), vendor_id=vendor_id, **given)))
