"""The environment as the settings read it: what makes no sense is told in a sentence that names the variable."""

import builtins
import logging
import math
import re
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

# As a browser writes where a page is from: what kind, the host in small letters, a port that is not the usual one.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
USUAL_PORT = re.compile(r"https:.*:443|http:.*:80")
# A host and a port, as a Content-Security-Policy may name them, or none; then the path.
TILES = re.compile(r"(https://[A-Za-z0-9.-]+(:[1-9][0-9]{0,4})?)?/(?![/\\])[^\s\\]*")
MOST_DIGITS = 9
NO = ("false", "off", "no", "n", "0", "")


class Environment(environ.Env):
    """As environ.Env, for values that are checked when they are read."""

    def int(self, var: str, default: Any = environ.Env.NOTSET) -> Any:
        """A whole number from 0 on; raises ImproperlyConfigured."""
        return self.number(super().int, var, default, "a whole number")

    def float(self, var: str, default: Any = environ.Env.NOTSET) -> Any:
        """A number from 0 on; raises ImproperlyConfigured."""
        return self.number(super().float, var, default, "a number")

    def number(self, read: Any, var: str, default: Any, kind: str) -> Any:
        try:
            number = read(var, default)
        except ValueError:
            number = -1
        if not 0 <= number < math.inf:
            raise ImproperlyConfigured(f'{var} is "{self.str(var)}": set it to {kind} from 0 on.')
        return number

    def bool(self, var: str, default: Any = environ.Env.NOTSET) -> bool:
        """On or off; raises ImproperlyConfigured for what is neither."""
        text = self.str(var, "").strip().lower()
        if text not in (*NO, *self.BOOLEAN_TRUE_STRINGS):
            raise ImproperlyConfigured(f'{var} is "{text}": set it to on or off.')
        return bool(super().bool(var, default))

    def numbers(self, var: str) -> dict[str, builtins.int]:
        """Whole numbers by name, such as a=1,b=0; raises ImproperlyConfigured."""
        found = {}
        for part in filter(None, (part.strip() for part in self.str(var, "").split(","))):
            name, _, number = (side.strip() for side in part.partition("="))
            if not name or not number.isdecimal() or len(number) > MOST_DIGITS:
                raise ImproperlyConfigured(f'{var} is "{self.str(var)}": set it to names with numbers such as a=1,b=0.')
            found[name] = builtins.int(number)
        return found

    def origins(self, var: str, *, wildcard: str) -> list[str]:
        """Origins with commas between, or the wildcard alone where there is one; raises ImproperlyConfigured."""
        found = [text for part in self.str(var, "").split(",") if (text := part.strip().lower())]
        if wildcard and found == [wildcard]:
            return found
        wrong = next((one for one in found if not ORIGIN.fullmatch(one) or USUAL_PORT.fullmatch(one)), None)
        if wrong is not None:
            raise ImproperlyConfigured(
                f'{var} is "{self.str(var)}": set it to origins such as https://app.example.com,http://localhost:3000, '
                "without a path; * is taken in development only."
            )
        return found

    def tiles(self, var: str) -> str:
        """Where a map's tiles are, "" for nowhere; raises ImproperlyConfigured."""
        url = self.str(var, "").strip()
        if url and not (TILES.fullmatch(url) and all(url.count(part) == 1 for part in ("{z}", "{x}", "{y}"))):
            raise ImproperlyConfigured(
                f'{var} is "{url}": set it to an address such as https://tiles.example.com/{{z}}/{{x}}/{{y}}.png, or a '
                "path of this site such as /tiles/{z}/{x}/{y}.png, with {z}, {x} and {y} once each."
            )
        return url

    def log_level(self, var: str, default: str) -> str:
        """One of logging's levels; raises ImproperlyConfigured."""
        level = self.str(var, default).strip().upper()
        if level not in logging.getLevelNamesMapping():
            raise ImproperlyConfigured(f'{var} is "{level}": set it to DEBUG, INFO, WARNING, ERROR or CRITICAL.')
        return level
