"""What the pages of this app share: the menu's version, and inlines that do not ask once a row."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import ImageField, Model, QuerySet
from django.http import HttpRequest

from ordersite.accounts.rights import Right, holds_all
from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.backoffice.asking import ask_first
from ordersite.backoffice.row_choosers import row_id
from ordersite.web.image_fields import CleanImageField
from vendors.admin.scoping import ScopedAdmin
from vendors.services.announcing import DeliveryBefore
from vendors.services.harm import announce_and_look, named
from vendors.services.vendors import bump_menu_version, hold_vendor

# Uploaded pictures are cleaned before they are kept.
CLEAN_PICTURES: dict[Any, Any] = {ImageField: {"form_class": CleanImageField}}


def gives(request: HttpRequest, rights: Iterable[Right]) -> bool:
    """Whether who asks may make rows that amount to these rights: it holds them itself."""
    user: Any = request.user
    return holds_all(user, rights)


def changed_rows(formset: Any) -> bool:
    """Whether a saved inline has written, added or deleted a row."""
    return bool(formset.new_objects or formset.changed_objects or formset.deleted_objects)


def announce_and_warn(
    request: HttpRequest,
    vendor_id: int,
    changed: Collection[str],
    also: Sequence[str] = (),
    delivery_before: DeliveryBefore | None = None,
) -> None:
    """After all writes of a save: has reckoned anew what was changed, and names the orders left unserved.

    Raises Asks where orders could be served before and cannot any more, where the change harms others, and where there
    is something to ask `also`.
    """
    sees_orders = request.user.has_perm(Right.VIEW_ORDERS)
    unserved, lines = announce_and_look(vendor_id, changed, sees_orders=sees_orders, before=delivery_before)
    ask_first(request, [*lines, *also])
    if unserved:
        orders = named(map(str, unserved))
        messages.warning(
            request, f"These orders can no longer be served: {orders}. Call the customers, or cancel the orders."
        )


class MenuAdmin(ScopedAdmin, AmountsAdmin):
    """Whatever is saved or deleted here is part of the menu of `vendor`, whose version it bumps.

    What it belongs to is chosen once: a part of a menu that moved to another vendor would leave behind what it refers
    to.
    """

    belongs_to: ClassVar[str] = "vendor"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        standing = [self.belongs_to] if obj else []
        return [*super().get_readonly_fields(request, obj), *standing]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; where it is to be written its vendor is held before it, as by a till that changes the menu."""
        pk = row_id(object_id)
        if pk is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            self.hold_vendors(self.get_queryset(request).filter(pk=pk))
        return super().get_object(request, object_id, from_field)

    def hold(self, keys: set[int]) -> None:
        self.hold_vendors(self.model._base_manager.filter(pk__in=keys))
        super().hold(keys)

    def hold_vendors(self, rows: QuerySet[Any]) -> list[int]:
        """Of these rows, the lowest id first; which they are."""
        vendor_ids = sorted(set(rows.order_by().values_list(self.vendor_path, flat=True)))
        for vendor_id in vendor_ids:
            hold_vendor(vendor_id)
        return vendor_ids

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """First of all writes: a till that changes the menu by the API waits, or is waited for."""
        hold_vendor(obj.vendor_id)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Last of all writes of a save, so the new version has them all."""
        super().save_related(request, form, formsets, change)
        bump_menu_version(form.instance.vendor_id)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        hold_vendor(obj.vendor_id)
        super().delete_model(request, obj)
        bump_menu_version(obj.vendor_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            vendor_ids = self.hold_vendors(queryset)
            super().delete_queryset(request, queryset)
            for vendor_id in vendor_ids:
                bump_menu_version(vendor_id)


class SettledFormSet(forms.BaseInlineFormSet):
    """Rows whose references are chosen once, and then only shown: a chooser would ask the database once a row."""

    settled: tuple[str, ...] = ()

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if form.instance.pk is None:
            return
        for name in self.settled:
            chosen = getattr(form.instance, name)
            form.fields[name].disabled = True
            form.fields[name].widget = forms.Select(choices=[(chosen.pk, str(chosen))])


class UserFormSet(SettledFormSet):
    settled = ("user",)
