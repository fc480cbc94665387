"""What does each tenant get for the ids of the other, and for ids that nobody has?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from random import Random

from gate.check import Answer, Testbed
from gate.model import Json, Observation
from validators.crossing.directories import (
    is_profile,
    part_of,
    published,
    shows_part,
    why_public,
)
from validators.crossing.excuses import LISTED, OPEN, PART, PUBLISHED, holds, is_published
from validators.crossing.foreign_answers import has_traces, read_absent, read_foreign
from validators.crossing.fuller_reads import fuller
from validators.crossing.other_names import other_names
from validators.crossing.owned_reads import is_owners, is_positive, is_told_apart, read_own
from validators.crossing.shared_objects import ask_for_shared
from validators.document.operations import Operation
from validators.document.wording import finds_people
from validators.estates.estate import LEAST
from validators.estates.ground import UNSPOKEN, Duel, stand
from validators.estates.things import values_of
from validators.estates.wholes import fresh_things
from validators.messages.calls import Call
from validators.messages.traces import EXCERPT, fingerprint, like

ERRORS = 400
ABSENT = {404, 410}
MOST_OWN = 50
Values = tuple[str, ...]


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Plant objects in two tenants, then read each one's as the other tenant and as nobody.

    From the OpenAPI document alone: POST operations are called in the order of their path
    parameters, with bodies written from their schemas and a random mark of the tenant in every
    free text. Each GET with path parameters is then asked by its owner (the positive control), by
    the other tenant's owner with the foreign ids and with every mix of own and foreign ids, by
    nobody, and with ids of the same shape that never existed or were deleted. Method: RESTler's
    namespace rule and the reference documents of OWASP API1:2023, with content instead of status
    as the oracle.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    reads = [each for each in ground.declared if each.method == "GET" and each.names]
    yield Observation(
        kind="surveyed",
        subject="the document",
        at=testbed.clock(),
        data={"operations": len(ground.declared), "applicable": len(reads)},
    )
    for duel in ground.duels():
        for operation in reads:
            yield from fight(duel, operation, ground.skipped.get(operation.label))


def fight(duel: Duel, operation: Operation, skip: str | None) -> Iterator[Observation]:
    """Everything about one operation in one direction."""
    if skip is not None:
        # What the target's owner leaves out counts as not looked at.
        by_word = duel.ground.hints.leaves_out(operation.label)
        yield duel.note("unreached" if by_word else "not-applicable", operation, reason=skip)
        return
    if not operation.speakable:
        yield duel.note("unreached", operation, reason=UNSPOKEN)
        return
    if is_for_all(duel, operation):
        yield duel.note("not-applicable", operation, reason="for all, and no tenant makes it")
        return
    call, owned = read_own(duel.victim, operation)
    if call is None or owned is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    marked = is_positive(duel.victim, call, owned)
    apart = not marked and is_told_apart(duel.victim, call, owned)
    yield duel.note(
        "owned-read",
        operation,
        status=owned.status,
        positive=marked or apart,
        excerpt=owned.body[:EXCERPT],
    )
    mine, other = read_own(duel.attacker, operation)
    shared = [other.body] if other else []
    # What a refusal says (a sentence, a time) is nothing of the owner's.
    granted = duel.victim.accepts(owned)
    print_of = fingerprint(owned, [*shared, *call.path]) if granted else {}
    unmarked = owned if apart else None
    facts = list(attack(duel, call, mine.path if mine else None, print_of, unmarked))
    yield from facts
    if is_suspect(facts):
        again, prints = another(duel, call, shared) or (call, print_of)
        for each in attack(duel, again, mine.path if mine else None, prints, unmarked):
            yield replace(each, data={**each.data, "round": 1})
    # Who is shown it on purpose, or has the very same, may learn that it is unchanged, and may see
    # it in other ways.
    meant = any(each.kind == "suppressed" for each in facts)
    if not (meant or (mine is not None and mine.path == call.path)):
        yield from ask_for_more(duel, call, owned, {**print_of, **duel.marks})
        yield from ask_otherwise(duel, call, {**print_of, **duel.marks})
        if etag := owned.headers.get("etag"):
            yield from ask_by_tag(duel, call, etag)
    yield from ask_for_deleted(duel, operation)
    yield from ask_for_shared(duel, operation)


def is_suspect(facts: Sequence[Observation]) -> bool:
    """Does an answer show something of the victim, or another status than for absent ids?"""
    absent = [status_of(each) for each in facts if each.kind == "absent-read"]
    asked = [each for each in facts if each.kind == "foreign-read"]
    strange = [each for each in asked if status_of(each) not in absent]
    return any(map(has_traces, asked)) or any(e.data["role"] != "anonymous" for e in strange)


def status_of(fact: Observation) -> tuple[Json, Json]:
    """What was asked with which ids, and with which status it was answered."""
    return fact.data["ids"], fact.data["status"]


def another(duel: Duel, call: Call, shared: Sequence[str]) -> tuple[Call, Mapping[str, str]] | None:
    """The same read of an object made anew, and what only its owner knows of it.

    What cannot be made anew may have been changed by that, so that it is read again all the same.
    """
    found = duel.victim.ledger.match(call.operation)
    things = next((each for each in found if values_of(call.operation, each) == call.path), ())
    # What stands in the path of an object made for one read (a snapshot) is in no ledger.
    path = values_of(call.operation, fresh_things(duel.victim, things)) if things else call.path
    again = duel.victim.write(call.operation, path, recipe=LEAST)
    owned = duel.victim.send(again)
    if not is_positive(duel.victim, again, owned):
        return None
    return again, fingerprint(owned, [*shared, *again.path])


def ask_for_more(
    duel: Duel, call: Call, owned: Answer, marks: Mapping[str, str]
) -> Iterator[Observation]:
    """Is the object shown with options that have it shown in another way (`expand=owner`)?"""
    for each in fuller(duel.victim, call, owned.json()):
        asked = [f"{name}={each.query[name]}" for name in each.query.keys() - call.query.keys()]
        label = f"foreign (and {asked[0]})"
        yield read_foreign(duel, duel.attacker.client, each, label, marks)
        for _ in range(2):
            fake = (*each.path[:-1], like(each.path[-1], duel.chance))
            yield read_absent(duel, replace(each, path=fake), label)


def ask_otherwise(duel: Duel, call: Call, marks: Mapping[str, str]) -> Iterator[Observation]:
    """Is the object found by what else it is called: its id, where its path has its slug?"""
    found = duel.victim.ledger.match(call.operation)
    things = next((each for each in found if values_of(call.operation, each) == call.path), ())
    operations = duel.ground.operations
    for name, value in other_names(duel.victim, operations, call.operation, things):
        named, label = replace(call, path=(*call.path[:-1], value)), f"foreign (by its {name})"
        yield read_foreign(duel, duel.attacker.client, named, label, marks)
        for _ in range(2):
            fake = (*call.path[:-1], like(value, duel.chance))
            yield read_absent(duel, replace(call, path=fake), label)


def ask_by_tag(duel: Duel, call: Call, etag: str) -> Iterator[Observation]:
    """Does an object's own tag get another answer than tags that nothing has?

    RFC 9110, section 13.1.2: only who may read the object may learn that it is unchanged.
    """
    label = "foreign (and the owner's ETag)"
    for tag, kind in ((etag, "foreign-read"), (like(etag, duel.chance), "absent-read")) * 2:
        tagged = replace(call, headers={**call.headers, "If-None-Match": tag})
        seen = read_foreign(duel, duel.attacker.client, tagged, label, duel.marks)
        yield replace(seen, kind=kind)


def ask_for_deleted(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """What the other tenant gets for an object that its owner has deleted."""
    things = next(duel.victim.ledger.match(operation), ())
    ending = next(
        (
            each
            for each in duel.ground.operations
            if each.method == "DELETE" and each.path == operation.path and operation.reads_one
        ),
        None,
    )
    if ending is None or not things or things[-1].origin is None:
        return
    gone = values_of(operation, fresh_things(duel.victim, things))
    answer = duel.victim.send(Call(operation=ending, path=gone))
    if gone == values_of(operation, things) or not duel.victim.accepts(answer):
        return
    call = duel.attacker.write(operation, gone, recipe=LEAST)
    yield replace(
        read_foreign(duel, duel.attacker.client, call, "deleted", duel.marks), kind="deleted-read"
    )
    for _ in range(2):
        fake = (*gone[:-1], like(gone[-1], duel.chance))
        yield read_absent(duel, replace(call, path=fake), "deleted")


def is_for_all(duel: Duel, operation: Operation) -> bool:
    """Is it public or shared by word, with nothing in its path that this tenant made?"""
    hints, label = duel.ground.hints, operation.label
    things = next(duel.victim.ledger.match(operation), ())
    declared = operation.public and duel.ground.secured and bool(things)
    by_word = declared or hints.is_public(label) or hints.is_shared(label)
    return by_word and not any(each.origin for each in things)


def attack(
    duel: Duel,
    call: Call,
    mine: Values | None,
    extra: Mapping[str, str],
    unmarked: Answer | None = None,
) -> Iterator[Observation]:
    """Foreign ids, mixed ids and absent ids as the other tenant; foreign ids as nobody.

    Where the owner's answer is `unmarked`, it is what nobody must not be answered like.
    """
    marks = {**extra, **duel.marks}
    open_to_all = read_foreign(duel, duel.ground.nobody, call, "foreign", marks)
    nobody = duel.ground.nobody
    if unmarked is not None and is_owners(duel.victim, nobody, call, unmarked):
        traces: Json = {"headers": [], "body": ["the owner's answer"]}
        open_to_all = replace(open_to_all, data={**open_to_all.data, "traces": traces})
    by_intent = is_by_intent(duel, call.operation, open_to_all)
    yield replace(open_to_all, kind=kind_of(call.operation, by_intent, open_to_all))
    his = {*islice(duel.attacker.ledger.fill(call.operation), MOST_OWN)}
    for ids, mixed, absent in mixes(call.path, mine, duel.chance):
        # What is counted or named per parent is there below his own as well; all else that he
        # knows he may only have seen.
        if "own" in ids and mixed in his:
            continue
        seen = read_foreign(duel, duel.attacker.client, replace(call, path=mixed), ids, marks)
        reason = "" if by_intent or has_own(seen) else why_shown(duel, call, mine, mixed, seen)
        by_word = duel.ground.hints.is_shared(call.operation.label)
        told = has_traces(seen) or is_same_answer(seen, open_to_all)
        meant = bool(reason) or by_word or (by_intent and told)
        meant = meant or is_known(duel, call.operation, seen)
        data = {**seen.data, **({"reason": reason} if reason else {})}
        if reason == PART:
            data["part"] = part_of(duel, call, mine)
        if reason == PUBLISHED:
            data["items"] = published(duel, call)
        hidden = meant and holds(data)
        yield replace(seen, kind="suppressed" if hidden else seen.kind, data=data)
        for stand_in in absent:
            yield read_absent(duel, replace(call, path=stand_in), ids)


def why_shown(duel: Duel, call: Call, mine: Values | None, asked: Values, seen: Observation) -> str:
    """Why a stranger may see what he saw; "" where nothing speaks for it.

    What holds something of the victim is public only as the part of him that a directory leads to.
    """
    if asked != call.path or seen.data["status"] in ABSENT:
        return ""
    reason = why_public(duel, call, mine)
    if has_traces(seen):
        listed = reason == LISTED and shows_part(duel, call, mine)
        if listed or is_profile(duel, call, mine):
            return PART
        shown = reason == OPEN and is_published(published(duel, call))
        return PUBLISHED if shown else ""
    return reason


def is_same_answer(seen: Observation, nobody: Observation) -> bool:
    """Is the caller answered as nobody is?"""
    return all(seen.data.get(name) == nobody.data.get(name) for name in ("status", "digest"))


def has_own(seen: Observation) -> bool:
    """Does the answer show the caller what is his own?"""
    return bool(seen.data.get("own"))


def kind_of(operation: Operation, by_intent: bool, nobody: Observation) -> str:
    """How an answer to nobody counts: a document that asks for no credential promises nothing."""
    if not has_traces(nobody):
        return "foreign-read"
    return "suppressed" if by_intent else "undeclared" if operation.public else "foreign-read"


def is_by_intent(duel: Duel, operation: Operation, nobody: Observation) -> bool:
    """Is it public by evidence (declared, and nobody sees it indeed), or shared by word?"""
    hints = duel.ground.hints
    declared = (operation.public and duel.ground.secured) or hints.is_public(operation.label)
    return (declared and has_traces(nobody)) or hints.is_shared(operation.label)


def is_known(duel: Duel, operation: Operation, seen: Observation) -> bool:
    """Is it no secret that the object is there: granted, by a directory or by the file's word?"""
    by_word = finds_people(operation) or duel.ground.hints.is_shared(operation.label)
    status = seen.data.get("status")
    return by_word and not has_traces(seen) and isinstance(status, int) and status < ERRORS


def mixes(
    values: Values, mine: Values | None, chance: Random
) -> Iterator[tuple[str, Values, tuple[Values, Values]]]:
    """Every choice of own and foreign ids but the attacker's own path, each with two stand-ins.

    A value that both tenants have (version 1) counts as the attacker's own. In a stand-in every
    foreign value gives way to one of its shape that nobody has.
    """
    pairs = list(zip(values, mine or values, strict=True))
    options = [
        ("foreign",) if mine is None else ("own",) if own == value else ("foreign", "own")
        for value, own in pairs
    ]
    for choice in product(*options):
        if "foreign" in choice:
            mixed = choose(choice, pairs)
            absent = [(like(foreign, chance), own) for foreign, own in pairs]
            again = [(like(foreign, chance), own) for foreign, own in pairs]
            yield "/".join(choice), mixed, (choose(choice, absent), choose(choice, again))


def choose(choice: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Values:
    """For each position the foreign or the own value."""
    return tuple(
        foreign if word == "foreign" else own
        for word, (foreign, own) in zip(choice, pairs, strict=True)
    )
