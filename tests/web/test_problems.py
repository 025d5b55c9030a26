"""Whatever goes wrong under /api is application/problem+json with the request's id."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from ordersite.accounts.models import User
from ordersite.web.problems import Problem, answer

TOKEN, ME = "/api/v1/auth/token", "/api/v1/me"
JSON = "application/json"
MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a problem that has this status and code, and every member with its type."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) >= MEMBERS
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:ordersite:problem:{code}")
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    assert isinstance(body["errors"], list)
    return body


def post(raw: bytes, content_type: str = JSON, **headers: Any) -> Any:
    return APIClient().generic("POST", TOKEN, raw, content_type=content_type, **headers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1/me/addresses/99999999999999999999", "/api/v1/me/", "/api"]
)
def test_404(path: str, db: None) -> None:
    check(Client().get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "trace"])
def test_405(method: str, db: None) -> None:
    check(getattr(APIClient(), method)(TOKEN), 405, "method_not_allowed")


def test_413_before_anything_is_read(settings: Any) -> None:
    check(post(b"[" + b" " * settings.MAX_BODY_BYTES + b"]"), 413, "too_large")


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "9" * 5000])
def test_a_nonsense_length_is_413(length: str, db: None) -> None:
    check(post(b"{}", CONTENT_LENGTH=length), 413, "too_large")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"]
)
def test_415(content_type: str, db: None) -> None:
    check(post(b"{}", content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"email": "\xed\xa0\x80", "password": "x"}',
        b"[" * 100_000,
        b"[" * 400_000 + b"]" * 400_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"email": NaN, "password": "x"}',
        b'{"email": Infinity}',
        b'{"email": -Infinity}',
        b'{"email": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": ',
    ],
)
@pytest.mark.parametrize("key", [False, True])
def test_a_body_that_is_not_readable_is_400(raw: bytes, key: bool, db: None) -> None:
    check(post(raw, **({"HTTP_IDEMPOTENCY_KEY": "k"} if key else {})), 400, "parse_error")


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"email": "a\\u0000b@example.org", "password": "x"}', "/email"),
        (b'{"email": "a@example.org", "password": "\\ud800"}', "/password"),
        (b'{"email": "a@example.org", "password": "\\uDFFF"}', "/password"),
        (b'{"email": [{"a": "\\u0000"}]}', "/email/0/a"),
        (b'{"\\ud800": 1}', ""),
    ],
)
@pytest.mark.parametrize("key", [False, True])
def test_a_text_that_cannot_be_kept_is_named(raw: bytes, pointer: str, key: bool, db: None) -> None:
    body = check(post(raw, **({"HTTP_IDEMPOTENCY_KEY": "k"} if key else {})), 400, "invalid")
    assert [(row["pointer"], row["code"]) for row in body["errors"]] == [(pointer, "unstorable")]


@pytest.mark.parametrize(
    "raw",
    [
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b'{"email": 1e999, "password": -1e999}',
        b'{"email": ' + b"9" * 4000 + b', "password": 1}',
        b'{"email": ' + b"[" * 800 + b"]" * 800 + b', "password": "x"}',
        b'{"email": "a@example.org", "password": "x", "' + b"k" * 100_000 + b'": 1}',
        b"{" + b",".join(b'"k%d": 1' % n for n in range(10_000)) + b"}",
    ],
)
@pytest.mark.parametrize("key", [False, True])
def test_a_body_of_another_shape_is_400(raw: bytes, key: bool, db: None) -> None:
    response = post(raw, **({"HTTP_IDEMPOTENCY_KEY": "k"} if key else {}))
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_errors_name_their_fields(db: None) -> None:
    body = check(post(b'{"email": "x", "colour": "red"}'), 400, "invalid")
    assert body["errors"] == [
        {"pointer": "/colour", "code": "unknown_field", "detail": "There is no such field: leave it out."}
    ]
    assert body["detail"] == "/colour: There is no such field: leave it out."


@pytest.mark.parametrize("host", ["evil.example", "a b", "[::1", "localhost:port"])
def test_a_foreign_host_is_400(host: str, db: None) -> None:
    check(Client(headers={"Host": host}).get(ME), 400, "invalid")


def test_a_nul_in_the_address_is_400(db: None) -> None:
    check(Client().get("/api/v1/me%00"), 400, "invalid")
    check(Client().get(ME + "?q=%00"), 400, "invalid")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/vendors", TOKEN, ME, "/api/v1/nothing", "/dialects/kesk/v1/orders", "/dialects/kesk/v1/track-order"),
        *("/dialects/shop/System/Orders", "/dialects/ordering/orders", "/dialects/ordering/orders/1"),
        *("/dialects/kaddy/v1/orders", "/dialects/kalixo/v1/orders/retrieve-order", "/admin/login/", "/"),
    ],
)
def test_more_parameters_than_are_read_are_no_fault_of_ours(method: str, path: str, db: None) -> None:
    response = getattr(Client(), method)(f"{path}?{'a=1&' * 1001}")
    assert 200 <= response.status_code < 500
    if path in ("/api/v1/vendors", TOKEN):
        assert check(response, 400, "invalid")["detail"] == "The address has more than 1000 parameters: send fewer."


def test_a_session_without_a_csrf_token_is_403_and_changes_nothing(db: None) -> None:
    user = User.objects.create_user("ann@example.org", "x", name="Ann")
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    check(client.patch(ME, {"name": "Eve"}), 403, "permission_denied")
    user.refresh_from_db()
    assert user.name == "Ann"


def test_401_says_how(db: None) -> None:
    response = Client().get(ME)
    check(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"
    check(Client(headers={"Authorization": "Bearer a b"}).get(ME), 401, "authentication_failed")


def test_a_fault_of_ours_is_500_without_its_text(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the secret text")

    monkeypatch.setattr("ordersite.accounts.services.sign_in", fail)
    client = APIClient(raise_request_exception=False)
    response = client.post(TOKEN, {"email": "a@example.org", "password": "x"})
    check(response, 500, "internal")
    assert b"secret" not in response.content


def test_a_harmless_request_id_is_kept_and_another_replaced(db: None) -> None:
    assert Client(headers={"X-Request-ID": "abcd-1234"}).get(ME)["X-Request-ID"] == "abcd-1234"
    assert Client(headers={"X-Request-ID": "<script>alert</script>"}).get(ME)["X-Request-ID"].isalnum()


def test_pages_get_a_page(db: None) -> None:
    response = Client().get("/nothing")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    page = response.content.decode()
    assert '<html lang="en">' in page
    assert "<h1>There is no such page</h1>" in page
    assert "This does not exist, or you may not see it." in page
    assert Client(headers={"Host": "evil.example"}).get("/nothing").status_code == 400


@pytest.mark.parametrize("status", [one for one in HTTPStatus if one >= 400], ids=str)
def test_a_page_tells_a_person_what_is_wrong_and_leads_on(status: HTTPStatus) -> None:
    """In a sentence, not by the name of the status; what may pass by itself can be tried again."""
    for path, way in (("/nothing?page=2", "/"), ("/admin/nothing/?page=2", "/admin/")):
        problem = Problem("x", "Why it is so.", status=status)
        page = answer(RequestFactory().get(path), problem).content.decode()
        [heading] = re.findall(r"<h1>(.+)</h1>", page)
        assert heading.casefold() != status.phrase.casefold()
        assert f"<title>{heading}</title>" in page
        assert '<p role="status">Why it is so.</p>' in page
        again = [path] if status in (429, 500, 502, 503, 504) else []
        assert re.findall(r'<a[^>]* href="([^"]+)"', page) == [*again, way]
        sent = answer(RequestFactory().post(path), problem).content.decode()
        assert re.findall(r'<a[^>]* href="([^"]+)"', sent) == [way]


def test_a_form_that_is_too_old_says_so(db: None) -> None:
    page = Client(enforce_csrf_checks=True).post("/admin/login/", {})
    assert page.status_code == 403
    assert "<h1>This form has expired</h1>" in page.content.decode()


def test_the_schema_and_its_page_are_public(db: None) -> None:
    schema = Client().get("/api/v1/schema", headers={"Accept": "application/json"})
    assert schema.status_code == 200
    assert "/api/v1/auth/token" in schema.json()["paths"]
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    assert b"cdn." not in page.content


@pytest.mark.parametrize("accept", ["text/html", "image/png", "nonsense", "*/*;q=x", ""])
def test_what_a_client_accepts_is_a_wish(accept: str, db: None) -> None:
    response = Client(headers={"Accept": accept}).get(ME)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
