"""What the pages of this app share: the menu's version, and inlines that do not ask once a row."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import ImageField, Model, QuerySet
from django.http import HttpRequest

from ordersite.accounts.rights import Right, holds_all
from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.web.image_fields import CleanImageField
from vendors.admin.scoping import ScopedAdmin
from vendors.services.vendors import announce_change, bump_menu_version

# Uploaded pictures are cleaned before they are kept.
CLEAN_PICTURES: dict[Any, Any] = {ImageField: {"form_class": CleanImageField}}
# So many orders a message names.
MOST_NAMED = 20


def gives(request: HttpRequest, rights: Iterable[Right]) -> bool:
    """Whether who asks may make rows that amount to these rights: it holds them itself."""
    user: Any = request.user
    return holds_all(user, rights)


def changed_rows(formset: Any) -> bool:
    """Whether a saved inline has written, added or deleted a row."""
    return bool(formset.new_objects or formset.changed_objects or formset.deleted_objects)


def announce_and_warn(request: HttpRequest, vendor_id: int, changed: Iterable[str]) -> None:
    """After all writes of a save: has reckoned anew what was changed, and names the orders left unserved."""
    unserved = announce_change(vendor_id, changed)
    if not unserved:
        return
    named = ", ".join(str(order) for order in unserved[:MOST_NAMED])
    more = f" and {len(unserved) - MOST_NAMED} more" if len(unserved) > MOST_NAMED else ""
    messages.warning(
        request, f"These orders can no longer be served: {named}{more}. Call the customers, or cancel the orders."
    )


class MenuAdmin(ScopedAdmin, AmountsAdmin):
    """Whatever is saved or deleted here is part of the menu of `vendor`, whose version it bumps.

    The vendor is chosen once: to move a part of a menu to another vendor would leave the parts it refers to behind.
    """

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        standing = ["vendor"] if obj else []
        return [*super().get_readonly_fields(request, obj), *standing]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Last of all writes of a save, so the new version has them all."""
        super().save_related(request, form, formsets, change)
        bump_menu_version(form.instance.vendor_id)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        bump_menu_version(obj.vendor_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            vendor_ids = sorted(set(queryset.order_by().values_list("vendor_id", flat=True)))
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
