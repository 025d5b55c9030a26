"""What lets somebody in – browser sessions, sign-ins by the API, API tokens – listed, and ended at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ordersite.accounts.models import ApiToken, BrowserSession, SignIn, User
from ordersite.core.crypto import token_hash
from ordersite.core.faults import NotFound

# Of each kind, the newest.
MOST_SHOWN = 100
SESSION, SIGN_IN, API_TOKEN = "session", "sign_in", "api_token"  # noqa: S105  kinds
# What clients call themselves, by words in it; the first that fits.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One of the things that let somebody in. `id` names it among its kind and is no secret."""

    kind: str
    id: str
    device: str
    created_at: datetime
    used_at: datetime | None
    is_this: bool = False


def logins_of(user: User, session_key: str | None = "") -> list[Login]:
    """What lets the user in, by kind and the newest first; `session_key` is the session of who asks. 3 statements."""
    now = timezone.now()
    sessions = BrowserSession.objects.filter(user=user, expire_date__gt=now).order_by("-created_at")[:MOST_SHOWN]
    sign_ins = SignIn.objects.filter(user=user, expires_at__gt=now).order_by("-pk")[:MOST_SHOWN]
    tokens = ApiToken.objects.filter(user=user, revoked_at=None)[:MOST_SHOWN]
    return [
        *(
            Login(
                kind=SESSION,
                id=session_id(row.session_key),
                device=name_device(row.device),
                created_at=row.created_at,
                used_at=row.used_at,
                is_this=row.session_key == session_key,
            )
            for row in sessions
        ),
        *(
            Login(
                kind=SIGN_IN,
                id=str(row.pk),
                device=name_device(row.device),
                created_at=row.created_at,
                used_at=row.renewed_at or row.created_at,
            )
            for row in sign_ins
        ),
        *(
            Login(kind=API_TOKEN, id=str(row.pk), device=str(row), created_at=row.created_at, used_at=row.last_used_at)
            for row in tokens
        ),
    ]


def session_id(key: str) -> str:
    """Names a session where its key, which lets one in, is not shown."""
    return token_hash(key)[:16]


def name_device(text: str) -> str:
    """What a client calls itself, in two words where they are known."""
    browser = next((name for word, name in BROWSERS if word in text), "")
    system = next((name for word, name in SYSTEMS if word in text), "")
    return ", ".join(part for part in (browser, system) if part) or text[:60]


def end_login(user: User, kind: str, given: str) -> None:
    """Ends one at once; raises NotFound for what is not the user's, or has ended."""
    ended = 0
    if kind == SESSION:
        keys = BrowserSession.objects.filter(user=user).values_list("session_key", flat=True)
        ended = end_sessions(key for key in keys if session_id(key) == given)
    elif kind == SIGN_IN and is_id(given):
        ended, _ = SignIn.objects.filter(user=user, pk=given).delete()
    elif kind == API_TOKEN and is_id(given):
        ended = ApiToken.objects.filter(user=user, pk=given, revoked_at=None).update(revoked_at=timezone.now())
    if not ended:
        raise NotFound()


def is_id(given: str) -> bool:
    return given.isascii() and given.isdecimal() and len(given) < 19


def end_sessions(keys: Iterable[str]) -> int:
    return BrowserSession.objects.filter(session_key__in=list(keys)).delete()[0]


def end_logins(user: User, *, but_session: str | None = None) -> int:
    """Ends all browser sessions and sign-ins of the user, but for one session; how many. API tokens stay."""
    with transaction.atomic():
        sessions, _ = BrowserSession.objects.filter(user=user).exclude(session_key=but_session or "").delete()
        sign_ins, _ = SignIn.objects.filter(user=user).delete()
    return sessions + sign_ins
