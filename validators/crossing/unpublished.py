"""Does a list that anybody reads show what says of itself that it is not public?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from gate.model import Json, Observation
from validators.document.names import words_of
from validators.estates.ground import Duel
from validators.messages.calls import Call, curl
from validators.messages.traces import EXCERPT, digest, find_marks, normalise

OPEN = frozenset({"published", "public", "listed", "visible"})
CLOSED = frozenset({"private", "draft", "hidden", "unlisted", "unpublished"})
SCOPES = frozenset({"visibility", "privacy"})
STAGES = frozenset({"status", "state", "stage"})
UNREADY = frozenset({"draft", "unpublished"})


def unpublished(duel: Duel, call: Call, known: str) -> Iterator[Observation]:
    """What nobody should see yet, and does, by an object made anew that nobody has published.

    `known` is what the list shows to nobody: only where it has a mark of something unpublished
    is it asked again.
    """
    tried: set[str] = set()
    for thing in duel.victim.ledger.things:
        again = thing.origin is not None and thing.resource not in tried
        marked = any(each in known for each in marks_in(duel, thing.fields))
        if not (again and marked and kept_back(thing.fields)):
            continue
        tried.add(thing.resource)
        fresh = duel.victim.renew(thing)
        word = kept_back(fresh.fields) if fresh else ""
        if fresh is not None and word:
            marks = dict.fromkeys(marks_in(duel, fresh.fields), "canary")
            answer = duel.ground.nobody.request(call.operation.method, call.target, body=call.body)
            yield duel.note(
                "foreign-list",
                call.operation,
                role="anonymous",
                ids=f'"{word}"',
                status=answer.status,
                granted=duel.attacker.accepts(answer),
                traces=find_marks(answer, marks, call.sent),
                digest=digest(answer, call.sent),
                excerpt=normalise(answer.body, call.sent)[:EXCERPT],
                curl=curl(duel.ground.nobody, call),
            )


def marks_in(duel: Duel, fields: Mapping[str, Json]) -> list[str]:
    """The victim's marks that an object carries."""
    return re.findall(rf"{duel.victim.canaries.token}\d+", str(dict(fields)))


def kept_back(fields: Mapping[str, Json]) -> str:
    """The words by which an object says that it is not public (`published: false`); "" for none."""
    said = (f"{name}: {json.dumps(each)}" for name, each in fields.items() if is_closed(name, each))
    return next(said, "")


def says_open(name: str, value: Json) -> bool:
    """Does a field of this name with this value say that the object is public?"""
    words = [each for each in words_of(name) if each != "is"]
    if len(words) != 1:
        return False
    if isinstance(value, bool):
        return (words[0] in {"published", "public"} and value) or (words[0] in CLOSED and not value)
    return words[0] in SCOPES and str(value).lower() in {"public", "everyone"}


def is_closed(name: str, value: Json) -> bool:
    """Does a field of this name with this value keep the object back?"""
    words = [each for each in words_of(name) if each != "is"]
    if words == ["published", "at"]:
        return value is None
    if len(words) != 1:
        return False
    word = words[0]
    if isinstance(value, bool):
        return (word in OPEN and not value) or (word in CLOSED and value)
    said = value.lower() if isinstance(value, str) else ""
    return (word in SCOPES and said in CLOSED) or (word in STAGES and said in UNREADY)
