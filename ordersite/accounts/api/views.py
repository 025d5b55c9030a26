"""Who am I: signing in, registering, one's own data and API tokens."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts import registration, services, sign_ins
from ordersite.accounts.api.serializers import (
    AddressInput,
    AddressOutput,
    ApiTokenInput,
    ApiTokenOutput,
    MeOutput,
    NewApiTokenOutput,
    PasswordResetConfirmInput,
    PasswordResetInput,
    RefreshInput,
    RegisterConfirmInput,
    RegisteredOutput,
    RegisterInput,
    SignInInput,
    TokensOutput,
    UserInput,
    UserOutput,
)
from ordersite.accounts.models import ApiToken, User
from ordersite.places.lookup import Answer
from ordersite.web.pagination import paginate, whole_number
from ordersite.web.problems import ForbiddenProblem
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.throttling import client_address
from ordersite.web.views import ApiView, parse, render, who_asks


def user_of(request: Request) -> User:
    """The person who calls; raises ForbiddenProblem for a merchant's token, which stands for nobody."""
    if not isinstance(request.user, User):
        raise ForbiddenProblem("not_a_user", "An API token acts for a merchant: sign in as a person for this call.")
    return request.user


def user_in_person(request: Request) -> User:
    """The same, without an API token: one that leaked must not be able to make itself immortal."""
    if isinstance(request.auth, ApiToken):
        raise ForbiddenProblem(
            "api_token_refused", "An API token cannot create or revoke API tokens: sign in as a person."
        )
    return user_of(request)


class PublicView(ApiView):
    """Open to anybody, and no credential is read: a token that has run out must not keep one from a new one."""

    authentication_classes = []
    permission_classes = [AllowAny]


class PasswordView(PublicView):
    """Hashes a password, which takes long on purpose."""

    keeps_answers = False

    def run_unsafe(self, call: Any) -> Response:
        """No transaction is around the call: SQLite's one writer would wait for the hash."""
        return call()


class AuthTokenView(PasswordView):
    @extend_schema(request=SignInInput, responses={200: TokensOutput})
    def post(self, request: Request) -> Response:
        """Sign in with e-mail and password, and `otp` for an account with a second step.

        Without it such an account is answered 401 `otp_required`, with a wrong or used one 401 `invalid_otp`.
        After too many tries of an account, or from a network address, 429 tells how long to wait.
        """
        tokens = services.sign_in(request=request._request, **parse(SignInInput, request.data))
        return Response(render(TokensOutput, tokens))


class AuthTokenRefreshView(PublicView):
    keeps_answers = False

    @extend_schema(request=RefreshInput, responses={200: TokensOutput})
    def post(self, request: Request) -> Response:
        """New tokens. The refresh token is used up.

        Sent once more within 30 seconds it has the same successor; later it ends its sign-in.
        """
        return Response(render(TokensOutput, sign_ins.renew_sign_in(**parse(RefreshInput, request.data))))


class AuthLogoutView(PublicView):
    @extend_schema(request=RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """End the sign-in of a refresh token: its access tokens and sockets end with it."""
        sign_ins.end_sign_in(**parse(RefreshInput, request.data))
        return Response(status=204)


class AuthRegisterView(PasswordView):
    @extend_schema(request=RegisterInput, responses={201: RegisteredOutput})
    def post(self, request: Request) -> Response:
        """Become a user and customer, signed in here; the e-mail counts elsewhere once its mailed link is followed.

        The answer is the same for an e-mail that has an account: its owner is told by mail.
        """
        fields = parse(RegisterInput, request.data)
        user, tokens = registration.register(**fields, address=client_address(request))
        return Response({**render(UserOutput, user), **render(TokensOutput, tokens)}, status=201)


class AuthRegisterConfirmView(PasswordView):
    @extend_schema(request=RegisterConfirmInput, responses={200: RegisteredOutput})
    def post(self, request: Request) -> Response:
        """Confirm the e-mail with what the link carried and the password, and sign in."""
        fields = parse(RegisterConfirmInput, request.data)
        user, tokens = registration.confirm_registration(**fields, address=client_address(request))
        return Response({**render(UserOutput, user), **render(TokensOutput, tokens)})


class AuthRegisterResendView(ApiView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Have the link that confirms one's e-mail mailed once more; 409 where it is confirmed."""
        registration.send_confirmation(user_of(request), address=client_address(request))
        return Response(status=204)


class AuthPasswordResetView(PublicView):
    @extend_schema(request=PasswordResetInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Ask for a link by e-mail; the answer is the same for an e-mail that is not known."""
        fields = parse(PasswordResetInput, request.data)
        services.request_password_reset(**fields, address=client_address(request))
        return Response(status=204)


class AuthPasswordResetConfirmView(PasswordView):
    @extend_schema(request=PasswordResetConfirmInput, responses={204: None})
    def post(self, request: Request) -> Response:
        """Set a new password with what the link carried; every earlier token and session ends."""
        fields = parse(PasswordResetConfirmInput, request.data)
        services.confirm_password_reset(**fields, address=client_address(request))
        return Response(status=204)


class MeView(ApiView):
    @extend_schema(responses={200: MeOutput})
    def get(self, request: Request) -> Response:
        """Who calls."""
        return Response(render(MeOutput, user_of(request)))

    @extend_schema(request=UserInput, responses={200: MeOutput})
    def patch(self, request: Request) -> Response:
        """Change one's name or phone, or which mails one gets; the latter once the e-mail is confirmed, else 409."""
        fields = parse(UserInput, request.data, partial=True)
        return Response(render(MeOutput, services.change_user(user_of(request), **fields)))


class AddressesView(ApiView):
    @extend_schema(
        parameters=[*PAGE_PARAMETERS, ordering_parameter("id", "label")], responses=page_schema(AddressOutput)
    )
    def get(self, request: Request) -> Response:
        """The addresses that one keeps."""
        return paginate(
            request,
            services.addresses_of(user_of(request)),
            lambda row: render(AddressOutput, row),
            orderings={"id": ("id",), "label": ("label", "id")},
            default="id",
        )

    @extend_schema(request=AddressInput, responses={201: AddressOutput})
    def post(self, request: Request) -> Response:
        """Keep an address for later orders."""
        fields, found = self.prepared()
        address = services.add_address(user_of(request), found, **fields)
        return Response(render(AddressOutput, address), status=201)

    def before_post(self, request: Request) -> tuple[dict[str, Any], Answer]:
        """The address, and what is known of it where it comes without a point."""
        fields = parse(AddressInput, request.data)
        return fields, services.look_up_address(user_of(request), None, fields, who_asks(request))


class AddressView(ApiView):
    @extend_schema(request=AddressInput, responses={200: AddressOutput})
    def patch(self, request: Request, address_id: int) -> Response:
        """Change an address; orders that were placed keep theirs."""
        fields, found = self.prepared()
        address = services.change_address(user_of(request), address_id, found, **fields)
        return Response(render(AddressOutput, address))

    def before_patch(self, request: Request, address_id: int) -> tuple[dict[str, Any], Answer]:
        """What changes, and what is known of a text or a point that came alone."""
        fields = parse(AddressInput, request.data, partial=True)
        return fields, services.look_up_address(user_of(request), address_id, fields, who_asks(request))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, address_id: int) -> Response:
        """Forget an address."""
        services.delete_address(user_of(request), address_id)
        return Response(status=204)


class ApiTokensView(ApiView):
    @extend_schema(
        parameters=[
            *PAGE_PARAMETERS,
            ordering_parameter("id", "name"),
            OpenApiParameter(
                "merchant",
                {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**9},
                description="The merchant whose tokens are listed, if you administer it; otherwise your own tokens.",
            ),
        ],
        responses=page_schema(ApiTokenOutput),
    )
    def get(self, request: Request) -> Response:
        """One's own API tokens, or a merchant's, that are not revoked."""
        user = user_of(request)
        merchant = whole_number(request, "merchant", 0, 10**9) or None
        return paginate(
            request,
            services.api_tokens_of(user, merchant),
            lambda row: render(ApiTokenOutput, row),
            orderings={"id": ("id",), "name": ("name", "id")},
            default="-id",
        )

    @extend_schema(request=ApiTokenInput, responses={201: NewApiTokenOutput})
    def post(self, request: Request) -> Response:
        """Make an API token; its text is told this once."""
        user = user_in_person(request)
        row, token = services.make_api_token(user, **parse(ApiTokenInput, request.data))
        return Response({**render(ApiTokenOutput, row), "token": token}, status=201)


class ApiTokenView(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke an API token at once."""
        services.revoke_api_token(user_in_person(request), token_id)
        return Response(status=204)
