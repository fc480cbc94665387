"""What does a check look at, and why can its answer be trusted? One page of Markdown each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

from gate.check import Check
from gate.weigh import bound


def explain(check: Check) -> str:
    """The page of a check, written from the check itself so that it cannot go stale."""
    return "\n".join(lines(check)).rstrip() + "\n"


def lines(check: Check) -> Iterator[str]:
    """The page, line by line."""
    yield from (f"# {check.id}", "", f"**{check.claim}**", "")
    yield from ("## How it looks", "", says(check.probe), "")
    yield from ("## How it judges", "", says(check.judge), "")
    yield from ("## Blind to", "", check.blind_to, "")
    yield from ("## Proof that it can fail", "", "On every run the judge must reject:", "")
    yield from (f"- {control.defect}" for control in check.controls)
    if check.lies:
        yield from ("", "In release runs it must also find out a proxy that:", "")
        yield from (f"- {lie.meaning} (`{lie}`)" for lie in check.lies)
    yield from ("", "## Needs", "")
    for capability in sorted(check.needs):
        yield f"- a target that offers `{capability}`, else the check is skipped"
    for kind, least in check.at_least.items():
        yield f"- at least {least} observations of `{kind}`, else it is inconclusive"
    for name, limit in check.limits.items():
        yield f"- `{name}` {bound(limit)}, unless the policy sets `{check.id}.{name}`"


def says(function: Callable[..., object]) -> str:
    """A function's docstring."""
    return inspect.getdoc(function) or ""
