"""By which values does a service call a tenant, an owner or a role?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from gate.model import Json
from validators.document.names import ACCOUNT, is_identity, words_of
from validators.document.operations import Operation
from validators.estates.estate import Estate
from validators.estates.own_fields import own_part
from validators.estates.principals import introductions
from validators.messages.callers import context_of
from validators.messages.calls import Call

OWNERS = frozenset(
    [
        "tenant",
        "org",
        "organization",
        "organisation",
        "account",
        "workspace",
        "customer",
        "owner",
        "user",
        "member",
        "company",
        "firm",
        "team",
        "author",
        "creator",
        "client",
        "holder",
    ]
)
# Those of them that people belong to.
TENANTS = OWNERS - {"owner", "user", "member", "author", "creator", "holder"}
ROLES = frozenset(
    [
        "role",
        "roles",
        "admin",
        "permission",
        "permissions",
        "scope",
        "scopes",
        "plan",
        "tier",
        "level",
    ]
)
# With `is` before them: a salon's staff is no rank, who `isStaff` is somebody.
POWERS = frozenset({"staff", "superuser", "superadmin", "root", "operator", "moderator"})
# What a strong rank is usually written as.
RANKS: Mapping[str, Json] = {
    "role": "admin",
    "roles": ["admin"],
    "is_admin": True,
    "isAdmin": True,
    "admin": True,
    "is_staff": True,
    "isStaff": True,
    "is_superuser": True,
}
MOST, SHORTEST_NAME = 3, 3


@lru_cache(maxsize=4096)
def is_owning(name: str) -> bool:
    """Does a field of this name say whose an object is?"""
    words = set(words_of(name))
    return bool(words & OWNERS) or name.lower().endswith(("created_by", "createdby"))


def is_ranking(name: str) -> bool:
    """Does a field of this name say what its owner may do?"""
    first, *rest = words_of(name) or [""]
    return bool({first, *rest} & ROLES) or (first == "is" and bool(POWERS & set(rest)))


def identities(victim: Estate, attacker: Estate) -> list[str]:
    """The values that name the victim, and not the attacker.

    What he is called, then what stands most often in each field that says whose an object is:
    members are named more often than their tenant. The fields that most values stand in come first.
    """
    mine = {value for _, value in values_in(attacker)}
    fields: dict[str, Counter[str]] = {}
    for name, value in values_in(victim):
        if value not in mine:
            fields.setdefault(name, Counter())[value] += 1
    name = victim.client.tenant
    mine |= {*context_of(attacker.client.credentials, attacker.author.document).values()}
    said = context_of(victim.client.credentials, victim.author.document).values()
    called = [each for each in (*said, *victim.ledger.names.values()) if each not in mine]
    ranked = sorted(fields.values(), key=lambda each: -each.total())
    often = dict.fromkeys(each.most_common(1)[0][0] for each in ranked)
    return list(dict.fromkeys([*called, *[*often][:MOST], *([name] if name else [])]))


def counterparts(caller: Estate, other: Estate, operations: Sequence[Operation]) -> dict[str, str]:
    """What the other one is called, by what the caller is: by their logins, and by reads of both.

    Reads such as `/me`, in which the same field says of each who he is.
    """
    mine, theirs = caller.ledger.names, other.ledger.names
    found: dict[str, str] = {mine[each]: theirs[each] for each in mine if each in theirs}
    for each in introductions(operations):
        one, two = (
            own_part(estate.send(Call(operation=each)).json()) for estate in (caller, other)
        )
        for name, value in one.items():
            called = two.get(name) if calls(name) else None
            if isinstance(value, str) and isinstance(called, str) and len(value) >= SHORTEST_NAME:
                found.setdefault(value, called)
    return {value: called for value, called in found.items() if value != called}


def calls(name: str) -> bool:
    """Does a field of somebody's profile say who he is, or whose?"""
    words = words_of(name)
    return is_identity(name) or "_".join(words) in ACCOUNT or words[-1:] == ["name"]


def values_in(estate: Estate) -> list[tuple[str, str]]:
    """Every short value of an owning field, with the field, and the ids of what owns."""
    found = [
        ("_".join(words_of(name)), str(value))
        for thing in estate.ledger.things
        for name, value in thing.fields.items()
        if is_owning(name) and isinstance(value, str | int) and not isinstance(value, bool)
    ]
    owning = (thing for thing in estate.ledger.things if is_owning(thing.resource))
    return [*found, *((f"{thing.resource}_id", thing.id) for thing in owning)]
