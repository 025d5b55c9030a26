"""Who makes a call, as the services and the permissions see it: a few ids, never the request."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import OuterRef
from django.utils.module_loading import import_string

from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.rights import Right, has_right
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import token_hash
from ordersite.core.faults import Forbidden


class MerchantPrincipal:
    """A merchant's API token in the place of `request.user`: it stands to the orders as the merchant's vendors do."""

    is_authenticated = True
    is_active = True
    is_staff = False
    is_anonymous = False
    pk = None

    def __init__(self, token: ApiToken) -> None:
        assert token.merchant_id is not None, "a token is a user's or a merchant's"
        self.merchant_id = token.merchant_id
        self.token_id = token.pk
        self.name = str(token)

    @property
    def caller_key(self) -> str:
        return merchant_key(self.merchant_id)


def merchant_key(merchant_id: int) -> str:
    """Names a merchant's tokens as a caller (Caller.key)."""
    return f"merchant:{merchant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePrincipal:
    """A vendor's paired device in the place of `request.user`; it calls only what a view opens to devices."""

    id: int
    vendor_id: int
    name: str
    token_hash: str

    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False
    is_anonymous: ClassVar[bool] = False
    pk: ClassVar[None] = None

    @property
    def caller_key(self) -> str:
        return device_key(self.id)


def device_key(device_id: int) -> str:
    """Names a device as a caller (Caller.key)."""
    return f"device:{device_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFacts:
    """The driver that a caller is: for a company, as one vendor's courier, or, with neither, for the site."""

    id: int
    company_id: int | None
    vendor_id: int | None
    on_duty: bool


# What a user's rows make of it, read with it: of which merchants it works at all vendors, at which vendors else, and
# which companies it dispatches for.
FACTS = ("merchant_ids", "vendor_ids", "dispatched_ids")
NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, a merchant's token, a vendor's device, a guest with its order token, nobody, or the system itself."""

    key: str = "anonymous"
    user: User | None = None
    merchant_id: int | None = None
    device_id: int | None = None
    device_name: str = ""  # kept with what it does, since it may be renamed
    customer_id: int | None = None
    driver: DriverFacts | None = None
    merchant_ids: frozenset[int] = NONE  # works at all of their vendors
    vendor_ids: frozenset[int] = NONE  # works at these besides
    dispatched_ids: frozenset[int] = NONE  # the companies that it dispatches for
    is_system: bool = False
    order_token_hash: str = ""
    app_id: str = ""
    address: str = ""  # of the network, where a request came through the API

    @property
    def is_known(self) -> bool:
        return self.user is not None or self.merchant_id is not None or self.device_id is not None

    @property
    def driver_id(self) -> int | None:
        return self.driver.id if self.driver else None

    @property
    def company_id(self) -> int | None:
        """The company that it drives for."""
        return self.driver.company_id if self.driver else None

    @property
    def courier_vendor_id(self) -> int | None:
        """The vendor whose courier it is."""
        return self.driver.vendor_id if self.driver else None

    @property
    def acts_everywhere(self) -> bool:
        """Whether the caller's rights hold for all vendors, and for what belongs to none."""
        return self.may(Right.ACT_EVERYWHERE)

    def may(self, right: Right) -> bool:
        """Whether the caller holds a right, for the vendors that it acts for."""
        return self.is_system or (self.user is not None and has_right(self.user, right))

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
    return Forbidden(FaultCode.FORBIDDEN_RIGHT, right=right.value)


def related(user: User, name: str) -> Any:
    """A reverse one-to-one that was read with the user, or None."""
    return getattr(user, name, None)


@cache
def fact_columns(user: str = "pk") -> dict[str, Any]:
    """The FACTS as expressions in a query, whose column `user` says of whom; by CALLER_FACTS."""
    return dict(import_string(settings.CALLER_FACTS)(OuterRef(user)))


def facts_of(user: User) -> dict[str, Any]:
    """The FACTS of a user: those that were read with it, else one statement."""
    if hasattr(user, FACTS[0]):
        return {name: getattr(user, name) for name in FACTS}
    found = User.objects.filter(pk=user.pk).annotate(**fact_columns()).values(*FACTS).first()
    return dict(found) if found else {}


def driver_facts_of(user: User) -> DriverFacts | None:
    driver = related(user, "driver")
    if driver is None or driver.left_at is not None:
        return None
    return DriverFacts(id=driver.pk, company_id=driver.company_id, vendor_id=driver.vendor_id, on_duty=driver.on_duty)


def caller_of_user(user: User, *, order_token: str = "", app_id: str = "", address: str = "") -> Caller:
    """The caller that a signed-in user is; its customer and driver rows, and its FACTS, were read with it."""
    customer = related(user, "customer")
    return Caller(
        key=user.caller_key,
        user=user,
        customer_id=customer.pk if customer else None,
        driver=driver_facts_of(user),
        **facts_of(user),
        order_token_hash=token_hash(order_token) if order_token else "",
        app_id=app_id,
        address=address,
    )


def caller_of_merchant(merchant_id: int, *, app_id: str = "", address: str = "") -> Caller:
    """The caller that a merchant's API token is: it works at all of the merchant's vendors."""
    return Caller(
        key=merchant_key(merchant_id),
        merchant_id=merchant_id,
        merchant_ids=frozenset({merchant_id}),
        app_id=app_id,
        address=address,
    )


def caller_of_device(device: DevicePrincipal, *, app_id: str = "", address: str = "") -> Caller:
    """The caller that a paired device is: it works at its vendor."""
    return Caller(
        key=device.caller_key,
        device_id=device.id,
        device_name=device.name,
        vendor_ids=frozenset({device.vendor_id}),
        app_id=app_id,
        address=address,
    )


def caller_of_guest(order_token: str, *, app_id: str = "", address: str = "") -> Caller:
    """Who has a guest's token; without one, nobody in particular."""
    if not order_token:
        return Caller(app_id=app_id, address=address)
    hashed = token_hash(order_token)
    return Caller(key=f"guest:{hashed[:32]}", order_token_hash=hashed, app_id=app_id, address=address)
