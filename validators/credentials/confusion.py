"""Can a caller choose the tenant by words beside his own credential?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gate.check import Answer
from gate.model import Json, Observation
from validators.behind.traffic import own_reads
from validators.document.names import words_of
from validators.document.operations import Operation
from validators.estates.affiliations import affiliations, belongings
from validators.estates.estate import LEAST, Estate
from validators.estates.ground import Duel
from validators.estates.identities import OWNERS, identities
from validators.fields.kept_fields import object_of
from validators.messages.calls import SHORTEST_SENT, Call, curl, leaves, send
from validators.messages.traces import EXCERPT, find_marks, normalise

WHOSE = ("tenant", "org", "organization", "account", "workspace", "customer", "user", "owner")
HINTS = (
    *(f"X-{word.title()}{ending}" for word in WHOSE for ending in ("", "-Id")),
    "X-Forwarded-User", "X-Impersonate-User", "X-Original-User", "X-Remote-User",
    "X-Authenticated-User", "X-Acting-As", "X-On-Behalf-Of", "Sudo",
)  # fmt: skip
# A declared header of such a name says for whom the caller speaks (`X-Act-As`, `Impersonate`).
ACTING = OWNERS | {"act", "acting", "behalf", "impersonate", "impersonated", "impersonation",
                   "sudo", "delegate", "delegator", "subject", "principal"}  # fmt: skip
MOST_MADE = 3
QUERY = tuple(f"{word}{ending}" for word in WHOSE for ending in ("", "_id", "Id"))


def confuse(duel: Duel, operation: Operation) -> Iterator[Observation]:
    """The attacker's own credential, with words for the victim beside it."""
    calls = (own_call(duel.attacker, operation), own_call(duel.victim, operation))
    tries = [call for call in calls if call is not None]
    for call in tries[:1] if not operation.names else tries:
        answer = send(duel.attacker.client, call)
        if any(find_marks(answer, duel.marks, call.sent).values()):
            return
        theirs = send(duel.victim.client, call).body
        telling = theirs if theirs != answer.body else None
        for value in names_for(duel):
            yield from with_words(duel, call, value, telling)


def misdirect(duel: Duel) -> Iterator[Observation]:
    """Does what the attacker makes come to the victim, if every header names the victim?

    New objects at the top, one of each kind without such words: what the victim sees of that is
    shown to all. A header may be believed in one place only, as in a log of who did what.
    """
    attacker, made = duel.attacker, list[tuple[Call, Answer]]()
    creations = [each for each in duel.ground.private if each.label in attacker.created]
    names = [each for each in identities(duel.victim, attacker) if is_sayable(each)]
    for operation in [each for each in creations if not each.names][:MOST_MADE]:
        for said in ({}, *(said_in_headers(operation, each) for each in names)):
            plain = attacker.write(operation, (), recipe=LEAST)
            call = replace(plain, headers={**plain.headers, **said})
            made.append((call, send(attacker.client, call)))
    theirs = {call.operation.label: seen.body for call, seen in own_reads(duel.ground, duel.victim)}
    public = set[str]()
    for call, answer in made if names else ():
        marks = marks_of(call, answer, attacker.canaries.token)
        where = {label for label, body in theirs.items() if any(each in body for each in marks)}
        if HINTS[0] not in call.headers:
            public |= where
        elif attacker.accepts(answer) and marks:
            yield duel.note(
                "confused-call",
                call.operation,
                ids="",
                credential="the own credential and the victim's name in headers",
                status=answer.status,
                granted=True,
                traces={"reads": [*sorted(where - public)]},
                excerpt=normalise(answer.body, call.sent)[:EXCERPT],
                curl=curl(attacker.client, call),
            )


def marks_of(call: Call, answer: Answer, token: str) -> set[str]:
    """What nothing but the object that a call made has: its id, if that is long, and its marks."""
    thing = object_of(call.operation, answer)
    ids = {thing.id} if thing and len(thing.id) >= SHORTEST_SENT else set[str]()
    return ids | {text for _, text in leaves(call.body) if token in text}


def is_sayable(value: str) -> bool:
    """Can a header hold it?"""
    return value.isprintable() and value.isascii()


def own_call(estate: Estate, operation: Operation) -> Call | None:
    """A tenant's own plain request."""
    path = estate.path_for(operation)
    return None if path is None else estate.write(operation, path, recipe=LEAST)


def with_words(duel: Duel, call: Call, value: str, theirs: str | None) -> Iterator[Observation]:
    """All headers at once and all parameters at once; what hits is narrowed down.

    `theirs` is what the victim gets for this call, unless the attacker gets the same.
    """
    if not is_sayable(value):
        return
    said = said_in_headers(call.operation, value, belongings(duel.victim, duel.attacker))
    headers = replace(call, headers={**call.headers, **said})
    query = parameters(call, dict.fromkeys(queried(duel), value))
    for label, each in (("headers", headers), ("query", query)):
        fact = confused(duel, each, label, value, theirs)
        if any(as_lists(fact)):
            narrow = narrowed(duel, call, label, value, theirs)
            yield narrow or fact
        else:
            yield fact


def parameters(call: Call, words: dict[str, Json]) -> Call:
    """The call with these in its query, or in its body where that is an object."""
    if isinstance(call.body, dict):
        return replace(call, body={**call.body, **words})
    return replace(call, query={**call.query, **words})


def as_lists(fact: Observation) -> list[Json]:
    """The marks that an answer held."""
    traces = fact.data.get("traces")
    return [each for each in traces.values() if each] if isinstance(traces, dict) else []


def confused(duel: Duel, call: Call, label: str, value: str, theirs: str | None) -> Observation:
    """What the attacker got with these words: a mark of the victim's, or all that he gets."""
    answer = send(duel.attacker.client, call)
    traces = find_marks(answer, duel.marks, (*call.sent, value))
    if duel.attacker.accepts(answer) and answer.body == theirs and not any(traces.values()):
        traces["body"] = ["own answer"]
    shared = duel.ground.hints.is_common(call.operation.label)
    return duel.note(
        "suppressed" if shared else "confused-call",
        call.operation,
        ids="",
        credential=f"the own credential and the victim's name in {label}",
        status=answer.status,
        granted=duel.attacker.accepts(answer),
        traces=traces,
        excerpt=normalise(answer.body, call.sent)[:EXCERPT],
        curl=curl(duel.attacker.client, call),
    )


def names_for(duel: Duel) -> list[str]:
    """By which values the victim may be named: the usual ones, and what he is told of himself."""
    told = affiliations(duel.victim, duel.attacker).values()
    return [*dict.fromkeys((*identities(duel.victim, duel.attacker), *map(str, told)))]


def queried(duel: Duel) -> tuple[str, ...]:
    """Every parameter that could name the victim."""
    learned = belongings(duel.victim, duel.attacker)
    return (*QUERY, *(f"{word}{ending}" for word in learned for ending in ("_id", "Id")))


def said_in_headers(
    operation: Operation, value: str, learned: Sequence[str] = ()
) -> dict[str, str]:
    """Every header that could name the victim: the usual ones, and what the document declares.

    `learned` is what this service calls a tenant.
    """
    known = {each.lower() for each in HINTS}
    declared = [
        each
        for each in (*operation.headers, *operation.spoken)
        if ACTING & set(words_of(each)) and each.lower() not in known
    ]
    return {
        **dict.fromkeys((*HINTS, *declared, *(f"X-{word.title()}-Id" for word in learned)), value),
        "X-Forwarded-Host": f"{value}.example.org",
    }


def narrowed(
    duel: Duel, call: Call, label: str, value: str, theirs: str | None
) -> Observation | None:
    """The one header or parameter that suffices."""
    words: Mapping[str, str] = dict.fromkeys(queried(duel), value)
    if label == "headers":
        learned = belongings(duel.victim, duel.attacker)
        words = said_in_headers(call.operation, value, learned)
    for name, word in words.items():
        each = (
            replace(call, headers={**call.headers, name: word})
            if label == "headers"
            else parameters(call, {name: word})
        )
        fact = confused(duel, each, f"{label} ({name})", value, theirs)
        if any(as_lists(fact)):
            return fact
    return None
