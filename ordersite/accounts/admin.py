"""Users, customers and API tokens in the back-office."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ordersite.accounts.models import Address, ApiToken, Customer, User
from ordersite.web.shown import ComparingAdmin, ComparingInline

# What is shown of an API token: never its hash.
TOKEN_FIELDS = ["name", "hint", "user", "merchant", "created_by", "scopes"]
TOKEN_FIELDS += ["created_at", "expires_at", "last_used_at", "revoked_at"]


class UserCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name", "phone"]


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(ComparingAdmin, DjangoUserAdmin):
    """Signs in by e-mail. Only a superuser gives rights, or touches another superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ["__str__", "name", "phone", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "unconfirmed_email", "name", "phone"]
    ordering = ["email"]
    volatile = ["last_login"]
    readonly_fields = ["uuid", "unconfirmed_email", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "unconfirmed_email", "password", "name", "phone", "uuid"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "phone", "usable_password", "password1", "password2"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        rights = [] if request.user.is_superuser else ["is_staff", "is_superuser", "groups", "user_permissions"]
        return [*super().get_readonly_fields(request, obj), *rights]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        within_reach = obj is None or not obj.is_superuser or request.user.is_superuser
        return within_reach and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: what a person did keeps its name. Switch the account off instead."""
        return False


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ComparingAdmin, DjangoGroupAdmin):
    """Rights that are given together."""


class AddressInline(ComparingInline):
    model = Address
    extra = 0


@admin.register(Customer)
class CustomerAdmin(ComparingAdmin):
    """Customers, guests among them."""

    list_display = ["name", "email", "phone", "user", "created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "email", "phone"]
    autocomplete_fields = ["user"]
    readonly_fields = ["uuid", "created_at"]
    inlines = [AddressInline]


@admin.register(ApiToken)
class ApiTokenAdmin(ComparingAdmin):
    """Tokens are made through the API, which tells them once; here they are seen and revoked. Hashes stay hidden."""

    list_display = ["name", "hint", "user", "merchant", "scopes", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["user", "merchant"]
    list_filter = ["revoked_at"]
    search_fields = ["name", "hint", "user__email", "merchant__name"]
    fields = [*TOKEN_FIELDS]
    readonly_fields = TOKEN_FIELDS
    actions = ["revoke"]
    volatile = ["last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Revoke the selected API tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} API tokens revoked.")
