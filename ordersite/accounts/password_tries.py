"""How often a password may be tried, alike at every door.

The network address is counted first, over all accounts and before anything is hashed. Then the account from that
address: whoever guesses locks himself out, and not the owner elsewhere. Then the account over all addresses, which
slows many guessers down; an address from which the owner signed in before is spared.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from ordersite.core.attempts import count_attempt, end_attempts, forget_attempts, is_remembered, remember_subject
from ordersite.core.faults import Refusal

ADDRESS, PAIR, ACCOUNT, KNOWN = "login-address", "login", "login-account", "login-known"
# Right and wrong ones: each costs a hash.
ALL = "login-all"
WINDOW = timedelta(minutes=15)
# Tries in a window: wrong ones, but for ALL. A window is fixed, so it is also the longest wait.
LIMITS = {
    ADDRESS: (30, WINDOW),
    PAIR: (10, WINDOW),
    ALL: (60, WINDOW),
    ACCOUNT: (30, timedelta(minutes=5)),
}
KNOWN_FOR = timedelta(days=30)
Found = TypeVar("Found")


def pair_of(email: str, address: str) -> str:
    return f"{address} {email}"


def forget_tries(email: str, address: str) -> None:
    """Lets the owner in at once who has just shown that the account is his."""
    forget_attempts(PAIR, pair_of(email, address))
    remember_subject(KNOWN, pair_of(email, address), window=KNOWN_FOR)


def try_password(email: str, address: str, check: Callable[[], Found]) -> Found:
    """What `check` finds, false for a wrong password; raises Throttled after too many tries, and what it raises."""
    attempt = PasswordTry(email, address)
    attempt.count()
    try:
        found = check()
    except Exception:
        attempt.take_back()
        raise
    if found:
        attempt.succeed()
    else:
        attempt.fail()
    return found


@dataclass(slots=True)
class PasswordTry:
    """One try, counted before it is made: guesses sent at once do not outrun the count."""

    email: str
    address: str
    counted: list[tuple[str, str]] = field(default_factory=list)  # scopes and subjects

    def count(self) -> None:
        """Raises Throttled where this try is one too many, which then counts nowhere."""
        subjects = {ADDRESS: self.address, PAIR: self.pair, ALL: self.pair}
        if not is_remembered(KNOWN, self.pair):
            subjects[ACCOUNT] = self.email
        for scope, subject in subjects.items():
            limit, window = LIMITS[scope]
            self.counted.append((scope, subject))
            try:
                count_attempt(scope, subject, limit=limit, window=window, under_way=True)
            except Refusal:
                self.take_back()
                raise

    def fail(self) -> None:
        """Keeps a try that was wrong."""
        end_attempts(self.counted, uncount=False)

    def take_back(self) -> None:
        """Uncounts a try that was not made after all, where it was counted."""
        end_attempts(self.counted, uncount=True)

    def succeed(self) -> None:
        """Uncounts a try that was right, but for its cost, and forgets this address's wrong ones on this account."""
        end_attempts([one for one in self.counted if one[0] == ALL], uncount=False)
        end_attempts([one for one in self.counted if one[0] != ALL], uncount=True)
        forget_tries(self.email, self.address)

    @property
    def pair(self) -> str:
        return pair_of(self.email, self.address)
