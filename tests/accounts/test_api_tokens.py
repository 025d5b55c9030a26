"""GET, POST /api-tokens and DELETE /api-tokens/{id}."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from ordersite.accounts.authentication import principal_of
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_user
from vendors.models import Member

Api = Callable[..., APIClient]
PATH = "/api/v1/api-tokens"


def make(client: APIClient, **body: Any) -> Any:
    return client.post(PATH, {"name": "Till", "scopes": ["read", "write"], **body})


def test_a_token_is_told_once_and_kept_as_a_hash(api: Api, cast: Cast) -> None:
    response = make(api(cast.customer))
    assert response.status_code == 201
    token = response.data["token"]
    row = ApiToken.objects.get()
    assert token.startswith("ost_")
    assert (row.token_hash, row.user, row.merchant, row.created_by) == (
        token_hash(token),
        cast.customer,
        None,
        cast.customer,
    )
    listed = api(cast.customer).get(PATH)
    assert listed.data["count"] == 1
    assert token not in listed.content.decode()
    assert row.token_hash not in listed.content.decode()
    assert api(token=token).get("/api/v1/me").data["id"] == cast.customer.pk


def test_a_revoked_token_is_401_at_once(api: Api, cast: Cast) -> None:
    made = make(api(cast.customer)).data
    assert api(cast.customer).delete(f"{PATH}/{made['id']}").status_code == 204
    assert api(token=made["token"]).get("/api/v1/me").status_code == 401
    assert api(cast.customer).get(PATH).data["count"] == 0
    assert api(cast.customer).delete(f"{PATH}/{made['id']}").status_code == 404


def test_an_expired_token_is_401(api: Api, cast: Cast) -> None:
    made = make(api(cast.customer), expires_at=(timezone.now() + timedelta(days=1)).isoformat()).data
    assert api(token=made["token"]).get("/api/v1/me").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api(token=made["token"]).get("/api/v1/me").status_code == 401


def test_a_token_does_what_its_scopes_say(api: Api, cast: Cast) -> None:
    token = make(api(cast.customer), scopes=["read"]).data["token"]
    assert api(token=token).get("/api/v1/me").status_code == 200
    assert api(token=token).patch("/api/v1/me", {"name": "Changed"}).status_code == 403
    cast.customer.refresh_from_db()
    assert cast.customer.name == "Clara Customer"


def test_an_api_token_neither_makes_nor_revokes_api_tokens(api: Api, cast: Cast) -> None:
    own = make(api(cast.owner)).data
    till = make(api(cast.owner), merchant=cast.merchant.pk).data
    for token in (own["token"], till["token"]):
        assert make(api(token=token)).status_code == 403
        assert api(token=token).delete(f"{PATH}/{own['id']}").status_code == 403
    assert ApiToken.objects.filter(revoked_at=None).count() == 2


def test_a_merchants_token_is_made_and_seen_by_its_administrators_only(api: Api, cast: Cast) -> None:
    manager, partial, clerk = make_user("Max Manager"), make_user("Pia Partial"), make_user("Cleo Clerk")
    Member.objects.create(user=manager, merchant=cast.merchant, role=Member.Role.MANAGER)
    Member.objects.create(user=partial, merchant=cast.merchant, role=Member.Role.MANAGER, all_vendors=False)
    Member.objects.create(user=clerk, merchant=cast.merchant, role=Member.Role.STAFF)
    for user in (partial, clerk, cast.other_owner, cast.customer, cast.staff):
        assert make(api(user), merchant=cast.merchant.pk).status_code == 403
        assert api(user).get(f"{PATH}?merchant={cast.merchant.pk}").status_code == 403
    assert make(api(cast.owner), merchant=10**9).status_code == 403
    assert not ApiToken.objects.exists()
    made = make(api(manager), merchant=cast.merchant.pk)
    assert (made.status_code, made.data["merchant"]) == (201, cast.merchant.pk)
    path = f"{PATH}/{made.data['id']}"
    for user in (partial, clerk, cast.other_owner, cast.customer):
        assert api(user).delete(path).status_code == 404
    assert ApiToken.objects.get().revoked_at is None
    assert api(cast.owner).get(PATH).data["count"] == 0
    assert api(cast.owner).get(f"{PATH}?merchant={cast.merchant.pk}").data["count"] == 1
    assert api(cast.owner).delete(path).status_code == 204


@pytest.mark.parametrize("change", ["left", "staff", "some vendors", "switched off"])
def test_a_merchants_token_rests_while_its_maker_may_not_make_it(api: Api, cast: Cast, change: str) -> None:
    maker = make_user("Max Manager")
    member = Member.objects.create(user=maker, merchant=cast.merchant, role=Member.Role.MANAGER)
    token, others = (make(api(user), merchant=cast.merchant.pk).data["token"] for user in (maker, cast.owner))
    path = f"/api/v1/vendors/{cast.vendor.pk}"
    read = f"/api/v1/orders?vendor={cast.vendor.pk}"
    assert api(token=token).get(read).status_code == 200
    if change == "left":
        member.delete()
    elif change == "switched off":
        type(maker).objects.filter(pk=maker.pk).update(is_active=False)
    else:
        fields: dict[str, Any] = {"role": Member.Role.STAFF} if change == "staff" else {"all_vendors": False}
        Member.objects.filter(pk=member.pk).update(**fields)
    assert api(token=token).get(read).status_code == 401
    assert api(token=token).patch(path, {"rush_minutes": 5}).status_code == 401
    cast.vendor.refresh_from_db()
    assert cast.vendor.rush_minutes == 0
    assert api(token=others).get(read).status_code == 200
    # It rests; it has not ended.
    type(maker).objects.filter(pk=maker.pk).update(is_active=True)
    Member.objects.update_or_create(
        user=maker, merchant=cast.merchant, defaults={"role": Member.Role.MANAGER, "all_vendors": True}
    )
    assert api(token=token).get(read).status_code == 200


def test_a_call_with_a_token_is_known_by_one_statement(
    api: Api, cast: Cast, django_assert_num_queries: Callable[..., Any]
) -> None:
    token = make(api(cast.owner), merchant=cast.merchant.pk).data["token"]
    principal_of(token)
    with django_assert_num_queries(1):
        principal_of(token)


def test_a_merchants_token_is_no_person(api: Api, cast: Cast) -> None:
    token = make(api(cast.owner), merchant=cast.merchant.pk).data["token"]
    for path in ("/api/v1/me", "/api/v1/me/addresses", PATH):
        assert api(token=token).get(path).status_code == 403


def test_anothers_token_is_not_revoked(api: Api, cast: Cast) -> None:
    made = make(api(cast.customer)).data
    assert api(cast.stranger).delete(f"{PATH}/{made['id']}").status_code == 404
    assert api(cast.stranger).get(PATH).data["count"] == 0
    assert api(token=made["token"]).get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["admin"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"name": ""}, "/name"),
        ({"merchant": 2**63}, "/merchant"),
        ({"merchant": True}, "/merchant"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "/expires_at"),
    ],
)
def test_malformed_input_makes_nothing(api: Api, cast: Cast, change: dict[str, Any], pointer: str) -> None:
    response = make(api(cast.customer), **change)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer
    assert not ApiToken.objects.exists()
