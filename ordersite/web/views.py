"""The base of every API view: authenticate, parse, call one service, render."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from ordersite.core.crypto import token_hash
from ordersite.core.numbers import read_whole
from ordersite.web.idempotency import ANONYMOUS, ANONYMOUS_KEY, body_fingerprint, key_scope, run_unsafe
from ordersite.web.problems import BadRequest
from ordersite.web.queries import check_parameters, parameters_of
from ordersite.web.throttling import client_address

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
READS = ("GET", "HEAD", "OPTIONS")


class ApiView(APIView):
    """A DRF view whose unsafe calls are one transaction each and honour Idempotency-Key.

    Query parameters that the schema does not declare, or that come twice, are refused, but for views that know not all
    of theirs.
    """

    knows_its_parameters = True

    # The methods that answer anybody. There a credential that is not taken, as apps send on one that has run out,
    # counts as none.
    public: ClassVar[Sequence[str]] = ()

    # The methods that a vendor's paired device may call: what its board does, nothing else of the API.
    devices: ClassVar[Sequence[str]] = ()

    # Where the answer lets somebody in, or no transaction is around the call, none is kept: Idempotency-Key is ignored.
    keeps_answers = True

    made_before: tuple[Any, Exception | None] = None, None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's own dispatch, but for the transaction around an unsafe handler."""
        self.args, self.kwargs = args, kwargs
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers = drf_request, self.default_response_headers
        try:
            self.initial(drf_request, *args, **kwargs)
            method = (drf_request.method or "").lower()
            known = method in self.http_method_names and hasattr(self, method)
            if known and self.knows_its_parameters and drf_request.query_params:
                check_parameters(drf_request.query_params, parameters_of(self, method.upper()))
            handler = getattr(self, method) if known else self.http_method_not_allowed
            if known and drf_request.method in UNSAFE:
                self.run_before(drf_request, method)
                response = self.run_unsafe(lambda: handler(drf_request, *args, **kwargs))
            else:
                response = handler(drf_request, *args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        return self.response

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except (AuthenticationFailed, PermissionDenied):
            if not self.is_public(request):
                raise

    def is_public(self, request: Request) -> bool:
        """Whether the call answers anybody, so that a credential that is not taken counts as none."""
        return request.method in self.public

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are: the header Allow, whoever asks."""
        return Response(status=204)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """DRF's own, but that nobody must be known, nor is counted, to ask for the methods."""
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def get_authenticate_header(self, request: Request) -> str:
        """Who is not known is asked for a bearer, also where a view reads none: 401, never DRF's 403."""
        return "Bearer"

    def run_before(self, request: Request, method: str) -> None:
        """Calls `before_post(request)` (or _put, …) where the view has one, before the call's transaction begins.

        What it returns or raises is had from `prepared`, inside: a call that is repeated answers what it did first.
        """
        before = getattr(self, f"before_{method}", None)
        if before is None:
            return
        _ = request.data  # a body that cannot be read is refused here: it reads as an empty one the next time
        try:
            self.made_before = before(request, **self.kwargs), None
        except Exception as error:
            self.made_before = None, error

    def prepared(self) -> Any:
        """What was made before the transaction."""
        made, error = self.made_before
        if error:
            raise error
        return made

    def run_unsafe(self, call: Any) -> Response:
        request = self.request
        key = request.headers.get("Idempotency-Key")
        if key is None or not self.keeps_answers:
            return run_unsafe(call)
        # Foreign APIs take a path with a slash at its end or without: it is the same call.
        path = request.path.rstrip("/")
        scope = key_scope(key=key, caller=caller_key(request), method=str(request.method), path=path)
        return run_unsafe(call, scope=scope, fingerprint=body_fingerprint(request.data))


def who_asks(request: Request) -> str:
    """Whose look-ups of addresses are counted together: a caller's, or those of a network address."""
    return str(request.user.caller_key) if request.user.is_authenticated else client_address(request)


def caller_key(request: Request) -> str:
    """Who repeats a call: a user, a merchant, a guest's token (one too short to be ours is none), or anybody."""
    if request.user.is_authenticated:
        return str(request.user.caller_key)
    token = request.headers.get("Order-Token", "")
    return f"guest:{token_hash(token)}" if len(token) >= ANONYMOUS_KEY else ANONYMOUS


@cache
def shared(serializer: type[Serializer], partial: bool = False) -> Serializer:
    """One instance of a serializer for all requests: building its fields costs more than using them."""
    return serializer(partial=partial)


def parse(serializer: type[Serializer], data: Any, *, partial: bool = False) -> Any:
    """The validated input; raises DRF's ValidationError, rendered as 400 with a pointer a field."""
    return shared(serializer, partial).run_validation(data)


def render(serializer: type[Serializer], value: Any) -> Any:
    """The output of one object."""
    return shared(serializer).to_representation(value)


def if_match(request: Request) -> int | None:
    """The version that the client saw, from If-Match; None where it does not care."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    version = read_whole(given.removeprefix("W/").strip('"'))
    if version is None:
        raise BadRequest("header:If-Match", "invalid", 'Send the ETag as you read it, such as "3".')
    return version
