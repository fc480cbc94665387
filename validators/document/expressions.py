"""Which roles or rights does a framework's own expression ask for (`hasRole('ADMIN')`)?

Documents that are generated from code quote what the code asks (Spring Security, Jakarta, .NET).
Unlike prose that is exact. Read is an expression that is a whole sentence: what stands in a
condition ("If hasRole('ADMIN'), all are shown") or beside an alternative that names nobody
(`or #id == principal.id`) reserves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CALL = re.compile(
    r"\bhas(?:Any)?(?P<kind>Roles?|Authority|Authorities)\s*\((?P<names>[^()]*)\)"
    r"|@?\b(?:Secured|RolesAllowed)\s*\((?P<secured>[^()]*)\)"
    r"|\[?\bAuthorize\s*\(\s*Roles\s*=(?P<listed>[^()]*)\)\]?"
)
NAME = re.compile(r"[\w:.*-]+")
LEAD = re.compile(
    r"(?i)(?:(?:requires?|required|needs?|access|authori[sz](?:ation|ed)|security|secured|roles?|"
    r"permissions?|allowed|restricted|expression|only|for|to|by|with|is)\b[\s:=]*)*"
)
WRAPPED = re.compile(r"@?(?:Pre|Post)?Authorize\s*\(\s*[\"']?(?P<inside>.*?)[\"']?\s*\)")
MARK = "\N{SECTION SIGN}"
EITHER = re.compile(rf"{MARK}(?:\s*(?:\bor\b|\|\|)\s*{MARK})*")
BOTH = re.compile(rf"{MARK}\s*(?:\band\b|&&)(?!.*(?:\bor\b|\|\|)).+")
TAG, BREAKING = re.compile(r"<[^<>]*>"), re.compile(r"(?i)</?(?:br|p|li|ul|div)\b[^<>]*>")
SENTENCE = re.compile(r"[.;](?:\s+|$)|\n|\s[-\N{EN DASH}\N{EM DASH}]+\s")
ORDER = re.compile(r"\b\w+(?:\s*>\s*\w+)+")
ROLE = re.compile(r"^ROLE_")


@dataclass(frozen=True, slots=True)
class Demand:
    """One of these roles is asked for, or one of these rights; never some of either."""

    roles: tuple[str, ...]
    rights: tuple[str, ...]
    quote: str


def demands(text: str) -> Iterator[Demand]:
    """What the expressions in a text ask for."""
    for sentence in SENTENCE.split(TAG.sub(" ", BREAKING.sub("\n", text))):
        found = demand_in(sentence.strip()) if CALL.search(sentence) else None
        if found is not None:
            yield found


def demand_in(sentence: str) -> Demand | None:
    """What a sentence asks for that is nothing but an expression; None when it says more."""
    lead = LEAD.match(sentence)
    plain = sentence[lead.end() :] if lead else sentence
    wrapped = WRAPPED.fullmatch(plain) if not CALL.fullmatch(plain) else None
    plain = wrapped["inside"] if wrapped else plain
    calls = list(CALL.finditer(plain))
    shape = CALL.sub(MARK, plain).strip()
    if not EITHER.fullmatch(re.sub(r"[()]", "", shape).strip()):
        calls = calls[:1] if BOTH.fullmatch(shape) else []
    roles = [name for each in calls for name in asked_in(each) if is_role(each, name)]
    rights = [name for each in calls for name in asked_in(each) if not is_role(each, name)]
    if bool(roles) == bool(rights):
        return None
    named = tuple(dict.fromkeys(ROLE.sub("", each) for each in roles))
    return Demand(
        roles=named, rights=tuple(dict.fromkeys(rights)), quote=" ".join(sentence.split())
    )


def asked_in(call: re.Match[str]) -> list[str]:
    """The names in one call, the prefix with them."""
    return NAME.findall(call["names"] or call["secured"] or call["listed"] or "")


def is_role(call: re.Match[str], name: str) -> bool:
    """Is it a role, as an authority is whose name says so (`ROLE_ADMIN`)?"""
    return (call["kind"] or "role").lower().startswith("role") or bool(ROLE.match(name))


def without(text: str) -> str:
    """The text without expressions, whose arguments are no words."""
    return CALL.sub(" ", text)


def hierarchy_in(text: str, roles: Sequence[str]) -> tuple[str, ...]:
    """The order of these roles, the weakest first, as a text has it for all of them (`A > B`)."""
    for found in ORDER.findall(text):
        names = [ROLE.sub("", each.strip()).lower() for each in found.split(">")][::-1]
        mine = [each for each in names if each in roles]
        if len(mine) == len(roles) > 1:
            return tuple(mine)
    return ()
