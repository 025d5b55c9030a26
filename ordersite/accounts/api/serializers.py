"""What the account calls read and answer."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ordersite.accounts import services
from ordersite.accounts.mail_kinds import DECLINABLE
from ordersite.accounts.mails import declined_kinds
from ordersite.accounts.models import ApiToken, User
from ordersite.web.serializers import (
    IdField,
    Input,
    LineField,
    LocationField,
    LocationInput,
    LowerEmailField,
    ParagraphField,
    PhoneField,
)


class PasswordField(serializers.CharField):
    """A password as it was typed, spaces and all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=256, trim_whitespace=False, write_only=True, **kwargs)


class SignInInput(Input):
    email = LowerEmailField()
    password = PasswordField()
    otp = LineField(
        max_length=40,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="The code of your app, or a recovery code, if your account asks for a second step.",
    )


class RefreshInput(Input):
    refresh = serializers.CharField(max_length=4096)


class RegisterInput(Input):
    email = LowerEmailField()
    password = PasswordField()
    name = LineField(max_length=120, allow_blank=True, default="")
    phone = PhoneField(max_length=20, allow_blank=True, default="")


class RegisterConfirmInput(Input):
    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=128)
    password = PasswordField(help_text="The password that you registered with.")


class PasswordResetInput(Input):
    email = LowerEmailField()


class PasswordResetConfirmInput(Input):
    uid = serializers.CharField(max_length=64)
    token = serializers.CharField(max_length=128)
    password = PasswordField()


class UserInput(Input):
    name = LineField(max_length=120, allow_blank=True)
    phone = PhoneField(max_length=20, allow_blank=True)
    declined_mails = serializers.ListField(
        child=serializers.ChoiceField(choices=DECLINABLE),
        max_length=len(DECLINABLE),
        required=False,
        help_text="The kinds of mails that are not wanted, all of them; those that are left out are sent again.",
    )


class AddressInput(Input):
    label = LineField(max_length=40, allow_blank=True, default="")  # type: ignore[assignment]
    address = LineField(max_length=300)
    address_notes = ParagraphField(max_length=300, allow_blank=True, default="")
    location = LocationInput(allow_null=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The location as the two columns that hold it."""
        if "location" in attrs:
            location = attrs.pop("location") or {"lat": None, "lng": None}
            # A change checks no missing fields, and half a point is none.
            missing = {name: ["Send both lat and lng."] for name in ("lat", "lng") if name not in location}
            if missing:
                raise serializers.ValidationError({"location": missing}, "required")
            attrs.update(location)
        return attrs


class ApiTokenInput(Input):
    name = LineField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=ApiToken.Scope.choices), min_length=1, max_length=2
    )
    merchant = IdField(allow_null=True, default=None, help_text="For the merchant's own till or server.")
    expires_at = serializers.DateTimeField(allow_null=True, default=None)

    def validate_scopes(self, scopes: list[str]) -> list[str]:
        return sorted(set(scopes))

    def validate_expires_at(self, expires_at: Any) -> Any:
        if expires_at is not None and expires_at <= timezone.now():
            raise serializers.ValidationError("This time has passed: send a later one, or none.", "past")
        return expires_at


class TokensOutput(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class UserCustomerOutput(serializers.Serializer):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()


class UserOutput(serializers.Serializer):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    email = serializers.EmailField(source="shown_email")
    email_confirmed = serializers.BooleanField(
        source="is_confirmed",
        help_text="Whether it can be used to sign in on another device, or to reset the password.",
    )
    name = serializers.CharField()
    phone = serializers.CharField()
    is_staff = serializers.BooleanField()
    customer = UserCustomerOutput(allow_null=True)


class MembershipOutput(serializers.Serializer):
    """A merchant that one works at."""

    id = serializers.IntegerField(help_text="The merchant's id, such as a webhook endpoint is added for.")
    name = serializers.CharField()
    role = serializers.CharField(help_text="As what one works there: `owner`, `manager` or `staff`.")


class MeOutput(UserOutput):
    """Who calls."""

    merchants = serializers.SerializerMethodField(help_text="The merchants that one works at.")
    declined_mails = serializers.SerializerMethodField(help_text="The kinds of mails that are not sent to one.")

    @extend_schema_field(MembershipOutput(many=True))
    def get_merchants(self, user: User) -> list[dict[str, Any]]:
        return services.list_memberships(user)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=DECLINABLE)))
    def get_declined_mails(self, user: User) -> list[str]:
        return declined_kinds(user.email)


class RegisteredOutput(UserOutput, TokensOutput):
    """The user, signed in."""


class AddressOutput(serializers.Serializer):
    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = LocationField()


class ApiTokenOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    hint = serializers.CharField(help_text="The first characters of the token.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ApiToken.Scope.choices))
    merchant = serializers.IntegerField(source="merchant_id", allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class NewApiTokenOutput(ApiTokenOutput):
    token = serializers.CharField(help_text="Shown only once.")
