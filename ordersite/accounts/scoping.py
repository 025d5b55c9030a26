"""Pages of the back-office whose rows belong to no vendor, or to several: for who acts everywhere."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.accounts.rights import Right, has_right


def acts_everywhere(request: HttpRequest) -> bool:
    """Whether who asks for a page has its rights for all vendors."""
    user: Any = request.user
    return user.is_authenticated and has_right(user, Right.ACT_EVERYWHERE)


def caller_of_request(request: HttpRequest) -> Caller:
    """Who presses a button, as the services know it."""
    user: Any = request.user
    return caller_of_user(user)


class EverywhereAdmin(admin.ModelAdmin):
    """Asks for the right to act everywhere besides the page's own permissions."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return acts_everywhere(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return acts_everywhere(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return acts_everywhere(request) and super().has_delete_permission(request, obj)
