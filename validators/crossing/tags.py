"""What is a stranger told by a write that names no tag, where one is demanded, or a wrong one?"""

from __future__ import annotations

from dataclasses import replace

from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.directories import is_listed
from validators.crossing.trials import told
from validators.document.operations import as_object
from validators.estates.ground import Duel
from validators.messages.calls import Call, Pointer, send
from validators.messages.traces import find_marks, like

UNTAGGED = "foreign (and no ETag)"
MATCH, TAG = "if-match", "etag"
MISTAGGED = "foreign (and a wrong etag)"


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


def mistagged(duel: Duel, aim: Aim) -> list[Observation]:
    """The write with a tag that the object has not, as a parameter or a field takes it (AIP-154).

    Whose the object is has to be looked at first, and a stranger not be told that it has changed.
    """
    operation = aim.foreign.operation
    fields = as_object(duel.victim.author.simplify(dict(operation.body)).get("properties"))
    if TAG not in operation.optional and TAG not in fields:
        return []
    place: Pointer = ("query" if TAG in operation.optional else "body", TAG)
    calls = [*(("absent-write", each) for each in aim.absent), ("foreign-write", aim.foreign)]
    wrong = like("0" * 12, duel.chance)
    return [answered(duel, kind, aim, each.put(place, wrong), MISTAGGED) for kind, each in calls]


def answered(duel: Duel, kind: str, aim: Aim, call: Call, label: str = UNTAGGED) -> Observation:
    """What the attacker got for it, not asked again with a tag as requests else are."""
    answer = send(duel.attacker.client, call)
    mine = {duel.attacker.canaries.token, *(duel.attacker.ledger.made - duel.victim.ledger.ids)}
    return duel.note(
        kind,
        call.operation,
        ids=label,
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
