"""What does a reviewer of a pull request need to know, in at most 60 lines?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from gate.model import Block, Verdict, Waiver
from reports.again import again
from reports.reading import Gap, Read, headline, read, worst_blocks
from reports.wording import clip, count, last

LENGTH = 240
BLOCKS, GAPS, CHECKS, WAIVERS = 10, 8, 14, 5
MARKS = re.compile(r"[\\`*_{}\[\]()+!|~$^-]")
# Mentions, references and links are made from the text after Markdown is gone, so a backslash
# does not stop them; an invisible space does.
LIVE = re.compile(r"@|#|://|www\.", re.IGNORECASE)
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
PLAIN = re.compile(r"[^`|<>&@#\\]+")


def render(verdict: Verdict) -> str:
    """GitHub-flavoured Markdown of at most 60 lines, worst first; each list says what it omits."""
    checks = read(verdict)
    sections = (
        opening(verdict, checks),
        blocking(worst_blocks(verdict)),
        untested(verdict, checks),
        table(checks),
        waivers(verdict),
        closing(verdict),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def opening(verdict: Verdict, checks: Sequence[Read]) -> Iterator[str]:
    """The verdict."""
    target = verdict.target
    yield f"## {verdict.outcome.name}: {prose(target.name)} at {code(target.revision)}"
    yield ""
    caught, planted = verdict.sensitivity
    findings = sum(len(each.findings) for each in checks)
    yield (
        f"{headline(verdict)} Profile {code(verdict.profile)}: {count(len(checks), 'check')}, "
        f"{count(findings, 'finding')}, {caught:,} of {count(planted, 'planted defect')} caught."
    )


def blocking(blocks: Sequence[Block]) -> Iterator[str]:
    """What keeps the release back."""
    if blocks:
        yield "### Blocking"
        yield ""
        yield from cut([f"- {spell_block(block)}" for block in blocks], BLOCKS, "condition")


def spell_block(block: Block) -> str:
    """One condition: the outcome, the check, the reason, the key to waive it by."""
    key = f" · {code(block.finding)}" if block.finding else ""
    return f"**{block.outcome.label}** {code(block.check)}: {prose(block.reason)}{key}"


def untested(verdict: Verdict, checks: Iterable[Read]) -> Iterator[str]:
    """What nobody knows after this run."""
    gaps = [gap for each in checks for gap in each.gaps]
    lines = [f"- {spell_gap(gap)}" for gap in sorted(gaps, key=lambda gap: -gap.outcome)]
    lines += [f"- **left out** {code(check)}: not part of this run" for check in verdict.left_out]
    if lines:
        yield "### Not tested"
        yield ""
        yield from cut(lines, GAPS, "gap")


def spell_gap(gap: Gap) -> str:
    """One reason for an incomplete answer."""
    return f"**{gap.outcome.label}** {code(gap.check)}: {prose(gap.reason)}"


def table(checks: Sequence[Read]) -> Iterator[str]:
    """One row per check."""
    if checks:
        yield "| Check | Outcome | Findings | Planted defects caught | Time |"
        yield "|---|---|--:|--:|--:|"
        yield from map(row, checks[:CHECKS])
    if len(checks) > CHECKS:
        yield ""
        yield f"… and {count(len(checks) - CHECKS, 'more check')} in the full report."


def row(one: Read) -> str:
    """A check in the table."""
    waived = sum(map(one.is_waived, one.findings))
    findings = f"{len(one.findings):,}" + (f" ({waived:,} waived)" if waived else "")
    proof = f"{one.caught:,} of {one.planted:,}" + ("" if one.proven else " (unproven)")
    outcome = f"**{one.outcome.label}**" if one.blocks else one.outcome.label
    cells = (code(one.check), outcome, findings, proof, last(one.result.seconds))
    return f"| {' | '.join(cells)} |"


def waivers(verdict: Verdict) -> Iterator[str]:
    """Accepted findings, and waivers that accept nothing any more."""
    lines = [f"- **waived** {spell_waiver(waiver)}" for waiver in verdict.waived]
    lines += [f"- **stale** {spell_waiver(waiver)}" for waiver in verdict.stale]
    if lines:
        yield "### Waivers"
        yield ""
        yield from cut(lines, WAIVERS, "waiver")


def spell_waiver(waiver: Waiver) -> str:
    """Who accepted what, why, and until when."""
    return (
        f"{code(waiver.finding)} until {waiver.expires}: {prose(waiver.reason)} "
        f"({prose(waiver.owner)}, approved by {prose(waiver.approver)})"
    )


def closing(verdict: Verdict) -> Iterator[str]:
    """How to see it again."""
    origin = verdict.provenance
    if origin is None:
        yield "It was not recorded how this verdict was made, so it cannot be reproduced."
    else:
        yield f"Reproduce with {code(again(origin))}."
    yield "Check the evidence with `maestro verify <folder>`."


def cut(lines: Sequence[str], most: int, noun: str) -> Iterable[str]:
    """At most `most` lines; the last one says how many are left out."""
    if len(lines) <= most:
        return lines
    rest = count(len(lines) - most + 1, f"more {noun}")
    return chain(lines[: most - 1], [f"- … and {rest} in the full report."])


def prose(text: str) -> str:
    """Foreign text as text only: no markup, HTML, mention, reference or link comes of it."""
    safe = MARKS.sub(r"\\\g<0>", clip(text, LENGTH)).translate(ENTITIES)
    return LIVE.sub(lambda live: live[0][0] + "\u200b" + live[0][1:], safe)


def code(text: str) -> str:
    """Foreign text in a code span, or as prose where a code span could be left."""
    line = clip(text, LENGTH)
    return f"`{line}`" if PLAIN.fullmatch(line) else prose(line)
