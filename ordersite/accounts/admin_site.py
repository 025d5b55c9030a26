"""The back-office's site: who may enter it, and how one signs in to it."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ordersite.accounts.pages import ask_for_code
from ordersite.accounts.second_step import SecondStepAsked
from ordersite.backoffice.desk_groups import group_models


class OfficeSite(AdminSite):
    """Django's own, but that a second step counts, and that its pages stand in groups of what they are for."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        return apps if app_label else group_models(apps)

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.is_authenticated and user.may_use_rights

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django's own; the code of a second step is asked for on a page of its own.

        Whoever works here and lacks one that is asked of the staff is led to where it is set up.
        """
        user: Any = request.user
        if user.is_authenticated and user.is_staff and not self.has_permission(request):
            return HttpResponseRedirect(reverse("account"))
        try:
            return super().login(request, extra_context)
        except SecondStepAsked as asked:
            given = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME)
            return ask_for_code(request, asked.user, given or reverse("admin:index"))
