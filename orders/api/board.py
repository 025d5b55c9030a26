"""What a vendor's board draws, in one call."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.board_outputs import BoardOutput, render_board
from orders.reading.board import read_board
from orders.reading.feed_heads import feed_headers
from ordersite.accounts.authentication import caller_of
from ordersite.core.numbers import read_whole
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import MAX_ID
from ordersite.web.views import ApiView

# So many orders can be asked for by their ids.
MOST_ASKED = 100
IDS = r"^([1-9][0-9]{0,18}(,[1-9][0-9]{0,18}){0,99})?$"


def ids_asked(request: Request) -> list[int] | None:
    """The ids in ?orders=, None where all are asked for; raises BadRequest for what is no list of ids."""
    given = request.query_params.get("orders")
    if given is None:
        return None
    found = [read_whole(part) for part in given.split(",")] if given else []
    ids = [pk for pk in found if pk is not None and 0 < pk <= MAX_ID]
    if len(ids) != len(found) or len(found) > MOST_ASKED:
        raise BadRequest("?orders", "invalid", f"Send up to {MOST_ASKED} ids of orders, separated by commas.")
    return list(dict.fromkeys(ids))


class VendorBoardView(ApiView):
    """A vendor's board."""

    devices = ("GET",)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "orders",
                {"type": "string", "pattern": IDS},
                description=f"Only these orders: up to {MOST_ASKED} ids, separated by commas. Empty: none, to read the "
                "vendor's settings alone.",
            )
        ],
        responses={200: BoardOutput},
        operation_id="readVendorBoard",
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """Everything that a board draws: open orders, those handed over lately, and the vendor's settings of today.

        The headers Feed-Position and Feed-Epoch say where the feed stood before the orders were read: go on from there.
        """
        board = read_board(caller_of(request), vendor_id, timezone.now(), ids_asked(request))
        return Response(render_board(board), headers=feed_headers(board.vendor))
