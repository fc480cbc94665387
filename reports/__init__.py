"""How does a verdict read, as text, for people and for machines?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gate.model import Verdict
from reports import as_json, as_junit, as_markdown, html


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
            Format(name="markdown", filename="summary.md", render=as_markdown.render),
        )
    }
)
