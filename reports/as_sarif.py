"""How does a code-scanning service read a verdict? (SARIF 2.1.0, OASIS)

A finding is a result of kind `fail`; a waiver is its `suppressions`. What keeps the release back
without being a finding is `open`, a notification, and `executionSuccessful: false`. Passed checks
are no results: GitHub ignores `kind` and would raise an alert for each.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gate.exhibits import Exchange
from gate.measures import BEYOND
from gate.model import Finding, Known, Severity, Verdict
from reports.clock import began, is_recorded
from reports.history import pasts
from reports.reading import Read, read
from reports.scoring import number, score
from reports.taxonomies import CWE, Taxa, named, page
from reports.wording import count, printable

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
MOST_RESULTS, LARGEST, MOST_TAGS = 5_000, 10_000_000, 20
"""What GitHub stores per run, the bytes it takes after gzip, and the tags of a rule."""
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
STATES = {"new": "new", "existing": "unchanged", "regressed": "new"}
INCOMPLETE = "incomplete"
Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One result to be: a finding, or (without one) why a check gave no full answer."""

    check: Read
    finding: Finding | None = None

    @property
    def rule(self) -> str:
        """The id of its rule, stable across runs."""
        return printable(f"{self.check.check}/{self.finding.rule if self.finding else INCOMPLETE}")

    @property
    def key(self) -> str:
        """What stays the same from run to run."""
        return self.finding.key if self.finding else self.rule


def render(verdict: Verdict, most: int = MOST_RESULTS, largest: int = LARGEST) -> str:
    """A log file with one run; the worst results only, where not all of them can be uploaded."""
    alerts = worst_first(read(verdict))
    kept = alerts[:most]
    text = write(verdict, kept, len(alerts))
    while len(gzip.compress(text.encode(), 1)) > largest and kept:
        kept = kept[: len(kept) // 2]
        text = write(verdict, kept, len(alerts))
    return text


def write(verdict: Verdict, alerts: Sequence[Alert], found: int) -> str:
    """The log file of these alerts, out of all that were `found`."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run(verdict, alerts, found)]}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def worst_first(checks: Iterable[Read]) -> list[Alert]:
    """Gaps that block, then findings that block, then the other findings by severity."""
    alerts = [
        Alert(check=one, finding=finding)
        for one in checks
        for finding in (*one.findings, *([None] if blocking_gaps(one) else []))
    ]
    return sorted(alerts, key=badness, reverse=True)


def badness(alert: Alert) -> tuple[bool, bool, int, str]:
    """The worse, the larger."""
    finding = alert.finding
    if finding is None:
        return True, True, 0, alert.rule
    return False, alert.check.holds_back(finding), int(finding.severity), alert.key


def blocking_gaps(one: Read) -> list[str]:
    """Why this check keeps the release back, other than by findings."""
    return [block.reason for block in one.blocks if block.finding is None]


def run(verdict: Verdict, alerts: Sequence[Alert], found: int) -> Object:
    """The one run of the log file."""
    rules = {alert.rule: alert for alert in reversed(alerts)}
    indices = {rule: index for index, rule in enumerate(rules)}
    known = pasts(verdict)
    taxa = Taxa.of(each.finding for each in alerts if each.finding)
    return {
        "tool": {"driver": driver(verdict, [rule_of(each, taxa) for each in rules.values()], taxa)},
        "taxonomies": taxa.written(),
        "invocations": [invocation(verdict, len(alerts), found)],
        "automationDetails": {
            "id": f"maestro/{quote(verdict.profile, safe='', errors='replace')}/"
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            result(verdict, each, indices[each.rule], taxa, known.get(each.key)) for each in alerts
        ],
        "properties": {
            "outcome": verdict.outcome.label,
            "target": printable(verdict.target.name),
            "revision": printable(verdict.target.revision),
        },
    }


def driver(verdict: Verdict, rules: list[Object], taxa: Taxa) -> Object:
    """The gate, as the tool."""
    origin = verdict.provenance
    return {
        "name": "Maestro",
        "version": printable(origin.maestro if origin else "unknown") or "unknown",
        "rules": rules,
        "supportedTaxonomies": [
            {"name": name, "index": index} for index, name in enumerate(taxa.names)
        ],
    }


def rule_of(alert: Alert, taxa: Taxa) -> Object:
    """A rule, described by its worst finding."""
    finding, page_of = alert.finding, alert.check.page
    claim = printable(page_of.claim if page_of else alert.check.check)
    blind = printable(page_of.blind_to) if page_of else "Not written down."
    if finding is None:
        return {
            "id": alert.rule,
            "shortDescription": {"text": "A required check gave no full answer"},
            "fullDescription": {"text": claim or alert.rule},
            "help": {"text": f"Claim: {claim}\nRemedy: run the check to its end."},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["incomplete"], "problem.severity": "error"},
        }
    ids = named(finding)
    # A rule is the same in every run, so it is not described by one run's numbers.
    title = "A measure is beyond its limit" if finding.rule == BEYOND else finding.title
    written: Object = {
        "id": alert.rule,
        "shortDescription": {"text": printable(title) or alert.rule},
        "fullDescription": {"text": claim or alert.rule},
        "help": {"text": f"Remedy: {printable(finding.remedy)}\nClaim: {claim}\nBlind to: {blind}"},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "relationships": [{"target": taxa.point(*each), "kinds": ["relevant"]} for each in ids],
        "properties": {
            "tags": tags(finding)[:MOST_TAGS],
            "precision": "high",
            "problem.severity": LEVELS[finding.severity].replace("note", "recommendation"),
            "security-severity": f"{number(finding):.1f}",
        },
    }
    return {**written, "helpUri": page(*ids[0])} if ids else written


def tags(finding: Finding) -> list[str]:
    """The words by which a rule can be filtered."""
    words = ["security", finding.check.partition(".")[0]]
    words += [
        f"external/cwe/cwe-{each}" if taxonomy == CWE else f"{taxonomy} {each}"
        for taxonomy, each in named(finding)
    ]
    return [printable(word) for word in dict.fromkeys(words) if word]


def result(verdict: Verdict, alert: Alert, index: int, taxa: Taxa, past: Known | None) -> Object:
    """One result, located at the page of its check and at the operation that it is about."""
    finding = alert.finding
    written: Object = {
        "ruleId": alert.rule,
        "ruleIndex": index,
        "kind": "fail" if finding else "open",
        "level": LEVELS[finding.severity] if finding else "none",
        "message": {"text": describe(alert)},
        "locations": [location(alert)],
        "partialFingerprints": fingerprints(alert.key),
    }
    if finding is None:
        return written
    own = score(finding)
    written["taxa"] = [taxa.point(*each) for each in named(finding)]
    written["suppressions"] = list(suppressions(verdict, alert, finding))
    written["properties"] = {
        "key": printable(finding.key),
        "severity": finding.severity.label,
        "blocks": alert.check.holds_back(finding),
        **({"cvss": own.vector, "cvssBaseScore": own.base} if own else {}),
        **({"firstSeen": past.first_seen.isoformat(), "state": past.state} if past else {}),
    }
    if past:
        written["baselineState"] = STATES[past.state]
    return {**written, **exchange_of(finding)}


def describe(alert: Alert) -> str:
    """The message: what was found, how to see it again, what to do."""
    finding = alert.finding
    if finding is None:
        return printable("\n".join(blocking_gaps(alert.check))) or "No full answer."
    lines = [
        f"{finding.title} ({finding.subject})",
        finding.detail,
        *(f"{each.summary}\nReproduce: {each.reproduce}" for each in finding.evidence),
        f"Remedy: {finding.remedy}",
    ]
    return printable("\n\n".join(lines))


def location(alert: Alert) -> Object:
    """Code scanning needs a file: the page that explains the check. The subject is logical."""
    subject = alert.finding.subject if alert.finding else alert.check.check
    uri = f"docs/checks/{quote(alert.check.check, safe='', errors='replace')}.md"
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": printable(subject), "kind": "resource"}],
    }


def fingerprints(key: str) -> Object:
    """The key as digests; the second is the one that GitHub goes by."""
    digest = hashlib.sha256(key.encode("utf-8", "backslashreplace")).hexdigest()
    return {"maestroFinding/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:1"}


def suppressions(verdict: Verdict, alert: Alert, finding: Finding) -> Iterator[Object]:
    """The waiver in use, if there is one."""
    for waiver in verdict.waived:
        if waiver.finding == finding.key and alert.check.is_waived(finding):
            yield {
                "kind": "external",
                "status": "accepted",
                "justification": printable(
                    f"{waiver.reason} (owner {waiver.owner}, approved by {waiver.approver}, "
                    f"until {waiver.expires}{f', {waiver.ticket}' if waiver.ticket else ''})"
                ),
            }


def exchange_of(finding: Finding) -> Object:
    """The request and the answer of the first piece of evidence that has them."""
    for evidence in finding.evidence:
        if evidence.exchange is not None:
            return web(evidence.exchange)
    return {}


def web(exchange: Exchange) -> Object:
    """A request and an answer."""
    answer: Object = {"body": {"text": printable(exchange.received)}}
    if exchange.status is None:
        answer["noResponseReceived"] = True
    else:
        answer["statusCode"] = exchange.status
    return {
        "webRequest": {
            "method": printable(exchange.method),
            "target": printable(exchange.target),
            "body": {"text": printable(exchange.sent)},
        },
        "webResponse": answer,
    }


def invocation(verdict: Verdict, told: int, found: int) -> Object:
    """How the run went: not successful when a required check gave no full answer."""
    notes = [
        {
            "level": "error" if gap.check in {block.check for block in one.blocks} else "warning",
            "message": {"text": printable(f"{gap.check}: {gap.reason}")},
            "descriptor": {"id": f"maestro/{gap.outcome.label}"},
        }
        for one in read(verdict)
        for gap in one.gaps
    ]
    if told < found:
        left = count(found - told, "result is", "results are")
        notes.append(
            {
                "level": "warning",
                "message": {"text": f"{left} left out, the least severe: see report.json."},
                "descriptor": {"id": "maestro/truncated"},
            }
        )
    written: Object = {
        "executionSuccessful": not any(blocking_gaps(one) for one in read(verdict)),
        "toolExecutionNotifications": notes,
    }
    if verdict.provenance:
        written["commandLine"] = printable(verdict.provenance.command)
    if is_recorded(verdict):
        written["startTimeUtc"] = f"{began(verdict):%Y-%m-%dT%H:%M:%S}Z"
    return written
