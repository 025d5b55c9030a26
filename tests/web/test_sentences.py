"""No API says a sentence of the framework's: each fault has ours, in plain words with the remedy."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework import exceptions, fields, serializers
from rest_framework.test import APIClient

from ordersite.web.framework_sentences import plain_sentence
from tests.cast import Cast

Api = Callable[..., APIClient]
# Those whose faults a client can meet here.
KINDS: list[type[serializers.Field]] = [
    *(fields.BooleanField, fields.CharField, fields.EmailField, fields.RegexField, fields.URLField, fields.UUIDField),
    *(fields.IntegerField, fields.FloatField, fields.DecimalField, fields.DateTimeField, fields.DateField),
    *(fields.TimeField, fields.ChoiceField, fields.MultipleChoiceField, fields.FileField, fields.ListField),
    *(fields.DictField, fields.JSONField, serializers.Serializer, serializers.ListSerializer),
]
REFUSALS: list[exceptions.APIException] = [
    *(exceptions.NotAuthenticated(), exceptions.AuthenticationFailed(), exceptions.PermissionDenied()),
    *(exceptions.MethodNotAllowed("PUT"), exceptions.NotAcceptable(), exceptions.UnsupportedMediaType("text/x")),
]
MESSAGES = [
    message for kind in KINDS for one in kind.__mro__ for message in getattr(one, "default_error_messages", {}).values()
]
FRAMEWORK = sorted(
    {
        *(str(one).format_map(defaultdict(lambda: "7")) for one in MESSAGES),
        *(str(refusal.detail) for refusal in REFUSALS),
    }
)


@pytest.mark.parametrize("sentence", FRAMEWORK)
def test_each_sentence_of_the_framework_has_ours(sentence: str) -> None:
    told = plain_sentence(sentence)
    assert told != sentence
    assert told[0].isupper() or told[0] == "7"
    assert told.endswith(".")
    assert plain_sentence(told) == told


def test_what_a_sentence_says_is_kept() -> None:
    assert [
        plain_sentence("Ensure this value is less than or equal to 90."),
        plain_sentence("Ensure this field has no more than 300 characters."),
        plain_sentence('Method "PUT" not allowed.'),
        plain_sentence("Our own."),
    ] == [
        "The number is too large: send 90 or less.",
        "The text is too long: send at most 300 characters.",
        "This address does not take PUT: see the documentation.",
        "Our own.",
    ]


FAULTS: list[tuple[Any, str, str]] = [
    ([], "", 'Send an object with its fields: {"name": "value"}.'),
    ({"items": {}}, "/items", "Send a list."),
    ({"comment": None, "items": [], "vendor": 1, "delivery_type": None}, "/delivery_type", "a value"),
    ({"deliver_at": "soon"}, "/deliver_at", "Send a date and time such as 2026-11-29T10:30:00Z."),
]


@pytest.mark.parametrize(("body", "pointer", "sentence"), FAULTS)
def test_an_api_says_it(cast: Cast, api: Api, body: Any, pointer: str, sentence: str) -> None:
    errors = api(cast.customer).post("/api/v1/orders", body).json()["errors"]
    assert any(row["pointer"] == pointer and sentence in row["detail"] for row in errors), errors
