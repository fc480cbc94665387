"""Does an answer keep what one response header promises?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gate.model import Severity

YEAR = 31_536_000
FOREIGN_ORIGIN = "https://origin.invalid"
ERRORS = range(400, 600)
SAFE_REFERRERS = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer: header names in lower case; `credential` is the header that signs a caller in."""

    status: int
    headers: Mapping[str, str]
    secured: bool = True
    signed_in: bool = False
    credential: str = "authorization"

    def value(self, header: str) -> str:
        """The header's value in lower case, "" when it is missing."""
        return self.headers.get(header, "").strip().lower()

    def tokens(self, header: str) -> frozenset[str]:
        """The comma-separated parts of the value."""
        return frozenset(part.strip() for part in self.value(header).split(",")) - {""}

    def directive(self, name: str) -> frozenset[str] | None:
        """The values of one Content-Security-Policy directive, None when it is not there."""
        for directive in self.value("content-security-policy").split(";"):
            parts = directive.split()
            if parts and parts[0] == name:
                return frozenset(parts[1:])
        return None

    @property
    def private(self) -> bool:
        """Is this a good answer to a signed-in caller, where the document asks for a credential?"""
        return self.secured and self.signed_in and 200 <= self.status < 300  # noqa: PLR2004

    @property
    def html(self) -> bool:
        """Does a browser render it as a page?"""
        return self.value("content-type").startswith("text/html")

    @property
    def full(self) -> bool:
        """Has the answer a body?"""
        return self.value("content-length") != "0" and self.status not in {204, 304}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one header must say.

    Each of `spoilt` changes a clean answer so that this rule breaks and no other does.
    """

    name: str
    header: str
    wants: str
    holds: Callable[[Seen], bool]
    why: str
    source: str
    severity: Severity
    spoilt: tuple[Mapping[str, str | None], ...]
    applies: Callable[[Seen], bool] = lambda _: True
    cwe: int | None = None
    asvs: str | None = None
    cvss: str | None = None

    def broken_by(self, seen: Seen) -> bool:
        """Does the rule speak of this answer, and does the answer break it?"""
        return self.applies(seen) and not self.holds(seen)


def one_of(header: str, *allowed: str) -> Callable[[Seen], bool]:
    """The header is there and has one of these values."""
    return lambda seen: seen.value(header) in allowed


def absent(header: str) -> Callable[[Seen], bool]:
    """The header is not there."""
    return lambda seen: header not in seen.headers


def is_error(seen: Seen) -> bool:
    """Is the answer a refusal or a failure?"""
    return seen.status in ERRORS


def lasts_a_year(seen: Seen) -> bool:
    """HSTS for a year or longer, subdomains included."""
    value = seen.value("strict-transport-security")
    age = re.search(r"(?:^|;)\s*max-age\s*=\s*\"?(\d+)", value)
    return age is not None and int(age[1]) >= YEAR and "includesubdomains" in value


def loads_nothing(seen: Seen) -> bool:
    """A policy that loads nothing; a page that a browser renders may load from its own origin."""
    default = seen.directive("default-src")
    allowed = {"'self'", "'none'"} if seen.html else {"'none'"}
    script = seen.directive("script-src") or default or frozenset()
    unsafe = {"'unsafe-inline'", "'unsafe-eval'", "*"}
    return default is not None and default <= allowed and bool(default) and not script & unsafe


def refuses_frames(seen: Seen) -> bool:
    """No other origin may frame the answer."""
    ancestors = seen.directive("frame-ancestors")
    return ancestors == frozenset({"'none'"}) or ancestors == frozenset({"'self'"})


def keeps_referrer(seen: Seen) -> bool:
    """The last value that is understood decides; none of them may send the path elsewhere."""
    tokens = seen.tokens("referrer-policy")
    return bool(tokens) and tokens <= SAFE_REFERRERS


def names_permissions(seen: Seen) -> bool:
    """A policy that switches features off and none on for everybody."""
    value = seen.value("permissions-policy")
    return "=()" in value and "=*" not in value.replace(" ", "")


def stays_uncached(seen: Seen) -> bool:
    """No shared cache may keep the answer (RFC 9111, section 5.2.2)."""
    return bool(seen.tokens("cache-control") & {"no-store", "private"})


def is_keyed(seen: Seen) -> bool:
    """What a cache may keep is kept apart by the credential."""
    if "no-store" in seen.tokens("cache-control"):
        return True
    return bool(seen.tokens("vary") & {seen.credential, "*"})


def names_its_type(seen: Seen) -> bool:
    """A media type, with a charset where text needs one; JSON has none (RFC 8259, section 11)."""
    value = seen.value("content-type")
    textual = value.startswith("text/") or "xml" in value
    return "/" in value and ("charset=" in value or not textual)


def hides_versions(seen: Seen) -> bool:
    """A server's name may be told, its version not."""
    return not re.search(r"\d", seen.value("server"))


def trusts_no_stranger(seen: Seen) -> bool:
    """No answer for every origin, and none for an origin nobody has heard of."""
    origin = seen.value("access-control-allow-origin")
    credentials = seen.value("access-control-allow-credentials") == "true"
    return not (credentials and origin in {"*", "null", FOREIGN_ORIGIN}) and not (
        seen.private and origin in {"*", "null", FOREIGN_ORIGIN}
    )


def guards_cookies(seen: Seen) -> bool:
    """Every cookie is Secure, HttpOnly and SameSite (values are recorded without secrets)."""
    value = seen.value("set-cookie")
    return all(word in value for word in ("secure", "httponly", "samesite"))
