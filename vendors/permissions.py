"""What a user may do for a merchant, from its memberships."""

from django.db.models import Q

from ordersite.accounts.models import User
from vendors.models import Member


def administers_merchant(user: User, merchant_id: int) -> bool:
    """Whether the user is an owner of the merchant, or a manager of all its vendors."""
    role = Q(role=Member.Role.OWNER) | Q(role=Member.Role.MANAGER, all_vendors=True)
    return Member.objects.filter(role, user=user, merchant_id=merchant_id).exists()
