"""What does a service give to nobody, to forged and revoked credentials, and to confused ones?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gate.check import Answer, Testbed
from gate.model import Json, Observation
from validators.credentials.confusion import confuse, misdirect
from validators.credentials.guessed_links import guessed_links
from validators.credentials.signed_links import signed_links
from validators.crossing.confirming import repeat
from validators.crossing.foreign_writes import is_write, survey
from validators.crossing.trials import (
    at_pointer,
    is_kept,
    kept,
    reason_to_spare,
    references,
)
from validators.document.operations import Operation
from validators.estates.estate import FULL, LEAST, Estate
from validators.estates.ground import UNSPOKEN, Duel, Ground, stand
from validators.estates.seniors import vouched
from validators.estates.signing import signed
from validators.estates.states import (
    as_data,
    changes,
    look,
    telling,
    unrest,
    view_of,
    views_of,
    watch,
)
from validators.estates.things import Thing, chain_of, values_of
from validators.estates.wholes import fresh_things
from validators.messages.callers import context_of
from validators.messages.calls import Call, curl, like_type, send
from validators.messages.traces import EXCERPT, find_marks, is_like, like, normalise, scalars

GRACE = 10.0
SECRET_NAMES = ("secret", "token", "api_key", "apikey", "access_token", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A credential that must not work, as request headers.

    `secret` is kept out of the record: `placeholder` stands there. `rest` is what stays valid
    beside the forged header: an operation that is content with that says nothing of the forgery.
    """

    label: str
    headers: Mapping[str, str]
    rest: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    placeholder: str = "$REVOKED"


def probe(testbed: Testbed) -> Iterator[Observation]:
    """Call every operation with no credential, with forged ones, and with confused ones.

    Forged are: one of the same shape that nobody was given, an empty one, a valid one with another
    ending, another scheme, and one that was made through the API, worked, and was revoked up to 10
    seconds ago. Reads are searched
    for the victim's marks; writes go to objects made for them, which their owner looks at before
    and after. Confused is a valid credential beside words for the other tenant in headers, host and
    query; what is made in this way must not come to the other tenant. The owner's own call is the
    positive control. Links that are signed are followed without their signature, and others with
    the number of their object in the place of the secret.
    """
    ground = stand(testbed)
    yield from ground.facts
    if ground.vacuous:
        return
    duel, _ = ground.duels()
    secured = [each for each in ground.operations if each.schemes and not each.public]
    yield survey(ground, len(secured))
    forgeries = [*forged(duel.victim)]
    revoked, fact = revoke(duel)
    yield from fact
    for operation in sorted(secured, key=lambda each: (not each.safe, each.ends)):
        if not operation.speakable:
            yield duel.note("unreached", operation, reason=UNSPOKEN)
        elif operation.safe:
            yield from read(duel, operation, forgeries)
            yield from confuse(duel, operation)
        elif is_write(operation):
            yield from change(duel, operation, forgeries[:2])
            yield from ground.after(operation)
    yield from misdirect(duel)
    yield from signed_links(duel)
    yield from guessed_links(duel)
    yield from ground.left_out(lambda each: bool(each.schemes) and not each.public)
    # Last, because a service may need seconds until a revocation has reached all its workers.
    if revoked:
        patient_until(lambda: not works(duel, revoked[0]))
    for operation in secured if revoked else ():
        if operation.safe and operation.speakable:
            yield from read(duel, operation, revoked)


def forged(estate: Estate) -> Iterator[Forgery]:
    """Credentials made from the shape of a valid one."""
    said = context_of(estate.client.credentials, estate.author.document)
    yield Forgery(label="no credential", headers=said)
    own = {n: value for n, value in estate.client.credentials.items() if n not in said}
    for label, make in (("a forged credential", fake), ("an empty credential", empty)):
        yield Forgery(
            label=label, headers=said | {name: make(value, estate) for name, value in own.items()}
        )
    for each in resealed(own, estate):
        rest = {**said, **each.rest} if each.rest else {}
        yield replace(each, headers={**said, **each.headers}, rest=rest)
    yield Forgery(
        label="another scheme",
        headers=said | {n: "Basic YWRtaW46YWRtaW4=" for n in own if n.lower() == "authorization"},
    )


def fake(value: str, estate: Estate) -> str:
    """The same scheme with a secret of the same shape that nobody was given."""
    scheme, _, secret = value.rpartition(" ")
    return f"{scheme} {like(secret, estate.author.chance)}".strip()


def resealed(own: Mapping[str, str], estate: Estate) -> Iterator[Forgery]:
    """A valid credential with another last third: what a signature seals, or a digest covers."""
    for name, value in own.items():
        scheme, _, secret = value.rpartition(" ")
        kept_part = len(secret) * 2 // 3
        other = secret[:kept_part] + like(secret[kept_part:], estate.author.chance)
        yield Forgery(
            label="a credential with another ending",
            headers={**own, name: f"{scheme} {other}".strip()},
            rest={each: own[each] for each in own if each != name},
            secret=other,
            placeholder="$FORGED",
        )


def empty(value: str, _: Estate) -> str:
    """The same scheme without a secret."""
    return value.rpartition(" ")[0] or "null"


def revoke(duel: Duel) -> tuple[list[Forgery], list[Observation]]:
    """A credential that the API gave out and took back; empty where it gives none."""
    victim = duel.victim
    for thing in [each for each in victim.ledger.things if each.origin and secrets_in(each)]:
        ending, made = ending_of(duel.ground.operations, thing), victim.renew(thing)
        if ending is None or made is None:
            continue
        for secret in secrets_in(made):
            headers = signed(victim, secret)
            forgery = Forgery(label="a revoked credential", headers=headers, secret=secret)
            if works(duel, forgery):
                answer = victim.send(Call(operation=ending, path=(made.place,)))
                return [forgery], [duel.note("revoked", ending, status=answer.status)]
    return [], []


def ending_of(operations: tuple[Operation, ...], thing: Thing) -> Operation | None:
    """The deletion of one object like this."""
    return next(
        (
            each
            for each in operations
            if each.method == "DELETE" and len(each.names) == 1 and each.resource == thing.resource
        ),
        None,
    )


def secrets_in(thing: Thing) -> list[str]:
    """Values of an object that may be a credential, by name and length."""
    members = scalars(dict(thing.fields))
    return [
        value
        for place, value in members
        if place.rpartition(".")[2].lower() in SECRET_NAMES
        and isinstance(value, str)
        and len(value) >= 16  # noqa: PLR2004 - shorter ones are no credential
    ]


def patient_until(done: Callable[[], bool], within: float = GRACE) -> None:
    """Ask again until it is so, for `within` seconds at the most."""
    deadline = time.monotonic() + within
    while not done() and time.monotonic() < deadline:
        time.sleep(0.2)


def works(duel: Duel, forgery: Forgery) -> bool:
    """Does it open what the owner reads?"""
    for operation in duel.ground.operations:
        path = next(duel.victim.ledger.fill(operation), None)
        if operation.method == "GET" and not operation.public and path is not None:
            call = duel.victim.write(operation, path, recipe=LEAST)
            return duel.victim.accepts(as_forged(duel.ground, call, forgery.headers))
    return False


def as_forged(ground: Ground, call: Call, headers: Mapping[str, str]) -> Answer:
    """The call with these headers and no other credential."""
    return send(ground.nobody, replace(call, headers={**call.headers, **headers}))


def read(duel: Duel, operation: Operation, forgeries: list[Forgery]) -> Iterator[Observation]:
    """One read: by its owner, then with each forgery."""
    path = duel.victim.path_for(operation)
    if path is None:
        yield duel.note("unreached", operation, reason="no known object fits into the path")
        return
    call = duel.victim.write(operation, path, recipe=LEAST)
    by, owned = vouched(duel, call, duel.victim.send(call))
    positive = duel.victim.accepts(owned)
    more: dict[str, Json] = {"by": by} if by else {}
    yield duel.note("owned-call", operation, status=owned.status, positive=positive, **more)
    for forgery in forgeries:
        if forgery.rest and duel.victim.accepts(as_forged(duel.ground, call, forgery.rest)):
            continue
        answer = as_forged(duel.ground, call, forgery.headers)
        yield told(duel, call, forgery, answer, like_owner=is_like(owned, answer))


def told(duel: Duel, call: Call, forgery: Forgery, answer: Answer, **more: Json) -> Observation:
    """What a forgery got."""
    shown = replace(call, headers={**call.headers, **forgery.headers})
    line = curl(duel.ground.nobody, shown)
    text = normalise(answer.body, call.sent)[:EXCERPT]
    if forgery.secret:
        line = line.replace(forgery.secret, forgery.placeholder)
        text = text.replace(forgery.secret, forgery.placeholder)
    by_word = duel.ground.hints.is_public(call.operation.label)
    return duel.note(
        "suppressed" if by_word else "forged-call",
        call.operation,
        ids="",
        role="anonymous",
        credential=forgery.label,
        status=answer.status,
        granted=duel.victim.accepts(answer),
        traces=find_marks(answer, duel.marks, call.sent),
        excerpt=text,
        curl=line,
        **more,
    )


def change(duel: Duel, operation: Operation, forgeries: list[Forgery]) -> Iterator[Observation]:
    """One write: by its owner on one object, then with each forgery on another."""
    things = next(duel.victim.ledger.match(operation), None)
    if things is None:
        yield duel.note("unreached", operation, reason=duel.victim.ledger.lacking(operation))
        return
    if reason := reason_to_spare(duel, operation, things[-1] if things else None):
        yield duel.note("unreached", operation, reason=reason)
        return
    call, watched = spare(duel, operation, things, full=True)
    fixed = not things and not watched and not is_kept(operation)
    if fixed and operation.label not in duel.victim.created:
        yield duel.note("not-applicable", operation, reason="it acts on the caller, who is needed")
        return
    with kept(duel, operation, things):
        by, owned = "", duel.victim.send(call)
        full = duel.victim.accepts(owned)
        if not full:
            call, _ = spare(duel, operation, things, full=False)
            by, owned = vouched(duel, call, duel.victim.send(call))
        positive = duel.victim.accepts(owned)
        more: dict[str, Json] = {"by": by} if by else {}
        yield duel.note("owned-call", operation, status=owned.status, positive=positive, **more)
        yield from repeat(lambda turn: strike(duel, operation, things, forgeries, turn, owned))


def spare(
    duel: Duel, operation: Operation, things: tuple[Thing, ...], *, full: bool
) -> tuple[Call, dict[str, str]]:
    """The owner's request on objects that can be spared, and what to watch."""
    own = fresh_things(duel.victim, things, operation)
    chain = chain_of(operation, own)
    current = own[-1].fields if own else None
    recipe = FULL if full else LEAST
    call = duel.victim.write(operation, values_of(operation, own), chain, recipe, current)
    if operation.label in duel.victim.created:
        return call, chain
    for pointer, thing in references(call, duel.victim):
        fresh = duel.victim.renew(thing)
        if fresh is not None:
            call = call.put(pointer, like_type(fresh.id, at_pointer(call, pointer)))
            chain |= fresh.chain
    return call, chain


def strike(  # noqa: PLR0913, PLR0917 - the parts of one attack
    duel: Duel,
    operation: Operation,
    things: tuple[Thing, ...],
    forgeries: list[Forgery],
    turn: int,
    owned: Answer,
) -> tuple[list[Observation], bool]:
    """The same write with each forgery, between looks of the owner; True when one took effect."""
    call, chain = spare(duel, operation, things, full=True)
    views = views_of(duel.victim, duel.ground.operations, chain)[:4]
    born = time.monotonic()
    before, quiet = look(duel.victim, views), look(duel.victim, views)
    facts, effect = [], False
    for forgery in forgeries:
        answer = as_forged(duel.ground, call, forgery.headers)
        after = look(duel.victim, views)
        moving = unrest(duel.victim, views, before, quiet, after)
        if telling(changes(quiet, after), moving) and operation.label not in duel.victim.watched:
            duel.victim.watched.add(operation.label)
            duel.victim.send(spare(duel, operation, things, full=True)[0])
            suspects = set(map(view_of, telling(changes(quiet, after), moving)))
            # What has ended by itself moves no more: another one may, that nobody has tried.
            calm = spare(duel, operation, things, full=True)[1]
            others = views_of(duel.victim, duel.ground.operations, calm)[:4]
            watch(duel.victim, others, changes(before, quiet), suspects, time.monotonic() - born)
            moving = unrest(duel.victim, views, before, quiet, after)
        effect = effect or bool(telling(changes(quiet, after), moving))
        data = as_data(quiet, after, moving)
        like_owner = is_like(owned, answer)
        facts.append(told(duel, call, forgery, answer, round=turn, like_owner=like_owner, **data))
        quiet = after
    return facts, effect
