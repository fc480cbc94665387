"""Does a role see the fields of an answer that the document keeps for others?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.document.operations import Operation
from validators.document.parts import Part, parts_of
from validators.estates.ground import Duel
from validators.estates.mending import inside
from validators.estates.principals import is_person
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, normalise, scalars
from validators.roles.role_trials import is_telling, verdict

SMALL, ROWS = 10, 2


def kept_parts(
    duel: Duel, call: Call, names: Sequence[str], actors: Mapping[str, Client]
) -> Iterator[Observation]:
    """One read, as each role, with all that it may be asked for: does it show what is kept?

    The owner's own answer is the positive control; what a role sees must be the same. Somebody may
    see of himself what others do not: a person is not looked at, and of a list two rows are.
    """
    if call.path and is_person(call.operation.resource):
        return
    for part in parts_of(call.operation, fields_of(duel, call.operation), names):
        asked = call if part.query is None else call.put(("query", part.query[0]), part.query[1])
        owned = values_in(duel.victim.send(asked), part)
        for role, actor in actors.items() if owned else ():
            answer = send(actor, asked)
            yield seen_by(duel, asked, answer, part, (role, actor), owned)


def fields_of(duel: Duel, operation: Operation) -> dict[str, str]:
    """The fields that an answer has by the document, each with what is said of it."""
    found = inside(duel.victim, dict(operation.replies), 0)
    return {name: str(schema.get("description", "")) for name, schema in found}


def seen_by(  # noqa: PLR0913, PLR0917 - what was asked, by whom, and what for
    duel: Duel,
    call: Call,
    answer: Answer,
    part: Part,
    caller: tuple[str, Client],
    owned: set[str],
) -> Observation:
    """What a role saw of what is kept for others."""
    role, actor = caller
    return duel.note(
        "part-call",
        call.operation,
        role=role,
        status=answer.status,
        said=verdict(duel, answer),
        safe=True,
        field=part.field,
        shown=len(owned & values_in(answer, part)) >= (ROWS if is_list(answer, part) else 1),
        reserved=[part.words.as_data()],
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(actor, call),
    )


def values_in(answer: Answer, part: Part) -> set[str]:
    """What stands under the field's name, if it says something."""
    return {
        str(value)
        for place, value in scalars(answer.json())
        if place.rpartition(".")[2].rstrip("[]") == part.field and tells(value)
    }


def is_list(answer: Answer, part: Part) -> bool:
    """Does the field stand in several rows?"""
    places = (place for place, _ in scalars(answer.json()) if part.field in place)
    return any("[]" in place.rpartition(part.field)[0] for place in places)


def tells(value: Json) -> bool:
    """Is it more than a flag or a default?"""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) >= SMALL
    return is_telling(value)
