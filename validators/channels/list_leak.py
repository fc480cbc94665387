"""Do lists, searches, counts or cursors tell one tenant of another?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Check, Control, Lie
from gate.model import Doubt, Estimate, Finding, Json, Observation, Severity
from validators.channels.read_by_id import GROUND, WHO
from validators.crossing.excuses import NAMED, holds, unexcused
from validators.crossing.foreign_lists import probe
from validators.judging import (
    ASKED,
    LIMITS,
    NEEDS,
    Rule,
    Seen,
    judge_coverage,
    judge_effects,
    judge_existence,
    judge_leaks,
    number,
    pick,
    subjects,
)

ID = "isolation.list-leak"
LEAK = Rule(
    check=ID,
    rule="foreign-list",
    title="A list shows another tenant's objects",
    severity=Severity.CRITICAL,
    remedy="Restrict the query to the caller's tenant before any filter, sort, count or cursor.",
    cwe=639,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
)
COUNT = Rule(
    check=ID,
    rule="foreign-count",
    title="A list or count moves when another tenant makes objects",
    severity=Severity.MEDIUM,
    remedy="Count, total and number only the caller's tenant.",
    cwe=200,
    owasp_api="API3:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)
ORACLE = Rule(
    check=ID,
    rule="search-oracle",
    title="A search tells whether another tenant has a match",
    severity=Severity.MEDIUM,
    remedy="Restrict the search to the caller's tenant before matching and counting.",
    cwe=204,
    owasp_api="API1:2023",
    asvs="V8.4.1",
    cvss="CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
)


def judge(seen: Sequence[Observation]) -> Iterator[Finding | Estimate | Doubt]:
    """A mark of the other tenant anywhere in a list is a leak, whatever the parameters.

    Numbers have no marks: what moves in a tenant's list, count or total while another tenant makes
    objects, twice, and does not move without that, tells of the other's volume. A search for the
    other's mark that is answered unlike searches for marks that nobody has tells that it matches.
    What nobody without a credential sees as well, where the document lets anybody in, is
    recorded as suppressed, unless it says of itself that it is not public (`published: false`) and
    a new one is shown as well; numbers may move where the target file or the document in its words
    says that they are of all tenants together. A list that its owner cannot read does not count
    as covered; below 95 % there is no pass.
    """
    numbered = number(seen)
    for label in subjects(numbered, "foreign-list", "growth", "suppressed"):
        lists = [*pick(numbered, "foreign-list", label), *unexcused(numbered, label)]
        leaks = list(judge_leaks(label, lists, LEAK))
        yield from leaks
        # What shows the objects themselves moves with them, of course.
        if not leaks and not is_directory(numbered, label):
            moved = pick(numbered, "growth", label)
            yield from judge_effects(label, [i for i in moved if not i[1].data["shared"]], COUNT)
        searches = [each for each in lists if str(each[1].data.get("ids")).startswith("a search")]
        yield from judge_existence(label, searches, pick(numbered, "absent-list", label), ORACLE)
    yield from judge_coverage(seen, "owned-list", "foreign-list")


def is_directory(numbered: Sequence[Seen], label: str) -> bool:
    """Does it list accounts that anybody may open, so that it moves with whoever does?"""
    hidden = (each.data for _, each in pick(numbered, "suppressed", label))
    return any(data.get("reason") == NAMED and holds(data) for data in hidden)


LABEL = "GET /v1/projects"
ANSWER: dict[str, Json] = {"status": 200, "granted": True, "digest": {"$.items": "a"}}


def fact(kind: str, **data: Json) -> Observation:
    """One observation of the example record."""
    return Observation(kind=kind, subject=LABEL, data={**WHO, **ANSWER, **data})


CLEAN: tuple[Observation, ...] = (
    fact("owned-list", positive=True),
    fact("foreign-list", ids="plain"),
    fact("absent-list", ids="a search with q"),
    fact("absent-list", ids="a search with q"),
    fact("foreign-list", ids="a search with q"),
    fact("growth", round=0, changed=[], noise=[], shared=False),
    fact("growth", round=1, changed=[], noise=[], shared=False),
    *GROUND,
)


def spoil(kind: str, **change: Json) -> tuple[Observation, ...]:
    """The clean record with the facts of one kind changed."""
    return tuple(
        replace(each, data={**each.data, **change}) if each.kind == kind else each for each in CLEAN
    )


def hidden(**data: Json) -> Observation:
    """A list that was held to be meant for all."""
    traces: Json = {"headers": [], "body": ["canary"]}
    return fact("suppressed", ids="plain", traces=traces, **data)


def draft_shown() -> Observation:
    """A list that nobody signed in to read, with the mark of what nobody has published."""
    traces: Json = {"headers": [], "body": ["canary"]}
    return fact("foreign-list", ids='"published: false"', role="anonymous", traces=traces)


CHECK = Check(
    id=ID,
    claim="No list, search, count or cursor of a tenant shows another tenant or moves with it.",
    blind_to=(
        "Objects without a mark and with short ids. Leaks beyond the first page that no parameter "
        "enlarges. Parameters that the document does not mention, but those that are called as the "
        "owner in a list's rows, or as a header that says for whom one asks. Cursors that are "
        "neither plain nor base64. The order of a list, where no count moves. Up to 5 % of the "
        "lists, if their owner got nowhere with them."
    ),
    probe=probe,
    judge=judge,
    controls=(
        Control(
            defect="a public list shows what says of itself that it is not published",
            record=(*CLEAN, draft_shown()),
        ),
        Control(
            defect="a list holds the victim's canary",
            record=spoil("foreign-list", traces={"headers": [], "body": ["canary"]}),
        ),
        Control(
            defect="a filter for the victim's objects finds them",
            record=(
                *CLEAN,
                fact("foreign-list", ids="with ownerId", traces={"headers": [], "body": ["id"]}),
            ),
        ),
        Control(
            defect="a directory of names shows something beside them",
            record=(*CLEAN, hidden(reason=NAMED, rest=["canary"])),
        ),
        Control(
            defect="a shared directory shows an address that its document does not name",
            record=(*CLEAN, hidden(beyond=["$[].email"])),
        ),
        Control(
            defect="a total moves with the other tenant's objects",
            record=spoil("growth", changed=["GET /v1/projects $.total"]),
        ),
        Control(
            defect="a search for the victim's mark has a hit",
            record=spoil("foreign-list", digest={"$.items": "b"}),
        ),
    ),
    at_least=ASKED,
    needs=NEEDS,
    limits=LIMITS,
    lies=dict.fromkeys((Lie.LIST,), ("foreign-list",)),
    covers=(
        *(f"isolation:{number}" for number in (5, 6, 7, 19)),
        *("API1:2023", "ASVS:V8.4.1"),
    ),
)
