"""Paired tablets and printers."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.rights import Right, has_right
from ordersite.backoffice.selections import VersionedAdmin
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem
from vendors.admin.scoping import ScopedAdmin
from vendors.models import Device
from vendors.services.devices import revoke_device


@admin.register(Device)
class DeviceAdmin(ScopedAdmin, VersionedAdmin):
    """Shows devices, and revokes them. They are added where the vendor's people read the code (vendors.api.devices)."""

    list_display = ["name", "kind", "vendor", "paired_at", "last_seen_at", "printer_status", "revoked_at"]
    list_select_related = ["vendor"]
    list_filter = ["kind", "revoked_at"]
    search_fields = ["name", "vendor__name"]
    fields: ClassVar[Any] = [*list_display, "created_by", "created_at"]
    readonly_fields: ClassVar[Any] = fields
    list_per_page = 50
    actions = ["revoke"]
    # A device that works tells of itself all the time.
    volatile = ("last_seen_at", "printer_status")

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
        user: Any = request.user
        caller = caller_of_user(user)
        for device in queryset.filter(revoked_at=None).order_by("pk"):
            try:
                with transaction.atomic():
                    revoke_device(caller, device.vendor_id, device.pk)
            except Refusal as refused:
                messages.warning(request, f"{device} was not revoked: {as_problem(refused).detail}")
            else:
                messages.success(request, f"{device} of {device.vendor} is revoked.")
