"""Does a list show a role what it hides without a filter?

The filter may have taken the place of the condition on the caller (`?user=` of a colleague).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from gate.check import Answer, Client
from gate.model import Json, Observation
from validators.document.names import names_people, words_of
from validators.document.operations import Operation
from validators.estates.estate import Estate
from validators.estates.ground import Duel
from validators.estates.identities import TENANTS, is_owning
from validators.messages.calls import Call, curl, send
from validators.messages.traces import EXCERPT, find_marks, normalise
from validators.roles.role_trials import verdict

MOST_FILTERS = 3


def filtered(
    duel: Duel, call: Call, actors: Mapping[str, Client], more: Mapping[str, Json]
) -> Iterator[Observation]:
    """The list asked for what is the owner's, by these roles, who see nothing of it otherwise.

    His own answer is the positive control: it shows his marks.
    """
    if call.operation.reads_one or not actors:
        return
    for name, value in islice(filters(duel.victim, call.operation), MOST_FILTERS):
        asked = call.put(("query", name), value)
        if not is_marked(duel, asked, duel.victim.send(asked)):
            continue
        for role, actor in actors.items():
            answer = send(actor, asked)
            yield duel.note(
                "filter-call",
                call.operation,
                **more,
                role=role,
                status=answer.status,
                said=verdict(duel, answer),
                filter=name,
                shown=is_marked(duel, asked, answer),
                excerpt=normalise(answer.body, asked.sent)[:EXCERPT],
                curl=curl(actor, asked),
            )


def filters(estate: Estate, operation: Operation) -> Iterator[tuple[str, Json]]:
    """The parameters that ask for whose something is, each with what an own object says there.

    One that names a tenant or a part of it may be the context that a read by id wants as well.
    """
    for name in (*operation.query, *operation.optional):
        if not (is_owning(name) or names_people(name)) or TENANTS & set(words_of(name)):
            continue
        for thing in estate.ledger.things:
            said = thing.fields.get(name)
            if thing.resource == operation.product and isinstance(said, str | int) and said:
                yield name, said
                break


def is_marked(duel: Duel, call: Call, answer: Answer) -> bool:
    """Does the answer hold a mark of the owner's?"""
    granted = verdict(duel, answer) == "granted"
    return granted and any(find_marks(answer, duel.marks, call.sent).values())
