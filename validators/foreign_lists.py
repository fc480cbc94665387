"""What do one tenant's lists, searches, counts and cursors tell of another?"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gate.check import Answer, Testbed
from gate.model import Json, Observation
from validators.calls import Call, curl, leaves
from validators.estate import LEAST, Estate
from validators.foreign_writes import survey
from validators.ground import Duel, Ground, stand
from validators.judging import AGAIN
from validators.operations import Operation, as_object
from validators.planting import absent_call, multiply
from validators.states import State, as_data, changes, look, telling, unrest, view_of, watch
from validators.traces import EXCERPT, digest, find_marks, normalise
from validators.trials import ROUNDS

SEARCH = re.compile(r"(?i)^(q|query|search|filter|term|text|name|keyword|like|contains|title)")
SIZE = re.compile(r"(?i)(limit|size|per_?page|count|top|max|take)")
CURSOR = re.compile(r"(?i)(cursor|page_?token|continuation|starting_?after|^after$|^next|^token$)")
BASE64 = re.compile(r"[A-Za-z0-9_+/-]{8,}={0,2}")
MOST_PARAMETERS = 10


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Read all lists as the other tenant, in every way that the document offers.

    Plain; with each optional parameter (a search for the victim's mark, the largest page, each
    choice, each truth value); with cursors that the victim was given, and with own cursors in which
    the ids are exchanged. A search for the victim's mark is compared with searches for marks that
    nobody has. Then the victim makes more objects: the other tenant's lists, counts and totals must
    not move, which is looked at twice, and a third time when something moved once; that the
    victim's own lists show them is the positive control.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    lists = [each for each in ground.operations if is_list(ground, each)]
    yield survey(ground, len(lists))
    for duel in ground.duels():
        for operation in lists:
            yield from fight(duel, operation)
    yield from ground.left_out(lambda each: each.safe and not each.reads_one)
    yield from grow(ground.duels()[0], lists)


def is_list(ground: Ground, operation: Operation) -> bool:
    """Does it read something else than one object by its id?"""
    if not operation.safe or operation.reads_one or not operation.speakable:
        return False
    call = ask(ground.estates[0], operation)
    return call is not None and (
        bool(operation.names) or absent_call(ground.estates[0], call) is None
    )


def ask(estate: Estate, operation: Operation) -> Call | None:
    """The tenant's own plain request, or None when its path cannot be filled."""
    path = estate.path_for(operation)
    return None if path is None else estate.write(operation, path, recipe=LEAST)


def fight(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """The list as its owner sees it, and everything that the other tenant gets."""
    own, call = ask(duel.victim, operation), ask(duel.attacker, operation)
    if own is None or call is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    owned = duel.victim.send(own)
    yield duel.note(
        "owned-list",
        operation,
        status=owned.status,
        positive=duel.victim.accepts(owned),
        marked=duel.victim.canaries.token in owned.body,
        excerpt=owned.body[:EXCERPT],
    )
    known = public_text(duel, call)
    for label, each in ways(duel, call, own):
        yield seen(duel, "foreign-list", label, each, known)
    yield from search(duel, call, known)


def public_text(duel: Duel, call: Call) -> str:
    """What nobody gets from it, when the document lets anybody in."""
    operation, hints = call.operation, duel.ground.hints
    by_word = hints.is_public(operation.label)
    if not by_word and not (operation.public and duel.ground.secured):
        return ""
    return duel.ground.nobody.request(operation.method, call.target, body=call.body).body


def ways(duel: Duel, call: Call, own: Call) -> Iterator[tuple[str, Call]]:
    """The requests to try, each with what is special about it."""
    yield "plain", call
    for name, schema in list(call.operation.optional.items())[:MOST_PARAMETERS]:
        for value in values_for(duel, name, schema):
            yield f"with {name}", replace(call, query={**call.query, name: value})
    yield from cursors(duel, call, own)


def values_for(duel: Duel, name: str, schema: Json) -> list[Json]:
    """What to ask an optional parameter for."""
    plain = duel.attacker.author.simplify(schema)
    choices = plain.get("enum")
    if isinstance(choices, list):
        return choices[:4]
    if plain.get("type") == "boolean":
        return [True]
    if SIZE.search(name):
        most = plain.get("maximum")
        return [most if isinstance(most, int) else 1000]
    if plain.get("type") in {"integer", "number"}:
        return [plain.get("minimum", 0)]
    return []


def cursors(duel: Duel, call: Call, own: Call) -> Iterator[tuple[str, Call]]:
    """The victim's next page, and the attacker's own with the victim's ids in it."""
    places = optional_places(duel, call.operation)
    parameter = next((place for place in places if CURSOR.search(place[1])), None)
    size = next((place for place in places if SIZE.search(place[1])), None)
    if parameter is None:
        return
    given = cursor_in(duel.victim.send(own.put(size, 1) if size else own))
    if given:
        yield "with the victim's cursor", call.put(parameter, given)
    mine = cursor_in(duel.attacker.send(call.put(size, 1) if size else call))
    for forged in forge(mine, duel) if mine else ():
        yield "with a forged cursor", call.put(parameter, forged)


def optional_places(duel: Duel, operation: Operation) -> list[tuple[str, str]]:
    """Where a request may say more: parameters of the query, and fields of a body."""
    body = as_object(duel.attacker.author.simplify(dict(operation.body)).get("properties"))
    return [*(("query", name) for name in operation.optional), *(("body", name) for name in body)]


def cursor_in(answer: Answer) -> str | None:
    """The cursor that an answer gives."""
    for place, value in leaves(answer.json()):
        if place and CURSOR.search(str(place[-1])) and value:
            return value
    return None


def forge(cursor: str, duel: Duel) -> Iterator[str]:
    """The cursor with each of the attacker's ids exchanged for the victim's of the same kind."""
    text = decoded(cursor)
    pairs = {
        mine.id: theirs.id
        for mine in duel.attacker.ledger.things
        for theirs in duel.victim.ledger.things
        if mine.resource == theirs.resource and mine.id and mine.id != theirs.id
    }
    for source, wrap in ((cursor, str), (text, encoded)):
        changed = source
        for mine, theirs in pairs.items():
            changed = changed.replace(mine, theirs)
        if changed != source:
            yield wrap(changed)


def decoded(cursor: str) -> str:
    """The text in a base64 cursor, or nothing."""
    if not BASE64.fullmatch(cursor):
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def encoded(text: str) -> str:
    """The text as base64 without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def seen(duel: Duel, kind: str, label: str, call: Call, known: str) -> Observation:
    """One list that the attacker read. What nobody sees as well is suppressed, and said so."""
    answer = duel.attacker.send(call)
    marks = {mark: what for mark, what in duel.marks.items() if mark not in known}
    traces = find_marks(answer, duel.marks, call.sent)
    real = find_marks(answer, marks, call.sent)
    by_word = duel.ground.hints.is_shared(call.operation.label)
    hidden = any(traces.values()) and (by_word or not any(real.values()))
    return duel.note(
        "suppressed" if hidden else kind,
        call.operation,
        ids=label,
        status=answer.status,
        granted=duel.attacker.accepts(answer),
        traces=traces,
        digest=digest(answer, call.sent),
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(duel.attacker.client, call),
    )


def search(duel: Duel, call: Call, known: str) -> Iterator[Observation]:
    """A search for the victim's mark, beside searches for marks that nobody has."""
    for place in search_places(call):
        token = duel.victim.canaries.token
        fakes = ["".join(["k", *duel.chance.choices("bcdfghjkmnpq23456789", k=11)]) for _ in "ab"]
        for text in (*fakes, token):
            kind = "foreign-list" if text == token else "absent-list"
            label = f"a search with {place[-1]}"
            yield seen(duel, kind, label, call.put(place, text), known)


def search_places(call: Call) -> list[tuple[str, str]]:
    """Where a search term can be put, by the names of parameters and of the body's fields."""
    queries = [*call.operation.optional, *call.query]
    found = [("query", name) for name in queries if SEARCH.search(name)]
    body = call.body if isinstance(call.body, dict) else {}
    return [*found, *(("body", name) for name in body if SEARCH.search(name))][:3]


def grow(duel: Duel, lists: Sequence[Operation]) -> Iterator[Observation]:
    """The victim makes more objects; what moves in his own lists, and in the other tenant's?"""
    watched = [each for each in lists if not each.public or not duel.ground.secured]
    own = [call for each in watched if (call := ask(duel.victim, each)) is not None]
    other = [call for each in watched if (call := ask(duel.attacker, each)) is not None]
    hits: Counter[str] = Counter()
    for turn in range(ROUNDS):
        if turn >= AGAIN and not any(count < AGAIN for count in hits.values()):
            return
        mine, began = look(duel.victim, own), time.monotonic()
        before, quiet = look(duel.attacker, other), look(duel.attacker, other)
        multiply(duel.victim)
        # What the owner has just been shown is what a cache or a proxy could pass on.
        grown = changes(mine, look(duel.victim, own))
        after, age = look(duel.attacker, other), time.monotonic() - began
        moving = moved_alone(duel.attacker, other, (before, quiet, after), age)
        hits.update(set(map(view_of, telling(changes(quiet, after), moving))))
        for call in other:
            label = call.operation.label
            about = as_data(quiet, after, moving, label)
            owner = [each for each in grown if each.startswith(f"{label} ")]
            yield duel.note(
                "growth",
                call.operation,
                ids="",
                round=turn,
                grown=bool(telling(owner, [])),
                status=200,
                excerpt="",
                curl=curl(duel.attacker.client, call),
                shared=duel.ground.hints.is_shared(label),
                **about,
            )


def moved_alone(
    estate: Estate, lists: Sequence[Call], looks: tuple[State, State, State], age: float
) -> list[str]:
    """What moves in these lists without anybody's doing: a delivery that is tried again, say.

    What has moved in `age` seconds is watched for longer than that while nobody does anything.
    """
    before, quiet, after = looks
    moving, changed = unrest(estate, lists, before, quiet, after), changes(quiet, after)
    suspects = set(map(view_of, telling(changed, moving)))
    if suspects:
        about = [call for call in lists if call.operation.label in suspects]
        watch(estate, about, moving, suspects, age)
    return [*moving, *(each for each in changed if view_of(each) in estate.restless)]
