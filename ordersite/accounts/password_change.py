"""The back-office's page on which one changes one's own password: the old one is tried as at every other door."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from ordersite.accounts.password_tries import try_password
from ordersite.web.throttling import client_address


class CountedPasswordChangeForm(AdminPasswordChangeForm):
    """Django's own, but that wrong old passwords are counted; Throttled ends the call."""

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_old_password(self) -> str:
        old = self.cleaned_data["old_password"]
        if not try_password(self.user.email, self.address, partial(self.user.check_password, old)):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return str(old)


class AdminPasswordChangeView(PasswordChangeView):
    form_class = CountedPasswordChangeForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": client_address(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **admin.site.each_context(self.request))
