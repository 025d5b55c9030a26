"""Papers as PDF files."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.utils.translation import get_language

from ordersite.core.sheets import Paper, Sheet


def pdf_response(sheets: Sequence[Sheet], name: str, paper: Paper = Paper.A4) -> HttpResponse:
    """The sheets as a file in the page's language; its title is the first sheet's."""
    # What draws takes 25 MB, which a process that is asked for no PDF does without.
    from ordersite.web.pdf_drawing import draw_pdf  # noqa: PLC0415

    drawn = draw_pdf(sheets, language=get_language() or "en", paper=paper)
    response = HttpResponse(drawn, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
