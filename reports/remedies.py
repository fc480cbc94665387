"""What does a condition that is no finding mean, and what clears it?"""

from __future__ import annotations

from collections.abc import Mapping

from gate.model import Block, Outcome, Trouble
from reports.reading import Gap

TROUBLES: Mapping[Trouble, str] = {
    Trouble.PROBE: "The check ended before its time: what it had not reached was not looked at. "
    "The logs of the target are in raw/logs.",
    Trouble.JUDGE: "The facts could not be judged. That is a defect of the gate, not of the "
    "target; they are kept and can be judged again once it is mended.",
    Trouble.CONTROL: "The judge accepted a defect that was planted in a record, so a pass of this "
    "check would mean nothing until the check is mended.",
    Trouble.ABSENT: "The policy requires this check. Run it, or merge the shard that ran it.",
    Trouble.SABOTAGE: "This defect was planted in the live target on purpose, to see whether the "
    "check notices. It did not: a pass means nothing there until the check is mended.",
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.INCONCLUSIVE: "Neither a pass nor a defect: let the check see more, or see it again.",
    Outcome.SKIPPED: "Let the target offer it, or take the check out of the profile.",
}


def remedy(condition: Block | Gap) -> str:
    """A sentence or two for the reader; nothing for a finding, which has a remedy of its own."""
    for trouble, said in TROUBLES.items():
        if condition.outcome is Outcome.ERROR and condition.reason.startswith(f"{trouble}:"):
            return said
    return OUTCOMES.get(condition.outcome, "")
