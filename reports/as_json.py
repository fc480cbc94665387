"""How does a program read a verdict?"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from gate.model import Verdict
from reports.reading import Read, read
from reports.scoring import score

SCHEMA_VERSION = 1
WRITTEN = TypeAdapter(Verdict)


def render(verdict: Verdict) -> str:
    """The verdict with everything derived from it, as JSON (RFC 8259) in ASCII.

    Keys keep the order of the model's fields; results come worst first, with a result for each
    required check that has none. The exit code is not part of a verdict.
    """
    caught, planted = verdict.sensitivity
    document = {
        "schema_version": SCHEMA_VERSION,
        "outcome": verdict.outcome.label,
        "sensitivity": {"caught": caught, "planted": planted},
        **WRITTEN.dump_python(verdict, mode="json"),
        "results": [describe(each) for each in read(verdict)],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def describe(one: Read) -> dict[str, Any]:
    """One result: its own fields, and what they come to."""
    result = one.result
    plain = TypeAdapter(type(result)).dump_python(result, mode="json")
    return {
        "check": result.check,
        "gate": result.gate,
        "outcome": one.outcome.label,
        "required": one.required,
        "blocks": bool(one.blocks),
        **plain,
        "findings": [
            {
                "key": finding.key,
                "blocks": one.holds_back(finding),
                "waived": one.is_waived(finding),
                "score": own.base if (own := score(finding)) else None,
                **written,
            }
            for finding, written in zip(result.findings, plain["findings"], strict=True)
        ],
        "measures": [
            {"outcome": measure.outcome.label, **written}
            for measure, written in zip(result.measures, plain["measures"], strict=True)
        ],
        "observed": dict(sorted(result.observed.items())),
    }
