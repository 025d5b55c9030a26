"""Whom a mail to a vendor goes to."""

from ordersite.accounts.models import UNCONFIRMED
from vendors.models import Member, Vendor

# So many owners are mailed where the vendor has no address of its own.
MOST_OWNERS = 5


def mail_addresses_of(vendor: Vendor) -> list[str]:
    """The vendor's own e-mail, else those of its owners that are confirmed and switched on; there may be none."""
    return [vendor.email] if vendor.email else owner_addresses(vendor.merchant_id)


def owner_addresses(merchant_id: int) -> list[str]:
    """The e-mails of a merchant's owners that are confirmed and switched on."""
    owners = Member.objects.filter(merchant=merchant_id, role=Member.Role.OWNER, user__is_active=True)
    found = owners.exclude(user__email__endswith=UNCONFIRMED).order_by("pk").values_list("user__email", flat=True)
    return list(found[:MOST_OWNERS])
