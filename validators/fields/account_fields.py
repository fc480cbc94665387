"""Which fields must a new account leave to the service, and which values would tempt it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from gate.model import Json
from validators.document.names import (
    ACCOUNT,
    RESERVED,
    SELF,
    SIGNING,
    is_identity,
    resource_in,
    words_of,
)
from validators.document.operations import Operation, as_list, as_object
from validators.estates.ground import Duel
from validators.estates.identities import RANKS, is_owning, is_ranking
from validators.estates.own_fields import fields_in
from validators.estates.principals import is_person
from validators.fields.kept_fields import Injection, unlike
from validators.messages.bodies import Author
from validators.messages.calls import Pointer

# Roles of somebody who serves the service, and whom nobody becomes by saying so.
POWERFUL = frozenset({"admin", "administrator", "superadmin", "superuser", "root", "sysadmin",
                      "operator", "moderator", "staff"})  # fmt: skip
# What is worth money: a service counts it, and its holder does not.
CREDIT = frozenset({"balance", "credit", "credits", "point", "points"})
# What a service has found out of an account, or counts for it.
SYSTEM = CREDIT | frozenset(
    {"verified", "confirmed", "approved", "validated", "score", "rating", "reputation", "quota",
     "limit", "created", "registered", "joined"}
)  # fmt: skip
MOST_VALUES = 2
Fields = Mapping[str, Json]


def by_name(shown: Mapping[tuple[str, Pointer], Json]) -> dict[str, Json]:
    """What an account sees of itself, by the names of the fields."""
    found: dict[str, Json] = {}
    for (_, place), value in shown.items():
        found.setdefault(str(place[-1]), value)
    return found


def left_to_the_service(
    duel: Duel, now: Fields, declared: Collection[str], stronger: Fields
) -> Iterator[Injection]:
    """The fields that a body does not declare: ranks, whose the account is, what is found out.

    Those that the account sees of itself, and the usual names of ranks.
    """
    for name, value in now.items():
        if name in declared or not is_settled(name, value):
            continue
        if is_ranking(name):
            for better in islice(ranks(duel, name, value, stronger), 1):
                yield Injection(name=name, value=better, kind="rank", known=True)
        elif not says_whose(name):
            yield Injection(name=name, value=unlike(name, value), kind="other", known=True)
        else:
            for whose in foreign(duel, name, value):
                yield Injection(name=name, value=whose, kind="owner", known=True)
    for name, better in RANKS.items():
        if name not in {*declared, *now}:
            yield Injection(name=name, value=better, kind="rank", known=False)


def declared_ranks(
    duel: Duel, now: Fields, declared: Collection[str], stronger: Fields
) -> Iterator[Injection]:
    """Ranks that a body declares, as those who serve the service have them."""
    for name in declared:
        if not is_ranking(name) or is_login(name):
            continue
        for better in ranks(duel, name, now.get(name), stronger):
            known = better is True or better == stronger.get(name) or is_powerful(better)
            if known:
                yield Injection(name=name, value=better, kind="rank", known=True)


def declared_credits(now: Fields, declared: Collection[str]) -> Iterator[Injection]:
    """What is worth money and that a body declares all the same, though the account has it."""
    for name in declared:
        value = now.get(name)
        if CREDIT & {*words_of(name)} and isinstance(value, int | float) and is_untold(value):
            yield Injection(name=name, value=unlike(name, value), kind="other", known=True)


def ranks(duel: Duel, name: str, now: Json, stronger: Fields) -> Iterator[Json]:
    """Better values than now: what a stronger one has, what the document names, the usual word."""
    found: list[Json] = [stronger[name]] if name in stronger else []
    if isinstance(now, bool):
        found = [True]
    elif isinstance(now, str) and now:
        named = choices_of(duel.victim.author, duel.ground.operations, name)
        found += [*filter(is_powerful, named)] or ([] if named else [RANKS.get(name, "admin")])
    yield from islice((each for each in dict.fromkeys(found) if each != now), MOST_VALUES)


def choices_of(author: Author, operations: Sequence[Operation], name: str) -> list[Json]:
    """All choices that the document has anywhere for a field of this name."""
    found: list[Json] = []
    for each in operations:
        for schema in (dict(each.body), dict(each.replies)):
            whole = author.simplify(schema)
            inner = fields_in(author, dict(as_object(whole.get("items")) or whole))
            found += as_list(author.simplify(inner.get(name)).get("enum"))
    return list(dict.fromkeys(each for each in found if isinstance(each, str)))


def is_powerful(value: Json) -> bool:
    """Is it a role that nobody has by his own word?"""
    return isinstance(value, str) and bool(POWERFUL & {*words_of(value)})


def is_settled(name: str, value: Json) -> bool:
    """Does a service settle this of an account: its rank, its tenant, what it finds out or counts?

    Other fields are what somebody says of himself, whether a document names them or not: also a
    role in words that is empty, and the name of a company.
    """
    ranked = is_ranking(name) and value is not None and value != ""
    counted = bool(SYSTEM & {*words_of(name)}) and is_untold(value)
    return not is_login(name) and (ranked or counted or says_whose(name))


def says_whose(name: str) -> bool:
    """Does a field of an account say whose it is, by an id or as a tenant?"""
    return is_owning(name) and (is_identity(name) or "tenant" in words_of(name))


def is_untold(value: Json) -> bool:
    """Is it a number, a truth value or a time? A text may be what somebody says of himself."""
    return not isinstance(value, str) or unlike("", value) != "-injected"


def is_login(name: str) -> bool:
    """Does a field name the account, or how it signs in?"""
    words, about = words_of(name), resource_in(name)
    own = is_identity(name) and (name.lower() in RESERVED or is_person(about) or about in SELF)
    return own or "_".join(words) in {*ACCOUNT, *SIGNING} or "password" in words


def foreign(duel: Duel, name: str, now: Json) -> list[Json]:
    """What stands under this name where the other tenant is meant."""
    told = (each.fields.get(name) for each in duel.attacker.ledger.things)
    found: list[Json] = [each for each in told if isinstance(each, str | int) and each != now]
    return found[:1]
