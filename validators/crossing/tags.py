"""What is a stranger told by a write that names no tag, where one is demanded?"""

from __future__ import annotations

from dataclasses import replace

from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.directories import is_listed
from validators.crossing.trials import told
from validators.estates.ground import Duel
from validators.messages.calls import Call, send
from validators.messages.traces import find_marks

UNTAGGED = "foreign (and no ETag)"
MATCH = "if-match"


def untagged(duel: Duel, aim: Aim) -> list[Observation]:
    """The write without a tag: asked for before anybody looks whose the object is (RFC 6585, 3)?

    What is refused for that has no effect, so that only the answers are compared.
    """
    operation = aim.foreign.operation
    declared = any(each.lower() == MATCH for each in operation.headers)
    if not declared and operation.label not in duel.ground.envelope.matching:
        return []
    calls = [*(("absent-write", each) for each in aim.absent), ("foreign-write", aim.foreign)]
    return [answered(duel, kind, aim, bare(call)) for kind, call in calls]


def answered(duel: Duel, kind: str, aim: Aim, call: Call) -> Observation:
    """What the attacker got for it, not asked again with a tag as requests else are."""
    answer = send(duel.attacker.client, call)
    mine = {duel.attacker.canaries.token, *(duel.attacker.ledger.made - duel.victim.ledger.ids)}
    return duel.note(
        kind,
        call.operation,
        ids=UNTAGGED,
        round=0,
        granted=duel.attacker.accepts(answer),
        chosen=aim.chosen,
        listed=is_listed(duel, call.path),
        traces=find_marks(answer, duel.marks, call.sent),
        own=any(each in answer.body for each in mine - set(call.sent)),
        **told(duel, call, answer),
    )


def bare(call: Call) -> Call:
    """The request without the tag."""
    kept = {name: each for name, each in call.headers.items() if name.lower() != MATCH}
    return replace(call, headers=kept)
