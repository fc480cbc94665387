"""How does a test dashboard read a verdict? (Common Test Report Format 1.0)

One test per check. A check that gave no full answer is `other` with its own word as `rawStatus`;
it is never `skipped`, which dashboards show as harmless.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from gate.model import Outcome, Verdict
from reports.clock import began, ended
from reports.reading import Read, by_gate, read
from reports.wording import printable

SPECIFICATION = "1.0.0"
STATUSES = ("passed", "failed", "skipped", "pending", "other")


def render(verdict: Verdict) -> str:
    """The run as CTRF JSON; only a check that neither blocks nor leaves a gap has passed."""
    start, stop = (round(at.timestamp() * 1000) for at in (began(verdict), ended(verdict)))
    checks = read(verdict)
    origin = verdict.provenance
    document = {
        "reportFormat": "CTRF",
        "specVersion": SPECIFICATION,
        "timestamp": f"{began(verdict):%Y-%m-%dT%H:%M:%SZ}",
        "generatedBy": "Maestro",
        "results": {
            "tool": {"name": "Maestro", "version": printable(origin.maestro if origin else "")},
            "summary": summary(
                [status(each) for each in checks], len(by_gate(checks)), start, stop
            ),
            "tests": [as_test(each) for each in checks],
            "environment": {
                "appName": printable(verdict.target.name),
                "commit": printable(verdict.target.revision),
                "testEnvironment": printable(verdict.profile),
                "healthy": verdict.outcome is Outcome.PASS,
            },
        },
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def summary(statuses: list[str], suites: int, start: int, stop: int) -> dict[str, int]:
    """The counts, which are those of the tests listed."""
    counts = Counter(statuses)
    return {
        "tests": len(statuses),
        **{each: counts[each] for each in STATUSES},
        "suites": suites,
        "start": start,
        "stop": stop,
    }


def status(one: Read) -> str:
    """The status in CTRF's words."""
    if any(one.holds_back(finding) for finding in one.findings):
        return "failed"
    return "other" if one.blocks or one.gaps else "passed"


def as_test(one: Read) -> dict[str, Any]:
    """One check as one test."""
    written: dict[str, Any] = {
        "name": printable(one.check) or "unnamed",
        "status": status(one),
        "rawStatus": one.outcome.label,
        "duration": round(one.result.seconds * 1000),
        "suite": [printable(one.result.gate)],
        "type": "gate",
        "labels": {
            "required": one.required,
            "plantedDefects": one.planted,
            "plantedDefectsCaught": one.caught,
        },
    }
    if lines := [*(block.reason for block in one.blocks), *(gap.reason for gap in one.gaps)]:
        written["message"] = printable("\n".join(dict.fromkeys(lines)))
    if shown := [f"{each.summary}\n{each.reproduce}" for f in one.findings for each in f.evidence]:
        written["trace"] = printable("\n\n".join(shown))
    return written
