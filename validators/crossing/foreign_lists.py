"""What do one tenant's lists, searches, counts and cursors tell of another?"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Answer, Testbed
from gate.model import Json, Observation
from validators.crossing.directories import beyond_word, contacts_of, is_open, without_names
from validators.crossing.excuses import NAMED, holds
from validators.crossing.foreign_writes import survey
from validators.crossing.listing import counted, search_places, ways, whole_texts
from validators.crossing.trials import ROUNDS
from validators.crossing.unpublished import unpublished
from validators.document.names import is_identity, words_of
from validators.document.operations import Operation, as_list
from validators.document.wording import for_all, of_all
from validators.estates.estate import FULL, LEAST, LINKED, Estate
from validators.estates.ground import Duel, Ground, stand
from validators.estates.identities import TENANTS, identities, is_owning
from validators.estates.planting import absent_call, multiply
from validators.estates.seniors import vouched
from validators.estates.states import State, as_data, changes, look, telling, unrest, view_of, watch
from validators.estates.things import find_things
from validators.judging import AGAIN, texts
from validators.messages.calls import Call, curl, leaves
from validators.messages.traces import EXCERPT, digest, find_marks, normalise

BEGINNING = 2


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Read all lists as the other tenant, in every way that the document offers.

    Plain; with each optional parameter (a search for the victim's mark, the largest page, each
    choice, each truth value, the victim's own values); with cursors that the victim was given, and
    with own cursors in which the ids are exchanged. A search for the victim's mark is compared with
    searches for marks that nobody has. Before that the victim ends an object of each kind and makes
    more: the other's lists, counts and totals must not move, which is looked at twice, and a third
    time when something moved once; that the victim's own lists show them is the positive control.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    lists = [each for each in ground.operations if is_list(ground, each)]
    yield survey(ground, len(lists))
    for estate in ground.estates:
        discard(estate)
    # First, because a list goes on to a next page once it is long enough.
    yield from grow(ground.duels()[0], lists)
    for duel in ground.duels():
        for operation in lists:
            yield from fight(duel, operation)
    yield from ground.left_out(lambda each: each.safe and not each.reads_one)


def discard(estate: Estate) -> None:
    """End one object of each kind that was made for it: a bin, or a filter, may still show it."""
    made = {each.resource: each for each in estate.ledger.things if each.origin}
    for resource, ending in estate.envelope.endings.items():
        fresh = estate.renew(made[resource]) if resource in made else None
        call = estate.upon(ending, fresh) if fresh else None
        if call is not None:
            estate.send(call)


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
    by, owned = vouched(duel, own, duel.victim.send(own))
    yield duel.note(
        "owned-list",
        operation,
        status=owned.status,
        positive=duel.victim.accepts(owned),
        marked=duel.victim.canaries.token in owned.body,
        excerpt=owned.body[:EXCERPT],
        **({"by": by} if by else {}),
    )
    known = public_text(duel, call)
    for label, each in ways(duel, call, own):
        yield seen(duel, "foreign-list", label, each, known)
    yield from search(duel, call, known)
    yield from unpublished(duel, call, known)


def public_text(duel: Duel, call: Call) -> str:
    """What nobody gets from it, when the document lets anybody in."""
    operation, hints = call.operation, duel.ground.hints
    by_word = hints.is_public(operation.label)
    if not by_word and not (operation.public and duel.ground.secured):
        return ""
    return duel.ground.nobody.request(operation.method, call.target, body=call.body).body


def seen(duel: Duel, kind: str, label: str, call: Call, known: str) -> Observation:
    """One list that the attacker read. What nobody sees as well is suppressed, and said so.

    So is the victim himself where he was asked for by name: a directory is no list of his things;
    and what the document says that all tenants see.
    """
    answer = duel.attacker.send(call)
    himself = names_of(duel.victim) if asks_by_name(duel, call) else set()
    marks = {m: what for m, what in duel.marks.items() if m not in known and m not in himself}
    traces = find_marks(answer, duel.marks, call.sent)
    real = find_marks(answer, marks, call.sent)
    said = for_all(call.operation)
    by_word = duel.ground.hints.is_shared(call.operation.label) or bool(said)
    about = evidence(duel, call, answer, marks) if any(real.values()) or by_word else {}
    excused = by_word or not any(real.values()) or about.get("reason") == NAMED
    hidden = any(traces.values()) and excused and holds(about)
    silent = not any(traces.values()) and not by_word
    if silent and (owned_rows(duel, call, answer) or people_rows(duel, call, answer)):
        traces["body"] = ["rows of the victim's own list"]
    if beyond := texts(about.get("beyond")):
        traces["body"] = [*as_list(traces["body"]), *(f"value of {each}" for each in beyond)]
    if hidden and said:
        about = {"reason": f'the document says "{said}"', **about}
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
        **about,
    )


def people_rows(duel: Duel, call: Call, answer: Answer) -> bool:
    """Does it show the victim's own people, with how they are reached?

    Word for word as he sees them unasked, and the other tenant does not. Asked for his tenant, or
    for a part of an address: a directory may show whoever is asked for by his own name, and is not
    what is meant here; nor is one in which anybody may open them by their ids.
    """
    contacts = contacts_of(duel.victim) - contacts_of(duel.attacker)
    found = {row for row in rows_in(answer.json()) if any(each in row for each in contacts)}
    if not found or not (asks_for_tenant(duel, call) or asks_for_part(duel, call)):
        return False
    theirs = unasked(duel.victim, call.operation)
    alone = found & theirs - unasked(duel.attacker, call.operation)
    return any(not is_opened(duel, call.operation, json.loads(row)) for row in alone)


def is_opened(duel: Duel, operation: Operation, row: Json) -> bool:
    """May the other tenant read it by its id anyway?"""
    things = find_things(operation.product, row, {}, operation.keys)
    return any(each.resource == operation.product and is_open(duel, each) for each in things)


def asks_for_part(duel: Duel, call: Call) -> bool:
    """Does the request ask for a part of an address?"""
    said = {text for _, text in leaves({"query": dict(call.query), "body": call.body})}
    return bool(said & set(fragments(duel, call.operation)))


def fragments(duel: Duel, operation: Operation) -> list[str]:
    """Parts of an address of the victim's people in this list: how it begins, and its domain."""
    contacts = contacts_of(duel.victim) - contacts_of(duel.attacker)
    rows = unasked(duel.victim, operation) if contacts else set()
    shown = [each for each in sorted(contacts) if any(each in row for row in rows)]
    parts = (each.partition("@") for each in shown if "@" in each)
    return next(([local[:BEGINNING], domain] for local, _, domain in parts), [])


def unasked(estate: Estate, operation: Operation) -> set[str]:
    """The rows that a tenant sees when he asks for nothing in particular."""
    call = ask(estate, operation)
    return set() if call is None else rows_in(estate.send(call).json())


def asks_for_tenant(duel: Duel, call: Call) -> bool:
    """Does a field of the request that names a tenant, not a person, name the victim's?"""
    called = {*identities(duel.victim, duel.attacker)} - {*duel.victim.ledger.names.values()}
    return any(
        text in called and bool(TENANTS & set(words_of(str(place[-1]))))
        for place, text in leaves({"query": dict(call.query), "body": call.body})
        if place
    )


def owned_rows(duel: Duel, call: Call, answer: Answer) -> bool:
    """Does it show rows that say they are the victim's, and that he alone sees unasked?

    Rows that carry no mark, because the service makes them (notifications, charges, logs). Word for
    word as he sees them, because numbers are given out per tenant; and not his own account.
    """
    if not asks_by_name(duel, call) or is_owning(call.operation.product):
        return False
    himself = names_of(duel.victim)
    shown = {row for row in rows_in(answer.json()) if any(is_of(row, each) for each in himself)}
    plain = ask(duel.attacker, call.operation) if shown else None
    if plain is None:
        return False
    known = rows_in(duel.victim.send(call).json()) - rows_in(duel.attacker.send(plain).json())
    return bool(shown & known)


def rows_in(value: Json) -> set[str]:
    """The objects of every list in an answer, as texts that can be compared."""
    if isinstance(value, dict):
        return set().union(*map(rows_in, value.values()))
    if not isinstance(value, list):
        return set()
    rows = {json.dumps(row, sort_keys=True) for row in value if isinstance(row, dict)}
    return rows.union(*map(rows_in, value))


def is_of(row: str, owner: str) -> bool:
    """Has a row a member that names this owner (`userId`)?"""
    return any(
        is_owning(name) and is_identity(name) and str(value) == owner
        for name, value in json.loads(row).items()
    )


def evidence(duel: Duel, call: Call, answer: Answer, marks: Mapping[str, str]) -> dict[str, Json]:
    """Whether a list of accounts shows nothing but names, and no contact that no word covers."""
    about: dict[str, Json] = {}
    if beyond := beyond_word(duel, call.operation, answer):
        about["beyond"] = [*beyond]
    plain = replace(answer, body=without_names(duel.victim, answer))
    named = plain.body != answer.body and not any(find_marks(plain, marks, call.sent).values())
    if named and duel.victim.send(call).body == answer.body:
        about |= {"reason": NAMED, "rest": []}
    return about


def asks_by_name(duel: Duel, call: Call) -> bool:
    """Does the request name the victim himself, rather than an object of his?"""
    said = {text for _, text in leaves({"query": dict(call.query), "body": call.body})}
    return bool(said & set(identities(duel.victim, duel.attacker)))


def names_of(estate: Estate) -> set[str]:
    """The ids of what owns rather than is owned, as far as the tenant has not made it."""
    things = (each for each in estate.ledger.things if is_owning(each.resource))
    return {each.id for each in things if each.origin is None}


def search(duel: Duel, call: Call, known: str) -> Iterator[Observation]:
    """A search for the victim's mark, beside searches for marks that nobody has.

    And for texts of his in full: that one of these is in use may be told by design (a name that is
    to be chosen), so that only what it shows counts. Where all is everybody's, a mark is no secret.
    """
    common = duel.ground.hints.is_common(call.operation.label)
    for place in search_places(duel, call):
        token = duel.victim.canaries.token
        fakes = ["".join(["k", *duel.chance.choices("bcdfghjkmnpq23456789", k=11)]) for _ in "ab"]
        for text in () if common else (*fakes, token):
            kind = "foreign-list" if text == token else "absent-list"
            label = f"a search with {place[-1]}"
            yield seen(duel, kind, label, call.put(place, text), known)
        for name, text in whole_texts(duel, call.operation).items():
            label = f"with {place[-1]} for a whole {name}"
            yield seen(duel, "foreign-list", label, call.put(place, text), known)
        for text in fragments(duel, call.operation):
            label = f"with {place[-1]} for a part of an address"
            yield seen(duel, "foreign-list", label, call.put(place, text), known)


def grow(duel: Duel, lists: Sequence[Operation]) -> Iterator[Observation]:
    """The victim makes more objects; what moves in his own lists, and in the other tenant's?"""
    watched = [each for each in lists if not each.public or not duel.ground.secured]
    own, other = (
        [counted(estate, call) for each in watched if (call := ask(estate, each)) is not None]
        for estate in (duel.victim, duel.attacker)
    )
    hits: Counter[str] = Counter()
    for turn in range(ROUNDS):
        if turn >= AGAIN and not any(count < AGAIN for count in hits.values()):
            return
        mine, began = look(duel.victim, own), time.monotonic()
        before, quiet = look(duel.attacker, other), look(duel.attacker, other)
        # With all that they may refer to: what is everybody's may be counted for each tenant.
        multiply(duel.victim, None, (LINKED, FULL, LEAST))
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
                shared=duel.ground.hints.is_common(label)
                or of_all(call.operation)
                or bool(for_all(call.operation)),
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
