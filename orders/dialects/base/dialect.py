"""A dialect: how it refuses, its words, its paths, its document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, include, path
from django.urls.resolvers import URLResolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.response import Response

from orders.dialects.base.forms import FormParser, PartsParser
from orders.lifecycle.table import Status
from orders.services.outgoing.formats import WebhookFormat
from ordersite.core.wording import NATIVE, Wording
from ordersite.web.documents import DocumentView
from ordersite.web.parsing import LenientJsonParser
from ordersite.web.problems import Problem, problem_of
from ordersite.web.schema import Schema
from ordersite.web.views import ApiView

# The refusals of a change of status that tell what may be set instead.
STATUS_CODES = ("transition_not_permitted", "transition_not_allowed")
# Why a status is refused (transition_not_permitted), where our sentence names changes that have no name there.
NOT_YOURS = "You may not set this status as the order stands: others do."


def dotted_path(pointer: str) -> str:
    """Where a fault is, in dots: "/items/1/product_id" → "items.1.product_id", "?page" → "page"."""
    return pointer.lstrip("?/").removeprefix("header:").replace("/", ".")


class MissingWord(Exception):
    """A dialect has no word for a status: it does not start."""


def covers_every_status(name: str, words: Mapping[Status, Any]) -> None:
    """Raises MissingWord unless the table has each of 0–25."""
    missing = [status.value for status in Status if status not in words]
    if missing:
        raise MissingWord(f"{name} has no word for the statuses {missing}")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A foreign API: its calls, how it says that something is wrong, and its words for each status.

    `views` is the module with its `urlpatterns`; it is imported when the dialect is served, since its views name the
    dialect. `refusal` makes (status, body, headers) of a Problem, in the foreign API's shape; `error_schema` describes
    the body. `wording` has its names of our fields, and its own sentences. `words` are its tables of statuses, by name:
    each must cover all of 0–25, or the process does not start. `meanings` say what its fields and parameters are, by
    name or "Schema.name". `webhooks` is the shape in which its system tells of orders, where it does.
    """

    name: str
    title: str
    description: str
    views: str
    refusal: Callable[[Problem], tuple[int, Any, Mapping[str, str]]]
    error_schema: Mapping[str, Any]
    words: Mapping[str, Mapping[Status, Any]] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    wording: Wording = NATIVE
    webhooks: WebhookFormat | None = None

    def __post_init__(self) -> None:
        for name, table in self.words.items():
            covers_every_status(f"{self.name}: {name}", table)

    @property
    def urlpatterns(self) -> Sequence[URLPattern]:
        """Its calls, relative to its base."""
        patterns: Sequence[URLPattern] = import_module(self.views).urlpatterns
        return patterns

    @property
    def error_name(self) -> str:
        """What its document calls the body of a refusal: "Error" is a word that languages keep for themselves."""
        return f"{self.name.capitalize()}Error"

    @property
    def base(self) -> str:
        """The path under which it is served."""
        return f"/dialects/{self.name}"

    def answer(self, problem: Problem) -> HttpResponse:
        """A refusal where DRF is not in between: an unknown path, a body that is too large."""
        status, body, headers = self.refusal(problem)
        return JsonResponse(body, status=status, headers=dict(headers) or None, safe=False)


class DialectSchema(Schema):
    """Documents a dialect's operations, without our own headers."""

    def get_tags(self) -> list[str]:
        view: Any = self.view
        return [view.dialect.name]

    def get_operation_id(self) -> str:
        """The view's own word for its one call, where the handler, which several share, has none."""
        return getattr(self.view, "operation", "") or super().get_operation_id()

    def get_override_parameters(self) -> list[Any]:
        return []

    def map_parsers(self) -> list[str]:
        """Forms are told of in words: a generated client has one type for a body, and sends JSON."""
        left_out = {one.media_type for one in self.view.parser_classes if issubclass(one, FormParser | PartsParser)}
        return [one for one in super().map_parsers() if one not in left_out]

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> Any:
        """A foreign PATCH is a call of its own: what it requires is required, unlike in DRF's partial updates."""
        method = self.method
        self.method = "POST" if method == "PATCH" else method
        try:
            return super()._get_request_for_media_type(serializer, direction)
        finally:
            self.method = method


class DialectView(ApiView):
    """A view of a foreign API: parse → the same service → render. Its refusals have the dialect's shape."""

    dialect: ClassVar[Dialect]
    parser_classes = [LenientJsonParser]
    # A foreign client may send what only its own system knows.
    knows_its_parameters = False
    schema = DialectSchema()

    @property
    def wording(self) -> Wording:
        """Its names of fields, and its sentences."""
        return self.dialect.wording

    def refuse(self, problem: Problem) -> tuple[int, Any, Mapping[str, str]]:
        """What a refusal answers: status, body and headers."""
        return self.dialect.refusal(problem)

    def handle_exception(self, exc: Exception) -> Response:
        status, body, headers = self.refuse(problem_of(exc, self.wording))
        response = Response(body, status=status, headers=dict(headers))
        response.exception = True
        return response


def serve_dialect(dialect: Dialect) -> URLResolver:
    """The dialect's paths and its OpenAPI document, relative to /dialects/; each with a slash at its end or without."""
    patterns = list(dialect.urlpatterns)
    whole = [path(f"dialects/{dialect.name}/", include(patterns))]

    class Generator(SchemaGenerator):
        """Knows whose document it writes (ordersite.web.schema.add_problem_responses)."""

        document = dialect.name
        error_name, error_schema = dialect.error_name, dialect.error_schema
        meanings = dialect.meanings

        def get_schema(self, request: Any = None, public: bool = False) -> Any:
            document = super().get_schema(request=request, public=public)
            document["info"] |= {"title": dialect.title, "description": dialect.description}
            return document

    schema = DocumentView.as_view(urlconf=whole, generator_class=Generator)
    known = [path("schema", schema), *patterns]
    slashed = [path(f"{one.pattern}/", one.callback, one.default_args) for one in known]
    return path(f"{dialect.name}/", include([*known, *slashed]))


def answer_wrong_path(request: HttpRequest, problem: Problem, dialects: Sequence[Dialect]) -> HttpResponse | None:
    """The answer in the shape of the dialect whose base the path lies under, if any."""
    for dialect in dialects:
        if request.path.startswith(f"{dialect.base}/"):
            return dialect.answer(problem)
    return None
