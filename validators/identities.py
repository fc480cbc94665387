"""By which values does a service call a tenant, an owner or a role?"""

from __future__ import annotations

from collections.abc import Mapping

from gate.model import Json
from validators.estate import Estate
from validators.names import words_of

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
        "team",
        "author",
        "creator",
        "client",
        "holder",
    ]
)
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
MOST = 2


def is_owning(name: str) -> bool:
    """Does a field of this name say whose an object is?"""
    words = set(words_of(name))
    return bool(words & OWNERS) or name.lower().endswith(("created_by", "createdby"))


def is_ranking(name: str) -> bool:
    """Does a field of this name say what its owner may do?"""
    first, *rest = words_of(name) or [""]
    return bool({first, *rest} & ROLES) or (first == "is" and bool(POWERS & set(rest)))


def identities(victim: Estate, attacker: Estate) -> list[str]:
    """The values that name the victim, and not the attacker, most frequent first."""
    theirs, mine = values_in(victim), set(values_in(attacker))
    found = [each for each in theirs if each not in mine]
    ordered = sorted(dict.fromkeys(found), key=lambda value: -found.count(value))
    name = victim.client.tenant
    called = [each for each in victim.ledger.names.values() if each not in mine]
    return list(dict.fromkeys([*called, *ordered[:MOST], *([name] if name else [])]))


def counterpart(caller: Estate, other: Estate, now: Json) -> str | None:
    """What the other one is called where the caller's own name stands, whatever the field is."""
    mine, theirs = caller.ledger.names, other.ledger.names
    return next((theirs[each] for each in mine if mine[each] == now and each in theirs), None)


def values_in(estate: Estate) -> list[str]:
    """Every short value of an owning field, and the ids of what owns."""
    found = [
        str(value)
        for thing in estate.ledger.things
        for name, value in thing.fields.items()
        if is_owning(name) and isinstance(value, str | int) and not isinstance(value, bool)
    ]
    return [*found, *(thing.id for thing in estate.ledger.things if is_owning(thing.resource))]
