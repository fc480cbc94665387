"""Does anything but the tenant's own valid credential open or change what is his?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.exhibits import Exhibit
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.channels.read_by_id import GROUND, WHO
from validators.credentials.forged_credentials import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    effects,
    is_answer,
    number,
    pick,
    places,
    spell,
    subjects,
    tell,
)
from validators.judging import judge_coverage as cover
from validators.roles.access import access

ID = "isolation.credentials"
OPENED = Rule(
    check=ID,
    rule="forged-access",
    title="No credential, a forged or a revoked one opens a tenant's data",
    severity=Severity.CRITICAL,
    remedy="Verify the credential before anything else, in one place, for every operation.",
    cwe=306,
    owasp_api="API2:2023",
    asvs="V8.3.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)
MISMATCH = Rule(
    check=ID,
    rule="anonymous-mismatch",
    title="An operation that the document declares secured answers anybody",
    severity=Severity.MEDIUM,
    remedy="Refuse the request without a credential, or declare the operation public.",
    cwe=306,
    owasp_api="API2:2023",
    asvs="V8.3.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)
CONFUSED = Rule(
    check=ID,
    rule="tenant-confusion",
    title="A header, host or parameter decides whose data a credential opens",
    severity=Severity.CRITICAL,
    remedy="Take the tenant from the credential only, never from what the caller writes.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
)

UNSIGNED = Rule(
    check=ID,
    rule="unsigned-link",
    title="A signed link opens what it is to without its signature",
    severity=Severity.HIGH,
    remedy="Verify the signature, over all that the link names, before anything is read.",
    cwe=347,
    owasp_api="API2:2023",
    asvs="V9.1.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
GUESSED = Rule(
    check=ID,
    rule="guessable-link",
    title="What the secret of a link opens is opened by a number that anybody guesses",
    severity=Severity.HIGH,
    remedy="Look what a link opens up by its secret only, never by an id or a number beside it.",
    cwe=639,
    owasp_api="API2:2023",
    asvs="V8.3.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt | Exhibit]:
    """Marks and effects decide; a success status alone only where the document forbids it.

    A mark of the owner in an answer to no credential, a forged or a revoked one, or a change of
    what he sees after such a write, twice, is access (OWASP API2:2023, CWE-306). An answer like the
    owner's own, with its parts and not as this service refuses, from an operation that the document
    declares secured contradicts the document, and is a finding of its own. A mark of the victim in
    an answer to the other tenant's credential that shows only with the victim's name beside it is
    confusion (CWE-639). A link that an object says, and that opens the same with no signature, a
    made-up one or another object's, is signed for nothing (CWE-347). What a link's secret opens to
    nobody, and the number of its object as well, is open to whoever counts (CWE-639). Below 95 % of
    secured operations with a positive control there is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "forged-call", "confused-call"):
        forged = pick(numbered, "forged-call", label)
        opened = [item for item in forged if is_opened(item, forged)]
        if opened:
            yield OPENED.find(label, [word(each) for _, each in opened], opened)
        loose = [item for item in forged if is_loose(item[1])]
        if loose and not opened:
            yield MISMATCH.find(label, [word(each) for _, each in loose], loose)
        confused = [item for item in pick(numbered, "confused-call", label) if places(item[1])]
        if confused:
            yield CONFUSED.find(label, [word(each) for _, each in confused], confused)
    for kind, rule in (("link-call", UNSIGNED), ("guess-call", GUESSED)):
        for label in subjects(numbered, kind):
            loose = [item for item in pick(numbered, kind, label) if item[1].data.get("granted")]
            if loose:
                yield rule.find(label, [word(each) for _, each in loose], loose)
    yield from cover([undirected(each) for each in seen], "owned-call", "forged-call")
    yield from access(seen)


def undirected(each: Observation) -> Observation:
    """A forgery counts as an attack although nobody makes it."""
    if each.kind not in {"forged-call", "link-call", "guess-call"}:
        return each
    return replace(each, kind="forged-call", data={**each.data, "role": "forged"})


def is_opened(item: Seen, forged: Sequence[Seen]) -> bool:
    """Did it show something of the owner's, or change it twice?"""
    _, each = item
    again = [
        other
        for _, other in forged
        if effects(other) and other.data.get("credential") == each.data.get("credential")
    ]
    return bool(places(each)) or (bool(effects(each)) and len(again) > 1)


def is_loose(each: Observation) -> bool:
    """Was it answered as the owner is?"""
    granted = bool(each.data.get("granted")) and is_answer(each.data.get("status"))
    return granted and bool(each.data.get("like_owner"))


def word(each: Observation) -> str:
    """What was sent and what came of it."""
    changed = effects(each)
    did = f" and changed {spell(changed)}" if changed else ""
    return f"with {each.data.get('credential')}: {tell(each)}{did}"


LABEL = "GET /v1/runs/{run_id}"
REFUSED: dict[str, Json] = {"status": 401, "granted": False, "ids": ""}


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **REFUSED, **data})


CLEAN: tuple[Observation, ...] = (
    fact("owned-call", status=200, positive=True),
    fact("forged-call", role="anonymous", credential="no credential", round=0),
    fact("forged-call", role="anonymous", credential="no credential", round=1),
    fact("link-call", role="anonymous", credential="no signature"),
    fact("guess-call", role="anonymous", credential="its number"),
    fact("confused-call", credential="the own credential and the victim's name in headers"),
    *GROUND,
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with the facts of one kind changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


MARKED: Json = {"headers": [], "body": ["canary"]}
MADE: Json = {"reads": ["GET /v1/runs"]}
CHECK = Check(
    id=ID,
    claim="Only a tenant's own valid credential opens or changes what is the tenant's.",
    blind_to=(
        "Credentials of another kind than the target file gives. Forged signatures of tokens that "
        "carry claims. Expiry and sign-out: isolation.issued-credentials looks at these. "
        "Operations that the document declares public. Writes that act on the caller himself. Up "
        "to 5 % of the secured operations, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(
            defect="nobody reads the owner's object",
            record=spoil("forged-call", status=200, granted=True, traces=MARKED),
        ),
        Control(
            defect="a write without a credential takes effect",
            record=spoil("forged-call", status=401, changed=[f"{LABEL} $.name"], noise=[]),
        ),
        Control(
            defect="a secured operation answers nobody as it answers the owner",
            record=spoil("forged-call", status=200, granted=True, like_owner=True),
        ),
        Control(
            defect="a signed link opens the same without its signature",
            record=spoil("link-call", status=200, granted=True),
        ),
        Control(
            defect="the number of an object opens what its link opens",
            record=spoil("guess-call", status=200, granted=True),
        ),
        Control(
            defect="a header decides whose data is shown",
            record=spoil("confused-call", status=200, granted=True, traces=MARKED),
        ),
        Control(
            defect="a header decides whose a new object is",
            record=spoil("confused-call", status=201, granted=True, traces=MADE),
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    lies=dict.fromkeys((Lie.ANONYMOUS,), ("forged-call",)),
    covers=(
        *(f"isolation:{number}" for number in (31, 32)),
        *("API2:2023", "ASVS:V8.3.1"),
    ),
)
