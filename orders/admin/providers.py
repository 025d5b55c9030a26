"""Which payment providers are set up, and whether they answer. Keys are settings, and shown nowhere."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from orders.services.paying.provider_checks import ProviderCheck, check_provider, provider_states
from ordersite.accounts.rights import Right, has_right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem


def may_check_providers(request: HttpRequest) -> bool:
    user: Any = request.user
    return acts_everywhere(request) and has_right(user, Right.CHECK_PAYMENTS)


def show_providers(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    if not may_check_providers(request):
        raise PermissionDenied
    context = {**base, "title": "Payment providers", "providers": provider_states()}
    return TemplateResponse(request, "admin/orders/payment/providers.html", context)


def ask_provider(request: HttpRequest, name: str) -> HttpResponse:
    """Asks one, and says in a sentence what it answered."""
    if not may_check_providers(request):
        raise PermissionDenied
    try:
        answer = check_provider(caller_of_request(request), name)
    except Refusal as refused:
        messages.error(request, f"{name} was not asked: {as_problem(refused).detail}")
    else:
        (messages.error if answer.failure else messages.success)(request, check_in_words(name, answer))
    return HttpResponseRedirect(reverse("admin:orders_payment_providers"))


def check_in_words(name: str, answer: ProviderCheck) -> str:
    if answer.failure:
        return f"{name} does not work: {answer.failure}"
    offered = f"it offers {', '.join(answer.methods)}" if answer.methods else "but it offers no way to pay yet"
    return f"{name} answered in {answer.milliseconds} ms: {offered}."
