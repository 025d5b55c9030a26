"""Becoming a user. The answer is the same whether the e-mail has an account or not, so it tells nobody who has one.

Whoever registers is signed in at once, with an account of its own, which nothing but that sign-in opens. The e-mail
becomes the account's, to sign in elsewhere or to reset its password, when the link that was mailed to it is followed
with the account's password. Where it has an account already, its owner is told by mail, and no link is sent.
"""

from datetime import datetime
from typing import TypeVar
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Exists, ForeignObjectRel, Model, OuterRef, QuerySet

from ordersite.accounts.authentication import may_sign_in
from ordersite.accounts.mails import count_mail, queue_mail
from ordersite.accounts.models import UNCONFIRMED, Address, Customer, User
from ordersite.accounts.services import (
    ADDRESS_TRIES,
    check_password_rules,
    link_not_valid,
    user_of_uid,
)
from ordersite.accounts.sign_ins import Tokens, begin_sign_in
from ordersite.accounts.tokens import confirmation_tokens
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.audit import blank_audit, unrecorded
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, Refusal
from ordersite.core.fields import Field

REGISTER, CONFIRM = "register", "register-confirm"
Row = TypeVar("Row", bound=Model)


def register(*, email: str, password: str, name: str, phone: str, address: str) -> tuple[User, Tokens]:
    """A new user with its customer, signed in; raises Invalid for a weak password."""
    count_attempt(REGISTER, address, limit=ADDRESS_TRIES, window=HOUR)
    check_password_rules(password, User(email=email, name=name, phone=phone))
    user = User(email=f"{uuid4()}{UNCONFIRMED}", unconfirmed_email=email, name=name, phone=phone)
    user.set_password(password)
    with transaction.atomic():
        user.save(force_insert=True)
        Customer.objects.create(user=user, name=name, email=email, phone=phone)
        tokens = begin_sign_in(user)
        try:
            count_mail("registration", email, address)
        except Refusal:  # its owner has mails enough
            return user, tokens
        queue_mail("registration", email, user=str(user.pk))
    return user, tokens


def send_confirmation(user: User, *, address: str) -> None:
    """Has the confirmation mailed once more.

    Raises Conflict where the e-mail is confirmed, and Throttled where it had mails enough.
    """
    if user.is_confirmed:
        raise Conflict(FaultCode.EMAIL_CONFIRMED)
    count_mail("registration", user.unconfirmed_email, address)
    queue_mail("registration", user.unconfirmed_email, user=str(user.pk))


def confirm_registration(*, uid: str, token: str, password: str, address: str) -> tuple[User, Tokens]:
    """Makes the e-mail the account's and signs in.

    Raises Invalid for a link that is used or old, and for another password than was registered with: whoever reads a
    stranger's registration in his mailbox does not make that account his by following the link.
    """
    count_attempt(CONFIRM, address, limit=ADDRESS_TRIES, window=HOUR)
    user = user_of_uid(uid)
    if user is None or user.is_confirmed or not may_sign_in(user) or not confirmation_tokens.check_token(user, token):
        raise link_not_valid()
    if not user.check_password(password):
        raise Invalid(FaultCode.WRONG, Field.PASSWORD, keeps_writes=True)
    unconfirmed = User.objects.filter(pk=user.pk, email=user.email)
    try:
        with transaction.atomic():
            if not unconfirmed.update(email=user.unconfirmed_email, unconfirmed_email=""):
                raise link_not_valid()
    except IntegrityError as error:  # another account has confirmed it meanwhile
        raise link_not_valid() from error
    user.refresh_from_db()
    return user, begin_sign_in(user)


def forget_unconfirmed(before: datetime, most: int) -> int:
    """Deletes accounts that were registered before then and never confirmed, which nobody can enter; how many.

    Such a one has no sign-in, and no row but its addresses (an order, a wallet, ...) names it or its customer. The
    oldest go first.
    """
    # By the index of those: whose e-mail staff have set is confirmed, whatever was registered with.
    users = User.objects.exclude(unconfirmed_email="").filter(
        date_joined__lt=before, email__endswith=UNCONFIRMED, is_staff=False, is_superuser=False
    )
    customers = unreferenced(Customer.objects.filter(user__in=unreferenced(users, but=Customer)), but=Address)
    found = dict(customers.order_by("user__date_joined").values_list("pk", "user_id")[:most])
    if found:
        with transaction.atomic(), unrecorded():
            Customer.objects.filter(pk__in=found).delete()
            User.objects.filter(pk__in=found.values()).delete()
            blank_audit(Customer, found)
            blank_audit(User, found.values())
    return len(found)


def unreferenced(rows: QuerySet[Row], *, but: type[Model]) -> QuerySet[Row]:
    """The rows that none of another model refers to; rows of the model `but` do not count."""
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.related_model is not but and not relation.many_to_many:
            referring = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.filter(~Exists(referring))
    return rows
