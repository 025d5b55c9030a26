"""Who a caller is: users, the customers they may be, and the tokens that stand for them."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from ordersite.core.audit import Audited, AuditedQuerySet
from ordersite.core.tracing import current_traceparent
from ordersite.core.words import WordsIndex

# How the e-mail of an account ends whose owner has not shown yet that the e-mail he gave is his.
UNCONFIRMED = "@unconfirmed.invalid"
DEVICE_LENGTH = 200


class UserManager(BaseUserManager.from_queryset(AuditedQuerySet)):  # type: ignore[misc]
    """Users are found by e-mail, without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


def user_key(user_id: int) -> str:
    """Names a person as a caller (Caller.key)."""
    return f"user:{user_id}"


class User(Audited, AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What it may do follows from rows (member, driver, customer), not from a role here."""

    unrecorded_columns = frozenset({"last_login"})
    secret_columns = frozenset({"password"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    # What was registered with, where `email` only holds the place; it opens nothing.
    unconfirmed_email = models.EmailField(blank=True, default="", db_default="", editable=False)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    # In which pages are shown ("nl"); empty where none was chosen.
    language = models.CharField(max_length=8, blank=True, default="", db_default="", editable=False)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        default=False, help_text="May enter this back-office. What it may do there follows from its groups."
    )
    # When the second step at signing in was set up; without one it is not asked for.
    second_step_at = models.DateTimeField(null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case")]
        # Those that were never confirmed, by age, for the worker that deletes them.
        indexes = [
            models.Index(fields=["date_joined"], condition=~models.Q(unconfirmed_email=""), name="user_unconfirmed")
        ]
        permissions = [("act_everywhere", "Can act for all vendors")]

    def __str__(self) -> str:
        return f"{self.shown_email}{self.mark}"

    @property
    def is_confirmed(self) -> bool:
        return not self.email.endswith(UNCONFIRMED)

    @property
    def may_use_rights(self) -> bool:
        """Whether it works for the platform, with a second step where SECOND_STEP_FOR_STAFF asks for one."""
        has_step = self.second_step_at is not None or not settings.SECOND_STEP_FOR_STAFF
        return self.is_active and self.is_staff and has_step

    @property
    def mark(self) -> str:
        """What stands behind the name or e-mail of somebody whose e-mail may be another's."""
        return "" if self.is_confirmed else " (not confirmed)"

    @property
    def shown_email(self) -> str:
        """The e-mail as the person knows it."""
        return self.email if self.is_confirmed else self.unconfirmed_email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password, or being switched off, ends the sign-ins; a new password the API tokens too."""
        has_new_password = getattr(self, "_password", None) is not None and not self._state.adding
        super().save(*args, **kwargs)
        if has_new_password or not self.is_active:
            self.sign_ins.all().delete()
            self.browser_sessions.all().delete()
        if has_new_password:
            self.revoke_api_tokens()

    def revoke_api_tokens(self) -> None:
        """Ends the API tokens that the person holds or made, a merchant's among them."""
        tokens = ApiToken.objects.filter(models.Q(user=self) | models.Q(created_by=self), revoked_at=None)
        tokens.update(revoked_at=timezone.now())

    @property
    def caller_key(self) -> str:
        """Names this caller in idempotency keys, external codes and events."""
        return user_key(self.pk)


class Customer(Audited):
    """Who orders. A guest is a customer without a user, a new one for each placing, never merged by e-mail."""

    records_additions = False  # guests come with their orders

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="customer")
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True, db_index=True)
    phone = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When what names it was erased; nothing is ordered for it any more.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        # Those without an account, by age, for the worker that erases them.
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(user__isnull=True, erased_at__isnull=True),
                name="customer_without_account",
            ),
            # By which who calls is found.
            models.Index(fields=["phone"], condition=models.Q(phone__gt=""), name="customer_phone"),
            WordsIndex(fields=["name"], name="customer_name_words"),
        ]
        permissions = [("erase_customer", "Can export and erase a customer's personal data")]

    def __str__(self) -> str:
        """So that no namesake is taken for it. Reads the user, which lists join."""
        if self.erased_at is not None:
            return f"customer {self.pk} (erased)"
        email = self.user.shown_email if self.user else self.email
        told = [self.name, email or self.phone]
        return (", ".join(part for part in told if part) or f"customer {self.pk}") + self.mark

    @property
    def mark(self) -> str:
        """Whether its e-mail is only what somebody said."""
        return self.user.mark if self.user else " (guest)"


class Address(models.Model):
    """A place that a customer keeps for later orders."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300)
    address_notes = models.CharField(max_length=300, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lng = models.FloatField(null=True, blank=True)
    # The point that came with the address, where it has been set right or taken away since.
    anchor_lat = models.FloatField(null=True, editable=False)
    anchor_lng = models.FloatField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return self.label or self.address


class SignIn(models.Model):
    """One sign-in by the API. Its tokens name it and end with it; only the newest refresh token renews them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    refresh_id = models.CharField(max_length=32)
    # The refresh token before it, and when it was used up.
    previous_id = models.CharField(max_length=32, blank=True, default="", db_default="")
    renewed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    # What the client called itself as it signed in.
    device = models.CharField(max_length=DEVICE_LENGTH, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class BrowserSession(AbstractBaseSession):
    """A session of our pages (ordersite.accounts.browser_sessions); without a user while nobody has signed in."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="browser_sessions")
    # What the browser called itself as it signed in.
    device = models.CharField(max_length=DEVICE_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"session of user {self.user_id}"


class SecondStep(models.Model):
    """The secret that somebody's app makes codes of. It counts once `User.second_step_at` is set."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_step")
    sealed_key = models.CharField(max_length=255)
    # Of the code that was used last, the number of its 30 seconds: neither it nor an older one is taken again.
    last_used = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"second step of user {self.user_id}"


class RecoveryCode(models.Model):
    """A code that does once for the app's, such as where a phone was lost. Only its hash is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of user {self.user_id}"


class ApiToken(Audited):
    """A long-lived, revocable key for a till or a server. Only its hash is stored."""

    unrecorded_columns = frozenset({"last_used_at"})
    secret_columns = frozenset({"token_hash"})

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "write"

    name = models.CharField(max_length=80)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="api_tokens")
    merchant = models.ForeignKey(
        "vendors.Merchant", on_delete=models.CASCADE, null=True, blank=True, related_name="api_tokens"
    )
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="How the token begins, to tell it from others.")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) ^ models.Q(merchant__isnull=True), name="api_token_has_one_owner"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class Mail(models.Model):
    """A mail, written in the transaction of what it tells; the worker writes its text, sends it and keeps what came."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENT = "sent", "sent"
        BOUNCED = "bounced", "refused by the mail server"
        GIVEN_UP = "given_up", "given up"
        DROPPED = "dropped", "not sent: not wanted, or needed no more"

    # Makes its Message-ID, the same at every try: whoever gets it twice can tell.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    recipient = models.EmailField(db_index=True)
    about = models.CharField(max_length=60, blank=True, help_text="What it is about: order:17, vendor:3, webhook:2.")
    # What its writer needs besides the recipient: ids and what was agreed, nothing that lets anybody in.
    data = models.JSONField(default=dict, blank=True, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    error = models.CharField(max_length=200, blank=True, help_text="Why the last try failed, or why it was not sent.")
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # From when on its time to be sent counts: when it was written, or somebody had it sent again.
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    # When it is tried next; empty once nothing is left to do. While a worker sends it: when another may.
    due_at = models.DateTimeField(default=timezone.now, null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The trace of the change that it tells, which each try goes on with.
    traceparent = models.CharField(
        max_length=55, blank=True, default=current_traceparent, db_default="", editable=False
    )

    class Meta:
        permissions = [("resend_mail", "Can send a mail again")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(due_at__isnull=False), name="mail_due"),
            models.Index(fields=["created_at"], name="mail_age"),
            models.Index(fields=["about"], condition=~models.Q(about=""), name="mail_about"),
            # By which the back-office's list is narrowed; most were sent.
            models.Index(fields=["state", "-id"], condition=~models.Q(state="sent"), name="mail_not_sent"),
            models.Index(fields=["kind", "-id"], name="mail_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.pk}"


class DeclinedMail(models.Model):
    """A kind of mail that an address does not want."""

    email = models.EmailField(help_text="In small letters.")
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "kind"], name="mail_declined_once")]

    def __str__(self) -> str:
        return f"{self.email}: {self.kind.replace('_', ' ')}"

    def clean(self) -> None:
        self.email = self.email.strip().lower()
