"""Can a role do what it must not, or not do what it may?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gate.check import Check, Lie
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Observation, Severity
from validators.channels.role_controls import CLEAN, CONTROLS, LABEL
from validators.estates.ground import judge_ground
from validators.estates.seniors import TOP
from validators.judging import (
    ASKED,
    COVERED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    effects,
    judge_coverage,
    number,
    pick,
    places,
    subjects,
    tell,
    texts,
)
from validators.roles.access import access
from validators.roles.concealment import hidden_elsewhere
from validators.roles.contradictions import (
    enrolling_refused,
    is_authors,
    keeping_refused,
    lesser_refused,
    reading_refused,
    says_its_own,
)
from validators.roles.role_grounds import (
    Matrix,
    is_refused,
    is_reserved_for_others,
    matrix_of,
    on_same_objects,
    promise,
)
from validators.roles.role_matrix import probe

__all__ = ["CHECK", "CLEAN", "LABEL", "judge"]
ID = "isolation.roles"
# Roles whose name promises that they change nothing of others.
READERS = re.compile(r"(?i)(^|[_-])(viewer|reader|read_?only|guest|auditor|observer)($|[_-])")
# A guest is somebody from outside, who may well write where he is let in.
GUESTS = re.compile(r"(?i)(^|[_-])guest($|[_-])")
WRITER = Rule(
    check=ID,
    rule="reader-writes",
    title="A role that is named for reading changes an owner's object",
    severity=Severity.HIGH,
    remedy="Require a permission for the operation that this role does not hold.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
)
OVER = Rule(
    check=ID,
    rule="undeclared-role",
    title="A role that the document does not let in is let in",
    severity=Severity.HIGH,
    remedy="Check the declared roles before the operation does anything.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
UNDER = Rule(
    check=ID,
    rule="refused-role",
    title="A role that the document lets in is refused",
    severity=Severity.MEDIUM,
    remedy="Grant the role what the document says, or correct the document.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
)
ORDER = Rule(
    check=ID,
    rule="weaker-may-more",
    title="A weaker role may do what a stronger one may not",
    severity=Severity.MEDIUM,
    remedy="Grant the permission to the stronger role, or take it from the weaker one.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
RESERVED = Rule(
    check=ID,
    rule="reserved-operation",
    title="A role is let in where the document's words reserve the operation for others",
    severity=Severity.HIGH,
    remedy="Check the role before the operation does anything, or correct the document.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
UNEVEN = Rule(
    check=ID,
    rule="uneven-permission",
    title="A role may do to an object what weighs more than what it is refused",
    severity=Severity.MEDIUM,
    remedy="Require for the heavier operation at least what the lighter ones require.",
    cwe=285,
    owasp_api="API5:2023",
    asvs="V8.2.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
)
HIDDEN = Rule(
    check=ID,
    rule="opened-though-hidden",
    title="A member gets at another member's object that everything else hides",
    severity=Severity.MEDIUM,
    remedy="Look the object up among the caller's own, as the other operations do.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.2.2",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
)
STRANGE = Rule(
    check=ID,
    rule="foreign-role",
    title="A weaker role of another tenant gets where that tenant's owner does not",
    severity=Severity.HIGH,
    remedy="Scope the lookup by the caller's tenant whatever the role.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.2.2",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """What a black box may claim of roles: declared, reserved, ordered, promised by a name.

    Where the document names the roles of an operation (`x-required-roles` and the like), every
    other role that is granted is a finding, and every named one that is refused (OWASP API5:2023,
    CWE-285). Where its prose reserves an operation, a role that is granted it is a finding if the
    words name a stronger role of the target, if another operation with the same words refused this
    role, or if the service itself shows the role without the right that they ask for, and so is a
    role that sees a field that they keep for others; the finding quotes both. Where roles are
    ordered, by the target file or by the usual names, a weaker one that is granted what a stronger
    one is refused is a finding. So is a role that is named for reading and after whose write the
    owner sees another object (not a comment or the like; of a guest only what he changes and may
    not make), one that ends what it may neither make nor change, and one that changes what it may
    not read (EvoMaster's oracle of contradicting permissions, narrowed: who may edit but not delete
    is usual). So is an operation that alone opens what all others hide from a member who may make
    such objects himself. So is a weaker role of another tenant that gets where its own owner does
    not.
    Everything else in the matrix may be meant so: it is recorded, and nothing is claimed. A success
    without an effect that its owner sees, where he can see his own, counts as no write, and a read
    that shows nothing of his as no read. Below 95 % of operations with a positive control there is
    no pass.
    """
    numbered = number(seen)
    matrix = matrix_of(numbered)
    ordered = matrix.roles if matrix.ordered else ()
    for label in subjects(numbered, "role-call", "owned-call"):
        about = pick(numbered, "role-call", label)
        for rule, hits in (
            (WRITER, [item for item in about if is_reader(item, matrix) and is_effective(item)]),
            (OVER, [item for item in about if is_over(item)]),
            (UNDER, [item for item in about if is_under(item)]),
            (ORDER, weaker(about, ordered)),
        ):
            if hits:
                yield rule.find(label, [word(each) for _, each in hits], hits)
        for kind in ("owned-call", "part-call", "filter-call"):
            about += pick(numbered, kind, label)
        yield from judge_grounds(label, about, matrix)
    for label in subjects(numbered, "stranger-call"):
        hits = [item for item in pick(numbered, "stranger-call", label) if is_strange(item[1])]
        if hits:
            yield STRANGE.find(label, [reached(each) for _, each in hits], hits)
    kept = [each for each in seen if not is_reserved_for_others(each)]
    if matrix.roles == [TOP]:
        yield from judge_alone(seen, matrix)
    else:
        yield from judge_coverage(kept, "owned-call", "role-call")
    yield from access(seen)


def judge_grounds(label: str, about: Sequence[Seen], matrix: Matrix) -> Iterator[Finding]:
    """Grants against the words of the document, or against what the same role is refused."""
    for rule, ground_of in (
        (RESERVED, (promise,)),
        (UNEVEN, (lesser_refused, reading_refused, keeping_refused, enrolling_refused)),
        (HIDDEN, (hidden_elsewhere,)),
    ):
        hits, words = [], []
        for index, each in about:
            ground = next(filter(None, (ground(each, matrix) for ground in ground_of)), "")
            if ground:
                hits.append((index, each))
                words.append(f"{word(each)}; {ground}")
        if hits:
            yield rule.find(label, words, hits)


def judge_alone(seen: Sequence[Observation], matrix: Matrix) -> Iterator[Doubt | Estimate]:
    """What is known where the target has a single role: is it refused what is reserved?"""
    yield from judge_ground(seen)
    asked = [each for each in seen if each.kind in {"owned-call", "unreached"}]
    decided = [each for each in asked if each.data.get("said") in {"granted", "refused"}]
    share = 100.0 * len(decided) / len(asked) if asked else 0.0
    yield Estimate(name=COVERED, value=share, low=share, high=100.0, samples=len(asked))
    if not asked:
        reason = "the target has a single role, and its document reserves nothing"
        yield Doubt(subject="roles", reason=reason)
    elif not any(is_refused(each) for _, each in matrix.calls):
        reason = "its only role is granted all that the document reserves, and may be meant to"
        yield Doubt(subject="roles", reason=reason)


def is_strange(each: Observation) -> bool:
    """Did another tenant's weaker role see or change what its own owner does not reach?"""
    return bool(places(each) or (effects(each) and each.data.get("effect"))) and not each.data.get(
        "owner_too"
    )


def reached(each: Observation) -> str:
    """Which stranger got what, and that his owner did not."""
    did = " and changed what its owner sees" if each.data.get("effect") else ""
    return f"{tell(each)}{did}, as {each.data.get('role')}, which its own owner does not"


def is_reader(item: Seen, matrix: Matrix) -> bool:
    """Does the role's name promise that it only reads?

    Not that it says nothing of what it reads or opens nothing of its own there, nor a guest's, who
    may write what is his own: there where he makes something, or may make such objects himself.
    """
    if says_its_own(item[1]) or is_authors(item[1], matrix):
        return False
    role = str(item[1].data.get("role"))
    if GUESTS.search(role) and item[1].data.get("act") == "make":
        return False
    made = on_same_objects(item[1], matrix, "make") if GUESTS.search(role) else ()
    writes = any(each.data.get("said") == "granted" for each in made)
    return READERS.search(role) is not None and not writes


def is_effective(item: Seen) -> bool:
    """Did the owner see another object afterwards?"""
    return item[1].data.get("effect") is True


def is_over(item: Seen) -> bool:
    """Was a role granted that the document does not name?"""
    _, each = item
    declared = texts(each.data.get("declared"))
    granted = each.data.get("said") == "granted"
    return bool(declared) and granted and each.data.get("role") not in declared


def is_under(item: Seen) -> bool:
    """Was a role refused that the document names?"""
    _, each = item
    return each.data.get("said") == "refused" and each.data.get("role") in texts(
        each.data.get("declared")
    )


def weaker(about: Sequence[Seen], ordered: Sequence[str]) -> list[Seen]:
    """Grants to a role while a stronger one is refused."""
    said = {str(each.data.get("role")): each.data.get("said") for _, each in about}
    found = []
    for item in about:
        role = str(item[1].data.get("role"))
        stronger = ordered[ordered.index(role) + 1 :] if role in ordered else ()
        if said[role] == "granted" and any(said.get(name) == "refused" for name in stronger):
            found.append(item)
    return found


def word(each: Observation) -> str:
    """Which role got what."""
    did = " and the owner saw another object" if each.data.get("effect") else ""
    did = did or (f", with the field {each.data['field']}" if each.data.get("field") else "")
    did = did or (f", by the filter {each.data['filter']}" if each.data.get("filter") else "")
    did = did or (" and the owner saw a new object" if each.data.get("grown") else "")
    return f"{each.data.get('role')} was {each.data.get('said')} ({each.data.get('status')}){did}"


CHECK = Check(
    id=ID,
    claim=(
        "Each role may do what is declared or said of it, nothing beyond, no less than a weaker "
        "one, and nothing that contradicts what it is refused."
    ),
    blind_to=(
        "What a role ought to be allowed where neither the document's roles or English words, "
        "order, name nor another refusal says it: a lone operation that only its code reserves. "
        "Scopes of a single credential. Roles per object. Rights that a role gives to others. "
        "Targets with one role: only what the document reserves is asked there. Up to 5 % of the "
        "operations, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=CONTROLS,
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    lies=dict.fromkeys((Lie.ROLE,), ("role-call",)),
    covers=(
        *(f"isolation:{number}" for number in (10,)),
        *("API5:2023", "ASVS:V8.3.1"),
    ),
)
