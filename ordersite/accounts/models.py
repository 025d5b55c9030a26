"""Who a caller is: users, the customers they may be, and the tokens that stand for them."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

# How the e-mail of an account ends whose owner has not shown yet that the e-mail he gave is his.
UNCONFIRMED = "@unconfirmed.invalid"


class UserManager(BaseUserManager["User"]):
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


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What it may do follows from rows (member, driver, customer), not from a role here."""

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
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

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


class Customer(models.Model):
    """Who orders. A guest is a customer without a user, a new one for each placing, never merged by e-mail."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True, related_name="customer")
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True, db_index=True)
    phone = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        """So that no namesake is taken for it. Reads the user, which lists join."""
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

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class ApiToken(models.Model):
    """A long-lived, revocable key for a till or a server. Only its hash is stored."""

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
    """A mail that waits to be sent; once it is, the row goes."""

    kind = models.CharField(max_length=20)
    recipient = models.EmailField()
    # What its writer needs besides the recipient, encrypted: it may hold a link that lets somebody in.
    sealed = models.TextField()
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
