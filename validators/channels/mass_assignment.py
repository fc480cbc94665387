"""Can a caller set whose an object is, what its holder may do, or what the service alone sets?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.assignments import probe
from validators.channels.read_by_id import GROUND, WHO
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    judge_coverage,
    number,
    pick,
    subjects,
    texts,
)

ID = "isolation.mass-assignment"
OWNER = Rule(
    check=ID,
    rule="owner-assigned",
    title="A caller decides by a field of the body whose an object is",
    severity=Severity.CRITICAL,
    remedy="Take tenant and owner from the credential; refuse unknown and read-only fields.",
    cwe=915,
    owasp_api="API3:2023",
    asvs="V15.3.3",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N",
)
RANK = Rule(
    check=ID,
    rule="rank-assigned",
    title="A caller raises his own rights by a field of the body",
    severity=Severity.HIGH,
    remedy="Set roles, plans and flags by operations of their own; refuse undeclared fields.",
    cwe=915,
    owasp_api="API3:2023",
    asvs="V15.3.3",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
FIELD = Rule(
    check=ID,
    rule="field-assigned",
    title="A caller sets a field that is the service's to set",
    severity=Severity.MEDIUM,
    remedy="Bind the declared fields only; refuse unknown and read-only ones.",
    cwe=915,
    owasp_api="API3:2023",
    asvs="V15.3.3",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
)
RULES = {"owner": OWNER, "rank": RANK, "id": OWNER, "other": FIELD}


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt]:
    """Only what is read back counts, twice, with new objects: an answer may just echo.

    Kept is an injected value that the object itself shows when it is read again, in a field that
    the service fills and the request's schema does not offer (CWE-915, OWASP API3:2023). Reached
    is what the other tenant sees change at the same time: the object has come to him, or one of
    his was overwritten by its id. An owner-like field or an id that is kept or reaches the other
    tenant is critical, a role, plan or flag high, any other field medium. A rank counts as well
    that somebody of a weaker role has given himself. Opened is what a new account gets by a field
    of its sign-up or profile and is denied without: a rank that the body declares must show what
    is another tenant's. Declared credit counts when a profile takes it and the sign-up ignores it.
    Requests that their owner could not make plainly do not count as covered; below 95 % there is no
    pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "assigned"):
        about = pick(numbered, "assigned", label)
        for rule in (OWNER, RANK, FIELD):
            hits = [item for item in about if rule_of(item[1]) is rule and is_twice(item, about)]
            if hits:
                yield rule.find(label, [word(each) for _, each in hits], hits)
    yield from judge_coverage(seen, "owned-write", "assigned")


def rule_of(each: Observation) -> Rule:
    """What an injected field would be, if it took effect."""
    kind = "owner" if texts(each.data.get("reached")) else str(each.data.get("group"))
    return RULES.get(kind, FIELD)


def is_effective(each: Observation) -> bool:
    """Was it kept where answers have it, did it reach the other tenant, or open what was closed?"""
    kept = each.data.get("kept") and each.data.get("known")
    return bool(kept or each.data.get("reached") or each.data.get("opened"))


def is_twice(item: Seen, about: Sequence[Seen]) -> bool:
    """Did the same field take effect with two objects?"""
    same = [
        each
        for _, each in about
        if each.data.get("field") == item[1].data.get("field") and is_effective(each)
    ]
    return is_effective(item[1]) and len({each.data.get("round") for each in same}) > 1


def word(each: Observation) -> str:
    """Which field, and what came of it."""
    reached, opened = texts(each.data.get("reached")), texts(each.data.get("opened"))
    came = f"reached {each.data.get('attacker')}: {', '.join(reached)}" if reached else "was kept"
    came = f"opened {', '.join(opened)}" if opened else came
    came += f", which {each.data['ignored']} ignores" if each.data.get("ignored") else ""
    by = f" of the {each.data['role']}" if "role" in each.data else ""
    return f"{each.data.get('field')}{by} {came}"


LABEL = "POST /v1/projects"


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, "status": 201, **data})


def injected(field: str, kind: str) -> tuple[Observation, Observation]:
    """A field that changed nothing, twice."""
    one = fact("assigned", field=field, group=kind, known=True, round=0, kept=False, reached=[])
    return one, replace(one, data={**one.data, "round": 1})


CLEAN: tuple[Observation, ...] = (
    fact("owned-write", positive=True),
    *injected("tenant_id", "owner"),
    *injected("role", "rank"),
    *injected("created_at", "other"),
    *GROUND,
)


def spoil(field: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one field taking effect."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.data.get("field") == field else each
        for each in CLEAN
    )


def promoted(*, kept: bool) -> tuple[Observation, ...]:
    """The clean record with a weaker principal who asked for the owner's rank."""
    one, two = injected("level", "rank")
    more: dict[str, Json] = {"kept": kept, "role": "viewer"}
    return (*CLEAN, *(replace(each, data={**each.data, **more}) for each in (one, two)))


def enrolled(field: str, kind: str, **came: Json) -> tuple[Observation, ...]:
    """The clean record with two new accounts that sent this field, and what came of it."""
    more: dict[str, Json] = {"kept": False, "role": "new account", **came}
    tried = injected(field, kind)
    return (*CLEAN, *(replace(each, data={**each.data, **more}) for each in tried))


CHECK = Check(
    id=ID,
    claim="No field of a body sets whose an object is, its holder's rights, or a read-only value.",
    blind_to=(
        "Fields that no answer shows and whose effect the other tenant does not see. Fields that "
        "the document lets callers set, but ranks and credit of an account. Nested fields. Bodies "
        "of files, and tables without an example. Accounts of a service where nobody signs up "
        "have only the fields that they show tried. Up to 5 % of the operations, if their owner "
        "got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="a tenant_id of the body is kept", record=spoil("tenant_id", kept=True)),
        Control(
            defect="the object comes to the other tenant",
            record=spoil("tenant_id", reached=["GET /v1/projects $.items[].name"]),
        ),
        Control(defect="a role of the body is kept", record=spoil("role", kept=True)),
        Control(defect="a weaker role gives himself the owner's", record=promoted(kept=True)),
        Control(
            defect="a role of a sign-up opens what others are denied",
            record=enrolled("role", "rank", opened=["GET /v1/admin/users"]),
        ),
        Control(
            defect="a profile takes the credit that the sign-up ignores",
            record=enrolled("balance", "other", kept=True, ignored="POST /v1/sign-up"),
        ),
        Control(defect="a read-only time is kept", record=spoil("created_at", kept=True)),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    covers=(
        *(f"isolation:{number}" for number in (9,)),
        *("API3:2023", "ASVS:V8.3.1"),
    ),
)
