"""How does a CI server read a verdict?

The dialect is that of Jenkins' junit-10.xsd: no properties below a test case, times with three
decimals. A check that gave no full answer is an `<error>`, because `<skipped>` is green in most CI.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from gate.model import Finding, Outcome, Verdict
from reports.reading import Read, by_gate, read, tell
from reports.wording import clip, count, printable

MESSAGE = 300


def render(verdict: Verdict) -> str:
    """One test suite per gate, one test case per check; UTF-8 when encoded.

    No case fails only if the verdict is PASS. Findings that do not block are in `system-out`.
    """
    document = JUnitXml(printable(f"{verdict.target.name} {verdict.target.revision}"))
    for gate, checks in by_gate(read(verdict)).items():
        suite = TestSuite(printable(gate))
        suite.add_testcases([as_case(each) for each in checks])
        document.add_testsuite(suite)
    buffer = BytesIO()
    document.write(buffer, pretty=True)
    return buffer.getvalue().decode()


def as_case(one: Read) -> TestCase:
    """One check as one test."""
    case = TestCase(printable(one.check), printable(one.result.gate), round(one.result.seconds, 3))
    if answer := complain(one):
        case.result = answer
    if notes := "\n\n".join(remark(one)):
        case.system_out = printable(notes)
    return case


def complain(one: Read) -> Failure | Error | None:
    """A failure for blocking findings, else an error for an incomplete answer."""
    if blocking := [finding for finding in one.findings if one.holds_back(finding)]:
        titles = [f"{finding.severity.label}: {finding.title}" for finding in blocking]
        failure = Failure(sum_up(titles), Outcome.FAIL.label)
        failure.text = printable("\n\n".join([*map(describe, blocking), *gap_lines(one)]))
        return failure
    if lines := [*gap_lines(one)] or [block.reason for block in one.blocks]:
        worst = max([gap.outcome for gap in one.gaps], default=one.outcome)
        error = Error(sum_up(lines), worst.label)
        error.text = printable("\n".join(lines))
        return error
    return None


def sum_up(lines: Sequence[str]) -> str:
    """The first line, and how many follow."""
    more = f" (and {len(lines) - 1:,} more)" if len(lines) > 1 else ""
    return clip(lines[0], MESSAGE) + more


def gap_lines(one: Read) -> Iterator[str]:
    """Why the answer is not a full one, a line each."""
    for gap in one.gaps:
        yield f"{gap.outcome.label}: {gap.reason}"


def remark(one: Read) -> Iterator[str]:
    """What a reader of a green test should still see."""
    for finding in one.findings:
        if not one.holds_back(finding):
            why = "waived" if one.is_waived(finding) else "does not block"
            yield f"{why}: {describe(finding)}"
    for measure in one.result.measures:
        yield f"{measure.estimate.name}: {tell(measure)}"
    if one.planted:
        yield f"{one.caught} of {count(one.planted, 'planted defect')} caught"


def describe(finding: Finding) -> str:
    """A finding with its key, its remedy and the commands that show it again."""
    lines = [
        finding.key,
        f"{finding.severity.label}: {finding.title}",
        finding.detail,
        f"remedy: {finding.remedy}",
        *(f"{each.summary}\n  {each.reproduce}" for each in finding.evidence),
    ]
    return "\n".join(lines)
