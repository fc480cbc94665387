"""For which roles does a document reserve an operation, and in which words?

A document rarely names roles where a machine looks for them. It says "For admins", "owners only"
or "(the patient alone)", describes its 403 as "not an admin", or puts an operation under `/admin`.
Read is only what is said of the whole operation: "Notify the admin" and "archived ones for admins
only" reserve nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from gate.model import Json
from validators.document.expressions import demands, without
from validators.document.names import PARAMETER, noun_of, stem, words_of
from validators.document.operations import Operation
from validators.document.rights import IT, ME, THING, named_right, tidy

ADMIN = "admin"
SYNONYMS = dict.fromkeys(
    ("admin", "administrator", "superuser", "superadmin", "sysadmin", "root"), ADMIN
) | dict.fromkeys(("staff", "employee", "personnel"), "staff")
ROLES = frozenset({
    *SYNONYMS, "owner", "manager", "maintainer", "moderator", "supervisor", "operator", "editor",
})  # fmt: skip
# Names of those who hold no right over others.
ORDINARY = frozenset({
    "user", "member", "viewer", "reader", "guest", "customer", "client", "visitor", "subscriber",
    "basic", "regular", "readonly", "observer",
})  # fmt: skip
EVERYBODY = frozenset({
    "user", "member", "everyone", "anyone", "caller", "account", "authenticated", "registered",
})  # fmt: skip
MEMBER = "member"
SAID, MARKED = "said", "marked"
PERMISSION = "permission "
MOST_WORDS = 3
RIGHTS = (
    r"(?:roles?|permissions?|privileges?|rights|access|authenticat\w+|credentials?|tokens?|scopes?"
    r"|users?)"
)
WHO = r"(?P<who>[a-z][a-z ,/&'_-]*?)"
OPEN = r"(?:available|accessible|allowed|permitted|usable)"
# Each takes a whole clause. The role is `who`; `act` is what only it may do.
SENTENCES = tuple(
    re.compile(each)
    for each in (
        rf"(?:for |by )?{WHO}[ -](?:only|alone|exclusively)(?: {THING})?",
        rf"{IT}only (?:for |by |to )?{WHO}",
        rf"{IT}(?:for|restricted to|reserved (?:for|to)) {WHO}(?: only| alone)?",
        rf"{IT}(?:only|exclusively) {OPEN} (?:to|for|by) {WHO}",
        rf"{IT}{OPEN} (?:only|exclusively) (?:to|for|by) {WHO}",
        rf"{IT}(?:requires?|needs?) {WHO} {RIGHTS}",
        rf"{WHO} {RIGHTS} (?:is |are )?(?:required|needed)",
        rf"{ME} (?:must|has to|have to|needs? to) (?:be|have|hold) {WHO}",
        rf"only {WHO} (?:can|may|(?:is|are) (?:allowed|permitted) to|ha(?:s|ve) access)(?P<act>.*)",
    )
)
# An admin is never a field's value or a part of a request, unlike an owner or a manager.
FOR_ADMINS = tuple(
    re.compile(each) for each in (rf"{IT}(?:requires?|needs?) {WHO}", rf"{WHO} (?:required|needed)")
)
AFTER_COMMA = re.compile(rf"{WHO} (?:only|alone)")
REFUSING = tuple(
    re.compile(each)
    for each in (
        rf"(?:if |when )?(?:{ME} )?(?:is |are )?(?:not|no|isn't|aren't) {WHO}",
        rf"(?:must be|missing|lacks?|without) {WHO}",
        rf"{ME} (?:do|does)(?: not|n't) have {WHO}",
    )
)  # Nothing but roles, each in the plural: "Operators and managers."
PLURALS = re.compile(r"[a-z]+s(?:(?:,? and|,? or|,) [a-z]+s)*")
LABEL = re.compile(r"(?:roles?|access|permissions?|authori[sz]ation|allowed|requires)")
BRACKET = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
EMPHASIS = re.compile(r"`|\*\*|(?<=\w)\*|\*(?=\w)")
HEADING = re.compile(r"(?m)^\s*#.*$")
BREAK = re.compile(r"[.;!?](?:\s+|$)|\n\s*(?:\n|[-*•])|\s[-–—]+\s")  # noqa: RUF001 - dashes of prose
LINKING = frozenset({
    "for", "to", "by", "with", "in", "from", "on", "and", "or", "not", "if", "including", "except",
    "as", "like", "about",
})  # fmt: skip
ARTICLES = frozenset({"the", "a", "an", "all", "any", "your", "its", "their"})
CONDITION = re.compile(r"\b(if|when|unless|for|with|including|except|other|others|another|to)\b")
USING = {
    "read": frozenset({"read", "list", "view", "see", "get", "fetch", "retrieve"}),
    "make": frozenset({"create", "add", "invite", "make", "open", "submit", "register"}),
    "change": frozenset({"update", "change", "edit", "modify", "replace"}),
    "end": frozenset({"delete", "remove", "cancel", "void", "revoke", "close", "archive"}),
}
DOING = frozenset({"do", "call", "use", "access", "perform", "invoke", "run", "make", "manage"})
THIS = frozenset({
    "this", "it", "that", "them", "these", "the", "a", "an", "endpoint", "operation", "action",
    "api", "resource", "method", "call", "request", "data", "information", "new",
})  # fmt: skip
WITH_ROLE = re.compile(r"(?:users?|callers?|accounts?|people|those) (?:with|having|who have|in) ")
SUPER = re.compile(r"super[- ](?=admin|user)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Some words that reserve an operation.

    `roles` are the standard names of who may, `key` is what operations reserved alike share, `how`
    is `said` for a sentence that excludes all others, and `marked` for a mere mark (`/admin`,
    `[Admin]`, a tag, a scope). `known` is False for a noun that may be no role ("the patient"),
    `exact` is True for an expression (`hasRole('ADMIN')`).
    """

    roles: tuple[str, ...]
    key: str
    how: str
    place: str
    quote: str
    known: bool = True
    exact: bool = False

    def as_data(self) -> dict[str, Json]:
        """For the record."""
        return {
            "roles": [*self.roles],
            "key": self.key,
            "how": self.how,
            "place": self.place,
            "quote": self.quote,
            "known": self.known,
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True)
class Party:
    """Whom some words name: standard names, the full names, and how sure that is."""

    roles: tuple[str, ...]
    names: tuple[str, ...]
    known: bool


def act_of(operation: Operation) -> str:
    """What is done: `read`, `make`, `change`, `end`, or a `step` in the life of an object."""
    if operation.safe:
        return "read"
    if operation.ends:
        return "end"
    if operation.method in {"PUT", "PATCH"} or operation.verb in USING["change"]:
        return "change"
    last = operation.path.rstrip("/").rpartition("/")[2]
    return "step" if "}" in last or (operation.verb and operation.names) else "make"


def collection_of(operation: Operation) -> str:
    """What operations on objects of one kind in one place share: `/v1/users` for all of its."""
    parts = operation.path.strip("/").split("/")
    while parts and (PARAMETER.search(parts[-1]) or not noun_of(parts[-1])):
        parts = parts[:-1]
    return "/".join([*parts[:-1], noun_of(parts[-1])]) if parts else operation.path


def standing(role: str) -> frozenset[str]:
    """By which standard names may a role of the target file be called?"""
    words = [stem(word) for word in words_of(role)]
    return frozenset({*(SYNONYMS.get(word, word) for word in words), "_".join(words)})


def reservations(operation: Operation, roles: Collection[str] = ()) -> tuple[Reservation, ...]:
    """What the document says of who may call an operation; `roles` are the target's own names."""
    known = ROLES | {name for role in roles for name in standing(role)}
    found = [*spoken(operation, known), *marks(operation)]
    return tuple({(each.key, each.how): each for each in reversed(found)}.values())[::-1]


def spoken(operation: Operation, known: Collection[str]) -> Iterator[Reservation]:
    """What sentences say: of the operation, and of its refusal."""
    for place in ("summary", "description", "answer 403"):
        text = EMPHASIS.sub("", operation.prose.get(place, ""))
        yield from expressed(text, known, place)
        for clause, bare in clauses(without(text)):
            party = party_in(clause, operation, known, place)
            named = marked(clause, known) if bare else lone(clause, operation, known)
            if party is not None:
                yield reserved(party, SAID, place, clause)
            elif right := named_right(clause):
                yield permission(right, place, clause)
            elif named is not None and (named.known or named.roles == (MEMBER,)):
                yield reserved(named, MARKED if named.known else SAID, place, clause)
    if declared := operation.prose.get("permissions"):
        yield permission(declared, "x-permissions", declared)


def expressed(text: str, known: Collection[str], place: str) -> Iterator[Reservation]:
    """What expressions in it ask for; an authority that is called like a role is one."""
    for each in demands(text):
        roles = tuple(standard(name) for name in each.roles or each.rights)
        if not each.roles and not all(name in known for name in roles):
            yield permission(" or ".join(each.rights), place, each.quote)
        elif all(name in known or name not in EVERYBODY for name in roles):
            party = Party(roles, roles, known=True)
            yield replace(reserved(party, SAID, place, each.quote), exact=True)


def standard(role: str) -> str:
    """The standard name of a role as an expression names it: all of it, unlike in prose."""
    name = stem("_".join(words_of(role)))
    return SYNONYMS.get(name, name)


def marked(clause: str, known: Collection[str]) -> Party | None:
    """Whom a mere mark names. Members may be everybody, or those above guests: that is not sure."""
    if stem(tidy(clause)) == MEMBER:
        return Party((MEMBER,), (MEMBER,), known=False)
    return parties(clause, known)


def lone(clause: str, operation: Operation, known: Collection[str]) -> Party | None:
    """Whom a sentence names that names nothing but roles, unless they are what is asked for."""
    named = parties(clause, known) if PLURALS.fullmatch(tidy(clause)) else None
    people = named is not None and named.known and operation.resource not in named.roles
    return named if people else None


def reserved(party: Party, how: str, place: str, quote: str) -> Reservation:
    """The words as a reservation."""
    return Reservation(
        roles=party.roles,
        key=" or ".join(sorted(party.names)),
        how=how,
        place=place,
        quote=" ".join(quote.split()),
        known=party.known,
    )


def permission(right: str, place: str, quote: str) -> Reservation:
    """The demand for a right by its name: which roles have it is seen from what it refuses."""
    said = " ".join(quote.split())
    return Reservation(roles=(), key=f"{PERMISSION}{right}", how=SAID, place=place, quote=said)


def clauses(text: str) -> Iterator[tuple[str, bool]]:
    """The sentences and what is in brackets; True for what stands there as a mere mark.

    A mark is a bracket, or what comes before a colon. After a label (`Roles: admin`) stands who
    may, as if it were said.
    """
    text = HEADING.sub("\n", text)
    for inside in BRACKET.findall(text):
        yield inside.strip(), True
    for piece in BREAK.split(BRACKET.sub(" ", text)):
        head, colon, tail = piece.strip().partition(":")
        if colon and LABEL.fullmatch(head.strip().lower()):
            yield f"for {tail.strip()}", False
        elif colon:
            yield head.strip(), True
        else:
            yield piece.strip(), False
            before, comma, last = piece.strip().rpartition(",")
            if comma and not CONDITION.search(before.lower()) and AFTER_COMMA.fullmatch(tidy(last)):
                yield last.strip(), False


def party_in(clause: str, operation: Operation, known: Collection[str], place: str) -> Party | None:
    """Whom a clause reserves the operation for; None when it says something else."""
    text = tidy(clause)
    for pattern in (*SENTENCES, *(REFUSING if place == "answer 403" else ())):
        found = pattern.fullmatch(text)
        wide = re.search(r"\b(only|alone)\b", text) is not None
        party = parties(found["who"], known, open_to_nouns=wide) if found else None
        if found and party and is_about(found.groupdict().get("act") or "", operation, place):
            return party
    for pattern in FOR_ADMINS:
        found = pattern.fullmatch(text)
        party = parties(found["who"], known) if found else None
        if party and party.roles == (ADMIN,):
            return party
    return None


def is_about(act: str, operation: Operation, place: str) -> bool:
    """Is "only admins may …" said of this very operation, as named elsewhere than in this place?"""
    verb, *rest = tidy(act).split() or [""]
    if not verb:
        return True
    others = [each for each in ("summary", "tags") if each != place]
    named = (operation.path, *(operation.prose.get(each, "") for each in others))
    about = {stem(word) for text in named for word in words_of(text)}
    about |= THIS | ({"all"} if operation.safe else set())
    does = verb in DOING | USING.get(act_of(operation), frozenset())
    return does and all(stem(word) in about or word in THIS for word in rest)


def parties(phrase: str, known: Collection[str], *, open_to_nouns: bool = False) -> Party | None:
    """Whom a phrase such as "the admins and owners" names; None unless all of it are roles.

    With `open_to_nouns` a single other noun is taken as well: whether it is a role, the service
    has to say itself.
    """
    plain = SUPER.sub("super", WITH_ROLE.sub("", tidy(phrase)))
    items = [item for item in re.split(r"\s*(?:,|/|&|\bor\b|\band\b)\s*", plain) if item]
    found = [name for item in items if (name := name_in(item))]
    if not found or len(found) < len(items):
        return None
    roles = [SYNONYMS.get(stem(name.split()[-1]), stem(name.split()[-1])) for name in found]
    if set(roles) & EVERYBODY:
        return None
    sure = all(role in known or role in SYNONYMS.values() for role in roles)
    people = len(found) == 1 and re.match(r"the |\w+s$", items[0]) is not None
    if not sure and not (open_to_nouns and people and " " not in found[0]):
        return None
    names = [" ".join([*name.split()[:-1], role]) for name, role in zip(found, roles, strict=True)]
    return Party(tuple(dict.fromkeys(roles)), tuple(dict.fromkeys(names)), sure)


def name_in(item: str) -> str:
    """The noun of a role with what qualifies it, `team admin`; "" for more than that."""
    plain, _, whole = item.partition(" of ")
    words = [word for word in plain.split() if word not in ARTICLES]
    if len(words) > 1 and re.fullmatch(RIGHTS, words[-1]):
        words = words[:-1]
    of = [word for word in whole.split() if word not in ARTICLES | {"this"}]
    named = [*of, *words]
    plain_words = all(re.fullmatch(r"[a-z_-]{2,}", word) for word in named)
    fits = words and len(named) <= MOST_WORDS and not LINKING & set(named) and plain_words
    return " ".join(named) if fits else ""


def marks(operation: Operation) -> Iterator[Reservation]:
    """What only marks an operation: its path, tags, name and scopes, for admins and staff."""
    parts = [part for part in operation.path.split("/") if part]
    for at, part in enumerate(parts[:-1]):
        if part.lower() in {*SYNONYMS, "administration"} and not PARAMETER.search(parts[at + 1]):
            yield mark(part, "path", "/" + "/".join(parts[: at + 1]))
    for tag in operation.prose.get("tags", "").splitlines():
        if tag.lower() in {*SYNONYMS, "administration"}:
            yield mark(tag, "tag", tag)
    for scope in operation.prose.get("scopes", "").splitlines():
        if SYNONYMS.get(next(iter(words_of(scope)), "")) == ADMIN or scope.endswith(":admin"):
            yield mark(ADMIN, "scope", scope)
    first: Sequence[str] = words_of(operation.prose.get("operationId", ""))
    if len(first) > 1 and SYNONYMS.get(first[0]) == ADMIN:
        yield mark(ADMIN, "operationId", operation.prose["operationId"], key=first[0])


def mark(word: str, place: str, quote: str, key: str = "") -> Reservation:
    """The mark as a reservation."""
    role = SYNONYMS.get(word.lower(), ADMIN)
    return Reservation(
        roles=(role,), key=f"{place} {key or quote}", how=MARKED, place=place, quote=quote
    )
