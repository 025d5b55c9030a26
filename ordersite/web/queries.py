"""Query parameters: one that a call does not know is refused, since a misspelt filter would show everything."""

import difflib
from collections.abc import Iterable

from rest_framework.views import APIView

from ordersite.web.problems import Problem, field_error
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


def refuse_unknown_parameters(given: Iterable[str], known: frozenset[str]) -> None:
    """Raises a 400 Problem that names each parameter which does not exist, and the nearest one that does."""
    unknown = [name[:MOST_NAME] for name in given if name not in known]
    if unknown:
        errors = [field_error(f"?{name}", "unknown_parameter", told(name, known)) for name in unknown]
        raise Problem("invalid", errors[0]["detail"], errors=errors)


def told(name: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"There is no parameter {name}: {f'did you mean {near[0]}?' if near else 'leave it out.'}"
