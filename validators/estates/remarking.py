"""How does an object carry a mark, when one of its optional fields is refused?

What is granted in its least form alone can often not be told from anybody else's: a payment whose
`unit` is none that there is, a plan whose `cron` is no time. With fewer of the optional texts the
same request shows which of them the service takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gate.check import Answer
from validators.document.operations import Object, Operation, as_list, as_object
from validators.estates.estate import FULL, Estate
from validators.messages.bodies import OMIT
from validators.messages.calls import Call, leaves
from validators.messages.refusals import blames

MOST_TRIES = 5


def remark(estate: Estate, least: Call, refused: Answer) -> tuple[Call, Answer] | None:
    """Another object beside the one of the least body, with some of the texts; None without luck.

    What was left out for it is left out of all later requests of the operation.
    """
    if any(estate.canaries.token in said for _, said in leaves(least.body)):
        return None
    operation, lessons = least.operation, estate.envelope.taught
    before = lessons.get(operation.label)
    texts = [name for name in texts_of(estate, operation) if name not in as_object(least.body)]
    for some in choices_of(texts, blames(refused, texts)):
        left_out: dict[str, Object] = {name: OMIT for name in texts if name not in some}
        lessons[operation.label] = {**(before or {}), **left_out}
        call = estate.write(operation, least.path, recipe=FULL)
        answer = estate.send(call)
        if estate.accepts(answer):
            return call, answer
    if before is None:
        lessons.pop(operation.label, None)
    else:
        lessons[operation.label] = before
    return None


def texts_of(estate: Estate, operation: Operation) -> Iterator[str]:
    """The optional fields of the body that can carry a mark, as they are declared."""
    schema = estate.author.simplify(dict(operation.body))
    for name, each in as_object(schema.get("properties")).items():
        if name not in as_list(schema.get("required")) and estate.author.wants(each, name):
            yield name


def choices_of(texts: Sequence[str], blamed: Collection[str]) -> list[list[str]]:
    """All that the refusal does not name, then one at a time; never all, which was refused."""
    named = [name for name in texts if name not in blamed]
    ordered = [*named, *(name for name in texts if name in blamed)]
    fewer = [named, *([name] for name in ordered)]
    return [each for each in fewer if 0 < len(each) < len(texts)][:MOST_TRIES]
