"""Does the secret of an object end when the object gets another one?

A device, an agent or a project has a token of its own, by which it signs in where the document asks
for another credential than a user's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gate.check import Answer
from gate.model import Json, Observation
from validators.credentials.ended_credentials import ROTATING
from validators.credentials.lasting import note_ended
from validators.crossing.trials import reason_to_spare, references
from validators.document.names import words_of
from validators.document.operations import Operation, as_object, resolve
from validators.document.schemes import scheme_header
from validators.document.wording import ends_old
from validators.estates.estate import FULL, LEAST, LINKED
from validators.estates.exchanges import SHORTEST, is_secret
from validators.estates.ground import Duel
from validators.estates.things import Thing
from validators.estates.throwaways import KEYS, secrets_in
from validators.messages.callers import context_of
from validators.messages.calls import Call, curl, like_type, retrace, send, value_at
from validators.messages.traces import like

OLD = "$OLD_SECRET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A request that asks for a credential of another kind, and how that is sent."""

    call: Call
    header: str
    prefix: str

    def by(self, secret: str) -> Call:
        """The request with this secret and no other credential."""
        said = {**self.call.headers, self.header: f"{self.prefix}{secret}"}
        return replace(self.call, headers=said)


def object_secrets(duel: Duel) -> Iterator[Observation]:
    """Each operation that gives an object another secret, on one that was made for it.

    Its old secret works before (and one that nobody made does not), the new one afterwards. The old
    one must not, where the document says that it ends.
    """
    uses = list(uses_of(duel))
    for operation in duel.ground.operations if uses else ():
        said = words_of(operation.path.rstrip("/").rpartition("/")[2])
        writes = operation.method in {"POST", "PUT"} and not operation.public and not operation.safe
        if writes and operation.speakable and (KEYS | ROTATING) & set(said):
            yield from renewed(duel, operation, uses)


def uses_of(duel: Duel) -> Iterator[Use]:
    """The operations that a user's credential is not for."""
    document = duel.victim.author.document
    schemes = as_object(as_object(document.get("components")).get("securitySchemes"))
    for each in duel.ground.declared:
        asked = next(iter(each.schemes), frozenset[str]())
        left_out = duel.ground.hints.leaves_out(each.label) or each.label not in duel.ground.skipped
        if left_out or not each.speakable or len(asked) != 1:
            continue
        scheme = resolve(document, schemes.get(next(iter(asked))))
        header, path = scheme_header(scheme), next(duel.victim.ledger.fill(each), None)
        if header is None or header == "cookie" or path is None:
            continue
        prefix = "Bearer " if scheme.get("type") != "apiKey" else ""
        for recipe in (FULL, LEAST):
            call = duel.victim.write(each, path, recipe=recipe)
            said = context_of(duel.victim.client.credentials, document)
            yield Use(call=replace(call, headers=said), header=header, prefix=prefix)


def renewed(duel: Duel, operation: Operation, uses: list[Use]) -> Iterator[Observation]:
    """One object's secret before and after it gets another one."""
    call, thing = next(iter(subjects(duel, operation)), (None, None))
    if call is None or thing is None or reason_to_spare(duel, operation, thing):
        return
    fresh = duel.victim.renew(thing)
    old = secret_of(fresh.fields) if fresh is not None else ""
    use = next((each for each in uses if old and is_known(duel, each, old)), None)
    if fresh is None or use is None:
        return
    call, before = renewing(call, thing, fresh), send(duel.ground.nobody, use.by(old))
    answer = duel.victim.send(call)
    new = [each for each in secrets_in(answer) if each != old]
    works = duel.victim.accepts(answer) and any(is_known(duel, use, each) for each in new)
    yield duel.note("owned-call", operation, status=answer.status, positive=works)
    if works and ends_old(operation):
        yield still(duel, call, use, old, before)
    elif works:
        yield duel.note("not-applicable", operation, reason="no word says when the old one ends")


def subjects(duel: Duel, operation: Operation) -> Iterator[tuple[Call, Thing]]:
    """The requests that give an object another secret, each with the object that it names."""
    if operation.names:
        things = next(duel.victim.ledger.match(operation), ())
        if things and things[-1].origin is not None:
            call = duel.victim.upon(operation, things[-1])
            yield from ((call, things[-1]),) if call is not None else ()
        return
    call = duel.victim.write(operation, (), recipe=LINKED)
    yield from ((call, thing) for _, thing in references(call, duel.victim) if thing.origin)


def renewing(call: Call, thing: Thing, fresh: Thing) -> Call:
    """The request for another object."""
    path = tuple(fresh.place if each == thing.place else each for each in call.path)
    call = replace(call, path=path)
    for name in as_object(call.body):
        now = value_at(call.body, (name,))
        if str(now) == thing.id:
            call = call.put(("body", name), like_type(fresh.id, now))
    return call


def secret_of(fields: Mapping[str, Json]) -> str:
    """What an object said of its own secret when it was made."""
    found = (value for name, value in fields.items() if is_secret(name) and isinstance(value, str))
    return next((each for each in found if len(each) >= SHORTEST), "")


def is_known(duel: Duel, use: Use, secret: str) -> bool:
    """Does a secret get in where one that nobody made does not?"""
    nobody = duel.ground.nobody
    made_up = use.by(like(secret, duel.chance))
    granted = duel.victim.accepts(send(nobody, use.by(secret)))
    return granted and not duel.victim.accepts(send(nobody, made_up))


def still(duel: Duel, call: Call, use: Use, old: str, before: Answer) -> Observation:
    """What the old secret gets from then on."""
    trial = use.by(old)
    line = f'{curl(duel.ground.nobody, use.call)} -H "{use.header}: {use.prefix}{OLD}"'
    fact = note_ended(
        duel,
        call.operation,
        "the object's old secret",
        trial,
        before,
        lambda: send(duel.ground.nobody, trial),
        retrace(curl(duel.victim.client, call), line),
    )
    shown = str(fact.data["excerpt"]).replace(old, OLD)
    return replace(fact, data={**fact.data, "excerpt": shown})
