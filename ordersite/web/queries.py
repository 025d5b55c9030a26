"""Query parameters: refused is one that a call does not know, since a misspelt filter would show everything, and one
that comes twice, since nobody knows which of its values is meant."""

import difflib
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.views import APIView

from ordersite.web.problems import BadRequest, Problem, field_error
from ordersite.web.schema import query_parameters

# Of a parameter's name so much is told.
MOST_NAME = 60
# By view and method; as many as there are operations.
known_parameters: dict[tuple[type[APIView], str], frozenset[str]] = {}


def parameters_of(view: APIView, method: str) -> frozenset[str]:
    """The parameters of a call, as its schema declares them."""
    key = (type(view), method)
    if key not in known_parameters:
        known_parameters[key] = query_parameters(view, method)
    return known_parameters[key]


def check_parameters(given: QueryDict, known: frozenset[str]) -> None:
    """Raises a 400 Problem that names each parameter which does not exist, with the nearest one, or comes twice."""
    errors = [told_unknown(name[:MOST_NAME], known) for name in given if name not in known]
    errors += [told_repeated(name) for name in given if name in known and len(given.getlist(name)) > 1]
    if errors:
        raise Problem("invalid", errors[0]["detail"], errors=errors)


def told_unknown(name: str, known: frozenset[str]) -> dict[str, Any]:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    remedy = f"did you mean {near[0]}?" if near else "leave it out."
    return field_error(f"?{name}", "unknown_parameter", f"There is no parameter {name}: {remedy}")


def told_repeated(name: str) -> dict[str, Any]:
    return field_error(f"?{name}", "repeated_parameter", f"The parameter {name} comes more than once: send it once.")


def given_day(request: Request, name: str = "date") -> date | None:
    """A day among the query's parameters; raises BadRequest for what is no date."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise BadRequest(f"?{name}", "invalid", "Send a date such as 2026-07-31.") from error
