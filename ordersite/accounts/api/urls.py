"""The account calls, below /api/v1/."""

from django.urls import path

from ordersite.accounts.api import views
from ordersite.web import urls as converters  # noqa: F401  registers <id:…>

urlpatterns = [
    path("auth/token", views.AuthTokenView.as_view()),
    path("auth/token/refresh", views.AuthTokenRefreshView.as_view()),
    path("auth/logout", views.AuthLogoutView.as_view()),
    path("auth/register", views.AuthRegisterView.as_view()),
    path("auth/register/confirm", views.AuthRegisterConfirmView.as_view()),
    path("auth/register/resend", views.AuthRegisterResendView.as_view()),
    path("auth/password-reset", views.AuthPasswordResetView.as_view()),
    path("auth/password-reset/confirm", views.AuthPasswordResetConfirmView.as_view()),
    path("me", views.MeView.as_view()),
    path("me/addresses", views.AddressesView.as_view()),
    path("me/addresses/<id:address_id>", views.AddressView.as_view()),
    path("api-tokens", views.ApiTokensView.as_view()),
    path("api-tokens/<id:token_id>", views.ApiTokenView.as_view()),
]
