"""How is an effect confirmed, and the request that has it made smaller?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gate.model import Observation
from validators.crossing.aims import Aim
from validators.crossing.trials import ROUNDS
from validators.document.operations import as_list, as_object
from validators.judging import AGAIN
from validators.messages.bodies import Author
from validators.messages.calls import Call


def repeat(attempt: Callable[[int], tuple[list[Observation], bool]]) -> Iterator[Observation]:
    """An attempt with new objects each time, until it had an effect twice, or twice none."""
    hits = misses = 0
    for turn in range(ROUNDS):
        facts, effect = attempt(turn)
        yield from facts
        hits, misses = hits + effect, misses + (not effect)
        if not hits or AGAIN in {hits, misses}:
            return


def lessened(author: Author, aim: Aim, size: int) -> Aim | None:
    """The attack with a smaller body: what is required only, or one more field; None past those."""
    body = aim.foreign.body
    if not isinstance(body, dict):
        return None
    schema = author.simplify(dict(aim.foreign.operation.body))
    required = as_list(schema.get("required"))
    names = ["", *(name for name in body if name not in required)]
    if size >= len(names) or len(names) < AGAIN:
        return None
    wanted = {*map(str, required), names[size]}

    def less(call: Call) -> Call:
        return replace(call, body={n: v for n, v in as_object(call.body).items() if n in wanted})

    small = less(aim.foreign)
    return replace(aim, foreign=small, absent=tuple(map(less, aim.absent))) if small.body else None
