"""Can a tenant read another tenant's object by its id?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.exhibits import Exchange
from gate.model import Doubt, Evidence, Finding, Json, Observation, Severity
from validators.foreign_reads import probe

ID = "isolation.read-by-id"
UNUSABLE = 500
LIMITED = 429
Seen = tuple[int, Observation]


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """Content decides, not status: services say "no" with 404, 403 or 200 and `success: false`.

    A leak is an answer that holds a mark of the victim (its canary, an id that was not sent, a
    value that only the owner's own answer has), in any header or body, errors included: OWASP
    API1:2023, CWE-639, ASVS 8.4.1. Read by nobody where the document asks for a credential:
    CWE-306. An answer for a foreign id that differs in status or normalised body from the answers
    for ids that never existed tells that the object exists: CWE-204. Two absent ids are asked, so
    that what changes from request to request is not taken for a difference.
    An operation whose owner saw nothing of his own proves nothing: a doubt, never a pass.
    """
    numbered = list(enumerate(seen))
    for label in dict.fromkeys(each.subject for each in seen):
        about = [(index, each) for index, each in numbered if each.subject == label]
        yield from judge_leaks(label, about)
        yield from judge_existence(label, about)
        yield from judge_coverage(label, about)


def pick(about: Sequence[Seen], kind: str) -> list[Seen]:
    """The observations of one kind."""
    return [(index, each) for index, each in about if each.kind == kind]


def places(observation: Observation) -> list[str]:
    """What of the victim showed where, `canary in body`."""
    traces = observation.data.get("traces")
    found = traces.items() if isinstance(traces, dict) else ()
    return [
        f"{label} in {place}"
        for place, labels in found
        for label in (labels if isinstance(labels, list) else [])
    ]


def judge_leaks(label: str, about: Sequence[Seen]) -> Iterator[Finding]:
    """Answers that hold something of the victim, to the other tenant and to nobody."""
    leaks = [(index, each) for index, each in pick(about, "foreign-read") if places(each)]
    nobody = [item for item in leaks if item[1].data.get("role") == "anonymous"]
    tenant = [item for item in leaks if item not in nobody]
    if tenant:
        yield report_tenant(label, tenant, about)
    if nobody:
        yield report_nobody(label, nobody, about)


def report_tenant(label: str, leaks: Sequence[Seen], about: Sequence[Seen]) -> Finding:
    """The other tenant read something."""
    return Finding(
        check=ID,
        rule="foreign-read",
        subject=label,
        title="A tenant reads another tenant's object by its id",
        severity=Severity.CRITICAL,
        detail=f"{label}: {'; '.join(sorted({tell(each) for _, each in leaks}))}.",
        remedy="Look the object up by tenant and id together, in the query and by row policy.",
        evidence=tuple(show(*item, about) for item in leaks[:3]),
        cwe=639,
        owasp_api="API1:2023",
        asvs="V8.4.1",
    )


def report_nobody(label: str, leaks: Sequence[Seen], about: Sequence[Seen]) -> Finding:
    """A caller without a credential read something."""
    return Finding(
        check=ID,
        rule="anonymous-read",
        subject=label,
        title="Anybody reads a tenant's object without a credential",
        severity=Severity.HIGH,
        detail=f"{label}: {'; '.join(sorted({tell(each) for _, each in leaks}))}.",
        remedy="Refuse the request without a credential, or declare it public in the document.",
        evidence=tuple(show(*item, about) for item in leaks[:3]),
        cwe=306,
        owasp_api="API2:2023",
        asvs="V8.3.1",
    )


def tell(read: Observation) -> str:
    """What was asked and what came back, in words without ids."""
    who = read.data.get("attacker") if read.data.get("role") != "anonymous" else "nobody"
    got = f"{who} with {read.data.get('ids')} ids got {read.data.get('status')}"
    found = places(read)
    # A canary or an id says it all; single values matter only where there is neither.
    named = [each for each in found if not each.startswith("value")] or found
    return f"{got} with {read.data.get('victim')}'s {', '.join(named)}" if named else got


def show(index: int, read: Observation, about: Sequence[Seen]) -> Evidence:
    """The answer, the request that gets it again, and the answer that it should have been."""
    excerpt = str(read.data.get("excerpt", ""))
    return Evidence(
        summary=f"{tell(read)}: {excerpt[:200]}",
        reproduce=str(read.data.get("curl", "")),
        observation=index,
        exchange=compare(read, [other for _, other in pick(about, "absent-read")]),
    )


def compare(read: Observation, absent: Sequence[Observation]) -> Exchange:
    """The answer beside the one for an id that never existed, asked in the same way."""
    method, _, path = read.subject.partition(" ")
    right = next((each for each in absent if same_attack(read, each)), None)
    return Exchange(
        method=method,
        target=path,
        status=status_of(read),
        received=str(read.data.get("excerpt", "")),
        expected_status=status_of(right) if right else None,
        expected=str(right.data.get("excerpt", "")) if right else "",
    )


def status_of(read: Observation) -> int | None:
    """The HTTP status; None where there is none."""
    status = read.data.get("status")
    return status if isinstance(status, int) else None


def judge_existence(label: str, about: Sequence[Seen]) -> Iterator[Finding | Doubt]:
    """Answers for foreign ids that differ from the answers for absent ids of the same mix."""
    told: list[tuple[Seen, str]] = []
    for index, read in pick(about, "foreign-read"):
        if read.data.get("role") == "anonymous" or places(read) or read.data.get("own"):
            continue
        absent = [each for _, each in pick(about, "absent-read") if same_attack(read, each)]
        difference = differs(read, absent)
        if isinstance(difference, Doubt):
            yield difference
        elif difference:
            told.append(((index, read), difference))
    if told:
        yield Finding(
            check=ID,
            rule="existence-oracle",
            subject=label,
            title="The answer tells whether another tenant's object exists",
            severity=Severity.MEDIUM,
            detail=f"{label}: {'; '.join(sorted({words for _, words in told}))}.",
            remedy="Answer for a foreign object exactly as for one that never existed (404).",
            evidence=tuple(show(*item, about) for item, _ in told[:3]),
            cwe=204,
            owasp_api="API1:2023",
            asvs="V8.4.1",
        )


def same_attack(read: Observation, other: Observation) -> bool:
    """Do both belong to one direction and one mix of ids?"""
    return all(
        read.data.get(name) == other.data.get(name) for name in ("attacker", "victim", "ids")
    )


def differs(read: Observation, absent: Sequence[Observation]) -> str | Doubt:
    """How the answer differs from those for absent ids, "" when it does not."""
    statuses = {each.data.get("status") for each in absent}
    status, ids = read.data.get("status"), read.data.get("ids")
    if not absent or len(statuses) > 1:
        return Doubt(subject=read.subject, reason="no stable answer for absent ids to compare with")
    if statuses != {status}:
        return f"{ids} ids get {status}, absent ids get {next(iter(statuses))}"
    places = differing(digest_of(read), *map(digest_of, absent))
    if places:
        return f"{ids} and absent ids both get {status}, with different {', '.join(places)}"
    return ""


def digest_of(read: Observation) -> Mapping[str, Json]:
    """The hashes of the parts of an answer's body."""
    found = read.data.get("digest")
    return found if isinstance(found, dict) else {}


def differing(foreign: Mapping[str, Json], *absent: Mapping[str, Json]) -> list[str]:
    """The parts that all absent answers share and the foreign one has not, or has beside them."""
    first, *others = absent
    stable = {place for place in first if all(each.get(place) == first[place] for each in others)}
    known = {place for each in absent for place in each}
    changed = {place for place in stable if foreign.get(place) != first[place]}
    return sorted(changed | (foreign.keys() - known))


def judge_coverage(label: str, about: Sequence[Seen]) -> Iterator[Doubt]:
    """Why a pass on this operation would mean nothing."""
    for reason in dict.fromkeys(str(each.data["reason"]) for _, each in pick(about, "unreached")):
        yield Doubt(subject=label, reason=reason)
    owned = [each for _, each in pick(about, "owned-read")]
    for each in owned:
        if not each.data.get("positive"):
            who, status = each.data.get("victim"), each.data.get("status")
            yield Doubt(
                subject=label, reason=f"no positive control: {who} got {status} for its own object"
            )
    attacks = [
        each
        for _, each in pick(about, "foreign-read")
        if each.data.get("role") != "anonymous" and is_answer(each.data.get("status"))
    ]
    if owned and {each.data.get("victim") for each in owned} - {
        each.data.get("victim") for each in attacks
    }:
        yield Doubt(subject=label, reason="no foreign id of it got a usable answer")


def is_answer(status: Json) -> bool:
    """Did the service decide, rather than fail or put the caller off?"""
    return isinstance(status, int) and status < UNUSABLE and status != LIMITED


LABEL = "GET /v1/runs/{run_id}"
WHO: dict[str, Json] = {"victim": "acme", "attacker": "globex"}
NOT_FOUND: dict[str, Json] = {
    "ids": "foreign",
    "status": 404,
    "digest": {"$.code": "a"},
    "excerpt": "{}",
}


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **data})


CLEAN: tuple[Observation, ...] = (
    fact("owned-read", status=200, positive=True),
    fact("foreign-read", role="anonymous", **{**NOT_FOUND, "status": 401}),
    fact("foreign-read", role="owner", **NOT_FOUND),
    fact("absent-read", **NOT_FOUND),
    fact("absent-read", **NOT_FOUND),
)


def spoil(position: int, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one answer changed."""
    spoilt = replace(CLEAN[position], data={**CLEAN[position].data, **change})
    return (*CLEAN[:position], spoilt, *CLEAN[position + 1 :])


IN_BODY: Json = {"headers": [], "body": ["canary", "id"]}
CHECK = Check(
    id=ID,
    claim="No GET with an id in its path shows another tenant's object, or that it exists.",
    blind_to=(
        "Operations that the document declares public, or reserves for another credential than a "
        "tenant's (an operator's): recorded as not-applicable. Ids in query or body, lists, "
        "writes, timing, caches. Roles below owner. Differences in headers between a foreign and "
        "an absent id. Operations that the document does not mention."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(defect="200 with the owner's canary", record=spoil(2, status=200, traces=IN_BODY)),
        Control(
            defect="200 with a value of the owner's only",
            record=spoil(2, status=200, traces={"body": ["value of $.email"]}),
        ),
        Control(defect="404 with the canary in its body", record=spoil(2, traces=IN_BODY)),
        Control(
            defect="404 with a foreign id in a header", record=spoil(2, traces={"headers": ["id"]})
        ),
        Control(
            defect="foreign child under the own parent",
            record=spoil(2, ids="own/foreign", status=200, traces=IN_BODY),
        ),
        Control(
            defect="anonymous read of a secured operation",
            record=spoil(1, status=200, traces=IN_BODY),
        ),
        Control(defect="403 for foreign ids, 404 for absent ids", record=spoil(2, status=403)),
        Control(
            defect="another error text for foreign ids", record=spoil(2, digest={"$.items": "b"})
        ),
        Control(
            defect="an empty 200 for foreign ids",
            record=spoil(2, status=200, digest={"$.items": "b"}, excerpt='{"items": []}'),
        ),
    ),
    at_least={"owned-read": 5, "foreign-read": 5, "absent-read": 5},
    needs=frozenset({"http", "openapi", "tenants"}),
    lies=dict.fromkeys((Lie.READ, Lie.ERROR, Lie.EXISTENCE, Lie.ANONYMOUS), ("foreign-read",)),
    covers=(
        *("isolation:1", "isolation:4", "isolation:11", "isolation:13", "isolation:31"),
        *("API1:2023", "API2:2023", "ASVS:V8.3.1", "ASVS:V8.4.1"),
    ),
)
