"""Paired tablets and printers."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from ordersite.accounts.rights import Right, has_right
from ordersite.accounts.scoping import caller_of_request
from ordersite.backoffice.moments import moment_column, write_moment
from ordersite.backoffice.once import OnceForm, Told, answer_once, keep_told, page_of_row, perform_form, take_told
from ordersite.backoffice.row_choosers import Chooser
from ordersite.backoffice.selections import VersionedAdmin
from ordersite.core.context import absolute
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem
from ordersite.web.throttling import client_address
from vendors.admin.scoping import ScopedAdmin, within
from vendors.models import Device, Vendor
from vendors.services.devices import (
    PairingCode,
    add_device,
    pair_device,
    rename_device,
    renew_pairing_code,
    revoke_device,
)


class DeviceForm(OnceForm):
    """A tablet, which is paired by a code, or a printer, which is told where to sign in."""

    vendor = forms.ModelChoiceField(Vendor.objects.all(), widget=Chooser(Device._meta.get_field("vendor"), admin.site))
    name = forms.CharField(max_length=60, help_text="How it is told from others: Kitchen, Counter.")
    kind = forms.ChoiceField(choices=[("board", "Tablet with the board"), ("printer", "Printer (CloudPRNT)")])


class DeviceNameForm(OnceForm):
    name = forms.CharField(max_length=60)


@admin.register(Device)
class DeviceAdmin(ScopedAdmin, VersionedAdmin):
    """Written by the services that the API calls too. What pairs a device is shown once, on its page."""

    list_display = ["name", "kind", "vendor", "paired", "last_seen", "printer_status", "revoked"]
    list_select_related = ["vendor"]
    list_filter = ["kind", "revoked_at"]
    search_fields = ["name", "vendor__name"]
    fields: ClassVar[Any] = [*list_display, "created_by", "made"]
    paired = moment_column("paired_at", lambda device: device.vendor.zone, "paired at")
    last_seen = moment_column("last_seen_at", lambda device: device.vendor.zone, "last seen at")
    revoked = moment_column("revoked_at", lambda device: device.vendor.zone, "revoked at")
    made = moment_column("created_at", lambda device: device.vendor.zone, "created at")
    readonly_fields: ClassVar[Any] = fields
    list_per_page = 50
    actions = ["revoke"]
    change_list_template = "admin/vendors/device/change_list.html"
    change_form_template = "admin/vendors/device/change_form.html"
    # A device that works tells of itself all the time.
    volatile = ("last_seen_at", "printer_status")

    class Media:
        css: ClassVar[Any] = {"all": ["admin-orders.css"]}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("new/", wrap(never_cache(self.new_view)), name="vendors_device_new"),
            path("<id:device_id>/do/<slug:act>/", wrap(require_POST(self.act_view)), name="vendors_device_act"),
            *super().get_urls(),
        ]

    def may_manage(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self.has_revoke_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_manage": self.may_manage(request)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        shown = {
            "told": take_told(request),
            "may_manage": self.may_manage(request),
            "act_form": OnceForm(auto_id=False),
        }
        return super().change_view(request, object_id, form_url, shown)

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """A new device; its code, or a printer's password, is shown once, on its page."""
        if not self.may_manage(request):
            raise PermissionDenied
        form = DeviceForm(request.POST or None)
        vendors: Any = form.fields["vendor"]
        vendors.queryset = within(request, vendors.queryset, "pk")

        def add() -> Mapping[str, Any]:
            given = form.cleaned_data
            caller = caller_of_request(request)
            device, code = add_device(caller, given["vendor"].pk, name=given["name"], kind=given["kind"])
            return {"id": device.pk, "done": f"{device} is added.", "told": told_once(request, device, code)}

        return answer_once(request, self, form, add, title="New device", button="Add it")

    def act_view(self, request: HttpRequest, device_id: int, act: str) -> HttpResponse:
        """What a button of a device's page says; told in a message."""
        if not self.may_manage(request):
            raise PermissionDenied
        device = self.get_queryset(request).select_related("vendor").filter(pk=device_id).first()
        form = (DeviceNameForm if act == "rename" else OnceForm)(request.POST)
        do, page = ACTS.get(act), page_of_row(self, device_id)
        if device is None or do is None:
            messages.error(request, "Nothing was done: there is no such device any more.")
        elif not form.is_valid():
            messages.error(request, "Nothing was done: type a name of at most 60 characters.")
        elif response := perform_form(request, form, lambda: do(request, device, form.cleaned_data)):
            if told := response.data.get("told"):
                keep_told(request, page, told)
            messages.success(request, response.data["done"])
        else:
            messages.error(request, next(str(texts[0]) for texts in form.errors.values()))
        return HttpResponseRedirect(page)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Device | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return has_right(user, Right.CHANGE_VENDORS)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Ends the devices that are chosen; what is revoked already is skipped."""
        caller = caller_of_request(request)
        for device in queryset.filter(revoked_at=None).order_by("pk"):
            try:
                with transaction.atomic():
                    revoke_device(caller, device.vendor_id, device.pk)
            except Refusal as refused:
                messages.warning(request, f"{device} was not revoked: {as_problem(refused).detail}")
            else:
                messages.success(request, f"{device} of {device.vendor} is revoked.")


def told_once(request: HttpRequest, device: Device, code: PairingCode) -> Told:
    """What a person types: on a tablet the code, into a printer's settings where it signs in, and as whom."""
    if device.kind == Device.Kind.PRINTER:
        _, password = pair_device(code=code.code, address=client_address(request))
        return {"Address": absolute.get()(reverse("cloudprnt")), "User": str(device.pk), "Password": password}
    until = write_moment(code.expires_at, device.vendor.zone)
    return {"Open on the tablet": absolute.get()(reverse("pair")), "Code": code.code, "Until": until}


# --- what the buttons do ------------------------------------------------------------------------------------------

Act = Callable[[HttpRequest, Device, Mapping[str, Any]], Mapping[str, Any]]


def renew_code(request: HttpRequest, device: Device, given: Mapping[str, Any]) -> Mapping[str, Any]:
    _, code = renew_pairing_code(caller_of_request(request), device.vendor_id, device.pk)
    is_printer = device.kind == Device.Kind.PRINTER
    done = (
        "The password before it holds no more." if is_printer else "A tablet that is paired stays so until it is used."
    )
    return {"done": done, "told": told_once(request, device, code)}


def name_anew(request: HttpRequest, device: Device, given: Mapping[str, Any]) -> Mapping[str, Any]:
    renamed = rename_device(caller_of_request(request), device.vendor_id, device.pk, name=given["name"])
    return {"done": f"It is called {renamed} now."}


def end_device(request: HttpRequest, device: Device, given: Mapping[str, Any]) -> Mapping[str, Any]:
    revoke_device(caller_of_request(request), device.vendor_id, device.pk)
    return {"done": f"{device} is revoked: it sees and does nothing any more."}


ACTS: Mapping[str, Act] = {"code": renew_code, "rename": name_anew, "revoke": end_device}
