"""How bad is a finding, in the numbers and words that other tools use?"""

from __future__ import annotations

from dataclasses import dataclass

from cvss import CVSS4, CVSSError

from gate.model import Finding, Severity

BANDS = {
    Severity.CRITICAL: (9.0, 10.0),
    Severity.HIGH: (7.0, 8.9),
    Severity.MEDIUM: (4.0, 6.9),
    Severity.LOW: (0.1, 3.9),
    Severity.INFO: (0.0, 0.0),
}
"""The lowest and the highest score of a severity (CVSS 4.0, section 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A CVSS 4.0 vector with its base score and the band that it falls into."""

    vector: str
    base: float
    band: str


def score(finding: Finding) -> Score | None:
    """The CVSS 4.0 base score; None without a vector, or where it is none."""
    if finding.cvss is None:
        return None
    try:
        read = CVSS4(finding.cvss)
    except CVSSError:
        return None
    return Score(vector=finding.cvss, base=float(read.base_score), band=str(read.severity))


def number(finding: Finding) -> float:
    """A score within the band of the finding's severity: its own, moved into it if need be."""
    low, high = BANDS[finding.severity]
    own = score(finding)
    return min(max(own.base if own else (low + high) / 2, low), high)
