"""Users, customers and API tokens in the back-office."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Expression, QuerySet, When
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ordersite.accounts import audit_admin  # noqa: F401  registers itself
from ordersite.accounts.announcing import user_enabled
from ordersite.accounts.logins import end_login, end_logins, logins_of
from ordersite.accounts.models import UNCONFIRMED, Address, ApiToken, Customer, User
from ordersite.accounts.rights import groups_within, holds_rights_of, permissions_within
from ordersite.accounts.scoping import EverywhereAdmin
from ordersite.accounts.second_step import remove_second_step
from ordersite.backoffice.comparing import ComparingAdmin, ComparingInline
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.faults import NotFound

# What is shown of an API token: never its hash.
TOKEN_FIELDS = ["name", "hint", "user", "merchant", "created_by", "scopes"]
TOKEN_FIELDS += ["created_at", "expires_at", "last_used_at", "revoked_at"]


class ConfirmedFirst(admin.ModelAdmin):
    """Searched and chosen, whoever has shown that the e-mail is his stands before who merely said so.

    Without a word to search for, a chooser offers the former alone (to rank all rows would read the whole table), and
    a list keeps its order.
    """

    rank: ClassVar[Expression]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        rows, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term.strip():
            if not request.GET.get(ORDER_VAR):
                rows = rows.order_by(self.rank, *rows.query.order_by)
        elif "term" in request.GET:
            rows = rows.alias(rank=self.rank).filter(rank=0)
        return rows, may_repeat


class UserCreationForm(TypedForm, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name", "phone"]


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(ConfirmedFirst, EverywhereAdmin, ComparingAdmin, DjangoUserAdmin):
    """Signs in by e-mail. Who changes somebody holds all of its rights, and gives none but its own."""

    form = UserChangeForm
    change_form_template = "admin/accounts/user/change_form.html"
    add_form = UserCreationForm
    list_display = ["__str__", "name", "phone", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "unconfirmed_email", "name", "phone"]
    ordering = ["-id"]
    rank = Case(When(email__endswith=UNCONFIRMED, then=1), default=0)
    volatile = ["last_login"]
    readonly_fields = ["uuid", "unconfirmed_email", "second_step_at", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "unconfirmed_email", "password", "second_step_at", "name", "phone", "uuid"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "phone", "usable_password", "password1", "password2"]}),
    ]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and obj.is_active and "is_active" in form.changed_data:
            user_enabled.send(sender=User, user_id=obj.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(never_cache(self.logins_view))
        return [path("<id:user_id>/logins/", view, name="accounts_user_logins"), *super().get_urls()]

    def logins_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """What lets the person in; for who may change it, with what ends it and takes the second step off."""
        person = User.objects.filter(pk=user_id).first()
        if not self.has_view_permission(request, person):
            raise PermissionDenied
        may_change = self.has_change_permission(request, person)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        if person is None:
            raise Http404
        if request.method == "POST" and person == request.user and request.POST.get("act") == "take_off":
            # There the password is asked for: a session alone does not take off what others would have to show.
            return HttpResponseRedirect(reverse("account"))
        if request.method == "POST":
            done = end_for(person, request.POST)
            self.log_change(request, person, done)
            messages.success(request, done)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": person,
            "title": f"Sign-ins of {person}",
            "logins": logins_of(person),
            "may_change": may_change,
        }
        return TemplateResponse(request, "admin/accounts/user/logins.html", context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's own; one's own is changed where the old one is asked for."""
        if self.get_object(request, unquote(id)) == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        return super().user_change_password(request, id, form_url)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without the password, and the link that sets another, for who may not change it."""
        fieldsets: Any = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**part, "fields": [name for name in part["fields"] if name != "password"]})
            for title, part in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        settled = [] if request.user.is_superuser else ["is_superuser"]
        return [*super().get_readonly_fields(request, obj), *settled]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never of an account that was erased: nothing of it is left that could be right or wrong."""
        editor: Any = request.user
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or (holds_rights_of(editor, obj) and not is_erased(obj))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Groups and permissions, as far as who gives them holds them."""
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        editor: Any = request.user
        if db_field.name == "groups":
            field.queryset = groups_within(editor)
        if db_field.name == "user_permissions":
            field.queryset = permissions_within(editor).select_related("content_type")
        return field

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: what a person did keeps its name. Switch the account off instead."""
        return False


def end_for(person: User, given: Any) -> str:
    """Ends what a button of the page of sign-ins names; what was done, in words."""
    if given.get("act") == "take_off":
        remove_second_step([person])
        return "The second step is taken off: the password alone signs in, until a new one is set up."
    if given.get("act") == "end_all":
        return f"{end_logins(person)} sign-ins are ended. API tokens stay until they are ended one by one."
    try:
        end_login(person, given.get("kind", ""), given.get("id", ""))
    except NotFound:
        return "It had ended already."
    return "It is ended."


def is_erased(user: User) -> bool:
    return Customer.objects.filter(user=user).exclude(erased_at=None).exists()


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ComparingAdmin, DjangoGroupAdmin):  # type: ignore[misc]  # its fields of relations take less
    """What a group holds is for superusers to say: whoever is in it gets it at once."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


class AddressForm(forms.ModelForm):
    """A saved address: its point does not stay behind where its text changes."""

    lat = forms.FloatField(min_value=-90, max_value=90, required=False)
    lng = forms.FloatField(min_value=-180, max_value=180, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tiles = {"data-tiles": settings.MAP_TILES_URL, "data-attribution": settings.MAP_ATTRIBUTION}
        self.fields["lat"].widget.attrs |= {"data-map-point": "", **tiles}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        point = given.get("lat"), given.get("lng")
        if (point[0] is None) != (point[1] is None) and not {"lat", "lng"} & self.errors.keys():
            self.add_error("lat", "Fill in both latitude and longitude, or neither.")
        moved = {"lat", "lng"} & set(self.changed_data)
        if self.instance.pk and "address" in self.changed_data and not moved and point[0] is not None:
            detail = "The address has changed: set its location again, or leave it empty to have it looked up."
            self.add_error("lat", detail)
        return given


class AddressInline(ComparingInline):
    """Each with a pin on a map."""

    model = Address
    form = AddressForm
    extra = 0
    template = "admin/edit_inline/stacked.html"

    class Media:
        css: ClassVar[Any] = {"all": ["admin-map.css"]}
        js: ClassVar[Any] = [Script("admin-map.js", type="module")]


@admin.register(Customer)
class CustomerAdmin(ConfirmedFirst, EverywhereAdmin, ComparingAdmin):
    """Customers, guests among them. Whose account one is was settled when it was made: its wallet goes with it."""

    list_display = ["name", "email", "phone", "user", "created_at"]
    ordering = ["-id"]
    rank = Case(When(user=None, then=2), When(user__email__endswith=UNCONFIRMED, then=1), default=0)
    search_fields = ["name", "email", "phone"]
    readonly_fields = ["user", "uuid", "created_at"]
    inlines = [AddressInline]
    kept_instead = "Erase what is known of it on its page instead."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).select_related("user")


@admin.register(ApiToken)
class ApiTokenAdmin(EverywhereAdmin, ComparingAdmin):
    """Tokens are made through the API, which tells them once; here they are seen and revoked. Hashes stay hidden."""

    list_display = [
        "name",
        "hint",
        "user",
        "merchant",
        "scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
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
        editor: Any = request.user
        living = queryset.filter(revoked_at=None).select_related("user")
        tokens = [token for token in living if token.user is None or holds_rights_of(editor, token.user)]
        count = queryset.filter(pk__in=[token.pk for token in tokens]).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} API tokens revoked.")
        if skipped := len(living) - len(tokens):
            level = messages.WARNING
            told = f"{skipped} belong to people with more rights than you: they were not revoked."
            self.message_user(request, told, level)
