"""Does an object hold a field that was added to the request which made or changed it?"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from gate.check import Answer
from gate.forms import is_form
from gate.model import Json
from validators.document.operations import Operation
from validators.estates.estate import parents_in
from validators.estates.ground import Duel
from validators.estates.own_fields import own_part
from validators.estates.states import views_of
from validators.estates.things import Thing, find_things
from validators.messages.calls import SHORTEST_SENT, Call, as_text, leaves

PAST = "2001-02-03T04:05:06Z"
Sent = tuple[Call, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A field to add to a body. `kind`: owner, rank, id or other; `known`: answers have it."""

    name: str
    value: Json
    kind: str
    known: bool


def object_of(operation: Operation, answer: Answer) -> Thing | None:
    """What the request made or changed, as the answer shows it."""
    found = list(find_things(operation.product, answer.json(), {}, operation.keys))
    own = next((each for each in found if each.resource == operation.product), None)
    return own or next(iter([*found, *had_once(operation, answer)]), None)


def had_once(operation: Operation, answer: Answer) -> list[Thing]:
    """What a caller has one of, such as his profile: nothing in an answer needs to name it."""
    fields = own_part(answer.json()) if not operation.names and operation.method != "POST" else {}
    return [Thing(resource=operation.product, fields=fields)] if fields else []


def is_kept(duel: Duel, call: Call, answer: Answer, each: Injection) -> bool:
    """Does the object itself, read again, hold the injected value?"""
    caller, operation, operations = duel.victim, call.operation, duel.ground.operations
    if not caller.accepts(answer):
        return False
    thing = object_of(operation, answer)
    chain = {**(thing.chain if thing and thing.id else {})}
    reads = [
        each
        for each in operations
        if each.safe and (each.resource == operation.product or each.path == operation.path)
    ]
    views = views_of(caller, reads, {**parents_in(call), **chain})
    for view in views:
        about, said = view.operation, caller.send(view)
        found = list(find_things(about.resource, said.json(), {}, about.keys))
        if about.path == operation.path and thing is not None and not thing.id:
            found = had_once(about, said)
        for shown in found:
            same = (
                is_written(call, thing, shown, each)
                if thing is None or each.kind == "id"
                else shown.id == thing.id
            )
            if same and is_value(shown.fields.get(each.name), each, call):
                return True
    return False


def is_value(now: Json, each: Injection, call: Call) -> bool:
    """Is it the injected value? A form sends texts only."""
    text = is_form(call.operation.media) and now is not None
    return now == each.value or (text and as_text(now) == as_text(each.value))


def comes_anyway(duel: Duel, asked: Sent, twin: Sent, each: Injection) -> bool:
    """Does another object, made or changed without the field, hold that value as well by now?"""
    one, other = (object_of(call.operation, answer) for call, answer in (asked, twin))
    same = one is None or other is None or one.id == other.id
    return not same and is_kept(duel, *twin, each)


def is_written(call: Call, thing: Thing | None, shown: Thing, each: Injection) -> bool:
    """Is the object that is shown under an injected id what was just written?

    It may as well be the other tenant's, where everybody sees it.
    """
    said = {text for _, text in leaves(call.body) if len(text) >= SHORTEST_SENT}
    words = said - {str(each.value)}
    if not words:
        return thing is not None and thing.id == str(each.value)
    return bool(words & set(map(str, shown.fields.values())))


def unlike(name: str, now: Json) -> Json:
    """Another value of the same type; None for what cannot be told apart."""
    if isinstance(now, bool):
        return not now
    if isinstance(now, int | float) and isfinite(now):
        return int(now) + 1000  # a whole number is one wherever another is
    if isinstance(now, str) and len(now) >= 10 and now[:4].isdigit() and now[4] == "-":  # noqa: PLR2004
        return PAST
    return f"{name}-injected" if isinstance(now, str) else None
