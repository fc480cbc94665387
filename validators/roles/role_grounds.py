"""On which ground may it be said that a role got what it must not? Pure functions of a record.

Either the document reserves the operation in words, or the service contradicts itself: it refuses
the same role what weighs no more. A grant that stands on neither is recorded and not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gate.model import Json, Observation
from validators.document.operations import as_list, as_object
from validators.document.reservations import (
    ADMIN,
    MARKED,
    ORDINARY,
    PERMISSION,
    RIGHTS,
    SAID,
    standing,
)
from validators.estates.seniors import TOP
from validators.judging import Seen, texts

HIGHEST = frozenset({ADMIN, "owner"})
WEIGHT = {"read": 0, "make": 1, "step": 1, "change": 1, "end": 2}
FEW = 2
PROSE = frozenset({"summary", "description"})
SOLD = re.compile(r"(?i)\b(plan|quota|upgrade|trial|billing|subscription|limit|feature)")
Words = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All calls of one tenant's roles, and the roles from the weakest to the strongest.

    `listed` are the rights of each role as the service itself shows them, by the read that does;
    `filtered` is what lists showed by a filter that they hide without.
    """

    calls: Sequence[Seen]
    roles: Sequence[str]
    ordered: bool
    listed: Mapping[str, Words] = field(default_factory=dict)
    filtered: Sequence[Observation] = ()

    def of(self, role: Json, *, beside: str = "") -> list[Observation]:
        """What one role got that its owner also got; of himself all."""
        return [
            each
            for _, each in self.calls
            if each.data.get("role") == role
            and each.subject != beside
            and not each.data.get("declared")
            and (role == TOP or each.subject in self.offered)
        ]

    def standing_of(self, call: Observation) -> frozenset[str]:
        """By which names the caller is called; a single role is an owner to the file only."""
        alone = list(self.roles) == [TOP]
        return frozenset() if alone else standing(str(call.data.get("role")))

    @property
    def offered(self) -> set[str]:
        """The operations in which the owner succeeded."""
        return {
            each.subject
            for _, each in self.calls
            if each.data.get("positive") and each.data.get("by", TOP) == TOP
        }

    @property
    def above(self) -> list[str]:
        """The roles that may more than the owner, where the target file says so."""
        return [*self.roles[list(self.roles).index(TOP) + 1 :]] if TOP in self.roles else []

    @property
    def visible(self) -> set[str]:
        """The writes of which a read shows the owner that he did them."""
        return {each.subject for _, each in self.calls if each.data.get("visible")}


def matrix_of(seen: Sequence[Seen]) -> Matrix:
    """The calls in a record."""
    staffed = next((each for _, each in seen if each.kind == "staffed"), None)
    return Matrix(
        calls=[item for item in seen if item[1].kind in {"role-call", "owned-call"}],
        roles=texts(staffed.data.get("roles")) if staffed else [],
        ordered=bool(staffed and staffed.data.get("ordered")),
        listed={
            each.subject: as_object(each.data.get("roles"))
            for _, each in seen
            if each.kind == "listed-rights"
        },
        filtered=[each for _, each in seen if each.kind == "filter-call"],
    )


def is_granted(call: Observation, matrix: Matrix) -> bool:
    """Did it get through, with what it is for: something shown, or an effect where one can be seen?

    What nobody needs a credential for is no matter of roles.
    """
    data = call.data
    if data.get("said") != "granted" or data.get("nobody"):
        return False
    if data.get("safe"):
        return data.get("shown") is True
    if data.get("effect") or data.get("grown"):
        return True
    return call.kind == "role-call" and call.subject not in matrix.visible


def is_refused(call: Observation) -> bool:
    """Was it refused for want of a right, and not of something that is bought?"""
    bought = SOLD.search(str(call.data.get("excerpt"))) is not None
    return call.data.get("said") == "refused" and not bought


def promise(call: Observation, matrix: Matrix) -> str:
    """The words of the document that a grant breaks, and what makes sure of them; "" for none."""
    if call.data.get("declared") or not is_granted(call, matrix):
        return ""
    for words in map(as_object, as_list(call.data.get("reserved"))):
        if matrix.standing_of(call) & set(texts(words.get("roles"))):
            return ""
    said = map(as_object, as_list(call.data.get("reserved")))
    return next(filter(None, (made_sure(call, words, matrix) for words in said)), "")


def made_sure(call: Observation, words: Words, matrix: Matrix) -> str:
    """What some words say, and what makes sure that this role is not meant; "" for nothing."""
    quoted = f'the document\'s {words.get("place")} says "{words.get("quote")}"'
    if words.get("how") != SAID:
        twins = refused_around(call, words, matrix)
        named = " and ".join(twins[:FEW])
        return f"{quoted}, and {named}, marked so too, refused it" if twins else ""
    if twins := refused_alike(call, words, matrix):
        return f"{quoted}, as {twins[0]} does, which refused it"
    if names_another(call, words, matrix):
        return quoted
    shown = lacks(call, words, matrix)
    return f"{quoted}, and {shown} shows the role without it" if shown else ""


def lacks(call: Observation, words: Words, matrix: Matrix) -> str:
    """The read that shows a role of this name without the right, and another one with it."""
    asked = set(rights_in(words))
    for label, roles in matrix.listed.items():
        mine, others = [], set()
        for name, rights in roles.items():
            same = standing(name) == standing(str(call.data.get("role")))
            mine += [set(texts(rights))] if same else []
            others |= set() if same else set(texts(rights))
        if len(mine) == 1 and asked & others and not asked & mine[0] and not is_all(mine[0]):
            return label
    return ""


def is_all(rights: set[str]) -> bool:
    """Do these rights say more than single ones?"""
    return any("*" in right or right == "all" for right in rights)


def names_another(call: Observation, words: Words, matrix: Matrix) -> bool:
    """Do the words name a role of the target that this one is weaker than, beyond doubt?

    Every object has an owner, so that `owner` is a role only where it is called one.
    """
    role, roles = str(call.data.get("role")), set(texts(words.get("roles")))
    if not words.get("known") or (role == TOP and not matrix.above):
        return False
    quote = str(words.get("quote")).lower()
    called = words.get("exact") or re.search(rf"owners?'? {RIGHTS}", quote)
    if "owner" in roles and not called:
        return False
    named = [name for name in matrix.roles if standing(name) & roles]
    if not named:
        return roles == {ADMIN} and bool(standing(role) & ORDINARY)
    if matrix.ordered and role in matrix.roles:
        return all(matrix.roles.index(role) < matrix.roles.index(name) for name in named)
    return roles <= HIGHEST and not standing(role) & HIGHEST


def alike(call: Observation, words: Words, matrix: Matrix) -> list[Observation]:
    """What this role got from the other operations of which the document says the same."""
    return [
        each
        for each in matrix.of(call.data.get("role"), beside=call.subject)
        for said in map(as_object, as_list(each.data.get("reserved")))
        if said.get("key") == words.get("key") and said.get("how") == words.get("how")
    ]


def refused_alike(call: Observation, words: Words, matrix: Matrix) -> list[str]:
    """Operations that are reserved in the same words and refused this role, if most of them did.

    A noun that may be no role must stand in the refusal; so must the role where the caller is the
    owner, who may be refused for another reason, unless it is refused twice. Twice must be refused
    what asks for a right by its name, which a role may have or not, unless the refusal names it.
    """
    others = alike(call, words, matrix)
    refused = [each for each in others if is_refused(each)]
    told = [each for each in refused if is_named(words, str(each.data.get("excerpt")))]
    if not words.get("known") or (call.data.get("role") == TOP and len(refused) < FEW):
        refused = told
    granted = [each for each in others if is_granted(each, matrix)]
    least = len(granted) + (1 if texts(words.get("roles")) or told else FEW)
    return [each.subject for each in refused] if len(refused) >= least else []


def is_named(words: Words, refusal: str) -> bool:
    """Does a refusal say the role or the right that the document says?"""
    said = refusal.lower()
    rights = (re.escape(each) for each in rights_in(words))
    return any(role in said for role in texts(words.get("roles"))) or any(
        re.search(rf"(?<![\w/]){each}(?!\w)", said) for each in rights
    )


def rights_in(words: Words) -> list[str]:
    """The rights that the document asks for by their names."""
    _, asks, rights = str(words.get("key")).partition(PERMISSION)
    return rights.split(" and ") if asks else []


def refused_around(call: Observation, words: Words, matrix: Matrix) -> list[str]:
    """Operations with the same mark that refused this role, where the mark means that it may not.

    Most others must, two at least, and one on the same objects that weighs no more. An ordinary
    caller may be refused there what weighs more, and an owner whom the target file puts below the
    role of the mark is refused wherever the mark stands. So is who gets nothing else of what the
    same words of prose mark, and was told their role when he was refused.
    """
    others = alike(call, words, matrix)
    refused = [each for each in others if is_refused(each)]
    near = [each for each in refused if each.data.get("collection") == call.data.get("collection")]
    mine = standing(str(call.data.get("role")))
    ordinary = bool(mine & ORDINARY) or list(matrix.roles) == [TOP]
    lesser = [each for each in near if weight(each) <= weight(call)]
    granted = [each for each in others if is_granted(each, matrix)]
    if len(refused) < FEW * max(1, len(granted)):
        return []
    below = call.data.get("role") == TOP and names_another(call, words, matrix)
    told = [each for each in refused if is_named(words, str(each.data.get("excerpt")))]
    spoken = words.get("place") in PROSE and len(told) >= FEW and not granted
    found = refused if below or spoken else near if ordinary else lesser
    return [each.subject for each in (*found, *refused)] if found else []


def weight(call: Observation) -> int:
    """How much an operation does: ending is more than changing, changing is more than reading."""
    return WEIGHT.get(str(call.data.get("act")), 0)


def on_same_objects(call: Observation, matrix: Matrix, *acts: str) -> list[Observation]:
    """What this role got from the operations of these kinds on the same objects."""
    return [
        each
        for each in matrix.of(call.data.get("role"), beside=call.subject)
        if each.data.get("collection") == call.data.get("collection")
        and each.data.get("act") in acts
    ]


def is_reserved_for_others(call: Observation) -> bool:
    """Was the owner himself refused what the document reserves, and nobody there who may?"""
    marks = [as_object(each).get("how") for each in as_list(call.data.get("reserved"))]
    alone = call.kind == "owned-call" and is_refused(call) and not call.data.get("positive")
    return alone and bool({SAID, MARKED} & set(marks))
