"""How does GitLab read a verdict? (DAST security report, schema 15.0.7)

The primary identifier is the check, so that `primary_identifiers` is the whole list of what could
have been reported: GitLab resolves by it what is no longer found. The schema knows no suppression
and no CVSS 4.0 vector: both are said in words.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from gate.coverage import LEFT_ALONE
from gate.exhibits import Exchange
from gate.model import Finding, Verdict
from reports.clock import began, ended
from reports.reading import Read, read
from reports.scoring import score
from reports.taxonomies import named, page, title
from reports.wording import clip, printable

VERSION = "15.0.7"
LONGEST_NAME, LONGEST_SOLUTION, LONGEST_TEXT = 255, 7000, 100_000
TIME = "%Y-%m-%dT%H:%M:%S"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
Object = dict[str, Any]


def render(verdict: Verdict) -> str:
    """The findings as vulnerabilities, worst first, and what was scanned."""
    checks = read(verdict)
    pairs = [(one, finding) for one in checks for finding in one.findings]
    pairs.sort(key=lambda pair: (-pair[1].severity, pair[1].key))
    document = {
        "version": VERSION,
        "scan": scan(verdict, checks),
        "vulnerabilities": [vulnerability(verdict, *pair) for pair in pairs],
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def scan(verdict: Verdict, checks: tuple[Read, ...]) -> Object:
    """What ran; a failure when a required check gave no full answer. Times are UTC, no zone."""
    stopped = any(block.finding is None for block in verdict.blocking)
    return {
        "analyzer": tool(verdict),
        "scanner": tool(verdict),
        "type": "dast",
        "status": "failure" if stopped else "success",
        "start_time": began(verdict).strftime(TIME),
        "end_time": ended(verdict).strftime(TIME),
        "messages": [
            {
                "level": "fatal" if one.blocks else "warn",
                "value": printable(f"{gap.check}: {gap.outcome.label}: {gap.reason}"),
            }
            for one in checks
            for gap in one.gaps
        ],
        "primary_identifiers": [
            identify(check) for check in dict.fromkeys(one.check for one in checks)
        ],
        "scanned_resources": [
            {"method": method, "url": locate(verdict, path), "type": "url"}
            for method, path in operations(checks)
        ],
    }


def tool(verdict: Verdict) -> Object:
    """The gate."""
    origin = verdict.provenance
    return {
        "id": "maestro",
        "name": "Maestro",
        "vendor": {"name": "Maestro"},
        "version": printable(origin.maestro if origin else "") or "unknown",
    }


def identify(check: str) -> Object:
    """The primary identifier of a check's findings."""
    name = printable(check) or "unnamed"
    return {"type": "maestro_check", "name": name, "value": name}


def operations(checks: tuple[Read, ...]) -> list[tuple[str, str]]:
    """Every operation that a check tried: method and path."""
    subjects = {
        subject
        for one in checks
        for subject, kinds in one.result.operations.items()
        if kinds.keys() - LEFT_ALONE
    }
    return [split(subject) for subject in sorted(subjects) if split(subject)[0]]


def split(subject: str) -> tuple[str, str]:
    """The method and the path of an operation; two empty texts for any other subject."""
    method, _, path = printable(subject).partition(" ")
    return (method, path) if method in METHODS and path else ("", "")


def locate(verdict: Verdict, path: str) -> str:
    """The address of a path of the target."""
    base = printable(verdict.target.base_url)
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def vulnerability(verdict: Verdict, one: Read, finding: Finding) -> Object:
    """One finding."""
    method, path = split(finding.subject)
    evidence = next(iter(finding.evidence), None)
    written: Object = {
        "id": str(uuid5(NAMESPACE_URL, printable(finding.key))),
        "name": clip(finding.title, LONGEST_NAME),
        "description": describe(verdict, one, finding)[:LONGEST_TEXT],
        "severity": finding.severity.label.capitalize(),
        "solution": printable(finding.remedy)[:LONGEST_SOLUTION],
        "identifiers": [identify(one.check), *identifiers(finding)],
        "location": {
            "hostname": printable(verdict.target.base_url),
            "method": method,
            "path": path or printable(finding.subject),
            "param": printable(finding.rule),
        },
    }
    if evidence is not None:
        written["evidence"] = {"summary": printable(evidence.summary)}
        if evidence.exchange is not None:
            written["evidence"] |= exchange(verdict, evidence.exchange)
    return written


def identifiers(finding: Finding) -> list[Object]:
    """The rule, and what it is called elsewhere."""
    rule = printable(f"{finding.check}/{finding.rule}")
    return [
        {"type": "maestro_rule", "name": rule, "value": rule},
        *(
            {
                "type": taxonomy.lower().replace(" ", "_"),
                "name": printable(title(taxonomy, each)),
                "value": printable(each),
                "url": page(taxonomy, each),
            }
            for taxonomy, each in named(finding)
        ),
    ]


def describe(verdict: Verdict, one: Read, finding: Finding) -> str:
    """What was found, what the verdict makes of it, and how to see it again."""
    own = score(finding)
    lines = [finding.detail]
    if one.is_waived(finding):
        waiver = next(each for each in verdict.waived if each.finding == finding.key)
        lines.append(f"Waived until {waiver.expires} by {waiver.approver}: {waiver.reason}")
    if own:
        lines.append(f"CVSS 4.0 base score {own.base} ({own.band}): {own.vector}")
    lines += [f"{each.summary}\nReproduce: {each.reproduce}" for each in finding.evidence]
    return printable("\n\n".join(lines))


def exchange(verdict: Verdict, seen: Exchange) -> Object:
    """The request, its answer, and the answer that a right service would have given."""
    request = {
        "headers": [],
        "method": printable(seen.method) or "GET",
        "url": locate(verdict, printable(seen.target)),
        "body": printable(seen.sent),
    }
    written: Object = {"request": request}
    if seen.status is not None:
        written["response"] = answer(seen.status, seen.received)
    if seen.expected_status is not None:
        right = answer(seen.expected_status, seen.expected)
        written["supporting_messages"] = [
            {"name": "Expected", "request": request, "response": right}
        ]
    return written


def answer(status: int, body: str) -> Object:
    """One answer."""
    known = {each.value: each.phrase for each in HTTPStatus}
    return {
        "headers": [],
        "reason_phrase": known.get(status, ""),
        "status_code": status,
        "body": printable(body),
    }
