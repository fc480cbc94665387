"""What can an owner see of an object, and what of it has changed?"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gate.check import Answer
from gate.model import Json
from validators.document.names import resource_in, slots_of
from validators.document.operations import Operation
from validators.estates.estate import LEAST, Estate
from validators.messages.calls import Call
from validators.messages.traces import normalise, scalars, shorten

MOST_VIEWS = 6
WINDOWS = 3
PAUSE = 0.2  # seconds, as the next one
LEAST_WATCHED = 2.0
BOOKKEEPING = re.compile(
    r"(?i)(updated|modified|changed|accessed|last_?\w*|seen|touched)(_?(at|on|time|date))?$|etag$"
)
COUNTING = re.compile(r"(?i)(^|-)(total|count)(-|$)|^content-range$")
Places = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All views of an object at one time: a hash for each place, and the texts."""

    places: Mapping[str, str]
    texts: Mapping[str, str]


def views_of(
    estate: Estate, operations: Sequence[Operation], chain: Mapping[str, str]
) -> tuple[Call, ...]:
    """Every read whose path holds nothing but these ids, those about the object itself first.

    The more of its ids a path holds, the nearer: one of them may stand in every path, as that of a
    workspace does. Then come the lists of what belongs to the tenant as a whole, and his own
    singletons.
    """
    dull = estate.envelope.dull
    reads = [each for each in operations if each.safe and each.speakable and each.label not in dull]
    found: list[tuple[tuple[int, bool, int], Call]] = []
    for operation in reads:
        path = path_within(operation, chain)
        if path is None:
            continue
        call = estate.write(operation, path, chain, LEAST)
        near = set(call.sent) & set(chain.values())
        rank = (-len(near), operation.resource not in chain, len(found))
        found.append((rank, call))
    return tuple(call for _, call in sorted(found, key=lambda item: item[0])[:MOST_VIEWS])


def path_within(operation: Operation, chain: Mapping[str, str]) -> tuple[str, ...] | None:
    """The path's values out of the chain, or None when it needs another object."""
    slots = slots_of(operation.path)
    values = [chain.get(resource, chain.get(resource_in(name))) for resource, name in slots]
    found = tuple(value for value in values if value is not None)
    return found if len(found) == len(slots) else None


def look(estate: Estate, views: Sequence[Call]) -> State:
    """Read all views as their owner."""
    answers = {call.operation.label: estate.send(call) for call in views}
    places: Places = {}
    for label, answer in answers.items():
        places |= {f"{label} {place}": digest for place, digest in parts_of(answer)}
    return State(places=places, texts={label: answer.body for label, answer in answers.items()})


def parts_of(answer: Answer) -> Iterator[tuple[str, str]]:
    """Each place of an answer with a hash of what stands there, in whatever order.

    Of the headers only those that number a list.
    """
    yield "status", str(answer.status)
    yield from ((n, shorten(value)) for n, value in answer.headers.items() if COUNTING.search(n))
    value = answer.json()
    parts: dict[str, list[str]] = {}
    if not isinstance(value, dict | list):
        parts["$"] = [answer.body]
    else:
        for place, part in scalars(value):
            parts.setdefault(place, []).append(repr(part))
    for place, texts in parts.items():
        yield place, shorten("\n".join(sorted(texts)))


def changes(before: State, after: State) -> list[str]:
    """The places that differ between two looks at the same views."""
    names = before.places.keys() | after.places.keys()
    return sorted(name for name in names if before.places.get(name) != after.places.get(name))


def unrest(
    estate: Estate, views: Sequence[Call], before: State, quiet: State, after: State
) -> list[str]:
    """The places that moved without a request of ours, so that their change means nothing.

    Those that moved before it, and, once something has changed, those of views that go on moving:
    a job that runs shows now this and now that.
    """
    noise, changed = changes(before, quiet), changes(quiet, after)
    for _ in range(WINDOWS):
        if not telling([each for each in changed if view_of(each) not in estate.restless], noise):
            break
        now = look(estate, views)
        estate.restless.update(map(view_of, telling(changes(after, now), noise)))
        after = now
    return [*noise, *(each for each in changed if view_of(each) in estate.restless)]


def watch(
    estate: Estate, views: Sequence[Call], noise: Sequence[str], suspects: set[str], age: float
) -> None:
    """Look at a new object that nobody attacks: which views move by themselves?

    For longer than the attacked one was old, `age` seconds, or until all suspects have moved.
    """
    last, until = look(estate, views), time.monotonic() + LEAST_WATCHED + 2 * age
    while time.monotonic() < until and not suspects <= estate.restless:
        time.sleep(PAUSE)
        now = look(estate, views)
        estate.restless.update(map(view_of, telling(changes(last, now), noise)))
        last = now


def view_of(place: str) -> str:
    """The read in which a place is."""
    return place.rpartition(" ")[0]


def telling(changed: Sequence[str], noise: Sequence[str]) -> list[str]:
    """Changes that the request made: none that happen anyway, and not only the time of a change."""
    real = [each for each in changed if each not in noise]
    lasting = [each for each in real if not BOOKKEEPING.search(each)]
    return real if lasting else []


def excerpt(before: State, after: State, changed: Sequence[str]) -> tuple[str, str]:
    """The first changed view before and after, around the first difference."""
    label = view_of(changed[0]) if changed else ""
    one, two = before.texts.get(label, ""), after.texts.get(label, "")
    start = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    start = max(0, start - 40)
    return one[start : start + 160], two[start : start + 160]


def as_data(quiet: State, after: State, moving: Sequence[str], only: str = "") -> dict[str, Json]:
    """What an attack changed, beside what moves without it, for the record.

    `only` narrows it to one view.
    """
    changed, noise = (
        [each for each in found if each.startswith(f"{only} " if only else "")]
        for found in (changes(quiet, after), moving)
    )
    old, new = excerpt(quiet, after, telling(changed, noise))
    shown = changed[:40]
    return {
        "changed": [*shown],
        "noise": [each for each in noise if each in shown],
        "before": normalise(old, ()),
        "after": normalise(new, ()),
    }
