"""How does a verdict read, as text, for people and for machines?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gate.model import Verdict
from reports import (
    as_ctrf,
    as_gitlab,
    as_json,
    as_junit,
    as_markdown,
    as_openmetrics,
    as_sarif,
    html,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a verdict: `render` is pure, `filename` is its name in a bundle."""

    name: str
    filename: str
    render: Callable[[Verdict], str]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        each.name: each
        for each in (
            Format(name="html", filename="report.html", render=html.render),
            Format(name="json", filename="report.json", render=as_json.render),
            Format(name="junit", filename="junit.xml", render=as_junit.render),
            Format(name="sarif", filename="report.sarif", render=as_sarif.render),
            Format(name="markdown", filename="summary.md", render=as_markdown.render),
            Format(name="ctrf", filename="ctrf.json", render=as_ctrf.render),
            Format(name="gitlab", filename="gl-dast-report.json", render=as_gitlab.render),
            Format(name="openmetrics", filename="metrics.om", render=as_openmetrics.render),
        )
    }
)
