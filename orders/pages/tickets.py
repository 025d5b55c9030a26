"""A ticket as a page of 80 mm, which a board prints from a frame."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from orders.reading.printing import claimed_paper
from ordersite.accounts.authentication import caller_of_page
from ordersite.web.pages import HEADERS
from ordersite.web.response_headers import page_policy


@xframe_options_sameorigin
@require_safe
def show_ticket(request: HttpRequest, job_id: int) -> HttpResponse:
    """The paper of a job that the reader has claimed, as it was when it was claimed; 404 for any other."""
    paper = claimed_paper(caller_of_page(request), job_id)
    response = render(request, "pages/ticket.html", {"paper": paper, "job_id": job_id})
    response["Content-Security-Policy"] = page_policy(is_framed=True)
    for name, value in HEADERS.items():
        response[name] = value
    return response
