"""Webhooks: endpoints that are told of what happens, and the log of what was sent to them (docs/webhooks.md)."""

from itertools import chain
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import WebhookEndpoint
from orders.models.outgoing import format_choices
from orders.reading.webhooks import deliveries_of, with_creators
from orders.services.outgoing.addresses import MOST_CHARACTERS, find_target
from orders.services.outgoing.deliveries import redeliver, replay_missed, send_test
from orders.services.outgoing.endpoints import (
    add_endpoint,
    change_endpoint,
    delete_endpoint,
    get_endpoint,
    managed_endpoints,
    rotate_secret,
)
from orders.services.outgoing.formats import STANDARD, webhook_formats
from orders.services.record.outbox import TYPES
from ordersite.accounts.authentication import caller_of
from ordersite.core.others import release_connection
from ordersite.core.replica import from_replica
from ordersite.places.lookup import count_lookup
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import IdField, Input, LineField
from ordersite.web.views import ApiView, parse, render, who_asks

FOREIGN = " or ".join(f"`{name}`" for name in webhook_formats() if name != STANDARD.name)
TYPE_LIST = "\n".join(f"* `{name}`: {text}" for name, text in TYPES.items())


class FormatField(serializers.ChoiceField):
    """A format of the registry, as it is when somebody calls."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=format_choices(), **options)


class WebhookTypeField(serializers.ChoiceField):
    """A name of what is told, in any of the formats: the service refuses those of another one."""

    def __init__(self, **options: Any) -> None:
        names = chain.from_iterable(one.names for one in webhook_formats().values())
        super().__init__(choices=list(dict.fromkeys(names)), **options)


class WebhookChange(Input):
    url = LineField(max_length=MOST_CHARACTERS, help_text="Where it is told: https, on the public internet.")
    types = serializers.ListField(
        child=WebhookTypeField(),
        min_length=1,
        max_length=len(TYPES),
        help_text=f"What it is told of, in the names of its format; of ours:\n\n{TYPE_LIST}",
    )
    enabled = serializers.BooleanField(help_text="False switches it off; true on again.")


class WebhookInput(WebhookChange):
    enabled = None  # type: ignore[assignment]
    merchant = IdField(
        allow_null=True, default=None, help_text="Told of the orders at this merchant; by who administers it."
    )
    format = FormatField(
        default=STANDARD.name, help_text=f"In whose shape it is told: `standard`, ours; {FOREIGN}, for their consumers."
    )
    site = serializers.BooleanField(default=False, help_text="Told of everything on the site; by staff.")


class ReplayInput(Input):
    since = serializers.DateTimeField(help_text="From when on what was not delivered is sent again.")


class WebhookOutput(serializers.Serializer):
    """An endpoint: a merchant's, the site's, or with neither of a user, told of the orders that it placed."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    format = serializers.CharField(help_text=f"In whose shape it is told: `standard`, {FOREIGN}.")
    merchant = serializers.IntegerField(source="merchant_id", allow_null=True)
    site = serializers.SerializerMethodField(help_text="Whether it is the site's.")
    created_at = serializers.DateTimeField()
    created_by = serializers.SerializerMethodField(help_text="Who added it; null for an API token of a merchant.")
    creator_left = serializers.BooleanField(
        help_text="Whether whoever added it is deactivated, or administers the merchant no longer. It is told all the "
        "same: it belongs to the merchant, or to the site."
    )
    enabled = serializers.SerializerMethodField(help_text="Whether it is told.")
    disabled_at = serializers.DateTimeField(allow_null=True, help_text="When it was switched off.")
    disabled_why = serializers.CharField(
        help_text="`asked`: by hand; `gone`: it answered 410; `failing`: it only failed for five days."
    )
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Since when every try has failed.")
    delivered_at = serializers.DateTimeField(allow_null=True, help_text="When it last took something, to the minute.")
    missed_since = serializers.DateTimeField(
        allow_null=True,
        help_text="From when on a replay sends what was given up, and what came while it was switched off.",
    )
    previous_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when the secret before the last rotation signs too."
    )

    def get_site(self, row: WebhookEndpoint) -> bool:
        return row.merchant_id is None and row.user_id is None

    def get_created_by(self, row: WebhookEndpoint) -> str | None:
        return row.created_by.name or row.created_by.email if row.created_by else None

    def get_enabled(self, row: WebhookEndpoint) -> bool:
        return row.disabled_at is None


class WebhookSecretOutput(WebhookOutput):
    """With its secret, which is told this once."""

    secret = serializers.CharField(help_text="What signatures are verified with: whsec_ and base64.")


def show_endpoint(row: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint that was just written or found, as the list shows it."""
    return render(WebhookOutput, with_creators(WebhookEndpoint.objects.filter(pk=row.pk)).get())


class WebhookDeliveryOutput(serializers.Serializer):
    """One message to the endpoint, and what came of the last try."""

    id = serializers.IntegerField()
    webhook_id = serializers.CharField(help_text="The header of that name, the same at every try.")
    type = serializers.CharField(help_text="The type of what it tells, in the names of the endpoint's format.")
    subject = serializers.CharField(source="message.subject", help_text="What it is about, such as order:17.")
    created_at = serializers.DateTimeField(source="message.created_at", help_text="When it happened.")
    state = serializers.ChoiceField(choices=["waiting", "delivered", "failed"])
    tries = serializers.IntegerField(help_text="How often it was tried.")
    tried_at = serializers.DateTimeField(allow_null=True, help_text="When it was last tried.")
    next_try_at = serializers.DateTimeField(source="due_at", allow_null=True, help_text="When it is tried again.")
    answered = serializers.IntegerField(allow_null=True, help_text="The status that it was answered with.")
    failure = serializers.CharField(help_text="Why it was not delivered.")
    milliseconds = serializers.IntegerField(allow_null=True, help_text="How long the last try took.")
    delivered_at = serializers.DateTimeField(allow_null=True, help_text="When it was delivered.")


class ReplayedOutput(serializers.Serializer):
    deliveries = serializers.IntegerField(source="count", help_text="How many are sent, the oldest.")
    next_since = serializers.DateTimeField(
        allow_null=True, help_text="The `since` of the next call, where there are more."
    )


def check_target(request: Request, url: str) -> None:
    """Resolves an address and checks it; counted as a look-up of an address is.

    A name server of somebody's own may take as long as it likes: no connection of the database waits for it.
    """
    count_lookup(who_asks(request))
    release_connection()
    find_target(url)


class WebhooksView(ApiView):
    @extend_schema(parameters=[*PAGE_PARAMETERS, ordering_parameter("id")], responses=page_schema(WebhookOutput))
    def get(self, request: Request) -> Response:
        """One's own endpoints and those of the merchants that one administers; to staff all."""
        rows = with_creators(managed_endpoints(caller_of(request)))
        return paginate(request, rows, lambda row: render(WebhookOutput, row), orderings={"id": ("id",)}, default="-id")

    def before_post(self, request: Request) -> dict[str, Any]:
        """The endpoint, whose address was resolved and checked."""
        given: dict[str, Any] = parse(WebhookInput, request.data)
        check_target(request, given["url"])
        return given

    @extend_schema(request=WebhookInput, responses={201: WebhookSecretOutput})
    def post(self, request: Request) -> Response:
        """Add an endpoint. Its secret is told this once."""
        row, secret = add_endpoint(caller_of(request), **self.prepared())
        return Response({**show_endpoint(row), "secret": secret}, status=201)


class WebhookView(ApiView):
    @extend_schema(responses=WebhookOutput)
    def get(self, request: Request, endpoint_id: int) -> Response:
        """One endpoint, without its secret."""
        return Response(show_endpoint(get_endpoint(caller_of(request), endpoint_id)))

    def before_patch(self, request: Request, endpoint_id: int) -> dict[str, Any]:
        """What changes; a new address was resolved and checked."""
        given: dict[str, Any] = parse(WebhookChange, request.data, partial=True)
        if "url" in given:
            check_target(request, given["url"])
        return given

    @extend_schema(request=WebhookChange, responses=WebhookOutput)
    def patch(self, request: Request, endpoint_id: int) -> Response:
        """Change an endpoint. Switched on again, `missed_since` says from when on a replay sends what it missed."""
        return Response(show_endpoint(change_endpoint(caller_of(request), endpoint_id, **self.prepared())))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Delete an endpoint and its log."""
        delete_endpoint(caller_of(request), endpoint_id)
        return Response(status=204)


class WebhookSecretView(ApiView):
    @extend_schema(request=None, responses={201: WebhookSecretOutput})
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Give an endpoint a new secret. For 24 hours the one before signs too."""
        row, secret = rotate_secret(caller_of(request), endpoint_id)
        return Response({**show_endpoint(row), "secret": secret}, status=201)


class WebhookTestView(ApiView):
    @extend_schema(request=None, responses={201: WebhookDeliveryOutput}, operation_id="testWebhook")
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Send an endpoint a message of the type `webhook.test`."""
        row = send_test(get_endpoint(caller_of(request), endpoint_id, lock=True))
        return Response(render(WebhookDeliveryOutput, row), status=201)


class WebhookReplayView(ApiView):
    @extend_schema(request=ReplayInput, responses=ReplayedOutput, operation_id="replayWebhook")
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Send what was not delivered since a moment, the oldest 5000 of it. What is older than 30 days is not kept."""
        given = parse(ReplayInput, request.data)
        endpoint = get_endpoint(caller_of(request), endpoint_id, lock=True)
        return Response(render(ReplayedOutput, replay_missed(endpoint, given["since"])))


class WebhookDeliveriesView(ApiView):
    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter("id")], responses=page_schema(WebhookDeliveryOutput)
    )
    @from_replica
    def get(self, request: Request, endpoint_id: int) -> Response:
        """What was sent to an endpoint, or waits to be; the newest first."""
        rows = deliveries_of(get_endpoint(caller_of(request), endpoint_id))
        return paginate(
            request, rows, lambda row: render(WebhookDeliveryOutput, row), orderings={"id": ("id",)}, default="-id"
        )


class RedeliverView(ApiView):
    @extend_schema(request=None, responses=WebhookDeliveryOutput, operation_id="redeliverWebhook")
    def post(self, request: Request, endpoint_id: int, delivery_id: int) -> Response:
        """Send a message again, by the same id, whatever came of it before."""
        endpoint = get_endpoint(caller_of(request), endpoint_id, lock=True)
        return Response(render(WebhookDeliveryOutput, redeliver(endpoint, delivery_id)))
