"""Who makes a call, as the services and the permissions see it: a few ids, never the request."""

from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.rights import Right, holds
from ordersite.core.crypto import token_hash
from ordersite.web.problems import Forbidden
from ordersite.web.throttling import client_address


class MerchantPrincipal:
    """A merchant's API token in the place of `request.user`: it stands to the orders as the merchant's vendors do."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_anonymous = False
    pk = None

    def __init__(self, token: ApiToken) -> None:
        self.merchant_id = token.merchant_id
        self.token_id = token.pk

    @property
    def caller_key(self) -> str:
        return f"merchant:{self.merchant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, a merchant's token, a guest with its order token, nobody, or the system itself."""

    key: str = "anonymous"
    user: User | None = None
    merchant_id: int | None = None
    customer_id: int | None = None
    driver_id: int | None = None
    company_id: int | None = None  # of the driver; a dispatcher's companies are looked up
    is_system: bool = False
    order_token_hash: str = ""
    app_id: str = ""
    address: str = ""  # of the network, where a request came through the API

    @property
    def is_known(self) -> bool:
        return self.user is not None or self.merchant_id is not None

    @property
    def acts_everywhere(self) -> bool:
        """Whether the caller's rights hold for all vendors, and for what belongs to none."""
        return self.may(Right.ACT_EVERYWHERE)

    def may(self, right: Right) -> bool:
        """Whether the caller holds a right, for the vendors that it acts for."""
        return self.is_system or (self.user is not None and holds(self.user, right))

    def may_everywhere(self, right: Right) -> bool:
        """Whether the caller holds a right for all vendors."""
        return self.may(right) and self.acts_everywhere

    def require(self, right: Right) -> None:
        """Raises Forbidden for who does not hold a right for all vendors."""
        if not self.may_everywhere(right):
            raise lacks(right)


SYSTEM = Caller(key="system", is_system=True)


def lacks(right: Right) -> Forbidden:
    """The refusal of an act of staff: it names the right that it asks for."""
    return Forbidden("forbidden", f"Only for staff with the right {right.value}: ask an administrator for it.")


def related(user: User, name: str) -> Any:
    """A reverse one-to-one that was read with the user, or None."""
    return getattr(user, name, None)


def caller_of_user(user: User, *, order_token: str = "", app_id: str = "", address: str = "") -> Caller:
    """The caller that a signed-in user is; its customer and driver rows were read with it."""
    customer, driver = related(user, "customer"), related(user, "driver")
    return Caller(
        key=user.caller_key,
        user=user,
        customer_id=customer.pk if customer else None,
        driver_id=driver.pk if driver else None,
        company_id=driver.company_id if driver else None,
        order_token_hash=token_hash(order_token) if order_token else "",
        app_id=app_id,
        address=address,
    )


def caller_of(request: Request) -> Caller:
    """The caller of an API request, from what authenticated it and its headers Order-Token and X-APP-X."""
    order_token = request.headers.get("Order-Token", "")[:200]
    app_id = request.headers.get("X-APP-X", "")[:60]
    address = client_address(request)
    user: Any = request.user
    if isinstance(user, MerchantPrincipal):
        return Caller(key=user.caller_key, merchant_id=user.merchant_id, app_id=app_id, address=address)
    if user.is_authenticated:
        return caller_of_user(user, order_token=order_token, app_id=app_id, address=address)
    if order_token:
        hashed = token_hash(order_token)
        return Caller(key=f"guest:{hashed[:32]}", order_token_hash=hashed, app_id=app_id, address=address)
    return Caller(app_id=app_id, address=address)
