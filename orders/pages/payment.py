"""The pages on which a payment is made: without a login, found by the payment's token."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe

from orders.services.paying.payment_page import Opened, open_payment, return_from_provider
from orders.services.paying.provider_answers import Standing
from ordersite.core.faults import Refusal
from ordersite.core.money import to_text
from ordersite.web.pages import language_of
from ordersite.web.problems import as_problem
from ordersite.web.throttling import throttle_address

Page = Callable[[HttpRequest, str], HttpResponse]

# The address holds the token: no page elsewhere is told it, nothing keeps it.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
# A pending payment's page asks again by itself, each time a second later, and not for ever.
RELOADS, FIRST_RELOAD = 20, 3  # times, seconds
WORDS = {
    Standing.PAYABLE: (_("Not paid"), _("The payment did not go through, and nothing was charged. You can try again.")),
    Standing.PENDING: (
        _("One moment"),
        _("Your payment is being processed. This page updates by itself once it has come in."),
    ),
    Standing.HELD: (
        _("Reserved"),
        _("Thank you. The amount is reserved, and taken when the order is done."),
    ),
    Standing.PAID: (_("Paid"), _("Thank you, your payment has come in.")),
    Standing.REFUNDED: (_("Refunded"), _("Your payment had come in, and the money has been refunded to you.")),
    Standing.DISPUTED: (
        _("We are looking at it"),
        _("The amount that came in is not the amount that was due. Our staff are checking it."),
    ),
    Standing.CLOSED: (
        _("Nothing to pay"),
        _("The time for paying has passed, or the order was closed. If you have paid all the same, you get a refund."),
    ),
}


def pay_page(view: Page) -> Page:
    """A page that only reads, as far as anybody can see; a refusal is a page too, with "try again" where that helps.

    In its reader's language, but for why something is refused.
    """

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        headers = HEADERS
        with override(language_of(request)):
            try:
                throttle_address(request)
                # Whoever only looks whether the page is there begins no payment.
                response = HttpResponse() if request.method == "HEAD" else view(request, token)
            except Refusal as refused:
                problem = as_problem(refused)
                response = render(request, "pay/problem.html", {"problem": problem}, status=problem.status)
                headers = {**problem.headers, **HEADERS}
        for name, value in headers.items():
            response[name] = value
        return response

    return answer


@pay_page
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Goes on to the provider's page, or says why there is nothing to pay."""
    opened = open_payment(token=token)
    if opened.url:
        return HttpResponseRedirect(opened.url, status=303)
    return show(request, opened)


@pay_page
def pay_return(request: HttpRequest, token: str) -> HttpResponse:
    """Where the provider sends the payer back to: what has become of the payment."""
    return show(request, return_from_provider(token=token))


def show(request: HttpRequest, opened: Opened) -> HttpResponse:
    payment, standing = opened.payment, opened.standing
    title, text = map(gettext, WORDS[standing])
    given = request.GET.get("n", "0")
    count = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else RELOADS
    names = payment.shares.order_by("order_id").values_list("order__vendor__name", flat=True)
    vendors = ", ".join(dict.fromkeys(names))
    return render(
        request,
        "pay/payment.html",
        {
            "title": title,
            "text": text,
            "amount": f"{to_text(payment.amount, payment.currency)} {payment.currency}",
            "for": gettext("for %(vendors)s") % {"vendors": vendors} if vendors else gettext("for your wallet"),
            "page": f"/pay/{payment.token}",
            "is_payable": standing == Standing.PAYABLE,
            "is_pending": standing == Standing.PENDING,
            "is_open": standing == Standing.PENDING and payment.redirect_url != "",
            "reload": FIRST_RELOAD + count if standing == Standing.PENDING and count < RELOADS else 0,
            "next": count + 1,
        },
    )
