"""Is there a way into the service that its document does not mention?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Check, Control
from gate.model import Doubt, Finding, Json, Observation, Severity
from validators.behind.traffic import accuse
from validators.behind.undocumented import probe
from validators.estates.ground import judge_ground
from validators.judging import NEEDS, Rule, places, texts

ID = "isolation.undocumented-routes"
ANSWERS = Rule(
    check=ID,
    rule="undocumented-route",
    title="A route that the document does not mention answers",
    severity=Severity.MEDIUM,
    remedy="Document the route, so that it is tested like all others, or take it away.",
    cwe=1059,
    owasp_api="API9:2023",
    asvs="V13.4.5",
)
SHOWS = replace(
    ANSWERS,
    rule="undocumented-data",
    title="A route that the document does not mention shows tenants' data",
    severity=Severity.HIGH,
    cwe=425,
)
EXISTS = replace(
    ANSWERS,
    rule="undocumented-refusal",
    title="A route that the document does not mention exists, and refuses",
    severity=Severity.LOW,
)
METHOD = replace(
    ANSWERS,
    rule="undocumented-method",
    title="A method that the document does not mention is carried out",
    cwe=650,
)
ECHO = replace(
    ANSWERS,
    rule="trace-echo",
    title="TRACE sends the caller's credential back",
    remedy="Refuse TRACE with 405.",
    cwe=693,
    asvs="V13.4.4",
)
SPELLED = replace(
    ANSWERS,
    rule="other-spelling",
    title="Another spelling of a path shows an object to those who may not see it",
    severity=Severity.CRITICAL,
    remedy="Decide on access after the path has been decoded and matched, never before.",
    cwe=647,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Doubt]:
    """What answers unlike a name that nobody has, and stands in no document (OWASP API9:2023).

    Documentation and signs of life are harmless as long as they show no tenant's data. A refusal
    says that something is there, which alone does not block. A path spelled otherwise must not open
    what the path itself keeps shut (CWE-647). Where known paths look like unknown ones, nothing was
    seen.
    """
    yield from judge_ground(seen)
    for index, each in enumerate(seen):
        if each.kind in {"route", "method"}:
            yield from judge_route(index, each)
        elif each.kind == "trace" and each.data["echoed"]:
            words = f"got {each.data['status']} with the credential"
            yield accuse(ECHO, each.subject, [words], index, "")
        elif each.kind == "spelling" and (shown := texts(each.data["shown"])):
            words = (
                f"{each.data['who']} of {each.data['attacker']} was shown it by {', '.join(shown)}"
            )
            yield accuse(SPELLED, each.subject, [words], index, "")
        elif each.kind == "known" and not each.data["positive"]:
            reason = "it is answered like a path that does not exist: routes cannot be told apart"
            yield Doubt(subject=each.subject, reason=reason)


def judge_route(index: int, fact: Observation) -> Iterator[Finding]:
    """One answer that should not be there."""
    found, granted = places(fact), bool(fact.data["granted"])
    words = f"the {fact.data['who']} got {fact.data['status']}"
    if found and fact.kind == "route":
        rule, words = SHOWS, f"{words} with {', '.join(found)}"
    elif granted:
        rule = ANSWERS if fact.kind == "route" else METHOD
    else:
        rule = EXISTS
    if rule is SHOWS or not fact.data.get("harmless"):
        yield accuse(rule, fact.subject, [words], index, str(fact.data["curl"]))


ROUTE: dict[str, Json] = {
    "who": "owner",
    "status": 200,
    "granted": True,
    "traces": {"headers": [], "body": []},
    "harmless": True,
    "excerpt": "",
    "curl": "curl -isSg -X GET http://127.0.0.1/docs",
}
LABEL = "GET /v1/runs/{run_id}"
CLEAN: tuple[Observation, ...] = (
    Observation(kind="known", subject=LABEL, data={"positive": True}),
    Observation(kind="route", subject="GET /docs", data=ROUTE),
    Observation(kind="trace", subject="TRACE /v1/runs", data={"status": 405, "echoed": False}),
    Observation(
        kind="spelling",
        subject=LABEL,
        data={"victim": "acme", "attacker": "globex", "who": "owner", "shown": []},
    ),
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with one fact changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


METHODS = Observation(kind="method", subject="PUT /v1/runs/{run_id}", data=ROUTE)
DEFECTS: Mapping[str, tuple[Observation, ...]] = {
    "an undocumented route answers": spoil("route", harmless=False),
    "an undocumented route shows a canary": spoil(
        "route", traces={"headers": [], "body": ["canary"]}
    ),
    "an undocumented route refuses": spoil("route", harmless=False, granted=False, status=403),
    "an undocumented method is carried out": (
        *CLEAN,
        replace(METHODS, data={**ROUTE, "harmless": False}),
    ),
    "TRACE sends the credential back": spoil("trace", status=200, echoed=True),
    "another spelling opens a path": spoil("spelling", shown=["trailing slash"]),
}
CHECK = Check(
    id=ID,
    claim="Nothing answers that the document does not mention, however a path is spelled.",
    blind_to=(
        "Routes whose name is not among some seventy well-known ones, the document's own, those of "
        "other versions, and those in places such as `/internal` and `:export`. DELETE and POST on "
        "collections, and methods on objects that cannot be made again: they are not tried. Routes "
        "that answer like a name that nobody has. Other hosts and ports. The service's own table "
        "of routes, which is not asked."
    ),
    probe=probe,
    judge=judge,
    controls=tuple(Control(defect=name, record=record) for name, record in DEFECTS.items()),
    at_least={"seated": 2, "known": 1, "surveyed": 1},
    needs=NEEDS,
    covers=("isolation:35", "API9:2023", "ASVS:V13.4.5"),
)
