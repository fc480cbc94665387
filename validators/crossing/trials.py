"""What does a write or a reference with another tenant's ids do to that tenant?

One trial of one operation: the owner's own call first (the positive control), on an object made for
it; then the other tenant's call with the foreign id, between looks of the owner at his object, with
calls for ids that nobody has before it. A trial that shows an effect is repeated with new objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gate.check import Answer
from gate.model import Json, Observation
from validators.crossing.aims import Aim, lost, unmoved, watched_by
from validators.crossing.directories import is_listed
from validators.document.names import TAKING, is_identity, is_sibling, names_people, resource_in
from validators.document.operations import Operation, as_object
from validators.estates.estate import LEAST, RECIPES, Estate, Recipe, parents_in
from validators.estates.ground import Duel
from validators.estates.newcomers import enters, shut_out
from validators.estates.seniors import vouched
from validators.estates.states import (
    as_data,
    changes,
    look,
    telling,
    unrest,
    view_of,
    views_of,
)
from validators.estates.things import Thing, find_things, values_of
from validators.messages.calls import (
    Call,
    Pointer,
    as_text,
    curl,
    expand,
    leaves,
    like_type,
    value_at,
)
from validators.messages.traces import EXCERPT, digest, find_marks, like, normalise

ROUNDS = 3
SHORT = 8
SHORTEST_NUMBER = 4


def own_write(
    duel: Duel, call: Call, watched: Mapping[str, str] | None
) -> tuple[str, Answer, list[str]]:
    """The owner's own call: the answer, and what it changed of what he sees, where he looks.

    What he is denied, a stronger principal may do, whose role comes first.
    """
    owner = duel.victim
    views = () if watched is None else views_of(owner, duel.ground.operations, watched)
    before = look(owner, views)
    by, answer = vouched(duel, call, owner.send(call))
    return by, answer, changes(before, look(owner, views))


def controlled(
    duel: Duel, call: Call, watched: Mapping[str, str] | None, **data: Json
) -> tuple[Observation, bool]:
    """The positive control, and whether the owner's call was granted."""
    by, answer, changed = own_write(duel, call, watched)
    granted = duel.victim.accepts(answer)
    if granted and not by:
        duel.ground.envelope.learn_success(answer)
    seen = duel.note(
        "owned-write",
        call.operation,
        status=answer.status,
        positive=granted,
        visible=bool(telling(changed, [])),
        views=[*sorted(set(map(view_of, telling(changed, []))))],
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        **data,
        **({"by": by} if by else {}),
    )
    return seen, granted


def attack(duel: Duel, aim: Aim, number: int) -> tuple[list[Observation], bool]:
    """One attack with its absent twins before it; True when the owner's view has changed."""
    views = views_of(duel.victim, duel.ground.private, aim.watched)
    if aim.telling:
        views = (*views[:1], *(each for each in views[1:] if each.operation.label in aim.telling))
    before = look(duel.victim, views)
    absent = [(call, duel.attacker.send(call)) for call in aim.absent]
    quiet = look(duel.victim, views)
    learn_leaks(duel)
    able = aim.foreign.operation.signs_in and enters(duel)
    answer = duel.attacker.send(aim.foreign)
    granted = duel.attacker.accepts(answer)
    after = look(duel.victim, views)
    moving = unmoved(duel, aim, views, (before, quiet, after))
    shown = as_data(quiet, after, moving) | {"watch": watched_by(duel, views, quiet, after, moving)}
    effect = bool(telling(changes(quiet, after), moving))
    if not effect and aim.sequel is not None:
        loss = lost(duel, aim.sequel, views, aim.born)
        effect, shown = bool(loss), shown | loss
    if able and not (effect or enters(duel)):
        effect, shown = True, shown | shut_out(duel)
    facts = [
        duel.note(
            "absent-write",
            call.operation,
            ids=aim.label,
            granted=duel.attacker.accepts(said),
            **told(duel, call, said),
        )
        for call, said in absent
    ]
    mine = {duel.attacker.canaries.token, *(duel.attacker.ledger.made - duel.victim.ledger.ids)}
    facts.append(
        duel.note(
            "foreign-write",
            aim.foreign.operation,
            ids=aim.label,
            round=number,
            granted=granted,
            effect=effect,
            chosen=aim.chosen,
            listed=is_listed(duel, aim.foreign.path),
            traces=find_marks(answer, duel.marks, aim.foreign.sent),
            own=any(each in answer.body for each in mine - set(aim.foreign.sent)),
            later=later_marks(duel, aim, answer) if granted else [],
            on_caller=granted and not effect and acts_on_caller(duel, aim.foreign),
            **shown,
            **told(duel, aim.foreign, answer),
        )
    )
    return facts, effect


def told(duel: Duel, call: Call, answer: Answer) -> dict[str, Json]:
    """What makes answers comparable, and the request to get it again."""
    return {
        "status": answer.status,
        "digest": digest(answer, call.sent),
        "excerpt": normalise(answer.body, call.sent)[:EXCERPT],
        "curl": curl(duel.attacker.client, call),
    }


def acts_on_caller(duel: Duel, call: Call) -> bool:
    """Does the same request, once more, change the caller's own things?"""
    if call.operation.safe:
        return False
    views = views_of(duel.attacker, duel.ground.operations, {})
    before, quiet = look(duel.attacker, views), look(duel.attacker, views)
    duel.attacker.send(call)
    after = look(duel.attacker, views)
    moving = unrest(duel.attacker, views, before, quiet, after)
    return bool(telling(changes(quiet, after), moving))


def learn_leaks(duel: Duel) -> None:
    """Which of the attacker's lists show the victim's without any attack? Each asked once."""
    known = duel.attacker.leaky
    for each in duel.ground.operations:
        if each.safe and not each.names and each.speakable and each.label not in known:
            view = duel.attacker.write(each, (), recipe=LEAST)
            traces = find_marks(duel.attacker.send(view), duel.marks, view.sent)
            known[each.label] = any(traces.values())


def later_marks(duel: Duel, aim: Aim, answer: Answer) -> list[Json]:
    """What of the victim the attacker sees once granted, in views without the victim's ids."""
    call, about = aim.foreign, aim.foreign.operation
    if about.safe or aim.marks == frozenset():
        return []
    marks = duel.marks if aim.marks is None else dict.fromkeys(aim.marks, "canary")
    theirs = {*aim.watched.values(), *duel.victim.ledger.ids} - duel.attacker.ledger.made
    made = next(find_things(about.product, answer.json(), {}, about.keys), None)
    own = {kind: each for kind, each in parents_in(call).items() if each not in theirs}
    own |= made.chain if made else {}
    found = set()
    for view in views_of(duel.attacker, duel.ground.operations, own):
        if duel.attacker.leaky.get(view.operation.label) or set(view.path) & theirs:
            continue
        said = duel.attacker.send(view)
        traces = find_marks(said, marks, (*call.sent, *view.sent))
        if any(traces.values()):
            found.add(view.operation.label)
            # What stays in a list is not the doing of what is tried next.
            duel.attacker.leaky[view.operation.label] = not view.path
    return [*sorted(found)]


def has_own(duel: Duel, call: Call) -> bool:
    """Does the attacker read something of his own there: version 18 of his own model?

    What is counted for each parent has the same number elsewhere. Where the path itself is not
    read, its object is (`/issues/{number}` for `/issues/{number}/lock`).
    """
    path, names = call.operation.path, call.operation.names
    reads = [each for each in duel.ground.private if each.method == "GET"]
    reads.sort(key=lambda each: len(each.path), reverse=True)
    for each in reads:
        if path.startswith(each.path) and each.names == names:
            answer = duel.attacker.send(duel.attacker.write(each, call.path, recipe=LEAST))
            return duel.attacker.accepts(answer) and not any(
                find_marks(answer, duel.marks, call.sent).values()
            )
    return False


def is_chosen(thing: Thing) -> bool:
    """Did the caller who made it say its id?"""
    return thing.origin is not None and thing.place in thing.origin.sent


def meant_for_others(duel: Duel, operation: Operation) -> str:
    """Why a caller may act on what is not his; "" where nothing says so."""
    if duel.ground.hints.is_common(operation.label):
        return "the target file says that it is everybody's"
    return f"to {operation.verb} is for others" if operation.verb in TAKING else ""


def reason_to_spare(duel: Duel, operation: Operation, thing: Thing | None) -> str:
    """Why an operation is not tried on this object; "" when it can be made again."""
    if thing is not None and thing.origin is not None:
        return ""
    if operation.ends and thing is not None:
        return "what it ends cannot be made again"
    if operation.signs_in and not duel.ground.hints.throw_away:
        return "it changes how an account that is needed signs in"
    return ""


def is_kept(operation: Operation) -> bool:
    """Does it set what a tenant has once, such as his limits, and can be given back?"""
    return operation.method in {"PUT", "PATCH"} and not operation.names and not operation.signs_in


@contextmanager
def kept(duel: Duel, operation: Operation, things: tuple[Thing, ...]) -> Iterator[None]:
    """Give an object that cannot be made again (a tenant, a quota) its former values back."""
    lasting = operation.method in {"PUT", "PATCH"} and not (things and things[-1].origin)
    known = len(things) == len(operation.names)
    path = values_of(operation, things) if known else ()
    before = values_at(duel, operation, path) if lasting and known else {}
    try:
        yield
    finally:
        if before:
            duel.victim.send(replace(duel.victim.write(operation, path), body=before))


def values_at(duel: Duel, operation: Operation, path: tuple[str, ...]) -> dict[str, Json]:
    """What the operation can change, as it stands there now."""
    answer = duel.victim.client.request("GET", expand(operation.path, path))
    if not duel.victim.accepts(answer):
        return {}
    schema = duel.victim.author.simplify(dict(operation.body))
    found = list(find_things(operation.resource, answer.json(), {}, operation.keys))
    shown = found[0].fields if found else as_object(answer.json())
    return {name: shown[name] for name in as_object(schema.get("properties")) if name in shown}


def recipes_for(etag: str) -> tuple[Recipe, ...]:
    """How to write the request, the likeliest first."""
    named = (Recipe(match=etag), Recipe(full=False, match=etag)) if etag else ()
    return (*RECIPES[:3], *named, *RECIPES[3:])


def etag_of(estate: Estate, operations: Sequence[Operation], call: Call) -> str:
    """The tag of the object at this path, as its owner reads it (RFC 9110, section 8.8.3)."""
    for each in operations:
        if each.method == "GET" and each.path == call.operation.path:
            return estate.send(Call(operation=each, path=call.path)).headers.get("etag", "")
    return ""


def references(call: Call, estate: Estate) -> list[tuple[Pointer, Thing]]:
    """Where in query and body the ids of this tenant's objects stand."""
    places = {"query": dict(call.query), "body": call.body}
    found = []
    for pointer, value in leaves(places):
        named = is_reference_name(pointer, value) or is_numbered(estate, pointer, value)
        thing = meant(estate, call.operation, pointer, value) if named else None
        if thing is not None:
            found.append((pointer, thing))
    return found


def meant(estate: Estate, operation: Operation, pointer: Pointer, value: str) -> Thing | None:
    """The object of this id or name, of the kind that the field names: small numbers are many's."""
    name = next((each for each in reversed(pointer) if isinstance(each, str)), "")
    fitting = estate.ledger.things_for(name, operation.resource)
    named = next((each for each in fitting if value in {each.id, each.place}), None)
    return named or estate.ledger.by_value(value)


def is_numbered(estate: Estate, pointer: Pointer, value: str) -> bool:
    """Is it the number of something that goes by a number of this name (`from_account`)?

    Or the id of what the field is named after, however small (`"project": 1`, `"labels": [4]`).
    """
    name = next((each for each in reversed(pointer) if isinstance(each, str)), "")
    known = [each for each in estate.ledger.things_for(name) if each.id == value]
    by_name = any(each.key not in {"", "id"} for each in known)
    by_id = any(each.key in {"", "id"} and each.resource == resource_in(name) for each in known)
    return by_id or (by_name and len(value) >= SHORTEST_NUMBER)


def is_reference_name(pointer: Pointer, value: str) -> bool:
    """May this value be an id rather than a small number or a word that is one by accident?"""
    name = next((each for each in reversed(pointer) if isinstance(each, str)), "")
    told = is_identity(name) or is_sibling(name) or names_people(name)
    return len(value) >= SHORT or told or not value.isdigit()


def at_pointer(call: Call, pointer: Pointer) -> Json:
    """What stands there now."""
    return value_at({"query": dict(call.query), "body": call.body}, pointer)


def absent_at(duel: Duel, call: Call, pointer: Pointer, value: str) -> Call:
    """The call with an id that nobody has at this place."""
    fake = like(value, duel.chance)
    return call.put(pointer, like_type(fake, at_pointer(call, pointer)))


def words(pointer: Pointer) -> str:
    """A place in words, without indices: `body source_run_id`."""
    return " ".join(as_text(each) for each in pointer if isinstance(each, str))
