"""How often a password may be tried, alike at every door.

The network address is counted first, over all accounts and before anything is hashed. Then the account from that
address: whoever guesses locks himself out, and not the owner elsewhere. Then the account over all addresses, which
slows many guessers down; an address from which the owner signed in before is spared.
"""

from dataclasses import dataclass
from datetime import timedelta

from ordersite.web.attempts import (
    count_attempt,
    forget_attempts,
    is_remembered,
    remember,
    take_back_attempt,
)
from ordersite.web.problems import Problem

ADDRESS, PAIR, ACCOUNT, KNOWN = "login-address", "login", "login-account", "login-known"
# Wrong tries in a window. A window is fixed, so it is also the longest wait.
ADDRESS_TRIES, PAIR_TRIES, WINDOW = 30, 10, timedelta(minutes=15)
ACCOUNT_TRIES, ACCOUNT_WINDOW = 30, timedelta(minutes=5)
KNOWN_FOR = timedelta(days=30)


def pair_of(email: str, address: str) -> str:
    return f"{address} {email}"


def forget_tries(email: str, address: str) -> None:
    """Lets the owner in at once who has just shown that the account is his."""
    forget_attempts(PAIR, pair_of(email, address))
    remember(KNOWN, pair_of(email, address), window=KNOWN_FOR)


@dataclass(frozen=True, slots=True)
class PasswordTry:
    """One try, counted before it is made: guesses sent at once do not outrun the count."""

    email: str
    address: str

    def count(self) -> None:
        """Raises a 429 Problem where this try is one too many, which then counts nowhere."""
        counts = [(ADDRESS, self.address, ADDRESS_TRIES, WINDOW), (PAIR, self.pair, PAIR_TRIES, WINDOW)]
        if not is_remembered(KNOWN, self.pair):
            counts.append((ACCOUNT, self.email, ACCOUNT_TRIES, ACCOUNT_WINDOW))
        for done, (scope, subject, limit, window) in enumerate(counts):
            try:
                count_attempt(scope, subject, limit=limit, window=window)
            except Problem:
                for earlier in counts[: done + 1]:
                    take_back_attempt(*earlier[:2])
                raise

    def take_back(self) -> None:
        """Uncounts a try that was not made after all."""
        for scope, subject in ((ADDRESS, self.address), (PAIR, self.pair), (ACCOUNT, self.email)):
            take_back_attempt(scope, subject)

    def succeed(self) -> None:
        """Uncounts a try that was right, and forgets this address's wrong ones on this account."""
        self.take_back()
        forget_tries(self.email, self.address)

    @property
    def pair(self) -> str:
        return pair_of(self.email, self.address)
